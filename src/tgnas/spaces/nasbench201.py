"""NAS-Bench-201 (Dong and Yang, ICLR 2020): 4 vertices, 6 edges, 5 operators, 15,625 members.

An architecture string lists, vertex by vertex, the operator of every incoming edge::

    |nor_conv_3x3~0|+|none~0|skip_connect~1|+|avg_pool_3x3~0|nor_conv_1x1~1|none~2|

The space has operators on edges. Its cell is the line graph of the authors' code (paper.md,
section 3): vertices are input, the edges 0->1, 0->2, 1->2, 0->3, 1->3, 2->3, and output; an
operator receives from all operators that end in its source vertex.
"""

import re
from collections.abc import Sequence

import numpy as np

from tgnas.cell import Cell, Cells
from tgnas.errors import InvalidCellError, UnknownNameError
from tgnas.operators import CODES, spellings

EDGES = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))
_PATTERN = re.compile(
    r"\|([^|~]+)~0\|\+" r"\|([^|~]+)~0\|([^|~]+)~1\|\+" r"\|([^|~]+)~0\|([^|~]+)~1\|([^|~]+)~2\|"
)
_FORM = "|{}~0|+|{}~0|{}~1|+|{}~0|{}~1|{}~2|"


def _line_graph() -> tuple[tuple[int, int], ...]:
    """Return the edges of the operator-on-vertex graph; operator k is vertex k + 1."""
    last = len(EDGES) + 1
    found = [(0, k + 1) for k, (source, _) in enumerate(EDGES) if source == 0]
    for k, (_, target) in enumerate(EDGES):
        found += [(k + 1, m + 1) for m, (source, _) in enumerate(EDGES) if source == target]
        if target == 3:
            found.append((k + 1, last))
    return tuple(sorted(found))


class NasBench201:
    """The NAS-Bench-201 search space (also the topology space of NATS-Bench)."""

    name = "nasbench201"
    spelling = spellings("nasbench201")
    # The order of the official benchmark's list of operators.
    operators = ("zero", "identity", "conv_1x1", "conv_3x3", "avg_pool_3x3")
    shares = (1.0,)
    choices = (operators,) * len(EDGES)
    graph = _line_graph()

    def parse(self, architecture: str) -> Cell:
        """Return the line-graph cell of an architecture string.

        Raises:
            InvalidCellError: the string has not the form above.
            UnknownNameError: an operator that the space does not have.
        """
        found = _PATTERN.fullmatch(architecture.strip())
        if found is None:
            raise InvalidCellError(
                f"nasbench201: {architecture!r} is not of the form "
                f"{_FORM.format(*['OPERATOR'] * 6)!r}"
            )
        names = {spelled: name for name, spelled in self.spelling.items()}
        for spelled in found.groups():
            if spelled not in names:
                raise UnknownNameError("nasbench201 operator", spelled, names)
        return Cell(("input", *(names[s] for s in found.groups()), "output"), self.graph)

    def format(self, cell: Cell) -> str:
        """Return the architecture string of a line-graph cell.

        Raises:
            InvalidCellError: the cell is not one of this space.
        """
        inner = cell.operators[1:-1]
        if cell.edges != self.graph or not set(inner) <= set(self.operators):
            raise InvalidCellError(f"nasbench201: {cell} is not a cell of this space")
        return _FORM.format(*(self.spelling[name] for name in inner))

    def cells(self, architectures: Sequence[str]) -> Cells:
        """Return the packed cells of N architecture strings."""
        place = {name: index for index, name in enumerate(self.operators)}
        return self.cells_of_choices(
            [[place[name] for name in self.parse(text).operators[1:-1]] for text in architectures]
        )

    def cells_of_choices(self, choices: Sequence[Sequence[int]] | np.ndarray) -> Cells:
        """Return the cells of N rows of 6 indices into ``operators``, edges in string order."""
        codes = np.array([CODES[name] for name in self.operators], dtype=np.uint8)
        rows = np.asarray(choices, dtype=np.intp).reshape(-1, len(EDGES))
        operators = np.empty((len(rows), len(EDGES) + 2), dtype=np.uint8)
        operators[:, 0], operators[:, -1] = CODES["input"], CODES["output"]
        operators[:, 1:-1] = codes[rows]
        one = Cells.from_cells([Cell(("input", *["zero"] * len(EDGES), "output"), self.graph)])
        return Cells(operators, np.repeat(one.edges, len(rows), axis=0))

    def choices_of_cells(self, cells: Cells) -> np.ndarray:
        """Return the rows of 6 indices into ``operators``: the inverse of cells_of_choices."""
        place = np.zeros(256, dtype=np.intp)
        place[[CODES[name] for name in self.operators]] = np.arange(len(self.operators))
        return place[cells.operators[:, 1:-1]]

    def enumerate(self) -> Cells:
        """Return all 15,625 cells; the last edge changes fastest."""
        grid = np.indices((len(self.operators),) * len(EDGES)).reshape(len(EDGES), -1).T
        return self.cells_of_choices(grid)


SPACE = NasBench201()
