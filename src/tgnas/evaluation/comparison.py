"""All methods of one population: how each ranks it, fails and costs; how they agree.

A whole space is measured on all of its architectures and on the first of each live pattern; a
sample, and a space of which a method has not all scores, on all that a method has a score of and on
those that every method has.
"""

import hashlib
import json
from collections.abc import Mapping
from itertools import combinations_with_replacement
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Int64

from tgnas.benchmarks.base import Benchmark
from tgnas.encodings.live import live_pattern
from tgnas.evaluation.ranking import measure_benchmark, spearman_rho
from tgnas.resources.seals import read_parquet
from tgnas.scoring.tables import COSTS, MILLISECONDS, failed, seeds_of

ALL, UNIQUE, COMMON = "all", "unique", "common"
Subsets = Mapping[str, Int64[np.ndarray, " _"]]
KEY = "key"  # column of what a measure was taken of


def subsets_of(target: Benchmark, tables: Mapping[str, pd.DataFrame], *, whole: bool) -> Subsets:
    """Return the rows that measures are taken over.

    Args:
        target: the benchmark, cut to the population.
        tables: the score table of every method.
        whole: whether the population is a whole space, or else a sample.
    """
    everyone = np.arange(len(target))
    scored = [np.isfinite(seeds_of(table)).all(axis=0) for table in tables.values()]
    common = {COMMON: np.flatnonzero(np.all(scored, axis=0))} if tables else {}
    if not whole:
        return {ALL: everyone} | common
    distinct = live_pattern(target.architectures).distinct()[0]
    partly = common if tables and len(common[COMMON]) < len(target) else {}
    return {ALL: everyone, UNIQUE: np.sort(distinct)} | partly


def measure_method(
    target: Benchmark,
    method: str,
    table: pd.DataFrame,
    *,
    subsets: Subsets,
    ranking: dict[str, Any],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the measures of a method's scores, rows for each seed, and its resampled taus.

    Columns: method, those of ``measure_benchmark``; of the measures, where scoring was timed,
    failures and the medians of its costs.

    Args:
        target: the benchmark, cut to the population.
        method: its name.
        table: its score table.
        subsets: the rows that measures are taken over.
        ranking: the config's section, with the population's labels.
    """
    measures, resampled = measure_benchmark(target, seeds_of(table), subsets, ranking)
    measures.insert(0, "method", method)
    resampled.insert(0, "method", method)
    if MILLISECONDS not in table:
        return measures, resampled
    costs = {kind: table[kind].median() if kind in table else np.nan for kind in COSTS}
    return measures.assign(failures=failed(table).sum(), **costs), resampled


def key_of(
    target: Benchmark, table: pd.DataFrame, subsets: Subsets, ranking: dict[str, Any], code: str
) -> str:
    """Return a digest of all that a method's measures depend on."""
    parts = [pd.util.hash_pandas_object(table).to_numpy(), *subsets.values()]
    digest = hashlib.sha256(json.dumps([code, ranking], sort_keys=True).encode())
    fidelity = {"split": ranking["split"], "epochs": ranking["epochs"]}
    parts += [target.accuracy(dataset=name, **fidelity) for name in ranking["datasets"]]
    for part in parts:
        digest.update(np.ascontiguousarray(part).tobytes())
    return digest.hexdigest()[:16]


def measured_before(path: Path, keys: Mapping[str, str]) -> dict[str, pd.DataFrame]:
    """Return what a file holds of measures, or of resampled taus, with these keys, by method."""
    if not path.exists():
        return {}
    own = path.suffix == ".csv"
    table = pd.read_csv(path, dtype={KEY: str}) if own else read_parquet(path).to_pandas()
    by_method = dict(iter(table.groupby("method", sort=False)))
    return {
        name: by_method[name]
        for name, key in keys.items()
        if name in by_method and (by_method[name][KEY] == key).all()
    }


def independence(
    target: Benchmark, tables: Mapping[str, pd.DataFrame], ranking: dict[str, Any]
) -> pd.DataFrame:
    """Return Spearman's rho of every pair of methods, and of each with each data set's accuracy.

    Columns: one, other (names; accuracies as "accuracy/DATASET"), spearman_rho, architectures
    (those that both have a score of). Of several seeds the first speaks.
    """
    fidelity = {"split": ranking["split"], "epochs": ranking["epochs"]}
    columns = {name: seeds_of(table)[0] for name, table in tables.items()}
    columns |= {
        f"accuracy/{name}": target.accuracy(dataset=name, **fidelity)
        for name in ranking["datasets"]
    }
    rows = []
    for one, other in combinations_with_replacement(columns, 2):
        both = np.isfinite(columns[one]) & np.isfinite(columns[other])
        rho = spearman_rho(columns[one][both], columns[other][both])
        rows.append((one, other, rho, int(both.sum())))
    return pd.DataFrame(rows, columns=["one", "other", "spearman_rho", "architectures"])
