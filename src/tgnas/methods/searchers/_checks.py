"""What searchers refuse: spaces without independent choices, budgets that are too small."""

from math import prod

import numpy as np
from jaxtyping import Int64

from tgnas.errors import ConfigError
from tgnas.spaces.space import Space


def decision_sizes(space: Space, searcher: str) -> Int64[np.ndarray, " D"]:
    """Return how many options each decision of a space has.

    Raises:
        ConfigError: the decisions of the space are not independent, or a part of all combinations
            is listed alone.
    """
    if not space.choices and space.form.choices:
        whole, listed = prod(map(len, space.form.choices)), len(space.enumerate())
        raise ConfigError(
            f"{searcher} needs a table of all {whole:,} architectures of {space.name}, and this "
            f"one has {listed:,}; random, local_search and regularised_evolution search a part"
        )
    if not space.choices:
        raise ConfigError(
            f"{searcher} needs independent choices, which {space.name} does not have; random, "
            "local_search and regularised_evolution need none"
        )
    return np.array([len(options) for options in space.choices])


def check_budget(budget: int, least: int, searcher: str, space: Space) -> None:
    """Refuse a budget that a searcher cannot work with.

    Raises:
        ConfigError: it is smaller than `least`.
    """
    if budget < least:
        raise ConfigError(f"{searcher} needs a budget of at least {least} in {space.name}")
