# What every rules file uses: the checked config, the methods, the digests of code.
import os
from pathlib import Path

from snakemake.exceptions import WorkflowError

from tgnas.errors import TgnasError
from tgnas.experiments import check_config, read_methods
from tgnas.fetch import read_resources
from tgnas.provenance import code_digest

# DGL writes into the home folder unless told; threads that spin starve their neighbours.
os.environ.setdefault("DGLBACKEND", "pytorch")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# Where a file comes from changes no result, so mirrors reach the jobs outside of their params.
mirrors = [
    *os.environ.get("TGNAS_MIRROR", "").split(os.pathsep),
    *config.get("mirrors", []),
]
if any(mirrors):
    os.environ["TGNAS_MIRROR"] = os.pathsep.join(filter(None, mirrors))

try:
    check_config(config, Path(workflow.basedir) / "workflow/schemas/config.schema.yaml")
    METHODS = read_methods(Path(config["experiments"]), config)
    RESOURCES = read_resources(Path("config/resources.tsv"))
except TgnasError as error:
    raise WorkflowError(str(error)) from None

PREDICTOR_ROWS = config["predictors"]
NB201_DATASETS = ("cifar10", "cifar100", "ImageNet16-120")


wildcard_constraints:
    predictor="|".join(PREDICTOR_ROWS),
    seed=r"\d+",


def resource_row(name):
    """Return what a fetched file depends on: its address and its hash."""
    return [RESOURCES[name].url, RESOURCES[name].sha256] if name in RESOURCES else None


def nasbench201_files(pattern):
    """Return the fetched files of the three data sets, in the benchmark's order."""
    return [f"<resources>/nasbench201/{pattern.format(d)}" for d in NB201_DATASETS]


def predictor_digest(script, predictor):
    """Return the digest of a script together with the predictor that it loads by name."""
    loaded = f"tgnas.methods.predictors.{PREDICTOR_ROWS[predictor]['method']}"
    return code_digest(f"workflow/scripts/{script}.py", loaded)
