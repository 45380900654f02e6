"""NAS-Bench-Graph (Qin et al., NeurIPS 2022): 4 operators in a tree, 26,206 distinct members.

Each of 4 operator vertices has one input: the cell's input (0) or an earlier vertex. A vertex that
feeds none feeds the output. An architecture string names every vertex's operator and input::

    gcn~0|gat~1|skip~1|fc~2

Many strings name one network: vertices may stand in another order, and most skips do the same
anywhere. ``key`` gives all of them the number by which the benchmark knows them.
"""

import re
from collections.abc import Sequence
from functools import cache
from itertools import permutations, product

import numpy as np
from jaxtyping import Int64

from tgnas.cell import Cell, Cells
from tgnas.errors import InvalidCellError, UnknownNameError
from tgnas.operators import CODES, spellings

SIZE = 4
# The inputs of the vertices of every tree, in the order of the benchmark's list of links.
TREES = (
    (0, 0, 0, 0),
    (0, 0, 0, 1),
    (0, 0, 1, 1),
    (0, 0, 1, 2),
    (0, 0, 1, 3),
    (0, 1, 1, 1),
    (0, 1, 1, 2),
    (0, 1, 2, 2),
    (0, 1, 2, 3),
)
_VERTEX = re.compile("([^|~]+)~([0-3])")


class NasBenchGraph:
    """The NAS-Bench-Graph search space."""

    name = "nasbench_graph"
    shares = (1.0,)
    spelling = spellings("nasbench_graph")
    # The order of the benchmark's list: an operator's place in it is its digit in a key.
    operators = (
        "graph_attention",
        "graph_convolution",
        "graph_isomorphism",
        "chebyshev_convolution",
        "graph_sage",
        "arma_convolution",
        "k_graph",
        "fully_connected",
        "identity",
    )

    def parse(self, architecture: str) -> Cell:
        """Return the cell of an architecture string.

        Raises:
            InvalidCellError: wrong form, an input that is no earlier vertex, or nothing but skips.
            UnknownNameError: an operator that the space does not have.
        """
        found = [_VERTEX.fullmatch(vertex) for vertex in architecture.strip().split("|")]
        parts = [match.groups() for match in found if match]
        if not len(parts) == len(found) == SIZE:
            raise InvalidCellError(
                f"nasbench_graph: {architecture!r} is not of the form "
                f"{'|'.join(f'OPERATOR~{vertex}' for vertex in range(SIZE))!r}"
            )
        names = {spelled: name for name, spelled in self.spelling.items()}
        for spelled, _ in parts:
            if spelled not in names:
                raise UnknownNameError("nasbench_graph operator", spelled, names)
        inner = tuple(names[spelled] for spelled, _ in parts)
        return _cell(inner, tuple(int(source) for _, source in parts))

    def format(self, cell: Cell) -> str:
        """Return the architecture string of a cell of this space.

        Raises:
            InvalidCellError: the cell is not one of this space.
        """
        inner, sources = self._parts(cell)
        spelled = (self.spelling[name] for name in inner)
        return "|".join(f"{name}~{source}" for name, source in zip(spelled, sources, strict=True))

    def _parts(self, cell: Cell) -> tuple[tuple[str, ...], tuple[int, ...]]:
        """Return the operators and the inputs of the 4 vertices."""
        inner = cell.operators[1:-1]
        sources = tuple(
            next((i for i, j in cell.edges if j == vertex), 0) for vertex in range(1, SIZE + 1)
        )
        alike = len(inner) == SIZE and set(inner) <= set(self.operators)
        if not alike or _cell(inner, sources) != cell:
            raise InvalidCellError(f"nasbench_graph: {cell} is not a cell of this space")
        return inner, sources

    def cells(self, architectures: Sequence[str]) -> Cells:
        """Return the packed cells of N architecture strings."""
        return Cells.from_cells([self.parse(text) for text in architectures]).padded(SIZE + 2)

    def key(self, cell: Cell) -> int:
        """Return the benchmark's key, the same for all cells that it holds to be one network."""
        inner, sources = self._parts(cell)
        return _key(tuple(self.operators.index(name) for name in inner), sources)

    def cells_of_keys(self, keys: Int64[np.ndarray, " N"]) -> Cells:
        """Return the cell that each key spells: the place of a tree, then 4 of operators."""
        digits = keys[:, None] // 10 ** np.arange(SIZE, -1, -1) % 10
        codes = np.array([CODES[name] for name in self.operators], dtype=np.uint8)
        operators = np.empty((len(keys), SIZE + 2), dtype=np.uint8)
        operators[:, 0], operators[:, -1] = CODES["input"], CODES["output"]
        operators[:, 1:-1] = codes[digits[:, 1:]]
        some = self.operators[:SIZE]
        trees = np.stack([_cell(some, sources).adjacency() for sources in TREES])
        return Cells.from_arrays(operators, trees[digits[:, 0]])

    def enumerate(self) -> tuple[Cells, Int64[np.ndarray, " N"]]:
        """Return the 26,206 cells that spell their own key, and the keys in ascending order."""
        labels = product(range(len(self.operators)), repeat=SIZE)
        alive = [row for row in labels if set(row) != {_SKIP}]
        spelled = (
            (_spelled(place, row), _key(row, sources))
            for place, sources in enumerate(TREES)
            for row in alive
        )
        keys = np.array([key for own, key in spelled if own == key], dtype=np.int64)
        return self.cells_of_keys(keys), keys


SPACE = NasBenchGraph()
_SKIP = SPACE.operators.index("identity")


def _cell(inner: tuple[str, ...], sources: tuple[int, ...]) -> Cell:
    """Return the cell of the operators and the inputs of the 4 vertices."""
    for vertex, source in enumerate(sources, start=1):
        if source >= vertex:
            raise InvalidCellError(
                f"nasbench_graph: vertex {vertex} takes its input from {source}; allowed are "
                f"0 to {vertex - 1}"
            )
    if set(inner) == {"identity"}:
        raise InvalidCellError("nasbench_graph: an architecture is more than four skips")
    edges = [(source, vertex) for vertex, source in enumerate(sources, start=1)]
    edges += [(vertex, SIZE + 1) for vertex in range(1, SIZE + 1) if vertex not in sources]
    return Cell(("input", *inner, "output"), tuple(sorted(edges)))


def _key(labels: tuple[int, ...], sources: tuple[int, ...]) -> int:
    """Return the least number that spells the network (``Arch.valid_hash`` of the package).

    The authors' number is that of a fixed order of each tree's vertices, sorted where the tree
    is symmetric. That is the least one, once skips have been lifted (architecture.py).
    """
    lifted, raised = _lifted(labels, sources)
    place, orders = _orders(raised)
    return min(_spelled(place, tuple(lifted[i] for i in order)) for order in orders)


def _spelled(place: int, labels: tuple[int, ...]) -> int:
    return int("".join(map(str, (place, *labels))))


def _lifted(labels: tuple[int, ...], sources: tuple[int, ...]) -> tuple[list[int], tuple[int, ...]]:
    """Return the vertices with every skip that may stand behind the input moved there.

    It may where it feeds a vertex, where it is the only one that its input feeds, and where all
    before it are skips: there it passes on what it gets, wherever it stands (``move_skip_op``).
    """
    row, tree = list(labels), list(sources)
    for vertex in range(1, SIZE + 1):
        if row[vertex - 1] != _SKIP:
            continue
        source = tree[vertex - 1]
        if vertex in tree or tree.count(source) == 1 or _only_skips(row, tree, source):
            behind = [source + 1 if i == vertex else i + (i < vertex) for i in tree]
            tree = [0, *behind[: vertex - 1], *behind[vertex:]]
            row = [_SKIP, *row[: vertex - 1], *row[vertex:]]
    return row, tuple(tree)


def _only_skips(row: list[int], tree: list[int], vertex: int) -> bool:
    """Tell whether a vertex and all before it are skips; the input is nothing."""
    return vertex == 0 or (row[vertex - 1] == _SKIP and _only_skips(row, tree, tree[vertex - 1]))


@cache
def _orders(sources: tuple[int, ...]) -> tuple[int, list[tuple[int, ...]]]:
    """Return the place of a tree in ``TREES``, and the orders of its vertices that give it."""
    found = {}
    for order in permutations(range(SIZE)):
        renamed = {0: 0} | {old + 1: new for new, old in enumerate(order, start=1)}
        found[order] = tuple(renamed[sources[old]] for old in order)
    tree = next(tree for tree in TREES if tree in found.values())
    return TREES.index(tree), [order for order, links in found.items() if links == tree]
