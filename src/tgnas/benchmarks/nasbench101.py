"""NAS-Bench-101: test accuracy at 108 epochs of all 423,624 cells, mean of three runs.

FreeREA's files hold accuracies and parameters in the order of the hash, without the cells. We
enumerate the cells, sort them by hash, and prove the join by the analytic parameter count.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from tgnas.benchmarks.base import build_table
from tgnas.costs.layers import count_parameters
from tgnas.errors import CorruptTableError, number_of
from tgnas.resources.unpickle import load_frame_columns
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.nasbench101 import SPACE, enumerate_cells

ACCURACY = "accuracy/cifar10/test/108"
SOURCES = ("nasbench101/accuracies.pkl.gz", "nasbench101/params.pkl.gz")
THREADS = 2  # which share the enumeration of the cells


def build(files: Sequence[Path]) -> pa.Table:
    """Return the benchmark's table of the files of ``SOURCES``, in ascending order of the hash.

    Raises:
        CorruptTableError: a file has another number of rows, or a row whose parameter count is
            not its cell's.
    """
    accuracies, parameters = files
    accuracy = load_frame_columns(accuracies.read_bytes())["accuracy"]
    millions = load_frame_columns(parameters.read_bytes())["params"]
    cells, hashes = enumerate_cells(processes=THREADS)
    architectures = Architectures(cells, skeleton=SPACE.skeleton)
    if not len(cells) == len(accuracy) == len(millions):
        raise CorruptTableError(
            f"{accuracies} has {number_of(len(accuracy), 'row')} and {parameters} "
            f"{len(millions):,}; there are {len(cells):,} cells"
        )
    counted = count_parameters(architectures)
    wrong = np.flatnonzero(np.rint(millions * 1e6).astype(np.int64) != counted)
    if len(wrong):
        row = wrong[0]
        raise CorruptTableError(
            f"{parameters}: not of the cells: {number_of(len(wrong), 'row')}, first row {row}: "
            f"{millions[row] * 1e6:.0f} parameters, counted {counted[row]}"
        )
    columns = {ACCURACY: accuracy * 100, "parameters/cifar10": counted}
    return build_table(SPACE, architectures, hashes, columns)
