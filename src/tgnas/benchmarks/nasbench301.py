"""NAS-Bench-301 on 1,218 DARTS genotypes: a surrogate's accuracy, proxies, parameters, FLOPs.

The accuracy is no training: it is what the surrogate of NAS-Bench-301 (Zela et al., ICLR 2022)
predicts for the validation accuracy after 100 epochs on CIFAR-10. Genotypes, predictions and
proxies are NAS-Bench-Suite-Zero's (automl/NASLib): 725 in one commit's file, 500 in another's.
Seven genotypes are in both, with the same parameters and FLOPs, but with surrogate values up to
0.17 points apart and other proxies. That the genotypes are read right is proved by the analytic
parameter count.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from tgnas.benchmarks.base import build_table
from tgnas.costs.layers import count_parameters
from tgnas.errors import CorruptTableError, TgnasError, number_of
from tgnas.spaces.darts import SPACE

COLUMNS = {
    "val_accuracy": "accuracy/cifar10/surrogate/100",
    "params": "parameters/cifar10",
    "flops": "flops/cifar10",
}
SOURCES = ("nasbench301/naslib_6639fd15.json", "nasbench301/naslib_22280f71.json")
DESCRIPTION = ("idx", "arch")  # keys that hold no number


def build(files: Sequence[Path]) -> pa.Table:
    """Return the benchmark's table: one row for each genotype, in order of first appearance.

    All values of a genotype are those of the first file that has it; a proxy that file lacks is
    NaN, as is whatever is not finite.

    Raises:
        CorruptTableError: a file is not what NASLib publishes, or a parameter count is not that of
            its genotype's network.
    """
    known: dict[str, dict[str, float]] = {}
    for file in files:
        for text, values in _read(file).items():
            known.setdefault(text, values)
    strings = list(known)
    architectures = SPACE.architectures(strings)
    proxies = {name for values in known.values() for name in values} - COLUMNS.keys()
    columns = {}
    for name in (*COLUMNS, *sorted(proxies)):
        column = np.array([values.get(name, np.nan) for values in known.values()], dtype=np.float64)
        columns[COLUMNS.get(name, f"proxy/{name}")] = np.where(np.isfinite(column), column, np.nan)
    counted = count_parameters(architectures)
    wrong = np.flatnonzero(np.rint(columns[COLUMNS["params"]] * 1e6) != counted)
    if len(wrong):
        raise CorruptTableError(
            "other parameter counts than those of the networks: "
            f"{number_of(len(wrong), 'genotype')}, "
            f"first "
            f"{strings[wrong[0]]}"
        )
    columns[COLUMNS["params"]] = counted
    return build_table(SPACE, architectures, strings, columns)


def _read(path: Path) -> dict[str, dict[str, float]]:
    """Return genotype -> name -> value; a value is a number or {"score": number, ...}."""
    try:
        content = json.loads(path.read_text())
        content = content.get("nasbench301", content)["cifar10"]
        genotypes = SPACE.format(SPACE.architectures(list(content)))
        return {
            genotype: {
                name: value["score"] if isinstance(value, dict) else value
                for name, value in entry.items()
                if name not in DESCRIPTION
            }
            for genotype, entry in zip(genotypes, content.values(), strict=True)
        }
    except (ValueError, LookupError, TypeError, AttributeError, TgnasError) as error:
        raise CorruptTableError(f"{path} is not NASLib's file of NAS-Bench-301: {error}") from error
