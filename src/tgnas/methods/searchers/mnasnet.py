"""MnasNet (Tan et al., CVPR 2019, arXiv 1807.11626): accuracy and latency in one reward.

A controller is rewarded by accuracy x (latency / T)^w, where w is alpha up to the target T and beta
beyond it, and learns by PPO (sections 3 and 4). Where no cost of the architectures is known, the
reward is their accuracy, and the search plain reinforcement learning.
"""

import numpy as np
from jaxtyping import Float64

from tgnas.methods.card import Card
from tgnas.methods.light_contracts import Oracle, Scores, Surrogate, Trace
from tgnas.methods.searchers._controller import search_by_policy
from tgnas.methods.searchers._few import COST, Candidates
from tgnas.methods.searchers._network_settings import MnasnetSettings as Settings
from tgnas.spaces.space import Space

CARD = Card(
    title="MnasNet",
    reference="Tan et al., CVPR 2019, arXiv 1807.11626, sections 3 and 4",
    needs="labels",
    deviations=(
        "the space is the listed one, not the factorised hierarchical space of mobile networks",
        "a query is the label of a whole training, not of 5 epochs",
        "the target latency is a quantile of those of all listed architectures",
        "what is returned is the queried architecture of the highest reward",
        "what is drawn where the policy writes nothing new, or behind the best in the first batch "
        "of a zero-shot start, is queried and not learned from",
        "a zero-shot start: first queries and an imitated policy by zero-shot score (ours)",
    ),
)
DETERMINISTIC = False
EXPONENTS = {"soft": (-0.07, -0.07), "hard": (0.0, -1.0)}  # alpha and beta, section 3


def rewards_of(
    accuracies: Scores, costs: Float64[np.ndarray, " N"], target: float, constraint: str
) -> Scores:
    """Return accuracy x (cost / target)^w; an unknown cost (NaN) is the highest known."""
    alpha, beta = EXPONENTS[constraint]
    shares = np.nan_to_num(costs, nan=np.nanmax(costs)) / target
    return accuracies * shares ** np.where(shares <= 1, alpha, beta)


def search(
    space: Space,
    oracle: Oracle,
    settings: Settings,
    generator: np.random.Generator,
    surrogate: Surrogate | None = None,
) -> Trace:
    """Return the architecture of the highest reward among ``settings.budget`` labels."""
    del surrogate  # the controller learns from labels alone
    trace, candidates = Trace(oracle), Candidates(space)
    costs = candidates.every.attributes.get(COST)
    target = 0.0 if costs is None else float(np.nanquantile(costs, settings.target))

    def reward(rows: np.ndarray, accuracies: Scores) -> Scores:
        if costs is None:
            return accuracies
        return rewards_of(accuracies, costs[rows], target, settings.constraint)

    search_by_policy(candidates, trace, settings, generator, reward)
    trace.incumbent = int(np.argmax(reward(np.array(candidates.rows), trace.scores)))
    return trace
