"""Encoded cells: what every graph encoding makes and every network reads."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Int64, UInt8, UInt64


@dataclass(frozen=True, eq=False)
class Graphs:
    """N encoded cells: codes of vertices, an encoding's own beside the vocabulary's.

    Row j of ``aggregation`` weighs the vertices that vertex j sums over; ``counted`` are the
    vertices that a network's statistics and readout count.
    """

    operators: UInt8[np.ndarray, "N V"]
    aggregation: Float32[np.ndarray, "N V V"]
    counted: Bool[np.ndarray, "N V"]

    def __len__(self) -> int:
        return len(self.operators)

    @property
    def extents(self) -> Int64[np.ndarray, " N"]:
        """The number of vertices up to the last that counts."""
        return self.counted.shape[1] - np.argmax(self.counted[:, ::-1], axis=1)

    def part(self, rows: Int64[np.ndarray, " n"], vertices: int) -> "Graphs":
        """Return the first vertices of some of the graphs."""
        kept = slice(vertices)
        aggregation = self.aggregation[rows, kept, kept]
        return Graphs(self.operators[rows, kept], aggregation, self.counted[rows, kept])


def distinct(
    graphs: Graphs,
) -> tuple[Int64[np.ndarray, " D"], Int64[np.ndarray, " N"]]:
    """Return the rows of graphs that differ from each other, and for every graph its place there.

    Graphs of equal arrays count as equal. They are found by a 64-bit hash and then compared; of
    different graphs with one hash each stands for itself.
    """
    # A byte of each weight is enough for the hash; equality is of all of them.
    weights = graphs.aggregation.astype(np.int32).astype(np.uint8)
    words = np.concatenate([_words(graphs.operators), _words(weights)], axis=1)
    factors = np.random.default_rng(0).integers(1 << 63, size=words.shape[1], dtype=np.uint64)
    # Sums of whole words differ in their high bits alone where the words do: fold them down.
    folded = words ^ (words >> np.uint64(29))
    hashes = (folded * (2 * factors + 1)).sum(axis=1, dtype=np.uint64)
    _, rows, places = np.unique(hashes, return_index=True, return_inverse=True)
    first = rows[places]
    differ = (graphs.operators != graphs.operators[first]).any(axis=1)
    differ |= (graphs.aggregation != graphs.aggregation[first]).any(axis=(1, 2))
    collided = np.flatnonzero(differ)
    places[collided] = len(rows) + np.arange(len(collided))
    return np.concatenate([rows, collided]), places


def _words(array: np.ndarray) -> UInt64[np.ndarray, "N W"]:
    """Return the bytes of every row as whole words, zeros behind them."""
    rows = np.ascontiguousarray(array).view(np.uint8).reshape(len(array), -1)
    short = -rows.shape[1] % 8
    if short:
        rows = np.concatenate([rows, np.zeros((len(rows), short), np.uint8)], axis=1)
    return np.ascontiguousarray(rows).view(np.uint64)
