"""Bayesian optimisation over listed candidates (after BANANAS, White et al., AAAI 2021).

Each round a surrogate that says how sure it is is fitted on all labels so far, and a batch of
candidates is queried. Every place of the batch has an optimism of its own, from none to the
highest, and takes the candidate of the highest mean plus so many standard deviations.
"""

import numpy as np
from jaxtyping import Float64, Int64
from pydantic import Field, NonNegativeFloat

from tgnas.errors import ConfigError
from tgnas.methods.card import Card
from tgnas.methods.light_contracts import Oracle, Surrogate, Trace, Uncertain
from tgnas.methods.searchers._few import Candidates, needed
from tgnas.methods.settings import MethodSettings
from tgnas.spaces.space import Space

CARD = Card(
    title="Bayesian optimisation",
    reference="White et al., AAAI 2021, arXiv 1910.11858; Kandasamy et al., AISTATS 2018",
    needs="labels",
    deviations=(
        "a Gaussian process on features of canonical graphs stands for the ensemble of networks",
        "all listed architectures are candidates, not mutations of the best",
        "upper confidence bounds of different optimism, not independent Thompson sampling",
        "returns the queried architecture of the highest expected label, which averages noise",
    ),
)
DETERMINISTIC = False


class Settings(MethodSettings):
    """Settings of Bayesian optimisation."""

    budget: int = Field(default=200, ge=2)
    """Labels that are queried."""
    first: int = Field(default=5, ge=2)
    """Labels before the surrogate is fitted for the first time."""
    batch: int = Field(default=2, ge=1)
    """Labels of a round."""
    optimism: NonNegativeFloat = 2.0
    """Standard deviations that the most optimistic place of a batch adds."""
    zero_shot: float = Field(default=0.0, ge=0, le=1)
    """Share of the first queries that are the best by zero-shot score; the others are drawn."""


def search(
    space: Space,
    oracle: Oracle,
    settings: Settings,
    generator: np.random.Generator,
    surrogate: Surrogate | None = None,
) -> Trace:
    """Return the trace of ``settings.budget`` labels.

    Raises:
        ConfigError: there is no surrogate, or it does not say how sure it is.
    """
    surrogate = needed(surrogate, "bayesian_optimisation")
    trace, candidates = Trace(oracle), Candidates(space)
    budget = min(settings.budget, len(candidates.every))
    count = min(settings.first, budget)
    candidates.query(trace, candidates.first(count, generator, settings.zero_shot))
    while True:
        fitted = surrogate.fit(candidates.observed(trace), generator)
        if not isinstance(fitted, Uncertain):
            raise ConfigError("bayesian_optimisation needs a predictor that says how sure it is")
        mean, deviation = fitted.distribution(candidates.every)
        rows = np.array(candidates.rows)
        trace.choose(int(np.argmax(mean[rows])))
        count = min(settings.batch, budget - trace.queries)
        if count == 0:
            return trace
        optimism = settings.optimism * np.linspace(0, 1, max(settings.batch, 2))[:count]
        candidates.query(trace, optimistic(mean, deviation, candidates, optimism))


def optimistic(
    mean: Float64[np.ndarray, " N"],
    deviation: Float64[np.ndarray, " N"],
    candidates: Candidates,
    optimism: Float64[np.ndarray, " n"],
) -> Int64[np.ndarray, " n"]:
    """Return an open candidate for each optimism, those that are predicted alike but once."""
    chosen: list[int] = []
    for place, value in enumerate(optimism):
        best = candidates.best(mean + value * deviation, place + 1)
        alike = {(mean[row], deviation[row]) for row in chosen}
        new = [row for row in best.tolist() if (mean[row], deviation[row]) not in alike]
        left = [row for row in best.tolist() if row not in chosen]
        chosen.append((new or left)[0])
    return np.array(chosen)
