"""Ensembles of methods by rank: no scale to match."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64
from scipy import stats

from tgnas.errors import ConfigError

Scores = Float64[np.ndarray, "_ N"]


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
    ranks = [stats.rankdata(scores, axis=1) / scores.shape[1] for scores in members]
    if over_seeds:
        ranks = [of_seeds.mean(axis=0, keepdims=True) for of_seeds in ranks]
    sizes = {len(of_seeds) for of_seeds in ranks} - {1}
    if len(sizes) > 1:
        raise ConfigError(f"members with {' and '.join(map(str, sorted(sizes)))} seeds each")
    rows = max(len(of_seeds) for of_seeds in ranks)
    stacked = [np.broadcast_to(r, (rows, r.shape[1])) for r in ranks]
    return np.average(stacked, axis=0, weights=weights)
