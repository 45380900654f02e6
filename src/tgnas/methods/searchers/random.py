"""Random search: score a budget of uniformly drawn architectures, return the best-scored."""

import numpy as np
from pydantic import Field

from tgnas.methods.card import Card
from tgnas.methods.light_contracts import Oracle, Surrogate, Trace
from tgnas.methods.searchers._few import Candidates
from tgnas.methods.settings import MethodSettings
from tgnas.spaces.space import Space

CARD = Card(
    title="random search",
    reference="the baseline of Li and Talwalkar 2019",
    needs="scores or labels",
    deviations=("a zero-shot start: the best by zero-shot score are scored first (ours)",),
)
DETERMINISTIC = False


class Settings(MethodSettings):
    """Settings of random search."""

    budget: int = Field(default=2429, ge=1)
    """Architectures that are scored."""
    zero_shot: float = Field(default=0.0, ge=0, le=1)
    """Share of them that is the best by zero-shot score of a listed space, best first; the others
    are drawn, without replacement then."""


def search(
    space: Space,
    oracle: Oracle,
    settings: Settings,
    generator: np.random.Generator,
    surrogate: Surrogate | None = None,
) -> Trace:
    """Return the best-scored of ``settings.budget`` architectures drawn with replacement."""
    trace = Trace(oracle)
    if settings.zero_shot:
        candidates = Candidates(space)
        count = min(settings.budget, len(candidates.every))
        candidates.query(trace, candidates.first(count, generator, settings.zero_shot))
    else:
        trace.query(space.sample(settings.budget, generator))
    return trace.choose_best()
