"""Whether a predictor can score the networks of a space at all, and which count can."""

import numpy as np

from tgnas.errors import ConfigError
from tgnas.inference.scorers import Count, Scoring, Together
from tgnas.registry import GRAPH_PROXIES
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.skeleton import ON_TOKENS
from tgnas.spaces.space import Space


def check(predictor: str, scoring: Scoring, space: Space) -> None:
    """Refuse what cannot score the networks of a space on tokens, whose FLOPs are not counted.

    Raises:
        ConfigError: a member cannot score them; the error names the counts that can.
    """
    if space.skeleton.form not in ON_TOKENS:
        return
    one = space.sample(1, np.random.default_rng(0))
    for member in scoring.members if isinstance(scoring, Together) else (scoring,):
        fault = _fault(member, one, space)
        if fault is not None:
            able = counts_of(one, space)
            raise ConfigError(
                f"{predictor} cannot score {space.name}: {fault}; of tgnas methods, "
                f"--predictor {', '.join(able[:-1])} or {able[-1]} can"
            )


def counts_of(architectures: Architectures, space: Space) -> list[str]:
    """Return the graph proxies that can score architectures, but for random scores."""
    names = [name for name in GRAPH_PROXIES.names() if name != "random"]
    return [name for name in names if _fault(Count(name), architectures, space) is None]


def _fault(member: Scoring, architectures: Architectures, space: Space) -> ConfigError | None:
    try:
        member.score(architectures, space)
    except ConfigError as error:
        return error
    return None
