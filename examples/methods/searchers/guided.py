"""Predictor-guided search: train a batch, fit a predictor on it, train what it scores best."""

import numpy as np
from pydantic import Field

from tgnas.errors import ConfigError
from tgnas.methods.card import Card
from tgnas.methods.light_contracts import Oracle, Surrogate, Trace
from tgnas.methods.settings import MethodSettings
from tgnas.spaces.space import Space
from tgnas.training.splits import TrainingSet

CARD = Card(title="guided search", reference="an example of this repository", needs="labels")
DETERMINISTIC = False


class Settings(MethodSettings):
    """Settings of guided search."""

    budget: int = Field(default=100, ge=1)
    """Architectures that are trained."""
    at_once: int = Field(default=5, ge=2)
    """Those between two fits of the surrogate."""
    candidates: int = Field(default=200, ge=1)
    """Architectures that the surrogate scores."""


def search(
    space: Space,
    oracle: Oracle,
    settings: Settings,
    generator: np.random.Generator,
    surrogate: Surrogate | None = None,
) -> Trace:
    """Return the best of ``settings.budget`` trained architectures.

    Raises:
        ConfigError: there is no surrogate.
    """
    if surrogate is None:
        raise ConfigError("guided search needs a predictor in search.surrogates")
    trace = Trace(oracle)
    trace.query(space.sample(min(settings.at_once, settings.budget), generator))
    while trace.queries < settings.budget:
        observed = TrainingSet(trace.architectures, trace.scores, space.name)
        candidates = space.sample(settings.candidates, generator)
        scores = surrogate.fit(observed, generator).score(candidates)
        count = min(settings.at_once, settings.budget - trace.queries)
        trace.query(candidates[np.argsort(-scores, kind="stable")[:count]])
    return trace.choose_best()
