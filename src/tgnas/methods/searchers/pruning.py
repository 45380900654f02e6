"""The pruning half of TG-NAS's Algorithm 1: from the whole space to a single path.

A partial architecture M has several operators left at an edge. The paper does not say how it is
scored, and the released code sorts operators by index, whatever their scores. Here its score comes
from its completions, the architectures that pick one of the remaining operators at each edge:

    mean:  P(M) = mean over m completions c of P(c)     (what is used)
    best:  P(M) = max over m completions c of P(c)      (what it is compared with)

with the m completions drawn once per step. Each draw fixes a position in the list of remaining
operators on every edge, so that M and all its children are compared on the same draws; they are a
Latin hypercube (McKay et al. 1979), so that every operator is in its share of the completions. The
mean tells operators apart wherever the predictor does, because P(M without o) averages over
architectures that are still reachable when o is gone, and over others for another o; the best sees
only the completion on top, so that operators tie. ``docs/deviations.md`` weighs other
alternatives. "Edge" stands for any decision of the space.

In each step every edge with more than one operator loses the one whose removal costs least:
argmin over o of S(o) = P(M) - P(M without o). |O| - 1 steps leave a single path.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float64, Int64
from pydantic import Field

from tgnas.methods.card import Card
from tgnas.methods.light_contracts import Oracle, Surrogate, Trace
from tgnas.methods.searchers._checks import check_budget, decision_sizes
from tgnas.methods.settings import MethodSettings
from tgnas.spaces.space import Space

CARD = Card(
    title="pruning",
    reference="TG-NAS, Algorithm 1, first half",
    needs="scores",
    deviations=(
        "the score of a partial architecture, which the paper leaves open, is the mean over "
        "sampled completions",
        "the incumbent is the single path that is left, not the best completion seen on the way",
    ),
)
DETERMINISTIC = False
PartialScore = Callable[[Float64[np.ndarray, "M m"]], Float64[np.ndarray, " M"]]
# The score of each of M partial architectures from the scores of its m completions.
PARTIAL_SCORES: Mapping[str, PartialScore] = MappingProxyType(
    {"mean": lambda scores: scores.mean(axis=1), "best": lambda scores: scores.max(axis=1)}
)
LEAST_COMPLETIONS = 4  # with which a budget is spent


class Settings(MethodSettings):
    """Settings of pruning."""

    completions: int = Field(default=16, ge=1)
    """Completions of a partial architecture."""
    partial_architecture: Literal["mean", "best"] = Field(default="mean")
    """Which of its completions' scores scores a partial architecture."""


def settings_within(space: Space, budget: int) -> Settings:
    """Return the settings with which at most `budget` architectures are scored.

    Raises:
        ConfigError: it cannot do with so few.
    """
    check_budget(budget, least_budget(space), "pruning", space)
    return Settings(completions=(budget - 1) // max(partial_architectures(space), 1))


def least_budget(space: Space) -> int:
    """Return how many architectures pruning scores with the fewest completions."""
    return LEAST_COMPLETIONS * partial_architectures(space) + 1


def partial_architectures(space: Space) -> int:
    """Return how many partial architectures are scored on the way to a single path."""
    sizes, count = decision_sizes(space, "pruning"), 0
    while (sizes > 1).any():
        count += 1 + int(sizes[sizes > 1].sum())
        sizes = np.maximum(sizes - 1, 1)
    return count


def search(
    space: Space,
    oracle: Oracle,
    settings: Settings,
    generator: np.random.Generator,
    surrogate: Surrogate | None = None,
) -> Trace:
    """Return the single path that is left; its score is the last query."""
    trace, left = Trace(oracle), whole(space)
    partial_score = PARTIAL_SCORES[settings.partial_architecture]

    def score(choices: Int64[np.ndarray, "N D"]) -> Float64[np.ndarray, " N"]:
        return trace.query(space.of_choices(choices))

    while (left.sum(axis=1) > 1).any():
        drawn = draws(settings.completions, len(left), generator)
        damage = removal_scores(score, left, drawn, partial_score)
        for edge in np.flatnonzero(left.sum(axis=1) > 1):
            left[edge, np.argmin(damage[edge])] = False
    score(np.argmax(left, axis=1)[None])
    trace.incumbent = trace.queries - 1
    return trace


def whole(space: Space) -> Bool[np.ndarray, "D O"]:
    """Return the partial architecture in which every operator is left on every edge."""
    sizes = decision_sizes(space, "pruning")
    return np.arange(sizes.max()) < sizes[:, None]


def draws(count: int, decisions: int, generator: np.random.Generator) -> Float64[np.ndarray, "m D"]:
    """Return a Latin hypercube: of each decision's numbers one lies in each 1/m of [0, 1)."""
    strata = np.repeat(np.arange(count)[:, None], decisions, axis=1)
    return (generator.permuted(strata, axis=0) + generator.random(strata.shape)) / count


def removal_scores(
    score: Callable[[Int64[np.ndarray, "N D"]], Float64[np.ndarray, " N"]],
    left: Bool[np.ndarray, "D O"],
    drawn: Float64[np.ndarray, "m D"],
    partial_score: PartialScore,
) -> Float64[np.ndarray, "D O"]:
    """Return S(o) = P(M) - P(M without o) of every removable operator; infinity for the others.

    Args:
        score: of completions, which are rows of choices.
        left: the operators that M still has on each edge.
        drawn: numbers in [0, 1); number d picks operator floor(d * remaining) of an edge.
        partial_score: scores of partial architectures from those of their completions.
    """
    removable = np.argwhere(left & (left.sum(axis=1) > 1)[:, None])
    partial = np.repeat(left[None], len(removable) + 1, axis=0)
    partial[np.arange(len(removable)) + 1, *removable.T] = False
    chosen = np.stack([completions(member, drawn) for member in partial])
    scores = partial_score(score(chosen.reshape(-1, left.shape[0])).reshape(len(partial), -1))
    damage = np.full(left.shape, np.inf)
    damage[tuple(removable.T)] = scores[0] - scores[1:]
    return damage


def completions(
    left: Bool[np.ndarray, "D O"], drawn: Float64[np.ndarray, "m D"]
) -> Int64[np.ndarray, "m D"]:
    """Return the choices that the draws pick from a partial architecture."""
    counts = left.sum(axis=1)
    place = np.floor(drawn * counts).astype(np.intp)
    operators = np.argsort(~left, axis=1, kind="stable")  # remaining ones first, in their order
    return np.take_along_axis(operators.T, place, axis=0).astype(np.int64)
