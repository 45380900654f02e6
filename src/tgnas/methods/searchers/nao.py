"""NAO's search (Luo et al., NeurIPS 2018, arXiv 1808.07233, Algorithm 1): up the gradient.

Each round the network is fitted on all labels so far, the best labelled architectures move in its
embedding along the gradient of the prediction, further and further, and the best-predicted of what
they become are queried.
"""

import numpy as np
from jaxtyping import Int64

from tgnas.errors import ConfigError
from tgnas.methods.card import Card
from tgnas.methods.light_contracts import Moves, Oracle, Surrogate, Trace
from tgnas.methods.searchers._few import Candidates, needed
from tgnas.methods.searchers._network_settings import NaoSettings as Settings
from tgnas.spaces.space import Space

CARD = Card(
    title="NAO",
    reference="Luo et al., NeurIPS 2018, arXiv 1808.07233, Algorithm 1",
    needs="labels",
    deviations=(
        "rounds of 30 labels from the best 50, not of 300 from the best 100 of 600",
        "of what decodes on the way up the best-predicted are queried, not the first",
        "where too few decode, the best-predicted of the space follow",
        "a zero-shot start: first queries are the best by zero-shot score (ours)",
    ),
)
DETERMINISTIC = False
SURROGATE = "nao"  # the predictor that it is made for


def search(
    space: Space,
    oracle: Oracle,
    settings: Settings,
    generator: np.random.Generator,
    surrogate: Surrogate | None = None,
) -> Trace:
    """Return the best of ``settings.budget`` labels.

    Raises:
        ConfigError: there is no surrogate, or it moves nothing.
    """
    surrogate, s = needed(surrogate, "nao"), settings
    trace, candidates = Trace(oracle), Candidates(space)
    budget = min(s.budget, len(candidates.every))
    candidates.query(trace, candidates.first(min(s.first, budget), generator, s.zero_shot))
    while trace.queries < budget:
        fitted = surrogate.fit(candidates.observed(trace), generator)
        if not isinstance(fitted, Moves):
            raise ConfigError("nao needs a predictor that moves architectures, such as nao")
        count = min(s.batch, budget - trace.queries)
        best = np.argsort(-trace.scores, kind="stable")[: s.moving]
        new = decoded(fitted, candidates, np.array(candidates.rows)[best], count, s)
        if len(new) < count:
            ranked = candidates.best(fitted.score(candidates.every), 2 * count)
            new = np.append(new, ranked[~np.isin(ranked, new)])[:count]
        candidates.query(trace, new)
    return trace.choose_best()


def decoded(
    fitted: Moves,
    candidates: Candidates,
    rows: Int64[np.ndarray, " n"],
    count: int,
    settings: Settings,
) -> Int64[np.ndarray, " m"]:
    """Return at most so many open candidates that some rows become, the best-predicted first.

    There may be none: all that is decoded may have been queried.
    """
    moving = candidates.every[rows]
    lengths = settings.length * np.arange(1, settings.steps + 1)
    reached = np.unique(np.concatenate([fitted.moved(moving, float(length)) for length in lengths]))
    new = reached[candidates.open[reached]]
    if not len(new):
        return new
    return new[np.argsort(-fitted.score(candidates.every[new]), kind="stable")][:count]
