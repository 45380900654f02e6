"""1,000 NAS-Bench-201 architectures, really trained on digits: our own benchmark."""

import pyarrow as pa

from tgnas.benchmarks._digits import build_of
from tgnas.spaces.nasbench201 import SPACE


def build() -> pa.Table:
    """Return the benchmark's table: the part of digits-bench that is of nasbench201."""
    return build_of(SPACE.name)
