"""TG-NAS's Algorithm 1 whole: prune, evolve, return the better of the two by predicted score."""

import numpy as np

from tgnas.methods.card import Card
from tgnas.methods.light_contracts import Oracle, Surrogate, Trace
from tgnas.methods.searchers import differential_evolution, pruning
from tgnas.methods.searchers._checks import check_budget
from tgnas.spaces.space import Space

CARD = Card(
    title="pruning + evolution",
    reference="TG-NAS, Algorithm 1",
    needs="scores",
    deviations=pruning.CARD.deviations + differential_evolution.CARD.deviations,
)
DETERMINISTIC = False


class Settings(pruning.Settings, differential_evolution.Settings):
    """Settings of both halves."""


def settings_within(space: Space, budget: int) -> Settings:
    """Return the settings with which at most `budget` architectures are scored, half by each part.

    Raises:
        ConfigError: it cannot do with so few.
    """
    check_budget(budget, 2 * pruning.least_budget(space), "hybrid", space)
    pruned = pruning.settings_within(space, budget // 2)
    evolved = differential_evolution.settings_within(space, budget // 2)
    return Settings(**dict(pruned), **dict(evolved))


def search(
    space: Space,
    oracle: Oracle,
    settings: Settings,
    generator: np.random.Generator,
    surrogate: Surrogate | None = None,
) -> Trace:
    """Return the better-scored incumbent of both halves; of equals the pruned one."""
    pruned = pruning.search(space, oracle, settings, generator)
    evolved = differential_evolution.search(space, oracle, settings, generator)
    trace = Trace(oracle, pruned.batches + evolved.batches)
    incumbents = [pruned.incumbent, pruned.queries + evolved.incumbent]
    trace.incumbent = incumbents[int(np.argmax(trace.scores[incumbents]))]
    return trace
