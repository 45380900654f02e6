"""Ensembles of methods by rank: no scale to match."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64

from tgnas.errors import ConfigError

Scores = Float64[np.ndarray, "_ N"]
DECIMALS = 12  # what is behind them is rounding noise, which would order equal sums of ranks


def mid_ranks(values: Float64[np.ndarray, "S N"]) -> Float64[np.ndarray, "S N"]:
    """Return the ranks of each row's values, from 1; of equal ones the mean; with a NaN all NaN.

    SciPy's ``rankdata`` does the same, but its import takes a second, longer than most jobs do.
    """
    order = np.argsort(values, axis=1, kind="stable")
    ordered = np.take_along_axis(values, order, axis=1)
    starts = np.ones(values.shape, dtype=bool)
    starts[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    ranks = np.full(values.shape, np.nan)
    for row, places in enumerate(starts):
        bounds = np.append(np.flatnonzero(places), values.shape[1])
        means = (bounds[:-1] + bounds[1:] + 1) / 2
        ranks[row, order[row]] = np.repeat(means, np.diff(bounds))
    ranks[np.isnan(values).any(axis=1)] = np.nan
    return ranks


def mean_rank(
    members: Sequence[Scores], *, over_seeds: bool, weights: Sequence[float | int] | None = None
) -> Scores:
    """Return the mean of the members' ranks among the architectures, from 0 to 1; ties share.

    Args:
        members: scores of each, a row for each seed; one row stands for every seed.
        over_seeds: whether a member's seeds are averaged first, to a single row.
        weights: of the members; all alike where None.

    Raises:
        ConfigError: members with different numbers of seeds, neither of them one.
    """
    ranks = [mid_ranks(scores) / scores.shape[1] for scores in members]
    if over_seeds:
        ranks = [of_seeds.mean(axis=0, keepdims=True) for of_seeds in ranks]
    sizes = {len(of_seeds) for of_seeds in ranks} - {1}
    if len(sizes) > 1:
        raise ConfigError(f"members with {' and '.join(map(str, sorted(sizes)))} seeds each")
    rows = max(len(of_seeds) for of_seeds in ranks)
    stacked = [np.broadcast_to(r, (rows, r.shape[1])) for r in ranks]
    return np.round(np.average(stacked, axis=0, weights=weights), DECIMALS)
