"""Labelled architectures to learn from: which are drawn, and which are left to be measured on.

Rows that a method has learned from carry their benchmark's name, from the draw through the weights
file to the file of scores (``scoring.tables``), which holds no score of them and cannot be read if
it does: nothing is measured on what was learned from.
"""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from jaxtyping import Bool, Float64, Int64

from tgnas.errors import ConfigError, UnknownNameError, number_of
from tgnas.spaces.architectures import Architectures

Strategy = Literal["random", "stratified", "top"]
STRATEGIES: tuple[str, ...] = get_args(Strategy)
STRATA = 10  # parts of equal size that a stratified draw takes equally many of


@dataclass(frozen=True, eq=False)
class TrainingRows:
    """Rows of a benchmark that a method has learned the labels of.

    Attributes:
        benchmark: the benchmark's name.
        rows: ascending.
    """

    benchmark: str
    rows: Int64[np.ndarray, " n"]

    def among(self, benchmark: str, rows: Int64[np.ndarray, " N"]) -> Bool[np.ndarray, " N"]:
        """Tell which rows of a benchmark were learned from."""
        return np.isin(rows, self.rows) & (benchmark == self.benchmark)


@dataclass(frozen=True, eq=False)
class TrainingSet:
    """Labelled architectures.

    Attributes:
        architectures: N architectures.
        labels: accuracies in percent, or any score; higher is better.
        space: the search space's name.
        origin: the rows of a benchmark; None where no benchmark has them.
    """

    architectures: Architectures
    labels: Float64[np.ndarray, " N"]
    space: str = ""
    origin: TrainingRows | None = None

    def __post_init__(self) -> None:
        if len(self.labels) != len(self.architectures):
            raise ConfigError(
                f"{number_of(len(self.labels), 'label')} for "
                f"{number_of(len(self.architectures), 'architecture')}"
            )

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, rows: slice | np.ndarray) -> "TrainingSet":
        """Return some of them."""
        origin = self.origin and TrainingRows(self.origin.benchmark, self.origin.rows[rows])
        return TrainingSet(self.architectures[rows], self.labels[rows], self.space, origin)


def draw_rows(
    known: int | Int64[np.ndarray, " N"],
    count: int | str,
    *,
    strategy: str = "random",
    scores: Float64[np.ndarray, " N"] | None = None,
    seed: int = 0,
) -> Int64[np.ndarray, " n"]:
    """Return the rows of a labelled part, ascending.

    Args:
        known: how many rows there are, or those that have a label.
        count: how many are drawn, or "all".
        strategy: random; stratified (equally many of each tenth by a score, so that all quality
            levels are seen); top (the best by a score).
        scores: by which rows are stratified or ranked, one for each known row; no label.
        seed: random seed.

    Raises:
        ConfigError: more rows than there are, or no scores where the strategy needs them.
        UnknownNameError: there is no such strategy.
    """
    rows = np.arange(known) if isinstance(known, int) else known
    if strategy not in STRATEGIES:
        raise UnknownNameError("strategy", strategy, STRATEGIES)
    if count == "all":
        return rows
    number = int(count)
    if not 0 < number <= len(rows):
        raise ConfigError(
            f"{number_of(number, 'labelled architecture')}; there are 1 to {len(rows)}"
        )
    generator = np.random.default_rng(seed)
    if strategy == "random":
        return rows[np.sort(generator.choice(len(rows), number, replace=False))]
    if scores is None:
        raise ConfigError(f"the strategy {strategy} needs a score")
    order = np.argsort(-scores, kind="stable")
    if strategy == "top":
        return np.sort(rows[order[:number]])
    strata = np.array_split(order, min(STRATA, number))
    shares = [len(part) for part in np.array_split(np.arange(number), len(strata))]
    drawn = [
        generator.choice(stratum, share, replace=False)
        for stratum, share in zip(strata, shares, strict=True)
    ]
    return np.sort(rows[np.concatenate(drawn)])
