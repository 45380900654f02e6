"""TransNAS-Bench-101, macro space: 3,256 networks of 4 to 6 modules, seven tasks.

Accuracy columns are those of ``transnas_micro``.
"""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from tgnas.benchmarks._transnas import MACRO, sources, table_of
from tgnas.spaces.transnas_macro import SPACE

SOURCES = sources("macro")


def build(files: Sequence[Path]) -> pa.Table:
    """Return the benchmark's table of the files of ``SOURCES``, in the order of the CSV files.

    Raises:
        CorruptTableError: files disagree on the architectures, or a value on its row.
    """
    return table_of(SPACE, files, slice(0, MACRO))
