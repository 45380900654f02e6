"""NDS, the space DARTS: 121 networks of genotypes, trained on ImageNet for 50 epochs."""

from functools import partial

from tgnas.benchmarks import _nds

SOURCES = ("nds/DARTS.json",)
build = partial(_nds.build_of, "nds_darts")
