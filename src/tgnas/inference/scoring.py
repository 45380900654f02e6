"""Scores by all members of an ensemble, of files that stream through.

An architecture that a file names again is not scored again: the scores of the first ``REMEMBERED``
different ones are kept, so that memory has a bound.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float64, Int64

from tgnas.errors import TgnasError
from tgnas.inference.streaming import COLUMN, Chunk, Source
from tgnas.methods.predictors.tgnas import (
    SCORING_CHUNK,
    Predictor,
    in_threads,
    scores_of_chunk,
)
from tgnas.spaces.space import Space

REMEMBERED = 1 << 16  # architectures whose scores are kept


@dataclass(eq=False)
class Scorer:
    """Scores a stream of architectures.

    Attributes:
        space: what they are of.
        members: the predictor of each seed.
        source: where they come from.
        threads: how many work at once.
        count: how many were scored.
    """

    space: Space
    members: tuple[Predictor, ...]
    source: Source
    threads: int
    count: int = 0
    _texts: pa.Array = field(default_factory=lambda: pa.array([], pa.string()), repr=False)
    _scores: Float64[np.ndarray, "S M"] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._scores = np.empty((len(self.members), 0))

    @property
    def remembered(self) -> int:
        """How many architectures' scores are kept."""
        return len(self._texts)

    def run(self) -> Iterator[tuple[Chunk, Float64[np.ndarray, "S N"]]]:
        """Yield the rows that are architectures, with every member's scores.

        Raises:
            DataError: a row is no architecture, and is not to be skipped.
        """
        for chunk in self.source.chunks():
            encoded = pc.dictionary_encode(chunk.text(), null_encoding="encode")
            places = encoded.indices.to_numpy().astype(np.int64)
            scores, faults = self._scores_of(encoded.dictionary)
            bad = np.zeros(scores.shape[1], dtype=bool)
            bad[list(faults)] = True
            for row in np.flatnonzero(bad[places]):
                fault = faults[int(places[row])]
                self.source.fault(int(chunk.numbers[row]), COLUMN, str(fault))
            good = ~bad[places]
            self.count += int(good.sum())
            yield (chunk if good.all() else chunk.kept(good)), scores[:, places[good]]

    def _scores_of(
        self, texts: pa.Array
    ) -> tuple[Float64[np.ndarray, "S N"], dict[int, TgnasError]]:
        """Return the scores of different texts, and what is wrong with any."""
        known = pc.index_in(texts, value_set=self._texts).fill_null(-1)
        places: Int64[np.ndarray, " N"] = known.to_numpy(zero_copy_only=False).astype(np.int64)
        rows = np.flatnonzero(places < 0)
        new = texts.take(pa.array(rows))
        size = SCORING_CHUNK // len(self.space.shares)
        starts = range(0, len(new), size)
        parts = in_threads(self._read, (new.slice(start, size) for start in starts), self.threads)
        found = np.concatenate([np.empty((len(self.members), 0)), *(s for s, _ in parts)], axis=1)
        faults = {
            start + row: error
            for start, (_, errors) in zip(starts, parts, strict=True)
            for row, error in errors.items()
        }
        scores = np.empty((len(self.members), len(texts)))
        scores[:, places >= 0] = self._scores[:, places[places >= 0]]
        scores[:, rows] = found
        self._remember(new, found, faults)
        return scores, {int(rows[row]): error for row, error in faults.items()}

    def _read(self, texts: pa.Array) -> tuple[Float64[np.ndarray, "S N"], dict[int, TgnasError]]:
        """Return the scores of texts that no one has seen, and what is wrong with any."""
        parsed = self.space.read(texts)
        shares = np.array(self.space.shares)
        scores = scores_of_chunk(self.members, parsed.cells)
        return scores.reshape(len(scores), -1, len(shares)) @ shares, parsed.errors

    def _remember(
        self, texts: pa.Array, scores: Float64[np.ndarray, "S N"], faults: dict[int, TgnasError]
    ) -> None:
        good = np.setdiff1d(np.arange(len(texts)), list(faults))
        kept = good[: max(0, REMEMBERED - len(self._texts))]
        if len(kept):
            self._texts = pa.concat_arrays([self._texts, texts.take(pa.array(kept))])
            self._scores = np.concatenate([self._scores, scores[:, kept]], axis=1)
