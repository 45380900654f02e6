"""Evolution on what a predictor says, then trainings of what it found (ReNAS + evolution).

A predictor is fitted on the labels so far; regularised evolution runs on its scores, which cost no
label; the best of what was scored and not yet labelled are queried, and the predictor is fitted
again (Xu et al., CVPR 2021, arXiv 1910.01523, section 4.2, fit it once). The evolution is that of
``regularised_evolution``; the predictor is the config's, e.g. ``renas``.
"""

from dataclasses import dataclass

import numpy as np

from tgnas.methods.card import Card
from tgnas.methods.light_contracts import Oracle, Scorer, Scores, Surrogate, Trace
from tgnas.methods.searchers import regularised_evolution
from tgnas.methods.searchers._few import Candidates, needed
from tgnas.methods.searchers._network_settings import GuidedEvolutionSettings as Settings
from tgnas.methods.zero_shot import bare
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.space import Space

CARD = Card(
    title="predictor + evolution",
    reference="Xu et al., CVPR 2021, arXiv 1910.01523, section 4.2; Real et al., AAAI 2019",
    needs="labels",
    deviations=(
        "the evolution is regularised evolution",
        "the predictor is fitted again after each batch of labels",
        "a zero-shot start: first queries are the best by zero-shot score (ours)",
    ),
)
DETERMINISTIC = False


@dataclass(eq=False)
class Predicted:
    """An oracle whose answers are a predictor's, and no label."""

    predictor: Scorer
    queries: int = 0
    seconds: float = 0.0
    training_seconds: float = 0.0

    def query(self, architectures: Architectures, fidelity: int | None = None) -> Scores:
        """Return the predictor's score of each architecture."""
        del fidelity
        self.queries += len(architectures)
        return self.predictor.score(architectures)


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
    surrogate = needed(surrogate, "guided_evolution")
    trace, candidates = Trace(oracle), Candidates(space)
    keys = bare(candidates.every).row_keys()
    row_of = dict(zip(keys, range(len(keys)), strict=True))
    budget = min(settings.budget, len(keys))
    count = min(settings.first, budget)
    candidates.query(trace, candidates.first(count, generator, settings.zero_shot))
    evolution = regularised_evolution.Settings(
        budget=settings.evolved,
        living=settings.living,
        sample=settings.sample,
        batch=regularised_evolution.BATCH,
    )
    while trace.queries < budget:
        fitted = surrogate.fit(candidates.observed(trace), generator)
        evolved = regularised_evolution.search(space, Predicted(fitted), evolution, generator)
        rows = np.array([row_of[key] for key in bare(evolved.architectures).row_keys()])
        scores = np.full(len(keys), evolved.scores.min() - 1)
        scores[rows] = evolved.scores
        count = min(settings.batch, budget - trace.queries)
        candidates.query(trace, candidates.best(scores, count))
    return trace.choose_best()
