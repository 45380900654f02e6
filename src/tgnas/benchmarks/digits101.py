"""Every NAS-Bench-101 cell of at most 5 vertices, really trained on digits: our own benchmark."""

import pyarrow as pa

from tgnas.benchmarks._digits import build_of
from tgnas.spaces.nasbench101 import SPACE


def build() -> pa.Table:
    """Return the benchmark's table: the part of digits-bench that is of nasbench101."""
    return build_of(SPACE.name)
