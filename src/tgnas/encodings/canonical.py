"""The canonical graph of a cell: what it computes, whatever the space it is written in.

NAS-Bench-101 writes a skip as an edge and knows no zero operator; NAS-Bench-201 and DARTS write
both as operators. Here zero operators are removed, identities are contracted into edges, and what
lies on no path from an input to the output is pruned, so that all spaces speak one language. A
value that arrives over several identity paths is summed as often: edges carry a multiplicity.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Int16, UInt8, UInt64

from tgnas.cell import Cells, isomorphism_hashes, pruned
from tgnas.encodings.graphs import Graphs
from tgnas.operators import CODES, PADDING

LARGEST = 1 << 12  # multiplicities are cut here; no known space comes near it


class OperatorGraphs(NamedTuple):
    """N graphs of at most V vertices in topological order, operators on vertices.

    ``operators`` are codes, ``PADDING`` behind a graph's end; ``edges[n, i, j]`` is how often
    vertex j adds what vertex i puts out.
    """

    operators: UInt8[np.ndarray, "N V"]
    edges: Int16[np.ndarray, "N V V"]


def canonicalise(cells: Cells) -> OperatorGraphs:
    """Return the canonical graphs of cells; V is the largest one's size.

    A cell whose output no input reaches keeps its inputs and its output, without an edge.
    Isomorphic cells may still differ in the order of their vertices; ``canonical_hashes`` is
    blind to it.
    """
    edges = cells.adjacency().astype(np.int16)
    _contract(cells.operators, edges)
    return OperatorGraphs(*pruned(cells.operators, edges))


def encode(cells: Cells) -> Graphs:
    """Return the canonical graphs in the form that networks read; padding does not count."""
    operators, edges = canonicalise(cells)
    aggregation = edges.transpose(0, 2, 1).astype(np.float32)
    return Graphs(operators, aggregation, operators != PADDING)


def _contract(operators: np.ndarray, edges: np.ndarray) -> None:
    """Join each identity's sources to its targets; cut zeros and identities off, in place."""
    for kind in ("zero", "identity"):
        chosen = operators == CODES[kind]
        for vertex in np.flatnonzero(chosen.any(axis=0)):
            rows = np.flatnonzero(chosen[:, vertex])
            if kind == "identity":
                # Only earlier vertices lead in and only later ones are led to.
                into, out = edges[rows, :vertex, vertex], edges[rows, vertex, vertex + 1 :]
                joined = edges[rows, :vertex, vertex + 1 :] + into[:, :, None] * out[:, None, :]
                edges[rows, :vertex, vertex + 1 :] = np.minimum(joined, LARGEST)
            edges[rows, vertex, :] = 0
            edges[rows, :, vertex] = 0


def canonical_hashes(graphs: OperatorGraphs) -> UInt64[np.ndarray, " N"]:
    """Return a hash of each graph that no order of its vertices changes."""
    return isomorphism_hashes(*graphs)
