"""Exhaustive search: score the whole space, return the best-scored."""

import numpy as np

from tgnas.methods.card import Card
from tgnas.methods.searchers._trace import Evaluate, Settings, Trace
from tgnas.spaces.space import Space

CARD = Card(title="exhaustive argmax", reference="the bound of every searcher", needs="scores")
DETERMINISTIC = True


def search(
    space: Space, evaluate: Evaluate, settings: Settings, generator: np.random.Generator
) -> Trace:
    """Return the best-scored architecture of the space; the first of equals.

    Raises:
        ConfigError: the space is too large to be enumerated.
    """
    del settings, generator  # it has no choice
    trace = Trace(space, evaluate)
    trace.ask(space.choices_of(space.enumerate()))
    return trace.answer_best()
