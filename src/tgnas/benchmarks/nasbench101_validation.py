"""NAS-Bench-101's 30,001 cells whose validation accuracy is known: one run at four fidelities.

The cells and their validation accuracies after 4, 12, 36 and 108 epochs of one training, with the
seconds of the longest, are tiga1231/nasbench-vis's (two files, by module hash). Test accuracies are
FreeREA's, the mean of three trainings after 108 epochs, which no file of validation accuracies
has. NAS-Bench-101 trains for each number of epochs anew; seconds are known for 108 alone.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from tgnas.benchmarks.base import build_table
from tgnas.benchmarks.nasbench101 import ACCURACY, THREADS
from tgnas.benchmarks.nasbench101 import SOURCES as WHOLE
from tgnas.costs.layers import count_parameters
from tgnas.errors import CorruptTableError, number_of
from tgnas.resources.unpickle import load_frame_columns
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.nasbench101 import SPACE, enumerate_cells

EPOCHS = (4, 12, 36, 108)
SOURCES = (WHOLE[0], "nasbench101/vis_10k.json", "nasbench101/vis_20k.json")

__all__ = ["SOURCES", "SPACE", "THREADS", "build"]


def build(files: Sequence[Path]) -> pa.Table:
    """Return the benchmark's table of the files of ``SOURCES``, in ascending order of the hash.

    Raises:
        CorruptTableError: a hash that no cell has, or a parameter count that is not its cell's.
    """
    accuracies, *listed = files
    test = load_frame_columns(accuracies.read_bytes())["accuracy"]
    cells, hashes = enumerate_cells(processes=THREADS)
    parts = [json.loads(file.read_text()) for file in listed]
    known = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    keys, first = np.unique(known["key"], return_index=True)
    rows = np.minimum(np.searchsorted(hashes, keys), len(hashes) - 1)
    unknown = np.flatnonzero(hashes[rows] != keys)
    if len(unknown) or len(test) != len(hashes):
        what = f"the hash {keys[unknown[0]]}" if len(unknown) else number_of(len(test), "accuracy")
        raise CorruptTableError(f"{listed[0]}: {what} is not of the {len(hashes)} cells")
    architectures = Architectures(cells[rows], skeleton=SPACE.skeleton)
    counted = count_parameters(architectures)
    wrong = np.flatnonzero(known["trainable_parameters"][first] != counted)
    if len(wrong):
        raise CorruptTableError(
            f"{listed[0]}: other parameter counts of {number_of(len(wrong), 'cell')}, first "
            f"{keys[wrong[0]]}"
        )
    columns = {ACCURACY: test[rows] * 100}
    for epochs in EPOCHS:
        seen = known[f"{epochs}_final_validation_accuracy"][first]
        columns[f"accuracy/cifar10/validation/{epochs}"] = np.asarray(seen, dtype=np.float64) * 100
    seconds = np.asarray(known["final_training_time"][first], dtype=np.float64)
    columns |= {"training_seconds/cifar10/108": seconds, "parameters/cifar10": counted}
    return build_table(SPACE, architectures, keys.tolist(), columns)
