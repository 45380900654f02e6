"""NAS-Bench-Macro: 6,561 architectures, CIFAR-10, 50 epochs, mean of three trainings.

Source: one JSON file of xiusu/NAS-Bench-Macro. The epochs are the default of its train/train.py,
which train/train_benchmark.py keeps. That script records the *best* test accuracy of the 50
epochs, not the last, and no validation accuracy. Strings of one network share their three
trainings, so that 3,969 of the 6,561 rows are independent (``tgnas.spaces.nasbench_macro``).
FLOPs are multiplications of convolutions and of the classifier, here in millions.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from tgnas.benchmarks.base import build_table
from tgnas.errors import CorruptTableError, number_of
from tgnas.spaces.nasbench_macro import SPACE

ACCURACY = "accuracy/cifar10/test/50"
SOURCES = ("nasbench_macro/cifar10.json",)


def build(files: Sequence[Path]) -> pa.Table:
    """Return the benchmark's table of the file of ``SOURCES``, in ascending order of the string.

    Raises:
        CorruptTableError: the file lists other architectures than the space has, or a mean that
            is not that of its three accuracies.
    """
    (file,) = files
    architectures = SPACE.enumerate()
    strings = SPACE.format(architectures)
    table = pd.DataFrame.from_dict(json.loads(file.read_text()), orient="index").sort_index()
    if table.index.tolist() != strings:
        raise CorruptTableError(
            f"{file} lists {number_of(len(table), 'architecture')}, not the "
            f"{len(strings):,} of the space"
        )
    mean = np.array(table["test_acc"].tolist()).mean(axis=1)
    wrong = np.flatnonzero(np.abs(mean - table["mean_acc"].to_numpy()) > 1e-6)
    if len(wrong):
        raise CorruptTableError(
            f"{file}: the mean accuracy of {strings[wrong[0]]} is {mean[wrong[0]]:.4f}, not "
            f"{table['mean_acc'].iloc[wrong[0]]:.4f}"
        )
    columns = {
        ACCURACY: mean,
        "parameters/cifar10": table["params"].to_numpy(),
        "flops/cifar10": table["flops"].to_numpy() / 1e6,
    }
    return build_table(SPACE, architectures, strings, columns)
