"""The DARTS search space (Liu et al., ICLR 2019): a normal and a reduction cell, 7 operators.

An architecture is a genotype, written as Python prints the authors' named tuple::

    Genotype(normal=[('sep_conv_3x3', 0), ('skip_connect', 1), ...], normal_concat=[2, 3, 4, 5],
             reduce=[...], reduce_concat=[2, 3, 4, 5])

In each cell nodes 0 and 1 are the two cells before; each of the nodes 2 to 5 adds what two
operators make of two different nodes before it. The 8 pairs (operator, the node it takes from)
stand in order of the node they end in, and the cell's output is the concatenation of nodes 2 to 5.

The cell that others see is the line graph (paper.md, section 3), 11 vertices: "input" twice, the
8 operators in the genotype's order, "output". An operator that takes from a node receives from
that input, or from the two operators that end in that node; all 8 feed the output.

Searchers see 24 decisions, three for each node of the normal cell, then of the reduction cell: the
pair of nodes that it takes from, the operator on the lower one, the operator on the higher one.
Every ensemble is an architecture, and no two are the same genotype: (180 x 7^8)^2 of them.
"""

import ast
from collections.abc import Sequence
from itertools import combinations

import numpy as np

from tgnas.cell import Cell, Cells
from tgnas.errors import InvalidCellError, UnknownNameError
from tgnas.operators import CODES, spellings

NODES = 4  # computed in each cell, each from two pairs
CONCAT = [2, 3, 4, 5]
LAYERS = 8  # cells in the networks of NAS-Bench-301, two of them reductions
REDUCTIONS = (LAYERS // 3, 2 * LAYERS // 3)
_FIELDS = ("normal", "normal_concat", "reduce", "reduce_concat")
_FORM = f"Genotype(normal={{}}, normal_concat={CONCAT}, reduce={{}}, reduce_concat={CONCAT})"
# The vertices that give the value of nodes 0 to 5.
_VERTICES = ((0,), (1,), *((2 * node - 2, 2 * node - 1) for node in CONCAT))
_OUTPUT = 2 + 2 * NODES
# The pairs of nodes that each of nodes 2 to 5 can take from.
_SOURCES = tuple(tuple(combinations(range(node), 2)) for node in CONCAT)

Pairs = Sequence[tuple[str, int]]


def _decisions(operators: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """Return what may be chosen at each of the 24 decisions."""
    cell: list[tuple[str, ...]] = []
    for pairs in _SOURCES:
        cell += [tuple(f"{low},{high}" for low, high in pairs), operators, operators]
    return (*cell, *cell)


class Darts:
    """The DARTS search space, as NAS-Bench-301 stacks it."""

    name = "darts"
    spelling = spellings("darts")
    # The order of the authors' list, which indices in NAS-Bench-301's data follow.
    operators = (
        "max_pool_3x3",
        "avg_pool_3x3",
        "identity",
        "sep_conv_3x3",
        "sep_conv_5x5",
        "dil_conv_3x3",
        "dil_conv_5x5",
    )
    shares = (1 - len(REDUCTIONS) / LAYERS, len(REDUCTIONS) / LAYERS)
    choices = _decisions(operators)

    def parse(self, architecture: str) -> tuple[Cell, Cell]:
        """Return the normal and the reduction cell of a genotype.

        Raises:
            InvalidCellError: the text is not of the form above, or breaks a rule of the space.
            UnknownNameError: an operator that the space does not have.
        """
        fields = _fields(architecture)
        for key in ("normal_concat", "reduce_concat"):
            if fields[key] != CONCAT:
                raise InvalidCellError(f"darts: {key} is {fields[key]}; allowed is {CONCAT}")
        return self.cell_of(fields["normal"], "normal"), self.cell_of(fields["reduce"], "reduction")

    def cell_of(self, pairs: Pairs, kind: str) -> Cell:
        """Return the line graph of 8 pairs; `kind` names the cell in an error.

        Raises:
            InvalidCellError: another number of pairs, or a node that a pair must not take from.
            UnknownNameError: an operator that the space does not have.
        """
        names = {self.spelling[name]: name for name in self.operators}
        if len(pairs) != 2 * NODES:
            raise InvalidCellError(
                f"darts: the {kind} cell has {len(pairs)} pairs; a cell has {2 * NODES}"
            )
        for place, (spelled, source) in enumerate(pairs):
            node = place // 2 + 2
            if spelled not in names:
                raise UnknownNameError("darts operator", spelled, names)
            if not 0 <= source < node:
                raise InvalidCellError(
                    f"darts: node {node} of the {kind} cell takes from node {source}; "
                    f"allowed are 0 to {node - 1}"
                )
            if place % 2 and source == pairs[place - 1][1]:
                raise InvalidCellError(
                    f"darts: node {node} of the {kind} cell takes from node {source} twice; "
                    "allowed are two different nodes"
                )
        edges = [(start, place + 2) for place, (_, k) in enumerate(pairs) for start in _VERTICES[k]]
        edges += [(vertex, _OUTPUT) for vertex in range(2, _OUTPUT)]
        operators = (names[spelled] for spelled, _ in pairs)
        return Cell(("input", "input", *operators, "output"), tuple(sorted(edges)))

    def pairs_of(self, cell: Cell, kind: str) -> Pairs:
        """Return the 8 pairs of a line graph, the inverse of ``cell_of``.

        Raises:
            InvalidCellError: the cell is not one of this space.
        """
        into = [
            tuple(i for i, j in cell.edges if j == v) for v in range(2, len(cell.operators) - 1)
        ]
        try:
            spelled = [self.spelling[name] for name in cell.operators[2:-1]]
            pairs = list(zip(spelled, map(_VERTICES.index, into), strict=True))
            valid = self.cell_of(pairs, kind) == cell
        except (KeyError, ValueError, InvalidCellError, UnknownNameError):
            valid = False
        if not valid:
            raise InvalidCellError(f"darts: {cell} is not a {kind} cell of this space")
        return pairs

    def format(self, cells: tuple[Cell, Cell]) -> str:
        """Return the genotype of a normal and a reduction cell.

        Raises:
            InvalidCellError: a cell is not one of this space.
        """
        normal, reduction = cells
        return genotype(self.pairs_of(normal, "normal"), self.pairs_of(reduction, "reduction"))

    def cells(self, architectures: Sequence[str]) -> Cells:
        """Return the 2 N packed cells of N genotypes: normal, reduction, normal, ..."""
        both = [cell for text in architectures for cell in self.parse(text)]
        return Cells.from_cells(both).padded(_OUTPUT + 1)

    def cells_of_choices(self, choices: Sequence[Sequence[int]] | np.ndarray) -> Cells:
        """Return the 2 N cells of N rows of 24 indices into ``choices``, as ``cells`` does."""
        rows = np.asarray(choices, dtype=np.intp).reshape(-1, NODES, 3)  # 2 N cells, nodes, ...
        codes = np.array([CODES[name] for name in self.operators], dtype=np.uint8)
        operators = np.empty((len(rows), _OUTPUT + 1), dtype=np.uint8)
        operators[:, :2], operators[:, -1] = CODES["input"], CODES["output"]
        operators[:, 2:-1] = codes[rows[:, :, 1:]].reshape(len(rows), -1)
        adjacency = np.zeros((len(rows), _OUTPUT + 1, _OUTPUT + 1), dtype=bool)
        adjacency[:, 2:-1, -1] = True
        for node in range(NODES):
            into = np.zeros((len(_SOURCES[node]), _OUTPUT + 1, 2), dtype=bool)
            for pair, sources in enumerate(_SOURCES[node]):
                for place, source in enumerate(sources):
                    into[pair, _VERTICES[source], place] = True
            first = 2 + 2 * node
            adjacency[:, :, first : first + 2] = into[rows[:, node, 0]]
        return Cells.from_arrays(operators, adjacency)


SPACE = Darts()


def genotype(normal: Pairs, reduction: Pairs) -> str:
    """Return the text of a genotype."""
    return _FORM.format(list(normal), list(reduction))


def _fields(text: str) -> dict[str, list]:
    """Return the four fields of a genotype's text, types checked; nothing of it is run."""
    try:
        call = ast.parse(text.strip(), mode="eval").body
        if not isinstance(call, ast.Call) or ast.unparse(call.func) != "Genotype" or call.args:
            raise ValueError("no Genotype(...) of named fields")
        if sorted(str(word.arg) for word in call.keywords) != sorted(_FIELDS):
            raise ValueError("other fields")
        fields = {str(word.arg): _literal(word.value) for word in call.keywords}
        for key in ("normal", "reduce"):
            if any((type(name), type(node)) != (str, int) for name, node in fields[key]):
                raise ValueError("no pairs of a name and a number")
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
        form = _FORM.format(*[f"[('OPERATOR', NODE), ... {2 * NODES} pairs]"] * 2)
        raise InvalidCellError(f"darts: {text!r} is not of the form {form}") from None
    return fields


def _literal(node: ast.expr) -> list:
    """Return a list or a tuple as a list; so Python prints the range of the concatenation."""
    if ast.unparse(node) == "range(2, 6)":
        return CONCAT
    found = ast.literal_eval(node)
    if not isinstance(found, list | tuple):
        raise ValueError("neither a list nor a tuple")
    return list(found)
