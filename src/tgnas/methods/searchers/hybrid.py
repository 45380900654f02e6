"""TG-NAS's Algorithm 1 whole: prune, evolve, return the better of the two by predicted score."""

import numpy as np

from tgnas.methods.card import Card
from tgnas.methods.searchers import differential_evolution, pruning
from tgnas.methods.searchers._trace import Evaluate, Settings, Trace
from tgnas.spaces.space import Space

CARD = Card(
    title="pruning + evolution",
    reference="TG-NAS, Algorithm 1",
    needs="scores",
    deviations=pruning.CARD.deviations + differential_evolution.CARD.deviations,
)
DETERMINISTIC = False


def search(
    space: Space, evaluate: Evaluate, settings: Settings, generator: np.random.Generator
) -> Trace:
    """Return the better-scored answer of both halves; of equals the pruned one."""
    pruned = pruning.search(space, evaluate, settings, generator)
    evolved = differential_evolution.search(space, evaluate, settings, generator)
    trace = Trace(space, evaluate, pruned.choices + evolved.choices, pruned.scores + evolved.scores)
    scores = trace.all_scores()
    answers = [pruned.answer, pruned.queries + evolved.answer]
    trace.answer = answers[int(np.argmax(scores[answers]))]
    return trace
