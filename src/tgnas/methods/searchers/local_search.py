"""Local search (White, Nolen and Savani, UAI 2021, arXiv 2005.02960), with restarts.

From a random architecture, score all neighbours and go to the best of them as long as it is better;
else start again at a random architecture, until the budget is spent.
"""

import numpy as np
from pydantic import Field

from tgnas.methods.card import Card
from tgnas.methods.light_contracts import Oracle, Surrogate, Trace
from tgnas.methods.settings import MethodSettings
from tgnas.spaces.space import Space

CARD = Card(
    title="local search",
    reference="White et al., arXiv 2005.02960, Algorithm 1",
    needs="scores or labels",
    deviations=("what was scored before is a query again",),
)
DETERMINISTIC = False


class Settings(MethodSettings):
    """Settings of local search."""

    budget: int = Field(default=2429, ge=1)
    """Architectures that are scored."""


def search(
    space: Space,
    oracle: Oracle,
    settings: Settings,
    generator: np.random.Generator,
    surrogate: Surrogate | None = None,
) -> Trace:
    """Return the best-scored of ``settings.budget`` architectures."""
    trace = Trace(oracle)
    while trace.queries < settings.budget:
        current = space.sample(1, generator)
        score, better = trace.query(current)[0], True
        while better and trace.queries < settings.budget:
            neighbours = space.neighbours(current)[: settings.budget - trace.queries]
            if not len(neighbours):
                break
            scores = trace.query(neighbours)
            best = int(np.argmax(scores))
            better = bool(scores[best] > score)
            if better:
                current, score = neighbours[best : best + 1], scores[best]
    return trace.choose_best()
