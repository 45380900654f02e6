"""Scores against costs: what no other architecture dominates."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float64

from tgnas.benchmarks.base import Benchmark
from tgnas.costs.front import front


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
