"""NAS-Bench-Graph (Qin et al., NeurIPS 2022): 4 operators in a tree, 26,206 distinct members.

Each of 4 operator vertices has one input: the cell's input (0) or an earlier vertex. A vertex that
feeds none feeds the output. An architecture string names every vertex's operator and input::

    gcn~0|gat~1|skip~1|fc~2

Many strings name one network: vertices may stand in another order, and most skips do the same
anywhere. ``key_of`` gives all of them the number by which the benchmark knows them.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import permutations, product
from typing import Any

import numpy as np
from jaxtyping import Int64

from tgnas.cell import Cells
from tgnas.errors import number_of
from tgnas.spaces.forms.base import (
    IDENTITY,
    INPUT,
    OUTPUT,
    Alphabet,
    Choices,
    Form,
    Graph,
    Pair,
    one_changed,
)
from tgnas.spaces.skeleton import GRAPH_LAYERS
from tgnas.spaces.space import Space, alphabet_of

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


class NasBenchGraph(Form):
    """A tree of four operators below the cell's input; nothing but skips is not allowed."""

    word = GRAPH_LAYERS

    def __init__(self, alphabet: Alphabet) -> None:
        self.alphabet, self.vertices = alphabet, SIZE + 2
        self._codes = np.array(list(alphabet.codes.values()), dtype=np.uint8)
        # An operator at each vertex, then the vertex that each takes its input from.
        self._sizes = [len(alphabet.codes)] * SIZE + list(range(1, SIZE + 1))

    def object_of(self, text: str) -> dict[str, Any]:
        """Return ``{"operators": [...], "inputs": [...]}``."""
        parts = [match.groups() for match in map(_VERTEX.fullmatch, text.split("|")) if match]
        if not len(parts) == text.count("|") + 1 == SIZE:
            raise self.alphabet.refuse(
                f"{text!r} is not of the form "
                f"{'|'.join(f'OPERATOR~{vertex}' for vertex in range(SIZE))!r}"
            )
        return {"operators": [p[0] for p in parts], "inputs": [int(p[1]) for p in parts]}

    def text_of(self, member: Mapping[str, Any]) -> str:
        """Return the string."""
        parts = zip(member["operators"], member["inputs"], strict=True)
        return "|".join(f"{name}~{source}" for name, source in parts)

    def graphs_of(self, member: Mapping[str, Any]) -> list[Graph]:
        """Return the tree; what feeds no vertex feeds the output."""
        self._fields(member, {"operators", "inputs"}, {"operators", "inputs"})
        names, sources = self._operators(member["operators"]), member["inputs"]
        if len(names) != SIZE:
            raise self.alphabet.refuse(
                f"{number_of(len(names), 'operator')}; an architecture has {SIZE}"
            )
        if not isinstance(sources, list) or [*map(type, sources)] != [int] * SIZE:
            raise self.alphabet.refuse(f"inputs must be {SIZE} numbers, not {sources!r}")
        codes = [self.alphabet.code(name) for name in names]
        for vertex, source in enumerate(sources, start=1):
            if not 0 <= source < vertex:
                raise self.alphabet.refuse(
                    f"vertex {vertex} takes its input from {source}; allowed are 0 to {vertex - 1}"
                )
        if set(codes) == {IDENTITY}:
            raise self.alphabet.refuse("an architecture is more than four skips")
        return [([INPUT, *codes, OUTPUT], _edges(sources))]

    def objects_of(self, cells: Cells) -> list[dict[str, Any]]:
        """Return operators and inputs of each cell."""
        rows, names = self.rows_of(cells), self.alphabet.spellings
        return [
            {"operators": [names[place] for place in row[:SIZE]], "inputs": row[SIZE:]}
            for row in rows.tolist()
        ]

    def enumerate(self) -> Cells:
        """Return the 26,206 cells that spell their own key, in ascending order of the key."""
        return cells_of_keys(all_keys())

    def sample(self, count: int, generator: np.random.Generator) -> Cells:
        """Return the cells of strings that are drawn uniformly from all."""
        rows = np.empty((0, 2 * SIZE), dtype=np.int64)
        while len(rows) < count:
            drawn = generator.integers(self._sizes, size=(count - len(rows), 2 * SIZE))
            rows = np.concatenate([rows, self._allowed(drawn)])
        return self._cells(rows)

    def neighbours(self, cells: Cells) -> Cells:
        """Return all architectures with another operator, or another input, at one vertex."""
        return self._cells(self._allowed(one_changed(self.rows_of(cells)[0], self._sizes)))

    def _allowed(self, rows: np.ndarray) -> np.ndarray:
        skips = self._codes[rows[:, :SIZE]] == IDENTITY
        return rows[~skips.all(axis=1)]

    def _cells(self, rows: Choices) -> Cells:
        codes, sources = self._codes[rows[:, :SIZE]].tolist(), rows[:, SIZE:].tolist()
        pairs = zip(codes, sources, strict=True)
        return self.pack([([INPUT, *some, OUTPUT], _edges(into)) for some, into in pairs])

    def rows_of(self, cells: Cells) -> Choices:
        """Return operators and inputs of the 4 vertices."""
        places = self.alphabet.known(self.alphabet.places_of_codes()[cells.operators[:, 1:-1]])
        return np.hstack([places, cells.adjacency()[:, :, 1:-1].argmax(axis=1)])


# In the order of the benchmark's list: an operator's place in it is its digit in a key.
OPERATORS = (
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
FORM = NasBenchGraph(alphabet_of("nasbench_graph", OPERATORS))
SPACE = Space(
    "nasbench_graph",
    "NAS-Bench-Graph (Qin et al., NeurIPS 2022), 26,206 distinct graph networks",
    FORM,
)
_CODES = np.array(list(SPACE.operators.values()), dtype=np.uint8)
_SKIP = _CODES.tolist().index(IDENTITY)


def _edges(sources: Sequence[int]) -> list[Pair]:
    edges = [(source, vertex) for vertex, source in enumerate(sources, start=1)]
    return edges + [(vertex, SIZE + 1) for vertex in range(1, SIZE + 1) if vertex not in sources]


def cells_of_keys(keys: Int64[np.ndarray, " N"]) -> Cells:
    """Return the cell that each key spells: the place of a tree, then 4 of operators."""
    digits = keys[:, None] // 10 ** np.arange(SIZE, -1, -1) % 10
    operators = np.empty((len(keys), SIZE + 2), dtype=np.uint8)
    operators[:, 0], operators[:, -1] = INPUT, OUTPUT
    operators[:, 1:-1] = _CODES[digits[:, 1:]]
    trees = FORM.pack([([INPUT, *_CODES[:SIZE].tolist(), OUTPUT], _edges(tree)) for tree in TREES])
    return Cells(operators, trees.edges[digits[:, 0]])


@cache
def all_keys() -> Int64[np.ndarray, " N"]:
    """Return the keys of the 26,206 distinct architectures, ascending."""
    labels = product(range(len(_CODES)), repeat=SIZE)
    alive = [row for row in labels if set(row) != {_SKIP}]
    spelled = (
        (_spelled(place, row), key_of(row, sources))
        for place, sources in enumerate(TREES)
        for row in alive
    )
    return np.array([key for own, key in spelled if own == key], dtype=np.int64)


def key_of(labels: tuple[int, ...], sources: tuple[int, ...]) -> int:
    """Return the least number that spells the network (``Arch.valid_hash`` of the package)."""
    # The authors' number is that of a fixed order of each tree's vertices, sorted where the tree
    # is symmetric. That is the least one, once skips have been lifted (architecture.py).
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
    links_of = {}
    for order in permutations(range(SIZE)):
        renamed = {0: 0} | {old + 1: new for new, old in enumerate(order, start=1)}
        links_of[order] = tuple(renamed[sources[old]] for old in order)
    tree = next(tree for tree in TREES if tree in links_of.values())
    return TREES.index(tree), [order for order, links in links_of.items() if links == tree]
