"""The contracts of the families that need no torch, so that their jobs import none.

A graph proxy scores architectures by their cells alone. A searcher queries an oracle until the
budget of its settings is spent; it may fit a surrogate on what it has seen so far.
``contracts`` holds the other families.
"""

from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float64

from tgnas.methods.card import Card
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.space import Space
from tgnas.training.splits import TrainingSet

Scores = Float64[np.ndarray, " N"]


@runtime_checkable
class Scorer(Protocol):
    """What scores architectures."""

    def score(self, architectures: Architectures) -> Scores:
        """Return one score for each architecture; higher predicts better."""
        ...


class GraphProxyMethod(Protocol):
    """A file of ``methods/graph_proxies``: it reads the cells alone."""

    CARD: Card

    @staticmethod
    def score(
        architectures: Architectures, *, space: str, dataset: str, generator: np.random.Generator
    ) -> Scores:
        """Return one score for each architecture of a built-in space."""
        ...


@runtime_checkable
class Oracle(Protocol):
    """What a searcher queries: a predictor, a table of scores, a benchmark's labels.

    Attributes:
        queries: how many scores were given so far.
        seconds: how long that took.
        training_seconds: of the trainings that the scores stand for, as far as they are known.
    """

    queries: int
    seconds: float
    training_seconds: float

    def query(self, architectures: Architectures, fidelity: int | None = None) -> Scores:
        """Return the score of each architecture, each of which counts as a query.

        Args:
            architectures: what is scored.
            fidelity: epochs of the trainings, where labels are queried; None is the highest.
        """
        ...


@runtime_checkable
class Surrogate(Protocol):
    """A predictor that a searcher fits on what the oracle has answered: a method with settings."""

    def fit(self, observed: TrainingSet, generator: np.random.Generator) -> Scorer:
        """Return the predictor of the architectures queried so far."""
        ...


@runtime_checkable
class Trace(Protocol):
    """The queries of one search, in order.

    Attributes:
        incumbent: the row of what the searcher returns.
        queries: how many architectures were scored.
    """

    incumbent: int
    queries: int

    @property
    def architectures(self) -> Architectures:
        """What was queried."""
        ...

    @property
    def scores(self) -> Scores:
        """The oracle's answers."""
        ...


class SearcherMethod(Protocol):
    """A file of ``methods/searchers``; only one whose card needs labels may query them."""

    CARD: Card
    DETERMINISTIC: bool
    Settings: type

    @staticmethod
    def search(
        space: Space,
        oracle: Oracle,
        settings: Any,
        generator: np.random.Generator,
        surrogate: Surrogate | None = None,
    ) -> Trace:
        """Return the trace of a search that spends the budget of its settings."""
        ...
