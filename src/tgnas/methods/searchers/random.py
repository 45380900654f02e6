"""Random search: score a budget of uniformly drawn architectures, return the best-scored."""

import numpy as np

from tgnas.methods.card import Card
from tgnas.methods.searchers._trace import Evaluate, Settings, Trace, random_choices
from tgnas.spaces.space import Space

CARD = Card(
    title="random search", reference="the baseline of Li and Talwalkar 2019", needs="scores"
)
DETERMINISTIC = False


def search(
    space: Space, evaluate: Evaluate, settings: Settings, generator: np.random.Generator
) -> Trace:
    """Return the best-scored of ``settings.budget`` architectures drawn with replacement."""
    trace = Trace(space, evaluate)
    trace.ask(random_choices(space, settings.budget, generator))
    return trace.answer_best()
