"""Regularised (aging) evolution (Real et al., AAAI 2019, arXiv 1802.01548, Algorithm 1).

A population of P random architectures; then, one at a time, the best of S that are drawn from it
(with replacement) is mutated, the child joins and the oldest leaves. With a batch of B, B children
have parents of the same population and are scored at once, as by the authors' parallel workers.
"""

from collections import deque

import numpy as np
from pydantic import Field

from tgnas.methods.card import Card
from tgnas.methods.light_contracts import Oracle, Surrogate, Trace
from tgnas.methods.searchers._few import Candidates
from tgnas.methods.settings import MethodSettings
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.space import Space

CARD = Card(
    title="regularised evolution",
    reference="Real et al., arXiv 1802.01548, Algorithm 1",
    needs="scores or labels",
    deviations=(
        "a mutation changes one decision, drawn uniformly from those with a choice",
        "a zero-shot start: the best by zero-shot score are in the first population (ours)",
    ),
)
DETERMINISTIC = False
BATCH = 25  # of a search by a predictor, which scores many at once in little more time than one


class Settings(MethodSettings):
    """Settings of regularised evolution."""

    budget: int = Field(default=2429, ge=1)
    """Architectures that are scored."""
    living: int = Field(default=100, ge=1)
    """Architectures in the population, P."""
    sample: int = Field(default=25, ge=1)
    """Those of them that a parent is the best of, S."""
    batch: int = Field(default=1, ge=1)
    """Children that are scored at once, B."""
    zero_shot: float = Field(default=0.0, ge=0, le=1)
    """Share of the first population that is the best by zero-shot score of a listed space; the
    others are drawn."""


def settings_within(space: Space, budget: int) -> Settings:
    """Return the settings with which `budget` architectures are scored, in batches."""
    del space
    return Settings(budget=budget, batch=BATCH)


def search(
    space: Space,
    oracle: Oracle,
    settings: Settings,
    generator: np.random.Generator,
    surrogate: Surrogate | None = None,
) -> Trace:
    """Return the best-scored of ``settings.budget`` architectures."""
    trace = Trace(oracle)
    count = min(settings.living, settings.budget)
    if settings.zero_shot:
        candidates = Candidates(space)
        first = candidates.every[candidates.first(count, generator, settings.zero_shot)]
    else:
        first = space.sample(count, generator)
    members = (first[row : row + 1] for row in range(len(first)))
    population = deque(zip(members, trace.query(first), strict=True), maxlen=settings.living)
    while trace.queries < settings.budget:
        count = min(settings.batch, settings.budget - trace.queries)
        parents = []
        for _ in range(count):
            drawn = generator.integers(len(population), size=settings.sample)
            fittest = max((population[place] for place in drawn), key=lambda member: member[1])
            parents.append(fittest[0])
        children = space.mutate(Architectures.concatenate(parents), generator)
        born = (children[row : row + 1] for row in range(count))
        population.extend(zip(born, trace.query(children), strict=True))
    return trace.choose_best()
