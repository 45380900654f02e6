"""Searching a space of one's own within a budget of scores."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float64

from tgnas.errors import DataError
from tgnas.inference.scorers import REFERENCE, Scoring, Together, Within
from tgnas.registry import SEARCHERS
from tgnas.search.oracles import Oracle, predicted
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.space import Space


def architecture_in(path: Path) -> str:
    """Return the architecture of a JSON file that a search wrote.

    Raises:
        DataError: the file holds none.
    """
    try:
        return str(json.loads(path.read_text())["architecture"])
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise DataError(f"{path} holds no JSON object with an 'architecture'") from error


@dataclass(frozen=True, slots=True)
class Incumbent:
    """What a search returns."""

    architecture: str  # its string
    score: float  # the ensemble's mean
    queries: int  # architectures that were scored, at most the budget


def search(
    predictor: Scoring, space: Space, searcher: str, budget: int, seed: int, threads: int = 1
) -> Incumbent:
    """Return the architecture that a searcher finds with at most `budget` scores.

    Several predictors together rank among ``REFERENCE`` architectures that are drawn from the
    space; those are no queries.

    Raises:
        UnknownNameError: there is no such searcher.
        ConfigError: the searcher cannot walk on the space, or not with so small a budget.
        DataError: a score is not finite, so that nothing can be searched by it.
    """
    ranks: Scoring | Within = predictor
    if isinstance(predictor, Together):
        reference = space.sample(REFERENCE, np.random.default_rng(0))
        ranks = predictor.ranked_among(reference, space, threads)

    def score(architectures: Architectures) -> Float64[np.ndarray, " N"]:
        scores = ranks.score(architectures, space, threads)
        faulty = np.flatnonzero(~np.isfinite(scores))
        if len(faulty):
            [text] = space.format(architectures[faulty[:1]])
            raise DataError(
                f"{len(faulty)} of {len(scores)} scores are not finite; the first: {text!r}"
            )
        return scores

    module = SEARCHERS.module(searcher)
    within = getattr(module, "settings_within", None)
    settings = within(space, budget) if within else module.Settings(budget=budget)
    oracle = Oracle(predicted(score))
    trace = module.search(space, oracle, settings, np.random.default_rng(seed))
    row = trace.incumbent
    [text] = space.format(trace.architectures[row : row + 1])
    return Incumbent(text, float(trace.scores[row]), trace.queries)
