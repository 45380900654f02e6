"""Scores by all members of an ensemble, of files that stream through.

An architecture that a file names again is not scored again: the scores of the first ``REMEMBERED``
different ones are kept, so that memory has a bound.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Bool, Float64

from tgnas.encodings.live import is_dead
from tgnas.errors import DataError, TgnasError
from tgnas.inference.pretrained import agreement_with_next, spread_of
from tgnas.inference.streaming import COLUMN, SCORE, Chunk, Source
from tgnas.inference.verdict import Tally
from tgnas.methods.trained import CHUNK, Ensemble, in_threads
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.space import Space

REMEMBERED = 1 << 16  # architectures whose scores are kept
Scored = tuple[Chunk, Float64[np.ndarray, "S N"]]  # rows, and every member's score of each
Read = tuple[Float64[np.ndarray, "S N"], dict[int, TgnasError]]  # scores, and what is wrong by row
Fresh = tuple[*Read, Bool[np.ndarray, " N"]]  # the same, and which networks are not dead


@dataclass(eq=False)
class Scorer:
    """Scores a stream of architectures of a space by the predictor of each seed."""

    space: Space
    ensemble: Ensemble
    source: Source
    threads: int
    learned: Sequence[str] = ()  # labels of such architectures that the predictor has learned of
    count: int = 0  # of the architectures that were scored
    not_finite: int = 0  # scores among theirs
    first_not_finite: str = ""  # the first of them
    tally: Tally = field(default_factory=Tally)  # of the scores of different ones
    _texts: pa.Array = field(default_factory=lambda: pa.array([], pa.string()), repr=False)
    _scores: Float64[np.ndarray, "S M"] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._scores = self.ensemble.nothing()

    def run(self) -> Iterator[Scored]:
        """Yield the rows that are architectures, with every member's scores.

        Raises:
            DataError: a row is not an architecture, and is not to be skipped.
        """
        for chunk in self.source.chunks():
            encoded = pc.dictionary_encode(chunk.architectures(self.space), null_encoding="encode")
            places = encoded.indices.to_numpy().astype(np.int64)
            scores, faults = self._scores_of(encoded.dictionary)
            good = ~np.isin(places, list(faults))
            for row in np.flatnonzero(~good):
                fault = faults[int(places[row])]
                self.source.fault(int(chunk.numbers[row]), COLUMN, str(fault))
            self.count += int(good.sum())
            kept, scored = chunk if good.all() else chunk.kept(good), scores[:, places[good]]
            self._look_at(kept, scored)
            yield kept, scored

    def _look_at(self, chunk: Chunk, scores: Float64[np.ndarray, "S N"]) -> None:
        """Count the scores that are not finite, and name the first."""
        rows = np.flatnonzero(~np.isfinite(scores).all(axis=0))
        if len(rows) and not self.not_finite:
            row = int(rows[0])
            text = chunk.text()[row].as_py()
            self.first_not_finite = f"row {chunk.numbers[row]}, {text!r}"
        self.not_finite += len(rows)

    def _scores_of(self, texts: pa.Array) -> Read:
        """Return the scores of different texts, and what is wrong with any."""
        known = pc.index_in(texts, value_set=self._texts).fill_null(-1)
        places = known.to_numpy(zero_copy_only=False).astype(np.int64)
        rows = np.flatnonzero(places < 0)
        new = texts.take(pa.array(rows))
        size = CHUNK // len(self.space.cell_weights)
        starts = range(0, len(new), size)
        parts = in_threads(self._read, (new.slice(start, size) for start in starts), self.threads)
        fresh = np.concatenate([self.ensemble.nothing(), *(s for s, _, _ in parts)], axis=1)
        living = np.concatenate([np.empty(0, dtype=bool), *(alive for _, _, alive in parts)])
        faults = {
            start + row: error
            for start, (_, errors, _) in zip(starts, parts, strict=True)
            for row, error in errors.items()
        }
        scores = np.empty((len(self.ensemble.members), len(texts)))
        scores[:, places >= 0] = self._scores[:, places[places >= 0]]
        scores[:, rows] = fresh
        living[list(faults)] = False
        self.tally.add(fresh[:, living])
        self._remember(new, fresh, faults)
        return scores, {int(rows[row]): error for row, error in faults.items()}

    def _read(self, texts: pa.Array) -> Fresh:
        """Return the scores of texts that no one has seen, and what is wrong with any."""
        parsed = self.space.read(texts)
        scores = self.ensemble.scores(parsed.architectures)
        return scores, parsed.errors, ~is_dead(parsed.architectures)

    def _remember(
        self, texts: pa.Array, scores: Float64[np.ndarray, "S N"], faults: dict[int, TgnasError]
    ) -> None:
        good = np.setdiff1d(np.arange(len(texts)), list(faults))
        kept = good[: max(0, REMEMBERED - len(self._texts))]
        if len(kept):
            self._texts = pa.concat_arrays([self._texts, texts.take(pa.array(kept))])
            self._scores = np.concatenate([self._scores, scores[:, kept]], axis=1)


def with_score(scored: Scored, spread: bool = False) -> pa.Table:
    """Return the rows with a column ``score`` and, if asked for, ``spread``.

    Raises:
        DataError: there is such a column already.
    """
    chunk, scores = scored
    table = chunk.table
    columns = {"score": scores.mean(axis=0)} | ({"spread": spread_of(scores)} if spread else {})
    for name, values in columns.items():
        if name in table.column_names:
            raise DataError(f"there is a column {name!r} already; rename it")
        table = table.append_column(name, pa.array(values))
    return table


def best_of(stream: Iterable[Scored], top: int, where: str) -> pa.Table:
    """Return the rows of the best scores, best first and of equal ones the earlier, with a rank.

    The column ``agreement`` is the share of the members that score a row above the next; a file
    that had scores already has none. Scores that are not finite have no rank.

    Raises:
        DataError: `where` has no row with a finite score.
    """
    best, members = None, np.empty((0, 0))
    for chunk, scores in stream:
        finite = np.asarray(np.isfinite(scores).all(axis=0))
        kept, some = chunk.kept(finite), scores[:, finite]
        added = kept.table if SCORE in kept.table.column_names else with_score((kept, some))
        tables = [added] if best is None else [best, added]
        both = pa.concat_tables(tables, promote_options="permissive")
        of_both = some if best is None else np.concatenate([members, some], axis=1)
        order = np.argsort(-of_both.mean(axis=0), kind="stable")[:top]
        best, members = both.take(order), of_both[:, order]
    if best is None or not len(best):
        raise DataError(f"{where}: there is no architecture to rank")
    twice = {"rank", "agreement"} & set(best.column_names)
    if twice:
        raise DataError(f"{where}: there is a column {min(twice)!r} already; rename it")
    if len(members) > 1:
        best = best.append_column("agreement", pa.array(agreement_with_next(members)))
    return best.add_column(0, "rank", pa.array(np.arange(1, len(best) + 1)))


def scored_before(source: Source) -> Iterator[Scored]:
    """Yield rows whose scores stand in their column ``score``, as those of one member.

    Raises:
        DataError: a row holds no number, and is not to be skipped.
    """
    for chunk in source.chunks():
        scores = source.column(chunk, SCORE)
        good = np.isfinite(scores)
        yield chunk.kept(good), scores[None, good]


def labelled(
    stream: Iterable[Scored], accuracy_column: str, space: Space, source: Source
) -> tuple[Architectures, Float64[np.ndarray, " N"], Float64[np.ndarray, " N"]]:
    """Return the architectures of a scored source, their scores and their accuracies.

    Raises:
        DataError: there is no such column, or a row holds no number and is not to be skipped.
    """
    architectures, parts = [space.architectures([])], [np.empty((2, 0))]
    for chunk, members in stream:
        accuracies = source.column(chunk, accuracy_column)
        known = np.isfinite(accuracies)
        architectures.append(space.architectures(chunk.kept(known).architectures(space)))
        parts.append(np.stack([members.mean(axis=0), accuracies])[:, known])
    scores, accuracies = np.concatenate(parts, axis=1)
    return Architectures.concatenate(architectures), scores, accuracies
