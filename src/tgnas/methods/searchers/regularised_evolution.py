"""Regularised (aging) evolution (Real et al., AAAI 2019, arXiv 1802.01548, Algorithm 1).

A population of P random architectures; then, one at a time, the best of S that are drawn from it
(with replacement) has a child that differs in one decision, the child joins and the oldest leaves.
"""

from collections import deque

import numpy as np

from tgnas.methods.card import Card
from tgnas.methods.searchers._trace import Evaluate, Settings, Trace, random_choices
from tgnas.spaces.space import Space

CARD = Card(
    title="regularised evolution",
    reference="Real et al., arXiv 1802.01548, Algorithm 1",
    needs="scores",
    deviations=("a mutation changes one decision, drawn uniformly from those with a choice",),
)
DETERMINISTIC = False


def search(
    space: Space, evaluate: Evaluate, settings: Settings, generator: np.random.Generator
) -> Trace:
    """Return the best-scored of ``settings.budget`` architectures."""
    trace = Trace(space, evaluate)
    first = random_choices(space, min(settings.living, settings.budget), generator)
    population = deque(zip(first, trace.ask(first), strict=True), maxlen=settings.living)
    while trace.queries < settings.budget:
        drawn = generator.integers(len(population), size=settings.sample)
        parent = max((population[place] for place in drawn), key=lambda member: member[1])[0]
        child = mutated(space, parent, generator)
        population.append((child, trace.ask(child[None])[0]))
    return trace.answer_best()


def mutated(space: Space, choices: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Return a random neighbour: one decision, then another of its options."""
    sizes = np.array([len(options) for options in space.choices])
    place = generator.choice(np.flatnonzero(sizes > 1))
    child = choices.copy()
    child[place] = (child[place] + generator.integers(1, sizes[place])) % sizes[place]
    return child
