"""What scores of supernets are worth: numbers from tables."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float64, Int64

from tgnas.evaluation.ranking import best, bootstrap, interval, kendall_tau, top_tau

AGREEMENT = "agreement"
LEAST = 3  # architectures whose ranks say anything


def summary(
    scores: Float64[np.ndarray, "S N"],
    accuracies: Mapping[str, Float64[np.ndarray, " N"]],
    distinct: Int64[np.ndarray, " M"],
    top_share: float,
) -> dict[str, float]:
    """Return how well the seeds of a method rank, how well they agree, and where their picks stand.

    Accuracies may be NaN: such architectures are left out of what is said of that vector; of fewer
    than ``LEAST`` distinct ones nothing is said, but NaN. Keys: for each vector of accuracies
    ``NAME_tau`` (all), ``NAME_tau_distinct``, ``NAME_tau_top`` (inside its truly best share of the
    distinct ones; NaN where that is fewer than 30), each with ``_std`` over the seeds, and
    ``NAME_rank`` (the true rank of the best-scored distinct architecture, 1 is best, mean over the
    seeds); ``agreement``, the mean Kendall's tau of two seeds.
    """
    facts: dict[str, float] = {}
    own = scores[:, distinct]
    for name, values in accuracies.items():
        known, of_distinct = np.isfinite(values), distinct[np.isfinite(values[distinct])]
        true, ranked = values[of_distinct], scores[:, of_distinct]
        if len(true) < LEAST:
            facts |= dict.fromkeys(_keys(name), float("nan"))
            continue
        taus = {
            "tau": [kendall_tau(row[known], values[known]) for row in scores],
            "tau_distinct": [kendall_tau(row, true) for row in ranked],
            "tau_top": [top_tau(row, true, top_share) for row in ranked],
        }
        for measure, of_seeds in taus.items():
            facts[f"{name}_{measure}"] = float(np.mean(of_seeds))
            facts[f"{name}_{measure}_std"] = _deviation(of_seeds)
        picks = [float((true > true[best(row, 1)[0]]).sum() + 1) for row in ranked]
        facts[f"{name}_rank"] = float(np.mean(picks))
    pairs = [kendall_tau(one, other) for one, other in combinations(own, 2)]
    facts["agreement"] = float(np.mean(pairs)) if pairs else float("nan")
    return facts


def _keys(name: str) -> list[str]:
    """Return what is said of a vector of accuracies."""
    taus = [f"{name}_{measure}" for measure in ("tau", "tau_distinct", "tau_top")]
    return [*taus, *(f"{tau}_std" for tau in taus), f"{name}_rank"]


def resampled(
    scores: Float64[np.ndarray, "S N"],
    accuracies: Mapping[str, Float64[np.ndarray, " N"]],
    distinct: Int64[np.ndarray, " M"],
    resamples: int,
) -> dict[str, tuple[float, Float64[np.ndarray, " R"]]]:
    """Return Kendall's tau with each vector of accuracies, and of two seeds: mean and resamples.

    Distinct architectures are drawn with replacement, the same for every method, and with them the
    seeds; of the agreement, architectures alone. There is none of a single seed, nor with a vector
    that knows fewer than ``LEAST`` of them.
    """
    taus = {}
    for name, values in accuracies.items():
        rows = distinct[np.isfinite(values[distinct])]
        if len(rows) < LEAST:
            continue
        own, true = scores[:, rows], values[rows]
        mean = float(np.mean([kendall_tau(row, true) for row in own]))
        taus[name] = (mean, bootstrap(own, true, np.arange(len(rows)), resamples))
    own, clusters = scores[:, distinct], np.arange(len(distinct))
    pairs = list(combinations(range(len(own)), 2))
    if pairs:
        mean = float(np.mean([kendall_tau(own[one], own[other]) for one, other in pairs]))
        drawn = [bootstrap(own[[one]], own[other], clusters, resamples) for one, other in pairs]
        taus[AGREEMENT] = (mean, np.mean(drawn, axis=0))
    return taus


def differences(
    methods: Mapping[str, Mapping[str, tuple[float, Float64[np.ndarray, " R"]]]],
    pairs: Sequence[tuple[str, str]],
    level: float,
) -> pd.DataFrame:
    """Return how much higher the first's taus are than the second's, resample by resample.

    Columns: first, second, measure, difference, low, high.

    Args:
        methods: what ``resampled`` returns of each.
        pairs: first and second method of each difference; a pair with one that is not there has no
            row.
        level: coverage of the intervals.
    """
    rows = []
    for first, second in pairs:
        if first not in methods or second not in methods:
            continue
        one, other = methods[first], methods[second]
        for measure in (name for name in one if name in other):
            low, high = interval(one[measure][1] - other[measure][1], level)
            difference = one[measure][0] - other[measure][0]
            rows.append((first, second, measure, difference, low, high))
    columns = ["first", "second", "measure", "difference", "low", "high"]
    return pd.DataFrame(rows, columns=columns)


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
