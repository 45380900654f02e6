"""50 NAS-Bench-201 architectures of digits-bench, trained on for as long as supernets are."""

from functools import partial

from tgnas.benchmarks import _digits
from tgnas.spaces.nasbench201 import SPACE

SOURCES = ()  # the table comes with the package
version = partial(_digits.table_digest, _digits.LONG)
build = partial(_digits.build_of, SPACE.name, name=_digits.LONG)
