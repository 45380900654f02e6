"""Whatever scores architectures: a trained predictor, a count, a column, several of them together.

Together they are asked for as ``canonical+effective_params+column:flops``: the mean of their ranks,
each of which counts the same. Ranks are among the architectures that are scored; a search, which
sees few at once, ranks among architectures that are drawn from the space.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float64

from tgnas.costs.uncounted import warn_of_uncounted
from tgnas.errors import ConfigError
from tgnas.inference.arguments import checked
from tgnas.inference.asked import COLUMN, RECOMMENDED, members_of
from tgnas.inference.pretrained import Given, Members, Pretrained, Where, load_pretrained, packed
from tgnas.inference.scoring import Scored, Scorer
from tgnas.methods.contracts import State
from tgnas.methods.trained import Ensemble, one_by_one
from tgnas.registry import GRAPH_PROXIES
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.space import Space, open_space
from tgnas.training.ranks import mid_ranks

REFERENCE = 1000  # architectures of the space that a search ranks among


@dataclass(frozen=True, slots=True)
class Counted:
    """One score of each architecture of a space by a graph proxy."""

    name: str
    space: Space

    def score(self, architectures: Architectures) -> Float64[np.ndarray, " N"]:
        """Return the proxy's score of each architecture; higher predicts better.

        What draws has the architectures themselves as its seed: other numbers in each part of a
        long query, and in each query of a search, but the same when they are asked for again.
        """
        generator = np.random.default_rng(seed_of(architectures))
        score = GRAPH_PROXIES.load(self.name)
        return score(architectures, space=self.space.name, dataset="", generator=generator)

    @property
    def state(self) -> State:
        """Nothing: a count has learned nothing."""
        return {}


def seed_of(architectures: Architectures) -> int:
    """Return a seed that only equal architectures in equal order are likely to share."""
    parts = (architectures.cells.operators, architectures.cells.edges)
    seed = 0
    for part in (*parts, architectures.attribute_bytes()):
        seed = zlib.crc32(np.ascontiguousarray(part).tobytes(), seed)
    return seed


@dataclass(frozen=True)
class Count(Members):
    """A graph proxy that is asked for as a predictor is."""

    name: str

    def ensemble(self, space: Space | None = None) -> Ensemble:
        """Return its only member.

        Raises:
            ConfigError: no space is named; a count must know the network around the cells.
        """
        if space is None:
            raise ConfigError(f"{self.name} counts the networks of a space; name one")
        if any(word in self.name for word in ("params", "flops", "weights")):
            warn_of_uncounted(space)
        return Ensemble((Counted(self.name, space),), one_by_one)

    def learned_of(self, _: Space, /) -> list[str]:
        """Return no benchmark: a count has learned nothing."""
        return []


@dataclass(frozen=True, eq=False)
class Together(Members):
    """Several predictors, counts and columns, of which each has the same weight.

    Attributes:
        name: as it was asked for.
        members: the predictors and counts.
        columns: the columns of the table.
    """

    name: str
    members: tuple[Pretrained | Count, ...]
    columns: tuple[str, ...] = ()

    def scores(
        self, architectures: Given, space: Where = "", threads: int = 1
    ) -> Float64[np.ndarray, "M N"]:
        """Return each member's ranks among the architectures, from 0 to 1.

        Raises:
            ConfigError: a member is a column; architectures have none.
        """
        self._without_columns()
        parsed = _packed(architectures, space)
        rows = [member.score(parsed, space, threads) for member in self.members]
        return _ranks(np.stack(rows))

    def ranked_among(self, reference: Architectures, space: Space, threads: int = 1) -> "Within":
        """Return what ranks any architecture among those of a reference; errors as ``scores``."""
        self._without_columns()
        rows = [member.score(reference, space, threads) for member in self.members]
        return Within(self, np.sort(np.stack(rows), axis=1))

    def ensemble(self, space: Space | None = None) -> Ensemble:
        """Return the members of all predictors and counts, in turn."""
        parts = [member.ensemble(space) for member in self.members]
        return Ensemble(
            tuple(member for part in parts for member in part.members),
            lambda _, architectures: np.concatenate(
                [
                    np.empty((0, len(architectures))),
                    *(part.score_members(part.members, architectures) for part in parts),
                ]
            ),
        )

    def learned_of(self, space: Space, /) -> list[str]:
        """Return of which labels of a space's architectures its members have learned."""
        return list(dict.fromkeys(n for member in self.members for n in member.learned_of(space)))

    def run(self, scorer: Scorer) -> Iterator[Scored]:
        """Yield the rows of a stream with every member's ranks among all of them.

        They can be ranked only when all are there, so that the file is held in memory.
        """
        sizes = [len(member.ensemble(scorer.space).members) for member in self.members]
        ends = np.cumsum(sizes)[:-1]
        chunks, parts = [], [np.empty((len(self.members) + len(self.columns), 0))]
        for chunk, scores in scorer.run():
            means = [of_one.mean(axis=0) for of_one in np.split(scores, ends) if len(of_one)]
            own = [scorer.source.column(chunk, name) for name in self.columns]
            rows = np.stack([*means, *own])
            there = np.isfinite(np.stack([*own, np.zeros(rows.shape[1])])).all(axis=0)
            chunks.append(chunk if there.all() else chunk.kept(there))
            parts.append(rows[:, there])
        ranks = _ranks(np.concatenate(parts, axis=1))
        bounds = np.cumsum([0, *(part.shape[1] for part in parts[1:])])
        for chunk, start, end in zip(chunks, bounds[:-1], bounds[1:], strict=True):
            yield chunk, ranks[:, start:end]

    def _without_columns(self) -> None:
        if self.columns:
            raise ConfigError(
                f"{self.name}: {COLUMN}{self.columns[0]} is a column of a table; only tgnas score, "
                "rank and evaluate read one"
            )


@dataclass(frozen=True, eq=False)
class Within:
    """Members whose scores are ranked among a reference's, of shape (M, R), sorted."""

    together: Together
    reference: Float64[np.ndarray, "M R"]

    def score(
        self, architectures: Given, space: Where = "", threads: int = 1
    ) -> Float64[np.ndarray, " N"]:
        """Return the mean of the members' ranks; arguments and errors as ``Together``."""
        parsed = _packed(architectures, space)
        ranks = []
        for member, known in zip(self.together.members, self.reference, strict=True):
            scores = member.score(parsed, space, threads)
            below = [np.searchsorted(known, scores, side) for side in ("left", "right")]
            # Beyond the best and the worst of the reference better is better still.
            width = max(float(known[-1] - known[0]), 1e-12)
            beyond = (scores - np.clip(scores, known[0], known[-1])) / width
            ranks.append((below[0] + below[1]) / (2 * len(known)) + beyond)
        return np.mean(ranks, axis=0)


Scoring = Pretrained | Count | Together


@checked
def load_scorer(asked: str | Path = RECOMMENDED) -> Scoring:
    """Return what a text asks for: one of ``asked_for``, a path, or several of them joined by +.

    A member ``column:NAME`` is a column of the table that is scored; higher is better.

    Raises:
        UnknownNameError: no member has that name.
        CorruptTableError: a file is damaged.
        ConfigError: a member is named twice.
    """
    names = members_of(str(asked))
    columns = tuple(name.removeprefix(COLUMN) for name in names if name.startswith(COLUMN))
    members = tuple(_one(name) for name in names if not name.startswith(COLUMN))
    if len(names) == 1 and members:
        return members[0]
    return Together(str(asked), members, columns)


def _one(name: str) -> Pretrained | Count:
    return Count(name) if name in GRAPH_PROXIES.names() else load_pretrained(name)


def _packed(architectures: Given, space: Where) -> Architectures:
    return packed(architectures, None if space == "" else open_space(space))


def _ranks(scores: Float64[np.ndarray, "M N"]) -> Float64[np.ndarray, "M N"]:
    """Return the ranks of each row's values, from 0 to 1; of equal ones the mean.

    Where a member has no finite score, an architecture has no rank, and does not count.
    """
    finite = np.isfinite(scores).all(axis=0)
    ranks = np.full(scores.shape, np.nan)
    ranks[:, finite] = mid_ranks(scores[:, finite]) / max(1, finite.sum())
    return ranks
