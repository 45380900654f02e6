"""The graph of the authors' code: self-loops and a global node that hears every vertex.

A cell of V vertices becomes a graph of V + 1: the aggregation matrix is (A + I)^T with a last row
of ones, so that vertex j sums over itself and its predecessors and the global node over all.
Padding vertices keep their self-loop and are heard by the global node, as in YeQiao/TG-NAS; they
carry the code ``PADDING``, the global node ``GLOBAL``.
"""

import numpy as np
from jaxtyping import Float32

from tgnas.cell import Cells
from tgnas.encodings.graphs import Graphs
from tgnas.operators import PADDING

GLOBAL = PADDING - 1
PADDED_VERTICES = 7  # the code pads NAS-Bench-101's cells to this; larger spaces stay as they are


def encode(cells: Cells) -> Graphs:
    """Return the graphs of the authors' code; V is one more than the cells', and all count."""
    cells = cells.padded(max(cells.vertices, PADDED_VERTICES))
    count, vertices = cells.operators.shape
    operators = np.full((count, vertices + 1), GLOBAL, dtype=np.uint8)
    operators[:, :-1] = cells.operators
    aggregation = np.zeros((count, vertices + 1, vertices + 1), dtype=np.float32)
    aggregation[:, :-1, :-1] = cells.adjacency().transpose(0, 2, 1)
    aggregation[:, np.arange(vertices), np.arange(vertices)] = 1
    aggregation[:, -1, :] = 1
    return Graphs(operators, aggregation, np.ones_like(operators, dtype=bool))


def node_features(vectors: Float32[np.ndarray, "O D"]) -> Float32[np.ndarray, "256 D+1"]:
    """Return the feature of every operator code: its sentence vector and the global node's column.

    Padding has the zero vector; the last column is 1 for the global node alone.
    """
    features = np.zeros((256, vectors.shape[1] + 1), dtype=np.float32)
    features[: len(vectors), :-1] = vectors
    features[GLOBAL, -1] = 1
    return features
