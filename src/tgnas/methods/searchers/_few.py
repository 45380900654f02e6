"""What searchers that query few labels share: candidates, first queries, what is left."""

import numpy as np
from jaxtyping import Bool, Float64, Int64

from tgnas.errors import ConfigError
from tgnas.methods.light_contracts import Scores, Surrogate, Trace
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.space import Space
from tgnas.training.splits import TrainingSet

ZERO_SHOT = "zero_shot"  # the attribute of architectures that holds their zero-shot scores
COST = "cost"  # the attribute that holds what they cost, where a search trades it for accuracy


def needed(surrogate: Surrogate | None, searcher: str) -> Surrogate:
    """Return the surrogate.

    Raises:
        ConfigError: there is none.
    """
    if surrogate is None:
        raise ConfigError(f"{searcher} needs a predictor that it fits on what it has queried")
    return surrogate


class Candidates:
    """The architectures of a space, of which each is queried at most once.

    Attributes:
        every: all of them.
        open: which have not been queried.
        rows: of those that have, in the order of the queries.
    """

    def __init__(self, space: Space) -> None:
        self.space, self.every = space, space.enumerate()
        self.open: Bool[np.ndarray, " N"] = np.ones(len(self.every), dtype=bool)
        self.rows: list[int] = []

    def query(self, trace: Trace, rows: Int64[np.ndarray, " n"]) -> Scores:
        """Return the labels of some candidates, which are queried."""
        self.open[rows] = False
        self.rows += rows.tolist()
        return trace.query(self.every[rows])

    def observed(self, trace: Trace) -> TrainingSet:
        """Return what has been queried, with its labels."""
        return TrainingSet(self.every[np.array(self.rows)], trace.scores, self.space.name)

    def first(
        self, count: int, generator: np.random.Generator, zero_shot: float
    ) -> Int64[np.ndarray, " n"]:
        """Return the rows of the first queries.

        Args:
            count: how many.
            generator: of those that are drawn.
            zero_shot: the share that is the best by zero-shot score (``best_among``), one of each
                score; the others are drawn.

        Raises:
            ConfigError: the architectures have no zero-shot scores.
        """
        best = best_among(count, zero_shot)
        chosen = np.empty(0, dtype=np.int64)
        if best:
            chosen = self.best(zero_shot_of(self.every), best)
        left = self.open.copy()
        left[chosen] = False
        drawn = generator.choice(np.flatnonzero(left), count - len(chosen), replace=False)
        return np.concatenate([chosen, drawn])

    def best(self, scores: Float64[np.ndarray, " N"], count: int) -> Int64[np.ndarray, " n"]:
        """Return the best-scored open candidates, the first of each score as far as they last."""
        rows = np.flatnonzero(self.open)
        ranked = rows[np.argsort(-scores[rows], kind="stable")]
        new = np.diff(scores[ranked], prepend=np.inf) < 0
        return np.concatenate([ranked[new], ranked[~new]])[:count]


def best_among(count: int, share: float) -> int:
    """Return how many of the first queries are the best by zero-shot score; a half counts as one.

    They stand before those that are drawn.
    """
    return int(share * count + 0.5)


def zero_shot_of(architectures: Architectures) -> Float64[np.ndarray, " N"]:
    """Return zero-shot scores.

    Raises:
        ConfigError: the architectures bear none.
    """
    if ZERO_SHOT not in architectures.attributes:
        raise ConfigError("a zero-shot start needs a predictor to start from, and there is none")
    return architectures.attributes[ZERO_SHOT]
