"""DDPNAS (Zheng et al., arXiv 1905.13543): a distribution over operators, pruned as it sharpens.

Every decision has a categorical distribution over its options. In a sweep each option of a
decision is taken by one architecture, in an order that is drawn without replacement. After some
sweeps the distributions move to the mean over sweeps of the softmax of accuracies, the least likely
option of every decision is dropped, and so on.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float64, Int64
from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt

from tgnas.methods.card import Card
from tgnas.methods.light_contracts import Oracle, Scores, Surrogate, Trace
from tgnas.methods.searchers._checks import decision_sizes
from tgnas.methods.searchers._few import zero_shot_of
from tgnas.methods.settings import MethodSettings
from tgnas.spaces.space import Space

CARD = Card(
    title="DDPNAS",
    reference="Zheng et al., arXiv 1905.13543, Algorithm 1",
    needs="labels",
    deviations=(
        "no supernet is trained: a query is the accuracy of an architecture on its own",
        "options are drawn uniformly without replacement, as in the authors' XNAS, not by their "
        "distribution, which says what is dropped",
        "distributions sum to 1 after every update, as in XNAS, whose momentum is left out",
        "the whole is repeated from the distributions it ended with until the budget is spent, and "
        "the best queried is returned",
        "options with and without parameters are told apart by their names",
        "a zero-shot start: first distributions are softmaxes of mean zero-shot ranks (ours); as "
        "all are drawn uniformly, it is first felt where options are dropped",
    ),
)
DETERMINISTIC = False
WITHOUT = ("none", "skip", "pool", "zero", "identity")  # parts of names of options without weights


class Settings(MethodSettings):
    """Settings of DDPNAS."""

    budget: int = Field(default=200, ge=1)
    """Labels that are queried."""
    sweeps: PositiveInt = 3
    """Sweeps between two updates."""
    sharpness: PositiveFloat = 100.0
    """What accuracies (as fractions) are multiplied by before the softmax."""
    memory: NonNegativeFloat = 0.5
    """Weight of the distributions before."""
    zero_shot: float = Field(default=0.0, ge=0)
    """What mean zero-shot ranks (from 0 to 1) are multiplied by before the softmax of the first
    distributions; 0 starts with equal ones."""


Options = Bool[np.ndarray, "D O"]
Distributions = Float64[np.ndarray, "D O"]


def search(
    space: Space,
    oracle: Oracle,
    settings: Settings,
    generator: np.random.Generator,
    surrogate: Surrogate | None = None,
) -> Trace:
    """Return the trace of ``settings.budget`` labels.

    Raises:
        ConfigError: the space has no independent decisions.
    """
    sizes = decision_sizes(space, "ddpnas")
    every = np.arange(sizes.max()) < sizes[:, None]
    weighted = np.zeros_like(every)
    for row, options in enumerate(space.choices):
        weighted[row, : len(options)] = [not any(w in o for w in WITHOUT) for o in options]
    theta = _first(space, every, settings.zero_shot)
    trace, left = Trace(oracle), every.copy()
    while trace.queries < settings.budget:
        sweeps = []
        for _ in range(settings.sweeps):
            rows = sweep(left, generator)[: settings.budget - trace.queries]
            if len(rows):
                sweeps.append((rows, trace.query(space.of_choices(rows))))
        theta = updated(theta, left, sweeps, settings)
        pruned = dropped(theta, left, weighted)
        left = every.copy() if np.array_equal(pruned, left) else pruned
    return trace.choose_best()


def _first(space: Space, every: Options, sharpness: float) -> Distributions:
    theta = every / every.sum(axis=1, keepdims=True)
    if not sharpness:
        return theta
    listed = space.enumerate()
    scores, choices = zero_shot_of(listed), space.choices_of(listed)
    ranks = np.argsort(np.argsort(scores)) / max(1, len(scores) - 1)
    means = means_of(choices, ranks, every)
    return softmax(np.where(every, sharpness * means, -np.inf))


def sweep(left: Options, generator: np.random.Generator) -> Int64[np.ndarray, "N D"]:
    """Return architectures that take every option that is left once; N is the most at a decision.

    The options of a decision stand in an order that is drawn uniformly; a decision with fewer
    begins again.
    """
    keys = np.where(left, generator.random(left.shape), np.inf)
    order, counts = np.argsort(keys, axis=1), left.sum(axis=1)
    places = np.arange(counts.max())[:, None] % counts
    return order[np.arange(len(order)), places]


def updated(
    theta: Distributions,
    left: Options,
    sweeps: Sequence[tuple[Int64[np.ndarray, "N D"], Scores]],
    settings: Settings,
) -> Distributions:
    """Return the distributions after some sweeps.

    theta <- mean over sweeps of softmax(sharpness * accuracy) + memory * theta, made to sum to 1
    again; options that were not taken, or are not left, have nothing.

    Args:
        theta: the distributions before.
        left: which options are left.
        sweeps: architectures and accuracies (in percent) of each.
        settings: of the search.
    """
    moved = np.zeros_like(theta)
    for choices, accuracies in sweeps:
        means = means_of(choices, accuracies / 100, left)
        logits = np.where(np.isfinite(means), settings.sharpness * means, -np.inf)
        moved += softmax(logits) / len(sweeps)
    moved = np.where(left, moved + settings.memory * theta, 0.0)
    return moved / moved.sum(axis=1, keepdims=True)


def means_of(choices: Int64[np.ndarray, "N D"], values: Scores, left: Options) -> Distributions:
    """Return the mean value of the architectures that take each option; NaN where none does."""
    one_hot = choices[:, :, None] == np.arange(left.shape[1])
    counts = one_hot.sum(axis=0)
    sums = np.einsum("n,ndo->do", values, one_hot)
    return np.where(left & (counts > 0), sums / np.maximum(counts, 1), np.nan)


def softmax(logits: Distributions) -> Distributions:
    """Return the softmax of every row; minus infinity has no part."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def dropped(theta: Distributions, left: Options, weighted: Options) -> Options:
    """Return what is left without the least likely option of every decision.

    The last option with parameters and the last without stay, where there are both.
    """
    kept = left.copy()
    for row, options in enumerate(left):
        groups = [np.flatnonzero(options & (weighted[row] == side)) for side in (True, False)]
        able = np.concatenate([group for group in groups if len(group) > 1] or [groups[0][:0]])
        if len(able):
            kept[row, able[np.argmin(theta[row, able])]] = False
    return kept
