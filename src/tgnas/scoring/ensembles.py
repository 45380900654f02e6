"""Ensembles of methods: the mean rank of their scores."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from jaxtyping import Float64

from tgnas.scoring.tables import BATCHED, BUILD, MILLISECONDS, seeds_of
from tgnas.training.ranks import mean_rank


def combine(
    members: Sequence[pd.DataFrame], *, over_seeds: bool, weights: Sequence[float | int]
) -> tuple[Float64[np.ndarray, "S N"], dict[str, np.ndarray]]:
    """Return the mean rank of the members' scores, and what that costs where it is known of all.

    An ensemble costs what its members cost; where seeds are averaged all of them must be scored,
    and all of them count.

    Args:
        members: their score tables, of one population.
        over_seeds: whether a member's seeds are averaged first.
        weights: of the members.
    """
    scores = mean_rank([seeds_of(m) for m in members], over_seeds=over_seeds, weights=weights)
    if not all(BATCHED in member for member in members):
        return scores, {}
    runs = [len(seeds_of(member)) if over_seeds else 1 for member in members]
    costs = {
        kind: np.sum([m[kind] * times for m, times in zip(members, runs, strict=True)], axis=0)
        for kind in (MILLISECONDS, BATCHED)
    }
    return scores, costs | {BUILD: np.sum([member[BUILD] for member in members], axis=0)}
