"""The choice of a predictor: how candidates and their ensembles rank what they were not shown."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from tgnas.evaluation.ranking import kendall_tau, top_tau
from tgnas.scoring.transfer import Scores, Target
from tgnas.training.auxiliary_targets import graph_scores
from tgnas.training.ranks import mean_rank

PARAMETERS = "parameters"  # a member of ensembles that is neither candidate nor proxy


def combined(
    members: dict[str, float | int], scores: dict[str, Scores], target: Target, *, over_seeds: bool
) -> list[Scores]:
    """Return the mean rank of weighted members on one target, for each of its data sets.

    Args:
        members: candidate, graph proxy, or ``PARAMETERS`` -> its weight.
        scores: candidate -> scores of the target.
        target: what is ranked.
        over_seeds: whether a member's seeds are averaged first.
    """
    of_cells = {
        name: graph_scores(name, target.architectures, target.space)[None]
        for name in members
        if name not in scores and name != PARAMETERS
    }
    weights, known = list(members.values()), scores | of_cells
    return [
        mean_rank(
            [parameters[None] if name == PARAMETERS else known[name] for name in members],
            over_seeds=over_seeds,
            weights=weights,
        )
        for parameters in target.parameters
    ]


def measure_transfer(
    scores: Sequence[Scores], target: Target, share: float | None = None
) -> list[float]:
    """Return Kendall's tau of each seed, the mean over the target's data sets.

    Architectures without a label are left out. Inside a best share that is fewer than 30 of a data
    set there is none: NaN.

    Args:
        scores: for each data set, a row for each seed.
        target: what is ranked.
        share: of the architectures, those with the highest accuracies; None for all.
    """
    taus = []
    for of_dataset, true in zip(scores, target.accuracies, strict=True):
        rows = np.flatnonzero(np.isfinite(true))
        pairs = [(row[rows], true[rows]) for row in of_dataset]
        taus.append([kendall_tau(*p) if share is None else top_tau(*p, share) for p in pairs])
    return np.mean(taus, axis=0).tolist()


def measure_candidates(
    targets: dict[str, Target],
    scores: dict[str, dict[str, Scores]],
    ensembles: Sequence[dict[str, Any]],
    top_share: float,
) -> pd.DataFrame:
    """Return one row (candidate, target, seed, kendall_tau, top) for each of them.

    Args:
        targets: what is ranked, by name.
        scores: candidate -> target -> scores.
        ensembles: the config's list: name, members, over_seeds.
        top_share: the truly best share of a target, inside which `top` is Kendall's tau.
    """
    rows = []
    for name, target in targets.items():
        of_target = {candidate: of[name] for candidate, of in scores.items()}
        ranked = {c: [s] * len(target.accuracies) for c, s in of_target.items()}
        ranked |= {
            ensemble["name"]: combined(
                ensemble["members"], of_target, target, over_seeds=ensemble["over_seeds"]
            )
            for ensemble in ensembles
        }
        for candidate, values in ranked.items():
            taus = [measure_transfer(values, target, share) for share in (None, top_share)]
            rows += [(candidate, name, s, *both) for s, both in enumerate(zip(*taus, strict=True))]
    return pd.DataFrame(rows, columns=["candidate", "target", "seed", "kendall_tau", "top"])
