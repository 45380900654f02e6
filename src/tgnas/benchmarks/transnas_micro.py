"""TransNAS-Bench-101, micro space: 4,096 cells in one network, seven tasks on one set of images.

Duan et al., "TransNAS-Bench-101: Improving Transferability and Generalizability of Cross-Task
Neural Architecture Search", CVPR 2021. Accuracy columns hold each task's own metric as it is
published (``METRICS``), of which higher is better, and not always percent.
"""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from tgnas.benchmarks._transnas import MACRO, sources, table_of
from tgnas.spaces.transnas_micro import SPACE

SOURCES = sources("micro")


def build(files: Sequence[Path]) -> pa.Table:
    """Return the benchmark's table of the files of ``SOURCES``, in ascending order of the string.

    Raises:
        CorruptTableError: files disagree on the architectures, or a value on its row.
    """
    return table_of(SPACE, files, slice(MACRO, None))
