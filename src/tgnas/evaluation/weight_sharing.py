"""What scores of supernets are worth: numbers from tables."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float64, Int64

from tgnas.evaluation.ranking import best, kendall_tau


def summary(
    scores: Float64[np.ndarray, "S N"],
    accuracies: Mapping[str, Float64[np.ndarray, " N"]],
    distinct: Int64[np.ndarray, " M"],
    top_share: float,
) -> dict[str, float]:
    """Return how well the seeds of a method rank, how well they agree, and where their picks stand.

    Keys: for each vector of accuracies ``NAME_tau`` (all), ``NAME_tau_distinct``, ``NAME_tau_top``
    (inside its truly best share of the distinct ones), each with ``_std`` over the seeds, and
    ``NAME_rank`` (the true rank of the best-scored distinct architecture, 1 is best, mean over the
    seeds); ``agreement``, the mean Kendall's tau of two seeds.
    """
    facts: dict[str, float] = {}
    own = scores[:, distinct]
    for name, values in accuracies.items():
        true = values[distinct]
        top = best(true, max(3, round(top_share * len(true))))
        taus = {
            "tau": [kendall_tau(row, values) for row in scores],
            "tau_distinct": [kendall_tau(row, true) for row in own],
            "tau_top": [kendall_tau(row[top], true[top]) for row in own],
        }
        for measure, of_seeds in taus.items():
            facts[f"{name}_{measure}"] = float(np.mean(of_seeds))
            facts[f"{name}_{measure}_std"] = _deviation(of_seeds)
        picks = [float((true > true[best(row, 1)[0]]).sum() + 1) for row in own]
        facts[f"{name}_rank"] = float(np.mean(picks))
    pairs = [kendall_tau(one, other) for one, other in combinations(own, 2)]
    facts["agreement"] = float(np.mean(pairs)) if pairs else float("nan")
    return facts


def derivations(strings: Sequence[str], known: pd.Series) -> dict[str, Any]:
    """Return the mean accuracy of derived architectures, its least and its most.

    Args:
        strings: what each seed derived; none where a method derives nothing.
        known: the benchmark's accuracies by string.
    """
    values = [float(known[string]) for string in strings]
    if not values:
        return dict.fromkeys(("derived", "derived_least", "derived_most"), float("nan"))
    return {
        "derived": float(np.mean(values)),
        "derived_least": min(values),
        "derived_most": max(values),
    }


def _deviation(values: Sequence[float]) -> float:
    return float(np.std(values, ddof=1)) if len(values) > 1 else float("nan")
