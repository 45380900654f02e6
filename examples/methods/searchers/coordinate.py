"""Coordinate search: take the best option of one decision after the other, to start from."""

import numpy as np

from tgnas.methods.card import Card
from tgnas.methods.searchers._trace import Evaluate, Settings, Trace, random_choices
from tgnas.spaces.space import Space

CARD = Card(title="coordinate search", reference="an example of this repository", needs="scores")
DETERMINISTIC = False


def search(
    space: Space, evaluate: Evaluate, settings: Settings, generator: np.random.Generator
) -> Trace:
    """Return the best-scored of ``settings.budget`` architectures."""
    trace = Trace(space, evaluate)
    while trace.queries < settings.budget:
        here = random_choices(space, 1, generator)[0]
        for place, options in enumerate(space.choices):
            left = settings.budget - trace.queries
            if left == 0:
                break
            around = np.repeat(here[None], len(options), axis=0)
            around[:, place] = np.arange(len(options))
            here = around[int(np.argmax(trace.ask(around[:left])))]
    return trace.answer_best()
