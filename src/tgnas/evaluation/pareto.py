"""Scores against costs: what no other architecture dominates."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float64, Int64
from scipy import special

from tgnas.benchmarks.base import Benchmark

SQRT_2_PI = (2 * np.pi) ** 0.5


def front(
    costs: Float64[np.ndarray, "N ..."], scores: Float64[np.ndarray, " N"]
) -> Int64[np.ndarray, " members"]:
    """Return the rows of the Pareto front, by its first cost the cheapest first.

    Whatever scores higher than a member costs more, by one of C costs at least. Of equals the first
    is a member; what has an unknown cost (NaN) is none.
    """
    costs = costs.reshape(len(scores), -1)
    order = np.lexsort((-scores, *costs.T[::-1]))
    order = order[np.isfinite(costs[order]).all(axis=1)]
    if costs.shape[1] == 1:
        best = np.maximum.accumulate(scores[order])
        return order[np.diff(best, prepend=-np.inf) > 0]
    members: list[int] = []
    for row in order:  # whatever dominates a row stands before it in this order
        no_dearer = (costs[members] <= costs[row]).all(axis=1)
        if not (no_dearer & (scores[members] >= scores[row])).any():
            members.append(int(row))
    return np.array(members, dtype=np.int64)


def hypervolume(
    costs: Float64[np.ndarray, " N"],
    accuracies: Float64[np.ndarray, " N"],
    highest_cost: float,
    lowest_accuracy: float,
) -> float:
    """Return the area that a set dominates, up to a reference point (Zitzler and Thiele, 1998).

    A member of no lower accuracy and no higher cost than a point dominates it. What costs more than
    the reference, or is less accurate, adds nothing.
    """
    inside = np.flatnonzero((costs <= highest_cost) & (accuracies >= lowest_accuracy))
    if not len(inside):
        return 0.0
    members = inside[front(costs[inside], accuracies[inside])]
    widths = np.diff(costs[members], append=highest_cost)
    return float(widths @ (accuracies[members] - lowest_accuracy))


def expected_improvement(
    mean: Float64[np.ndarray, " N"],
    deviation: Float64[np.ndarray, " N"],
    costs: Float64[np.ndarray, " N"],
    known: Int64[np.ndarray, " n"],
) -> Float64[np.ndarray, " N"]:
    """Return by how much each architecture is expected to enlarge the hypervolume.

    Costs are known and accuracies normal (Emmerich et al., 2006, with one certain goal): the
    expected improvement of the accuracy over the best known of no higher cost, summed over all
    costs from the architecture's own to the highest. The known ones count at their means. An
    unknown cost (NaN) improves nothing.

    Args:
        mean: of the accuracy.
        deviation: of it.
        costs: of each architecture; lower is better.
        known: rows of those that have been trained.
    """
    highest, lowest = np.nanmax(costs), mean[known].min()
    members = known[front(costs[known], mean[known])]
    starts = np.concatenate([[np.nanmin(costs)], costs[members]])
    reached = np.concatenate([[lowest], mean[members]])
    ends = np.append(starts[1:], highest)
    safe = np.maximum(deviation, 1e-12)[:, None]
    margin = (mean[:, None] - reached) / safe
    improved = safe * (margin * special.ndtr(margin) + np.exp(-(margin**2) / 2) / SQRT_2_PI)
    widths = np.clip(ends - np.maximum(starts, np.nan_to_num(costs, nan=highest)[:, None]), 0, None)
    gain = (improved * widths).sum(axis=1)
    return np.where(np.isfinite(costs), gain, 0.0)


def fronts(
    benchmark: Benchmark,
    costs: pd.DataFrame,
    scores: Mapping[str, Float64[np.ndarray, "_ N"]],
    constraints: dict[str, Any],
    ranking: dict[str, Any],
) -> pd.DataFrame:
    """Return the Pareto fronts of each scorer and seed for each cost.

    Columns: scorer, seed, cost, architecture, value (of the cost), score, accuracy (test, percent),
    regret (how much more accurate the best is that costs no more, in points).

    Args:
        benchmark: of the accuracies.
        costs: a column for each cost.
        scores: of each scorer, a row for each seed.
        constraints: the config's section: dataset, costs.
        ranking: the config's section: split, epochs.
    """
    accuracy = benchmark.accuracy(
        dataset=constraints["dataset"], split=ranking["split"], epochs=ranking["epochs"]
    )
    names, tables = np.array(benchmark.strings), []
    for cost in constraints["costs"]:
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
