"""The TG-NAS authors' released predictions (YeQiao/TG-NAS, test.txt).

One line per architecture of NAS-Bench-201 in index order: true CIFAR-10 test accuracy and rescaled
prediction, both in percent.
"""

from pathlib import Path

import numpy as np

from tgnas.benchmarks.base import Benchmark
from tgnas.errors import CorruptTableError

# Another averaging over seeds: the dump's accuracies are near the benchmark's, not equal.
TOLERANCE, SHARE = 1.0, 0.99


def read_dump(path: Path, benchmark: Benchmark) -> np.ndarray:
    """Return the predictions, shape (N,), in the benchmark's order.

    Raises:
        CorruptTableError: not one line of two numbers for each architecture, or another order.
    """
    try:
        rows = np.loadtxt(path, ndmin=2)
    except ValueError as error:
        raise CorruptTableError(f"{path} is not two columns of numbers: {error}") from error
    if rows.shape != (len(benchmark), 2):
        raise CorruptTableError(f"{path} has shape {rows.shape}, not {(len(benchmark), 2)}")
    true = benchmark.accuracy(dataset="cifar10", split="test", epochs=200)
    near = (np.abs(rows[:, 0] - true) <= TOLERANCE).mean()
    if near < SHARE:
        raise CorruptTableError(
            f"{path}: only {near:.1%} of its accuracies are within {TOLERANCE} of the benchmark's; "
            "the rows are in another order"
        )
    return rows[:, 1]
