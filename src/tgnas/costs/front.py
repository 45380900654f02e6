"""Pareto fronts of scores and costs, and the hypervolume that one dominates."""

import numpy as np
from jaxtyping import Float64, Int64


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
