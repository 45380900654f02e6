"""WeakNAS (Wu et al., NeurIPS 2021, arXiv 2102.10490): weak predictors, one after the other.

Each round a predictor is fitted on all labels so far, and some of the best-predicted architectures
of the whole space, drawn uniformly, are queried. The predictor need only be right about where the
good ones are, and better there in every round.
"""

import numpy as np
from pydantic import Field

from tgnas.methods.card import Card
from tgnas.methods.light_contracts import Oracle, Surrogate, Trace
from tgnas.methods.searchers._few import Candidates, needed
from tgnas.methods.settings import MethodSettings
from tgnas.spaces.space import Space

CARD = Card(
    title="WeakNAS",
    reference="Wu et al., NeurIPS 2021, arXiv 2102.10490, Algorithm 1",
    needs="labels",
    deviations=(
        "the predictor is the config's: gradient_boosting, random_forest or mlp, on graph features",
        "where it is an MLP our tables have four layers of 200 channels, not of 1,000",
        "our tables begin with 10 labels in every space, with 100 of NAS-Bench-101 in the paper",
        "the 100 best-predicted have 100 different scores, one architecture of each: a tree or a "
        "forest says the same of many",
        "labels are not standardised by the whole table, and the best is chosen by queried labels",
        "a zero-shot start: first queries are the best by zero-shot score (ours)",
    ),
)
DETERMINISTIC = False


class Settings(MethodSettings):
    """Settings of WeakNAS."""

    budget: int = Field(default=200, ge=2)
    """Labels that are queried."""
    first: int = Field(default=10, ge=2)
    """Labels before the first predictor (10 on NAS-Bench-201, 100 on NAS-Bench-101)."""
    batch: int = Field(default=10, ge=1)
    """Labels of a round."""
    among: int = Field(default=100, ge=1)
    """Best-predicted architectures that a round's labels are drawn from."""
    zero_shot: float = Field(default=0.0, ge=0, le=1)
    """Share of the first queries that are the best by zero-shot score; the others are drawn."""


def search(
    space: Space,
    oracle: Oracle,
    settings: Settings,
    generator: np.random.Generator,
    surrogate: Surrogate | None = None,
) -> Trace:
    """Return the best of ``settings.budget`` labels.

    Raises:
        ConfigError: there is no surrogate.
    """
    surrogate = needed(surrogate, "weaknas")
    trace, candidates = Trace(oracle), Candidates(space)
    budget = min(settings.budget, len(candidates.every))
    count = min(settings.first, budget)
    candidates.query(trace, candidates.first(count, generator, settings.zero_shot))
    while trace.queries < budget:
        scores = surrogate.fit(candidates.observed(trace), generator).score(candidates.every)
        count = min(settings.batch, budget - trace.queries)
        best = candidates.best(scores, max(settings.among, count))
        candidates.query(trace, generator.choice(best, count, replace=False))
    return trace.choose_best()
