"""Searches for accuracy and a cost: MnasNet's reward, expected improvement, random search.

Architectures of NAS-Bench-201 with HW-NAS-Bench's latencies, their parameters and their FLOPs, one
cost after the other. A query is the validation accuracy of one; the front is chosen by it, and
measured by test accuracy: the share of the hypervolume of all architectures' own front, up to the
highest cost and the accuracy of a guess.
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
# Part -> searcher and its own settings; FRONT is ``tgnas.inference.fronts.search_front``.
FRONT = "front"
SEARCHES: Mapping[str, tuple[str, dict[str, Any]]] = {
    "random": ("random", {}),
    "soft": ("mnasnet", {"constraint": "soft"}),
    "hard": ("mnasnet", {"constraint": "hard"}),
    "soft_start": ("mnasnet", {"constraint": "soft", "zero_shot": 0.5}),
    "front": (FRONT, {}),
    "front_start": (FRONT, {"zero_shot": 0.5}),
}
PRIOR = 0.7  # prior slope of the zero-shot score, as in `few_labels.searchers`


class Settings(MethodSettings):
    """What is searched, and for how long."""

    costs: tuple[str, ...] = Field(default=("edgegpu_latency", "parameters", "flops"), min_length=1)
    """Costs of HW-NAS-Bench's table, parameters or flops; each is searched against on its own."""
    seeds: PositiveInt = 20
    """Runs of each search."""
    shard: PositiveInt = 20
    """Runs of a job."""
    at: tuple[PositiveInt, ...] = (50, 100, 200, 500, 1000)
    """After how many queries fronts are measured; the last is the budget."""
    least: PositiveInt = 200
    """The budget of searches that fit a Gaussian process in every round."""
    batch: int = Field(default=50, ge=2)
    """Architectures that a controller draws for an update."""
    entropy: float = Field(default=0.2, ge=0)
    """Weight of the controller's entropy: of .02, .05, .1 and .2, which on digits-bench find like
    fronts of accuracy and FLOPs after 200 of 1,000 architectures, the one that repeats least.
    """
    start: str = "canonical"
    """A predictor of the package that has seen no label of NAS-Bench-201, for a zero-shot start."""


def inputs(settings: Settings) -> Mapping[str, str | Sequence[str]]:
    """Return the accuracies and the costs."""
    return {"benchmark": BENCHMARK, "costs": COSTS}


def parts(settings: Settings) -> Sequence[str]:
    """Return one part for each search and shard of its seeds, e.g. ``soft-0``."""
    shards = range(-(-settings.seeds // settings.shard))
    return [f"{search}-{shard}" for search in SEARCHES for shard in shards]


def loaded(settings: Settings) -> Sequence[str]:
    """Return the searchers."""
    return [f"tgnas.methods.searchers.{name}" for name in ("mnasnet", "random")]


def shipped(settings: Settings) -> Sequence[str]:
    """Return the predictor that scores."""
    return [settings.start]


def run(part: str, settings: Settings, files: Mapping[str, Any], folder: Path) -> pd.DataFrame:
    """Return how large the front of each seed of a shard is after so many queries.

    Columns: cost, search, seed, queries, hypervolume (share of that of the true front), members (of
    the front), accuracy (test, of the most accurate member), processor (seconds of the whole
    search).
    """
    from tgnas.benchmarks.base import open_benchmark  # slow imports
    from tgnas.inference.pretrained import load_pretrained
    from tgnas.inference.suggestions import context_of
    from tgnas.methods.few_labels import prepared
    from tgnas.resources.seals import read_parquet

    del folder  # a part takes minutes, and begins anew
    benchmark = open_benchmark(files["benchmark"])
    table = read_parquet(files["costs"]).to_pandas()
    every = benchmark.architectures
    listed, context = prepared(
        every, context_of(benchmark.space, every, load_pretrained(settings.start))
    )
    labels, reported = benchmark.accuracy(**LABELS), benchmark.accuracy(**REPORTED)
    search, shard = part.split("-")
    first = int(shard) * settings.shard
    seeds = range(first, min(first + settings.shard, settings.seeds))
    rows = []
    for cost in settings.costs:
        price = table[cost].to_numpy(dtype=np.float64)
        priced = replace(listed, attributes={**listed.attributes, "cost": price})
        measures = measured(
            search, settings, seeds, benchmark.space, priced, labels, reported, context
        )
        rows += [{"cost": cost, **row} for row in measures]
    return pd.DataFrame(rows)


def measured(
    search: str,
    settings: Settings,
    seeds: Sequence[int],
    space: Any,
    listed: Any,
    labels: np.ndarray,
    reported: np.ndarray,
    context: Any,
) -> list[dict[str, Any]]:
    """Return the rows of some seeds of a search.

    Args:
        search: one of ``SEARCHES``.
        settings: of the study.
        seeds: of what is drawn.
        space: what is searched.
        listed: N architectures with their inputs and costs.
        labels: what is queried, (N,).
        reported: what is measured, (N,).
        context: in which a Gaussian process is fitted.
    """
    import time

    from tgnas.costs.front import front, hypervolume  # slow imports
    from tgnas.searching.pool import Pool

    costs, pool = listed.attributes["cost"], Pool.of(space, listed)
    highest, everything = float(np.nanmax(costs)), front(costs, reported)
    whole = hypervolume(costs[everything], reported[everything], highest, GUESS)
    rows = []
    for seed in seeds:
        start = time.process_time()
        queried = _asked(search, settings, pool, labels, context, np.random.default_rng(seed))
        spent = time.process_time() - start
        for count in settings.at:
            if count > len(queried):
                continue
            first = queried[:count]
            members = first[front(costs[first], labels[first])]
            volume = hypervolume(costs[members], reported[members], highest, GUESS)
            about = {"search": search, "seed": seed, "queries": count, "processor": spent}
            about |= {"hypervolume": volume / whole, "members": len(members)}
            rows.append({**about, "accuracy": reported[members].max()})
    return rows


def _asked(
    search: str,
    settings: Settings,
    pool: Any,
    labels: np.ndarray,
    context: Any,
    generator: np.random.Generator,
) -> np.ndarray:
    """Return the rows that a search queries, in order."""
    from tgnas.inference.fronts import Rounds, search_front  # slow imports
    from tgnas.methods.searchers._few import Candidates
    from tgnas.registry import PREDICTORS, SEARCHERS
    from tgnas.searching.live import Surrogate
    from tgnas.searching.oracles import Oracle, searched

    name, own = SEARCHES[search]
    if name == FRONT:
        prior = PRIOR if "zero_shot" in own else 0.0
        chosen = PREDICTORS.settings("gaussian_process")(prior=prior)
        surrogate = Surrogate("gaussian_process", chosen, context)
        rounds = Rounds(min(settings.least, max(settings.at)), **own)
        costs = pool.listed.attributes["cost"]
        return search_front(Candidates(pool), labels, costs, surrogate, rounds, generator)
    known = {
        "budget": max(settings.at),
        "batch": settings.batch,
        "entropy": settings.entropy,
        **own,
    }
    module = SEARCHERS.module(name)
    set_keys = module.Settings(**{k: known[k] for k in module.Settings.model_fields if k in known})

    def answer(architectures: Any, fidelity: int | None) -> tuple[np.ndarray, float]:
        del fidelity  # labels are of one
        return labels[pool.rows_of(architectures)], 0.0

    trace = searched(name, pool, Oracle(answer, "label"), set_keys, generator)
    return pool.rows_of(trace.architectures)
