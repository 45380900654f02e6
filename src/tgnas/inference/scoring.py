"""Scores by all members of an ensemble, of files that stream through.

An architecture that a file names again is not scored again: the scores of the first ``REMEMBERED``
different ones are kept, so that memory has a bound.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float64

from tgnas.errors import DataError, TgnasError
from tgnas.inference.pretrained import spread_of
from tgnas.inference.streaming import COLUMN, Chunk, Source
from tgnas.methods.trained import CHUNK, Ensemble, in_threads
from tgnas.spaces.space import Space

REMEMBERED = 1 << 16  # architectures whose scores are kept
Scored = tuple[Chunk, Float64[np.ndarray, "S N"]]  # rows, and every member's score of each
Read = tuple[Float64[np.ndarray, "S N"], dict[int, TgnasError]]  # scores, and what is wrong by row


@dataclass(eq=False)
class Scorer:
    """Scores a stream of architectures of a space by the predictor of each seed."""

    space: Space
    ensemble: Ensemble
    source: Source
    threads: int
    count: int = 0  # of the architectures that were scored
    not_finite: int = 0  # scores among theirs
    first_not_finite: str = ""  # the first of them
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
        fresh = np.concatenate([self.ensemble.nothing(), *(s for s, _ in parts)], axis=1)
        faults = {
            start + row: error
            for start, (_, errors) in zip(starts, parts, strict=True)
            for row, error in errors.items()
        }
        scores = np.empty((len(self.ensemble.members), len(texts)))
        scores[:, places >= 0] = self._scores[:, places[places >= 0]]
        scores[:, rows] = fresh
        self._remember(new, fresh, faults)
        return scores, {int(rows[row]): error for row, error in faults.items()}

    def _read(self, texts: pa.Array) -> Read:
        """Return the scores of texts that no one has seen, and what is wrong with any."""
        parsed = self.space.read(texts)
        return self.ensemble.scores(parsed.architectures), parsed.errors

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

    Scores that are not finite have no rank.

    Raises:
        DataError: `where` has no row with a finite score.
    """
    best = None
    for chunk, scores in stream:
        finite = np.asarray(np.isfinite(scores).all(axis=0))
        added = with_score((chunk.kept(finite), scores[:, finite]))
        tables = [added] if best is None else [best, added]
        both = pa.concat_tables(tables, promote_options="permissive")
        best = both.take(np.argsort(-both.column("score").to_numpy(), kind="stable")[:top])
    if best is None or not len(best):
        raise DataError(f"{where}: there is no architecture to rank")
    return best.add_column(0, "rank", pa.array(np.arange(1, len(best) + 1)))


def measures_of(
    stream: Iterable[Scored], accuracy_column: str, source: Source
) -> dict[str, int | float | None]:
    """Return how well scores rank the architectures of a source that has their accuracies.

    Raises:
        UnknownNameError: there is no such column.
        DataError: a row holds no number, fewer than three do, or a score is not finite.
    """
    from tgnas.evaluation import ranking  # noqa: PLC0415 - pandas, .3 s that scoring saves

    parts = [
        np.stack([members.mean(axis=0), source.column(chunk, accuracy_column)])
        for chunk, members in stream
    ]
    pairs = np.concatenate([np.empty((2, 0)), *parts], axis=1)
    scores, accuracies = pairs[:, np.isfinite(pairs[1])]
    if not np.isfinite(scores).all():
        count = int((~np.isfinite(scores)).sum())
        raise DataError(f"{source.path}: {count} of {len(scores)} scores are not finite")
    if len(scores) < 3:
        raise DataError(f"{source.path}: {len(scores)} labelled architectures; 3 are needed")
    top = max(1, round(len(scores) / 10))
    measures = {
        "architectures": len(scores),
        "kendall_tau": ranking.kendall_tau(scores, accuracies),
        "spearman_rho": ranking.spearman_rho(scores, accuracies),
        f"precision_at_{top}": ranking.precision_at_k(scores, accuracies, top),
        f"regret_at_{top}": ranking.regret_at_k(scores, accuracies, top),
    }
    return {name: None if math.isnan(value) else value for name, value in measures.items()}
