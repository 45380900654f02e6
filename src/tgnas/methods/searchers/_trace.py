"""What every searcher shares: the evaluator that is handed in, and the trace that comes out."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float64, Int64

from tgnas.spaces.space import Space

# Rows of D choices -> scores, higher is better.
Evaluate = Callable[[Int64[np.ndarray, "N D"]], Float64[np.ndarray, " N"]]


@dataclass(frozen=True, slots=True)
class Settings:
    """What the searchers leave open (of Algorithm 1: paper.md, section 2); all from the config.

    Attributes:
        budget: architectures that random search, regularised evolution and local search score.
        completions: completions of a partial architecture in pruning.
        partial_architecture: which of their scores is its own, a key of ``pruning.PARTIAL_SCORES``.
        population: vectors of differential evolution.
        generations: generations of differential evolution.
        differential_weight: its F.
        crossover: its CR.
        living: architectures that regularised evolution keeps, its P.
        sample: those of them that a parent is the best of, its S.
    """

    budget: int = 2429
    completions: int = 16
    partial_architecture: str = "mean"
    population: int = 20
    generations: int = 50
    differential_weight: float = 0.5
    crossover: float = 0.9
    living: int = 100
    sample: int = 25


@dataclass(eq=False)
class Trace:
    """The queries of one search, in order.

    Attributes:
        space: what is searched.
        evaluate: the score of architectures.
        choices: every scored architecture, in the order of the queries.
        scores: their scores.
        answer: row in ``choices`` of what the searcher returns.
    """

    space: Space
    evaluate: Evaluate
    choices: list[np.ndarray] = field(default_factory=list)
    scores: list[np.ndarray] = field(default_factory=list)
    answer: int = -1

    def ask(self, choices: Int64[np.ndarray, "N D"]) -> Float64[np.ndarray, " N"]:
        """Score architectures and write them down; every row counts as a query."""
        scores = self.evaluate(choices)
        self.choices.append(choices.copy())
        self.scores.append(scores.copy())  # a searcher may write into what it was given
        return scores

    @property
    def queries(self) -> int:
        """How many architectures were scored."""
        return sum(len(part) for part in self.scores)

    def all_choices(self) -> Int64[np.ndarray, "N D"]:
        """Return every scored architecture."""
        return np.concatenate(self.choices)

    def all_scores(self) -> Float64[np.ndarray, " N"]:
        """Return every score."""
        return np.concatenate(self.scores)

    def answer_best(self) -> "Trace":
        """Return the trace with the best-scored architecture as the answer; the first of equals."""
        self.answer = int(np.argmax(self.all_scores()))
        return self


def random_choices(
    space: Space, count: int, generator: np.random.Generator
) -> Int64[np.ndarray, "N D"]:
    """Return architectures drawn uniformly."""
    sizes = [len(options) for options in space.choices]
    return generator.integers(sizes, size=(count, len(sizes)))


def neighbours(space: Space, choices: Int64[np.ndarray, " D"]) -> Int64[np.ndarray, "neighbours D"]:
    """Return all architectures that differ in one decision."""
    changes = [
        (place, option)
        for place, names in enumerate(space.choices)
        for option in range(len(names))
        if option != choices[place]
    ]
    found = np.repeat(choices[None], len(changes), axis=0)
    places, options = np.transpose(changes)
    found[np.arange(len(changes)), places] = options
    return found
