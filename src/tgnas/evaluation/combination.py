"""Combinations of methods by rank: no scale to match."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float64
from scipy import stats

from tgnas.cell import Cells
from tgnas.errors import ConfigError
from tgnas.registry import PROXIES, space_of

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


def cell_scores(proxy: str, cells: Cells, benchmark: str) -> Float64[np.ndarray, " N"]:
    """Return the scores that a proxy of cells gives; no label takes part."""
    # The data set sizes the classifier, which all architectures share; no such proxy draws.
    generator = np.random.default_rng(0)
    about = {"space": space_of(benchmark), "dataset": "cifar10"}
    return PROXIES.load(proxy)(cells, **about, generator=generator)


def with_hints(
    accuracies: Float64[np.ndarray, " N"],
    cells: Cells,
    benchmark: str,
    hints: Mapping[str, float | int],
) -> Float64[np.ndarray, " N"]:
    """Return what a predictor learns where it is to learn more than accuracies.

    The mean rank of the accuracy, with the weight 1, and of scores that read no label, so that
    what holds in every space has its part in the label; the accuracies where there are no hints.

    Args:
        accuracies: of the training cells, in percent.
        cells: the training cells.
        benchmark: whose they are.
        hints: a proxy of cells -> its weight.
    """
    if not hints:
        return accuracies
    members = [accuracies[None], *(cell_scores(name, cells, benchmark)[None] for name in hints)]
    return mean_rank(members, over_seeds=False, weights=[1, *hints.values()])[0]
