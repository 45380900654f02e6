"""The cell: an immutable directed acyclic graph with an operator on every vertex.

``Cell`` is one, for people and for hashing; ``Cells`` is many, packed into arrays, for work on
423,624 of them at once. Dimension letters, fixed for the whole code base: B batch, V vertices,
E edges, D width, N architectures, C classes, O operators.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Integer, Shaped, UInt8, UInt64

from tgnas.errors import InvalidCellError
from tgnas.operators import CODES, NAMES, PADDING

_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_CHUNK = 1 << 13  # graphs whose states the processor's cache holds


@dataclass(frozen=True, slots=True)
class Cell:
    """An immutable, hashable cell graph.

    Its V operators are canonical names, from "input" to "output", and its E edges are pairs
    (source, target), source < target, in ascending order.

    Raises:
        InvalidCellError: an unknown operator, an edge that is not from a lower to a higher
            vertex of the cell, edges that repeat or are out of order, or wrong end vertices.
    """

    operators: tuple[str, ...]
    edges: tuple[tuple[int, int], ...]

    def __post_init__(self) -> None:
        size = len(self.operators)
        unknown = [name for name in self.operators if name not in CODES]
        if unknown:
            raise InvalidCellError(f"operator {unknown[0]!r} is not in the vocabulary")
        if size < 2 or self.operators[0] != "input" or self.operators[-1] != "output":
            raise InvalidCellError(
                f"a cell starts with 'input' and ends with 'output', not {self.operators}"
            )
        for source, target in self.edges:
            if not 0 <= source < target < size:
                raise InvalidCellError(
                    f"edge {(source, target)} must go from a lower to a higher of {size} vertices"
                )
        if list(self.edges) != sorted(set(self.edges)):
            raise InvalidCellError(f"edges must be ascending and distinct, not {self.edges}")

    def adjacency(self) -> Bool[np.ndarray, "V V"]:
        """Return the upper-triangular matrix; row i holds the edges that leave vertex i."""
        matrix = np.zeros((len(self.operators),) * 2, dtype=bool)
        if self.edges:
            matrix[tuple(np.transpose(self.edges))] = True
        return matrix


@dataclass(frozen=True, eq=False)
class Cells:
    """N cells of at most V vertices, packed; the arrays cannot be written into.

    Operators are ``operators.CODES``, ``PADDING`` behind a cell's end. Edges are bits of the upper
    triangle, column by column, so that bit j(j-1)/2 + i is the edge i -> j whatever V is; 8 to a
    byte, the first in the highest bit.
    """

    operators: UInt8[np.ndarray, "N V"]
    edges: UInt8[np.ndarray, "N bytes"]

    def __post_init__(self) -> None:
        needed = packed_bytes(self.operators.shape[1])
        if self.edges.shape != (len(self.operators), needed):
            raise InvalidCellError(
                f"{self.operators.shape} operators need ({len(self.operators)}, {needed}) bytes "
                f"of edges, not {self.edges.shape}"
            )
        for name in ("operators", "edges"):
            array = getattr(self, name).view()
            array.flags.writeable = False
            object.__setattr__(self, name, array)

    def __len__(self) -> int:
        return len(self.operators)

    def __getitem__(self, index: slice | np.ndarray) -> "Cells":
        """Return a part; a slice is not copied."""
        return Cells(self.operators[index], self.edges[index])

    @property
    def vertices(self) -> int:
        """V: the size of the arrays, the largest cell's or more."""
        return self.operators.shape[1]

    @cached_property
    def sizes(self) -> np.ndarray:
        """Vertices of each cell without padding, shape (N,)."""
        return (self.operators != PADDING).sum(axis=1)

    def adjacency(self) -> Bool[np.ndarray, "N V V"]:
        """Return the upper-triangular matrices; padding has no edges."""
        source, target = triangle(self.vertices)
        bits = np.unpackbits(self.edges, axis=1, count=len(source)).astype(bool)
        matrices = np.zeros((len(self), self.vertices, self.vertices), dtype=bool)
        matrices[:, source, target] = bits
        return matrices

    def padded(self, vertices: int) -> "Cells":
        """Return the same cells in arrays of `vertices` columns.

        Raises:
            InvalidCellError: a cell is larger than that.
        """
        if vertices < self.sizes.max(initial=0):
            raise InvalidCellError(f"{self.sizes.max()} vertices do not fit into {vertices}")
        size = packed_bytes(vertices)  # an edge has the same bit whatever V is
        more = max(vertices - self.vertices, 0), max(size - self.edges.shape[1], 0)
        operators = np.pad(
            self.operators[:, :vertices], ((0, 0), (0, more[0])), constant_values=PADDING
        )
        return Cells(operators, np.pad(self.edges[:, :size], ((0, 0), (0, more[1]))))

    @classmethod
    def from_arrays(
        cls, operators: UInt8[np.ndarray, "N V"], adjacency: Bool[np.ndarray, "N V V"]
    ) -> "Cells":
        """Pack operator codes and upper-triangular adjacency matrices."""
        source, target = triangle(operators.shape[1])
        return cls(operators, np.packbits(adjacency[:, source, target], axis=1))

    @classmethod
    def from_cells(cls, cells: Sequence[Cell]) -> "Cells":
        """Pack single cells, padded to the largest."""
        vertices = max((len(cell.operators) for cell in cells), default=2)
        operators = np.full((len(cells), vertices), PADDING, dtype=np.uint8)
        matrices = np.zeros((len(cells), vertices, vertices), dtype=bool)
        for row, cell in enumerate(cells):
            size = len(cell.operators)
            operators[row, :size] = [CODES[name] for name in cell.operators]
            matrices[row, :size, :size] = cell.adjacency()
        return cls.from_arrays(operators, matrices)

    @classmethod
    def concatenate(cls, parts: Iterable["Cells"]) -> "Cells":
        """Return the cells of all parts, one after another, padded to the largest."""
        parts = [cls.from_cells([]), *parts]
        vertices = max(part.vertices for part in parts)
        same = [part if part.vertices == vertices else part.padded(vertices) for part in parts]
        return cls(
            np.concatenate([part.operators for part in same]),
            np.concatenate([part.edges for part in same]),
        )

    def cell(self, row: int) -> Cell:
        """Return one of the cells without its padding; a negative row counts from the end."""
        row = range(len(self))[row]
        size = int(self.sizes[row])
        matrix = self[row : row + 1].adjacency()[0]
        edges = sorted((int(i), int(j)) for i, j in np.argwhere(matrix))
        return Cell(tuple(NAMES[code] for code in self.operators[row, :size]), tuple(edges))


def packed_bytes(vertices: int) -> int:
    """Return how many bytes the edges of a cell of that many vertices take."""
    return (vertices * (vertices - 1) // 2 + 7) // 8


def triangle(vertices: int) -> tuple[np.ndarray, np.ndarray]:
    """Return sources and targets of the upper triangle, column by column."""
    target, source = np.tril_indices(vertices, k=-1)
    return source, target


def on_paths(
    operators: UInt8[np.ndarray, "N V"], adjacency: Bool[np.ndarray, "N V V"]
) -> Bool[np.ndarray, "N V"]:
    """Tell which vertices lie on a path from an input to an output."""
    # Graphs stand last, so that every step runs along them in memory.
    connected = np.ascontiguousarray(adjacency.transpose(1, 2, 0))
    reached = np.ascontiguousarray((operators == CODES["input"]).T)
    reaches = np.ascontiguousarray((operators == CODES["output"]).T)
    for vertex in range(1, len(reached)):
        reached[vertex] |= (connected[:vertex, vertex] & reached[:vertex]).any(axis=0)
    for vertex in range(len(reached) - 2, -1, -1):
        leads = connected[vertex, vertex + 1 :] & reaches[vertex + 1 :]
        reaches[vertex] |= leads.any(axis=0)
    return (reached & reaches).T


def pruned(
    operators: UInt8[np.ndarray, "N V"], edges: Shaped[np.ndarray, "N V V"]
) -> tuple[UInt8[np.ndarray, "N W"], Shaped[np.ndarray, "N W W"]]:
    """Return operators and edges of what lies on paths, and of inputs and outputs, in its order.

    W is the size of the largest graph that is left; edges may have weights.
    """
    ends = (operators == CODES["input"]) | (operators == CODES["output"])
    live = on_paths(operators, edges > 0) | ends
    edges = edges * (live[:, :, None] & live[:, None, :])
    width = int(live.sum(axis=1).max(initial=2))
    # Where a graph has fewer live vertices than that, one of its dead ones fills up.
    order = np.repeat(np.argmin(live, axis=1)[:, None], width, axis=1)
    rows, chosen = np.nonzero(live)
    order[rows, (np.cumsum(live, axis=1) - 1)[live]] = chosen
    kept = np.take_along_axis(np.where(live, operators, np.uint8(PADDING)), order, axis=1)
    count, vertices = operators.shape
    places = order[:, :, None] * vertices + order[:, None, :]
    places += (np.arange(count) * vertices**2)[:, None, None]
    return kept, edges.reshape(-1).take(places)


def isomorphism_hashes(
    operators: UInt8[np.ndarray, "N V"], edges: Integer[np.ndarray, "N V V"]
) -> UInt64[np.ndarray, " N"]:
    """Return a hash of each of N graphs that no order of its vertices changes.

    Weisfeiler and Lehman's refinement with in- and out-neighbours apart, as many rounds as there
    are vertices (the scheme of NAS-Bench-101's module hash, with 64-bit mixing for md5).

    Args:
        operators: codes, ``PADDING`` behind a graph's end.
        edges: how often vertex j hears vertex i, [n, i, j].
    """
    hashes = np.empty(len(operators), dtype=np.uint64)
    for start in range(0, len(operators), _CHUNK):
        part = slice(start, start + _CHUNK)
        hashes[part] = _refined(operators[part].T, edges[part].transpose(1, 2, 0))
    return hashes


def _refined(
    operators: UInt8[np.ndarray, "V N"], edges: Integer[np.ndarray, "V V N"]
) -> UInt64[np.ndarray, " N"]:
    """Return the hashes of graphs that stand last, so that every step runs along them in memory."""
    heard = [(i, j, edges[i, j].astype(np.uint64)) for i, j in np.argwhere(edges.any(axis=2))]
    state = _mixed(operators.astype(np.uint64, order="C"))
    for _ in range(len(state)):
        into, out = np.zeros_like(state), np.zeros_like(state)
        toward, away = _mixed(state ^ np.uint64(1)), _mixed(state ^ np.uint64(2))
        for i, j, often in heard:
            into[j] += often * toward[i]
            out[i] += often * away[j]
        state = _mixed(state + _FACTOR * _mixed(into) + _mixed(_mixed(out)))
    return _mixed(np.where(operators != PADDING, state, np.uint64(0)).sum(axis=0))


def _mixed(values: UInt64[np.ndarray, "..."]) -> UInt64[np.ndarray, "..."]:
    """Return well-mixed 64-bit numbers (splitmix64, Steele et al., OOPSLA 2014)."""
    values = values + _FACTOR
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
