"""The canonical graph of a cell: what it computes, whatever the space it is written in.

NAS-Bench-101 writes a skip as an edge and knows no zero operator; NAS-Bench-201 and DARTS write
both as operators. Here zero operators are removed, identities are contracted into edges, and what
lies on no path from an input to the output is pruned, so that all spaces speak one language. A
value that arrives over several identity paths is summed as often: edges carry a multiplicity.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int16, Int64, UInt8, UInt64

from tgnas.cell import Cells
from tgnas.encodings.graphs import Graphs
from tgnas.operators import CODES, PADDING, VOCABULARY

LARGEST = 1 << 12  # multiplicities are cut here; no known space comes near it
_KIND = np.full(256, "padding", dtype=object)
_KIND[: len(VOCABULARY)] = [operator.kind for operator in VOCABULARY]
IS_IDENTITY, IS_ZERO = _KIND == "identity", _KIND == "zero"
_FACTOR = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, eq=False)
class OperatorGraphs:
    """N graphs of at most V vertices in topological order, operators on vertices.

    Attributes:
        operators: code of every vertex; ``PADDING`` behind a graph's end.
        edges: [n, i, j] is how often vertex j adds what vertex i puts out.
    """

    operators: UInt8[np.ndarray, "N V"]
    edges: Int16[np.ndarray, "N V V"]

    def __len__(self) -> int:
        return len(self.operators)

    def __getitem__(self, index: slice | np.ndarray) -> "OperatorGraphs":
        """Return a part; a slice is not copied."""
        return OperatorGraphs(self.operators[index], self.edges[index])


def canonicalise(cells: Cells) -> OperatorGraphs:
    """Return the canonical graphs of cells; V is the largest one's size.

    A cell whose output no input reaches keeps its inputs and its output, without an edge.
    Isomorphic cells may still differ in the order of their vertices; ``canonical_hashes`` is
    blind to it.
    """
    return _simplified(cells.operators, cells.adjacency().astype(np.int16))


def encode(cells: Cells) -> Graphs:
    """Return the canonical graphs in the form that networks read; padding does not count."""
    graphs = canonicalise(cells)
    aggregation = graphs.edges.transpose(0, 2, 1).astype(np.float32)
    return Graphs(graphs.operators, aggregation, graphs.operators != PADDING)


def simplify(graphs: OperatorGraphs) -> OperatorGraphs:
    """Return graphs without zeros, identities and dead vertices; idempotent."""
    return _simplified(graphs.operators, graphs.edges.copy())


def _simplified(operators: np.ndarray, edges: np.ndarray) -> OperatorGraphs:
    """Return graphs without zeros, identities and dead vertices; writes into `edges`."""
    _contract(operators, edges)
    live = _live(operators, edges)
    edges *= live[:, :, None] & live[:, None, :]
    return _packed(operators, edges, live)


def _contract(operators: np.ndarray, edges: np.ndarray) -> None:
    """Join each identity's sources to its targets; cut zeros and identities off, in place."""
    for kind in (IS_ZERO, IS_IDENTITY):
        chosen = kind[operators]
        for vertex in np.flatnonzero(chosen.any(axis=0)):
            rows = np.flatnonzero(chosen[:, vertex])
            if kind is IS_IDENTITY:
                # Only earlier vertices lead in and only later ones are led to.
                into, out = edges[rows, :vertex, vertex], edges[rows, vertex, vertex + 1 :]
                joined = edges[rows, :vertex, vertex + 1 :] + into[:, :, None] * out[:, None, :]
                edges[rows, :vertex, vertex + 1 :] = np.minimum(joined, LARGEST)
            edges[rows, vertex, :] = 0
            edges[rows, :, vertex] = 0


def _live(operators: np.ndarray, edges: np.ndarray) -> Bool[np.ndarray, "N V"]:
    """Tell which vertices lie on a path from an input to the output; those themselves always do."""
    # Graphs stand last, so that every step runs along them in memory.
    connected = np.ascontiguousarray((edges > 0).transpose(1, 2, 0))
    reached = np.ascontiguousarray((operators == CODES["input"]).T)
    reaches = np.ascontiguousarray((operators == CODES["output"]).T)
    ends = reached | reaches
    for vertex in range(1, len(reached)):
        reached[vertex] |= (connected[:vertex, vertex] & reached[:vertex]).any(axis=0)
    for vertex in range(len(reached) - 2, -1, -1):
        leads = connected[vertex, vertex + 1 :] & reaches[vertex + 1 :]
        reaches[vertex] |= leads.any(axis=0)
    return ((reached & reaches) | ends).T


def _packed(operators: np.ndarray, edges: np.ndarray, live: np.ndarray) -> OperatorGraphs:
    """Move what is live to the front, in its order, and cut what no graph needs."""
    width = int(live.sum(axis=1).max(initial=2))
    # Where a graph has fewer live vertices than that, one of its dead ones fills up.
    order = np.repeat(np.argmin(live, axis=1)[:, None], width, axis=1)
    rows, chosen = np.nonzero(live)
    order[rows, (np.cumsum(live, axis=1) - 1)[live]] = chosen
    kept = np.take_along_axis(np.where(live, operators, np.uint8(PADDING)), order, axis=1)
    count, vertices = operators.shape
    places = order[:, :, None] * vertices + order[:, None, :]
    places += (np.arange(count) * vertices**2)[:, None, None]
    return OperatorGraphs(kept, edges.reshape(-1).take(places))


def canonical_hashes(graphs: OperatorGraphs) -> UInt64[np.ndarray, " N"]:
    """Return a hash of each graph that no order of its vertices changes.

    Weisfeiler and Lehman's refinement with in- and out-neighbours apart, as many rounds as there
    are vertices (the scheme of NAS-Bench-101's module hash, with 64-bit mixing for md5).
    """
    edges = graphs.edges.astype(np.uint64)
    there = graphs.operators != PADDING
    state = _mixed(graphs.operators.astype(np.uint64))
    for _ in range(graphs.operators.shape[1]):
        into = (edges * _mixed(state ^ np.uint64(1))[:, :, None]).sum(axis=1)
        out = (edges * _mixed(state ^ np.uint64(2))[:, None, :]).sum(axis=2)
        state = _mixed(state + _FACTOR * _mixed(into) + _mixed(_mixed(out)))
    return _mixed(np.where(there, state, np.uint64(0)).sum(axis=1))


def _mixed(values: UInt64[np.ndarray, "..."]) -> UInt64[np.ndarray, "..."]:
    """Return well-mixed 64-bit numbers (splitmix64, Steele et al., OOPSLA 2014)."""
    values = values + _FACTOR
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def first_of_each_class(graphs: OperatorGraphs) -> Int64[np.ndarray, " C"]:
    """Return the rows of the first graph of each isomorphism class, ascending."""
    return np.sort(np.unique(canonical_hashes(graphs), return_index=True)[1])
