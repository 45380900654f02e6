"""Scores against costs: searches under a limit, and what no other architecture dominates."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float64, Int64

from tgnas.benchmarks.base import Benchmark
from tgnas.search.runs import known, run_searches, within
from tgnas.spaces.space import Space


def front(
    costs: Float64[np.ndarray, " N"], scores: Float64[np.ndarray, " N"]
) -> Int64[np.ndarray, " members"]:
    """Return the rows of the Pareto front, cheapest first: whatever scores higher costs more.

    Of equals the first is a member; an unknown cost (NaN) is none.
    """
    order = np.lexsort((-scores, costs))
    order = order[np.isfinite(costs[order])]
    best = np.maximum.accumulate(scores[order])
    return order[np.diff(best, prepend=-np.inf) > 0]


def fronts(
    benchmark: Benchmark,
    costs: pd.DataFrame,
    scores: Mapping[str, Float64[np.ndarray, "_ N"]],
    limits: dict[str, Any],
    ranking: dict[str, Any],
) -> pd.DataFrame:
    """Return the Pareto fronts of each scorer and seed for each cost.

    Columns: scorer, seed, cost, architecture, value (of the cost), score, accuracy (test, percent),
    regret (how much more accurate the best is that costs no more, in points).

    Args:
        benchmark: of the accuracies.
        costs: a column for each cost.
        scores: of each scorer, a row for each seed.
        limits: the config's section: dataset, costs.
        ranking: the config's section: split, epochs.
    """
    accuracy = benchmark.accuracy(
        dataset=limits["dataset"], split=ranking["split"], epochs=ranking["epochs"]
    )
    names, tables = np.array(benchmark.strings), []
    for cost in limits["costs"]:
        values = costs[cost].to_numpy(dtype=np.float64)
        true = front(values, accuracy)
        for scorer, seeds in scores.items():
            for seed, row in enumerate(seeds):
                members = front(values, row)
                best = true[np.searchsorted(values[true], values[members], side="right") - 1]
                columns = {"architecture": names[members], "value": values[members]}
                columns |= {"score": row[members], "accuracy": accuracy[members]}
                about = {"scorer": scorer, "seed": seed, "cost": cost}
                regret = accuracy[best] - accuracy[members]
                tables.append(pd.DataFrame(about | columns | {"regret": regret}))
    return pd.concat(tables, ignore_index=True)


def search_within_limits(
    space: Space,
    benchmark: Benchmark,
    costs: pd.DataFrame,
    scores: Float64[np.ndarray, "S N"],
    limits: dict[str, Any],
    settings: dict[str, Any],
) -> pd.DataFrame:
    """Return the runs of searches under which every architecture above a limit is worse.

    Columns beside those of ``run_searches``: cost, share, limit (no more than that, which is what
    the cheapest `share` of all architectures keeps), value (of the answer).

    Args:
        space: what is searched.
        benchmark: whose order costs and scores have.
        costs: a column for each cost.
        scores: a row for each seed.
        limits: the config's section: costs, shares, searchers.
        settings: as in ``run_searches``.
    """
    tables = []
    for cost in limits["costs"]:
        values = costs[cost].to_numpy(dtype=np.float64)
        value_of = dict(zip(benchmark.strings, values, strict=True))
        for share in limits["shares"]:
            limit = float(np.nanquantile(values, share))
            about = {"cost": cost, "share": share, "limit": limit}
            for seed, row in enumerate(scores):
                evaluate = known(space, benchmark, within(row, values, limit))
                for searcher in limits["searchers"]:
                    table = run_searches(space, evaluate, searcher, settings, seed)
                    value = table.architecture.map(value_of)
                    tables.append(table.assign(**about, value=value))
    return pd.concat(tables, ignore_index=True)
