"""Exhaustive search: score the whole space, return the best-scored."""

import numpy as np

from tgnas.methods.card import Card
from tgnas.methods.light_contracts import Oracle, Surrogate, Trace
from tgnas.methods.searchers._checks import check_budget
from tgnas.methods.settings import MethodSettings
from tgnas.spaces.space import Space

CARD = Card(title="exhaustive argmax", reference="the bound of every searcher", needs="scores")
DETERMINISTIC = True


class Settings(MethodSettings):
    """Exhaustive search has no setting."""


def settings_within(space: Space, budget: int) -> Settings:
    """Return the settings with which at most `budget` architectures are scored.

    Raises:
        ConfigError: the space has more.
    """
    check_budget(budget, space.size or len(space.enumerate()), "exhaustive", space)
    return Settings()


def search(
    space: Space,
    oracle: Oracle,
    settings: Settings,
    generator: np.random.Generator,
    surrogate: Surrogate | None = None,
) -> Trace:
    """Return the best-scored architecture of the space; the first of equals.

    Raises:
        ConfigError: the space is too large to be enumerated.
    """
    trace = Trace(oracle)
    trace.query(space.enumerate())
    return trace.choose_best()
