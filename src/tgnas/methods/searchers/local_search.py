"""Local search (White, Nolen and Savani, UAI 2021, arXiv 2005.02960), with restarts.

From a random architecture, score all neighbours (they differ in one decision) and go to the best
of them as long as it is better; else start again at a random architecture, until the budget is
spent.
"""

import numpy as np

from tgnas.methods.card import Card
from tgnas.methods.searchers._trace import Evaluate, Settings, Trace, neighbours, random_choices
from tgnas.spaces.space import Space

CARD = Card(
    title="local search",
    reference="White et al., arXiv 2005.02960, Algorithm 1",
    needs="scores",
    deviations=("what was scored before is a query again",),
)
DETERMINISTIC = False


def search(
    space: Space, evaluate: Evaluate, settings: Settings, generator: np.random.Generator
) -> Trace:
    """Return the best-scored of ``settings.budget`` architectures."""
    trace = Trace(space, evaluate)
    while trace.queries < settings.budget:
        here = random_choices(space, 1, generator)
        score, better = trace.ask(here)[0], True
        while better and trace.queries < settings.budget:
            around = neighbours(space, here[0])[: settings.budget - trace.queries]
            scores = trace.ask(around)
            best = int(np.argmax(scores))
            better = bool(scores[best] > score)
            if better:
                here, score = around[best : best + 1], scores[best]
    return trace.answer_best()
