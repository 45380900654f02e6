"""NDS, the space ENAS: 117 networks of genotypes, trained on ImageNet for 50 epochs."""

from functools import partial

from tgnas.benchmarks import _nds
from tgnas.spaces.space import built_in

SPACE = built_in("nds_enas")
SOURCES = ("nds/ENAS.json",)
build = partial(_nds.build_of, SPACE)
