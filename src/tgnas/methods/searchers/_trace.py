"""What every searcher shares: the trace of its queries."""

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float64, Int64

from tgnas.errors import ConfigError
from tgnas.methods.light_contracts import Oracle
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.space import Space


@dataclass(eq=False)
class Trace:
    """The queries of one search, in order.

    Attributes:
        oracle: what answers them.
        batches: the architectures of each query with their scores.
        incumbent: row of the architecture that the searcher returns.
        queries: how many architectures were scored.
    """

    oracle: Oracle
    batches: list[tuple[Architectures, Float64[np.ndarray, " _"]]] = field(default_factory=list)
    incumbent: int = -1
    queries: int = field(init=False)

    def __post_init__(self) -> None:
        self.queries = sum(len(scores) for _, scores in self.batches)

    def query(
        self, architectures: Architectures, fidelity: int | None = None
    ) -> Float64[np.ndarray, " N"]:
        """Return the scores of architectures and record both; every row counts as a query."""
        scores = self.oracle.query(architectures, fidelity)
        self.batches.append((architectures, scores.copy()))  # a searcher may write into its scores
        self.queries += len(scores)
        return scores

    @property
    def architectures(self) -> Architectures:
        """Every scored architecture."""
        return Architectures.concatenate(architectures for architectures, _ in self.batches)

    @property
    def scores(self) -> Float64[np.ndarray, " _"]:
        """Every score."""
        return np.concatenate([scores for _, scores in self.batches])

    def choose_best(self) -> "Trace":
        """Return the trace with the best-scored architecture as incumbent; the first of equals."""
        self.incumbent = int(np.argmax(self.scores))
        return self


def decision_sizes(space: Space, searcher: str) -> Int64[np.ndarray, " D"]:
    """Return how many options each decision of a space has.

    Raises:
        ConfigError: the decisions of the space are not independent.
    """
    if not space.choices:
        raise ConfigError(f"{searcher} needs independent choices, which {space.name} does not have")
    return np.array([len(options) for options in space.choices])


def check_budget(budget: int, least: int, searcher: str, space: Space) -> None:
    """Refuse a budget that a searcher cannot work with.

    Raises:
        ConfigError: it is smaller than `least`.
    """
    if budget < least:
        raise ConfigError(f"{searcher} needs a budget of at least {least} in {space.name}")
