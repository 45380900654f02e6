"""Architectures that are drawn at random and keep constraints."""

from collections.abc import Sequence

import numpy as np

from tgnas.costs.named import Costs
from tgnas.errors import ConfigError, number_of
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.space import Space

PART = 1024  # architectures that are drawn at once, at least
IDLE = 20  # parts without a new architecture, after which there is taken to be none


def sample_within(
    space: Space, count: int, seed: int, constraints: Sequence[str], costs: Costs
) -> Architectures:
    """Return different architectures, in the order in which they are drawn.

    Raises:
        ConfigError: the space cannot be drawn from, or has not so many that keep the constraints.
        UnknownNameError: nothing is known of a cost.
    """
    parsed = costs.constraints(constraints)
    generator = np.random.default_rng(seed)
    kept, idle = space.architectures([]), 0
    while len(kept) < count:
        if idle == IDLE:
            held = f" that keep {', '.join(map(str, parsed))}" if parsed else ""
            most = f"{number_of(len(kept), 'different architecture')}{held}"
            raise ConfigError(f"{space.name}: found no more than {most}")
        drawn = space.sample(max(PART, 2 * (count - len(kept))), generator)
        drawn = drawn[costs.excess(parsed, drawn) == 0]
        both = Architectures.concatenate([kept, drawn])
        more = both[both.distinct()[0]]
        idle = idle + 1 if len(more) == len(kept) else 0
        kept = more
    return kept[:count]
