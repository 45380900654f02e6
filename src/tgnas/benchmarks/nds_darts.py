"""NDS, the space DARTS: 121 networks of genotypes, trained on ImageNet for 50 epochs."""

from functools import partial

from tgnas.benchmarks import _nds
from tgnas.spaces.space import built_in

SPACE = built_in("nds_darts")
SOURCES = ("nds/DARTS.json",)
build = partial(_nds.build_of, SPACE)
