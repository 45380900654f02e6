"""Encoded cells: what every graph encoding makes and every network reads."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Int64, UInt8
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Graphs:
    """N encoded cells.

    Attributes:
        operators: code of every vertex; ``operators.PADDING`` and an encoding's own codes beside
            the vocabulary's.
        aggregation: row j weighs the vertices that vertex j sums over.
        counted: the vertices that a network's statistics and readout count.
    """

    operators: UInt8[np.ndarray, "N V"]
    aggregation: Float32[np.ndarray, "N V V"]
    counted: Bool[np.ndarray, "N V"]

    def __len__(self) -> int:
        return len(self.operators)

    def select(self, index: Int64[Tensor, " b"]) -> "Graphs":
        """Return the graphs of a batch."""
        rows = index.numpy()
        return Graphs(self.operators[rows], self.aggregation[rows], self.counted[rows])
