"""Searches for accuracy and latency: what MnasNet's reward finds against random search.

Architectures of NAS-Bench-201 with HW-NAS-Bench's latencies. A query is the validation accuracy of
one; the front is chosen by it, and measured by test accuracy: the share of the hypervolume of all
architectures' own front, up to the highest cost and the accuracy of a guess.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import Field, PositiveInt

from tgnas.methods.settings import MethodSettings

BENCHMARK = "<benchmark_tables>/nasbench201.arrow"
COSTS = "<results>/costs/nasbench201/cifar10.parquet"
LABELS: Mapping[str, Any] = {"dataset": "cifar10-valid", "split": "validation", "epochs": 200}
REPORTED: Mapping[str, Any] = {"dataset": "cifar10", "split": "test", "epochs": 200}
GUESS = 10.0  # percent, of ten classes
# Part -> searcher and its own settings.
SEARCHES: Mapping[str, tuple[str, dict[str, Any]]] = {
    "random": ("random", {}),
    "soft": ("mnasnet", {"constraint": "soft"}),
    "hard": ("mnasnet", {"constraint": "hard"}),
    "soft_start": ("mnasnet", {"constraint": "soft", "zero_shot": 0.5}),
}


class Settings(MethodSettings):
    """What is searched, and for how long."""

    cost: str = "edgegpu_latency"
    """A cost of HW-NAS-Bench's table, or parameters or flops."""
    seeds: PositiveInt = 20
    """Runs of each search."""
    at: tuple[PositiveInt, ...] = (50, 100, 200, 500, 1000)
    """After how many queries fronts are measured; the last is the budget."""
    batch: int = Field(default=50, ge=2)
    """Architectures that a controller draws for an update."""
    entropy: float = Field(default=0.02, ge=0)
    """Weight of the controller's entropy."""
    start: str = "canonical"
    """A predictor of the package that has seen no label of NAS-Bench-201, for a zero-shot start."""


def inputs(settings: Settings) -> Mapping[str, str | Sequence[str]]:
    """Return the accuracies and the costs."""
    return {"benchmark": BENCHMARK, "costs": COSTS}


def parts(settings: Settings) -> Sequence[str]:
    """Return one part for each search."""
    return list(SEARCHES)


def loaded(settings: Settings) -> Sequence[str]:
    """Return the searchers, and what they start from."""
    return ["tgnas.methods.searchers.mnasnet", "tgnas.methods.searchers.random"]


def run(part: str, settings: Settings, files: Mapping[str, Any], folder: Path) -> pd.DataFrame:
    """Return how large the front of each seed is after so many queries.

    Columns: search, seed, queries, hypervolume (share of that of the true front), members (of the
    front), accuracy (test, of the most accurate member), processor (seconds of the whole search).
    """
    from tgnas.benchmarks.base import open_benchmark  # slow imports
    from tgnas.inference.pretrained import load_pretrained
    from tgnas.resources.seals import read_parquet

    del folder  # a part takes minutes, and begins anew
    benchmark = open_benchmark(files["benchmark"])
    table = read_parquet(files["costs"]).to_pandas()
    costs = table[settings.cost].to_numpy(dtype=np.float64)
    listed = benchmark.architectures
    attributes = {"cost": costs}
    if "zero_shot" in SEARCHES[part][1]:
        attributes["zero_shot"] = load_pretrained(settings.start).weights.as_start().score(listed)
    listed = replace(listed, attributes=attributes)
    labels, reported = benchmark.accuracy(**LABELS), benchmark.accuracy(**REPORTED)
    return pd.DataFrame(measured(part, settings, benchmark.space, listed, labels, reported))


def measured(
    part: str, settings: Settings, space: Any, listed: Any, labels: np.ndarray, reported: np.ndarray
) -> list[dict[str, Any]]:
    """Return the rows of all seeds of a search.

    Args:
        part: the search.
        settings: of the study.
        space: what is searched.
        listed: N architectures with their costs, and for a zero-shot start their scores.
        labels: what is queried, (N,).
        reported: what is measured, (N,).
    """
    import time

    from tgnas.evaluation.pareto import front, hypervolume  # slow imports
    from tgnas.registry import SEARCHERS
    from tgnas.searching.oracles import Oracle
    from tgnas.searching.pool import Pool

    costs, pool = listed.attributes["cost"], Pool.of(space, listed)
    name, own = SEARCHES[part]
    module = SEARCHERS.module(name)
    known = {
        "budget": max(settings.at),
        "batch": settings.batch,
        "entropy": settings.entropy,
        **own,
    }
    chosen = module.Settings(**{k: known[k] for k in module.Settings.model_fields if k in known})
    highest, everything = float(np.nanmax(costs)), front(costs, reported)
    whole = hypervolume(costs[everything], reported[everything], highest, GUESS)

    def answer(asked: Any, fidelity: int | None) -> tuple[np.ndarray, float]:
        del fidelity  # labels are of one
        return labels[pool.rows_of(asked)], 0.0

    rows = []
    for seed in range(settings.seeds):
        start = time.process_time()
        trace = module.search(pool, Oracle(answer, "label"), chosen, np.random.default_rng(seed))
        spent = time.process_time() - start
        asked = pool.rows_of(trace.architectures)
        for count in settings.at:
            first = asked[:count]
            members = first[front(costs[first], labels[first])]
            volume = hypervolume(costs[members], reported[members], highest, GUESS)
            about = {"search": part, "seed": seed, "queries": count, "processor": spent}
            about |= {"hypervolume": volume / whole, "members": len(members)}
            rows.append({**about, "accuracy": reported[members].max()})
    return rows
