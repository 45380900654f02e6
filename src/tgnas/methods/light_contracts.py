"""The contracts of the families that need no torch, so that their jobs import none.

A graph proxy scores architectures by their cells alone. A searcher queries an oracle until the
budget of its settings is spent; it may fit a surrogate on what it has seen so far.
``contracts`` holds the other families.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Float64, Int64

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


@runtime_checkable
class Uncertain(Scorer, Protocol):
    """A scorer that says how sure it is."""

    def distribution(self, architectures: Architectures) -> tuple[Scores, Scores]:
        """Return mean and standard deviation of the prediction for each architecture."""
        ...


@runtime_checkable
class Compares(Scorer, Protocol):
    """A scorer that says of two architectures which is better."""

    def compare(
        self, architectures: Architectures, others: Architectures
    ) -> Float64[np.ndarray, "N M"]:
        """Return the probability that each architecture is better than each of the others."""
        ...

    def learn_pairs(self, better: Architectures, worse: Architectures) -> "Compares":
        """Return the comparator after it has learned more pairs, N each."""
        ...


@runtime_checkable
class Moves(Scorer, Protocol):
    """A scorer that moves architectures in its embedding towards higher predictions."""

    def moved(self, architectures: Architectures, length: float) -> Int64[np.ndarray, " N"]:
        """Return what each becomes that far up: rows among those that its context lists."""
        ...


@runtime_checkable
class ZeroShot(Scorer, Protocol):
    """A predictor that has seen no label of the space, from which learning few labels starts."""

    @property
    def members(self) -> Sequence[Scorer]:
        """One predictor for each seed."""
        ...

    @property
    def embeds(self) -> bool:
        """Tell whether there is an embedding."""
        ...

    def embed(self, architectures: Architectures) -> Float[np.ndarray, "N D"]:
        """Return what its networks make of each architecture before they score it."""
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


@dataclass(eq=False)
class Trace:
    """The queries of one search, in order.

    Attributes:
        oracle: what answers them.
        batches: the architectures of each query with their scores.
        incumbent: row of the architecture that the searcher returns.
        queries: how many architectures were scored.
        choices: after how many queries the searcher would have returned which row, where it says
            so while it runs.
    """

    oracle: Oracle
    batches: list[tuple[Architectures, Float64[np.ndarray, " _"]]] = field(default_factory=list)
    incumbent: int = -1
    choices: list[tuple[int, int]] = field(default_factory=list)
    queries: int = field(init=False)

    def __post_init__(self) -> None:
        self.queries = sum(len(scores) for _, scores in self.batches)

    def query(self, architectures: Architectures, fidelity: int | None = None) -> Scores:
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
    def scores(self) -> Scores:
        """Every score."""
        return np.concatenate([scores for _, scores in self.batches])

    def choose_best(self) -> "Trace":
        """Return the trace with the best-scored architecture as incumbent; the first of equals."""
        self.incumbent = int(np.argmax(self.scores))
        return self

    def choose(self, row: int) -> None:
        """Say which architecture would be returned if the search ended here."""
        self.incumbent = row
        self.choices.append((self.queries, row))


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
