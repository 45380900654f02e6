"""Hypothesis strategies: random cells, and the same cell with its vertices in another order."""

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from tgnas.cell import Cell, Cells
from tgnas.operators import VOCABULARY
from tgnas.registry import SPACES
from tgnas.spaces import darts, nasbench101, nasbench_graph
from tgnas.spaces.base import format_choices

INNER = [op.name for op in VOCABULARY if op.kind not in ("input", "output")]


@st.composite
def cells(draw: st.DrawFn, max_vertices: int = 9) -> Cell:
    """Draw any directed acyclic graph with any operators; vertices may dangle."""
    size = draw(st.integers(2, max_vertices))
    inner = draw(st.lists(st.sampled_from(INNER), min_size=size - 2, max_size=size - 2))
    pairs = [(i, j) for j in range(size) for i in range(j)]
    edges = draw(st.lists(st.sampled_from(pairs), unique=True))
    return Cell(("input", *inner, "output"), tuple(sorted(edges)))


@st.composite
def nasbench101_cells(draw: st.DrawFn, size: int | None = None) -> Cell:
    """Draw a cell of NAS-Bench-101: every vertex gets a way in, then a way out, then more edges."""
    size = size or draw(st.integers(2, nasbench101.MAX_VERTICES))
    operators = st.sampled_from(nasbench101.SPACE.operators)
    inner = draw(st.lists(operators, min_size=size - 2, max_size=size - 2))
    edges = {(draw(st.integers(0, j - 1)), j) for j in range(1, size)}
    for i in range(size - 1):
        if all(source != i for source, _ in edges):
            edges.add((i, draw(st.integers(i + 1, size - 1))))
    assume(len(edges) <= nasbench101.MAX_EDGES)
    pairs = [(i, j) for j in range(size) for i in range(j) if (i, j) not in edges]
    room = nasbench101.MAX_EDGES - len(edges)
    if pairs and room:
        edges |= draw(st.sets(st.sampled_from(pairs), max_size=room))
    return Cell(("input", *inner, "output"), tuple(sorted(edges)))


@st.composite
def genotypes(draw: st.DrawFn) -> str:
    """Draw the text of a DARTS genotype."""
    operators = st.sampled_from([darts.SPACE.spelling[name] for name in darts.SPACE.operators])
    both: list[list[tuple[str, int]]] = []
    for _ in ("normal", "reduction"):
        inputs = [draw(st.permutations(range(node)))[:2] for node in darts.CONCAT]
        both.append([(draw(operators), source) for pair in inputs for source in pair])
    return darts.genotype(*both)


def darts_cells() -> st.SearchStrategy[tuple[Cell, Cell]]:
    """Return a strategy for the normal and the reduction cell of a genotype."""
    return genotypes().map(darts.SPACE.parse)


@st.composite
def nasbench_graph_cells(draw: st.DrawFn) -> Cell:
    """Draw a cell of NAS-Bench-Graph: skips are as likely as all else together."""
    others = nasbench_graph.SPACE.operators[:-1]
    operator = st.sampled_from([*others, *["identity"] * len(others)])
    inner = draw(st.tuples(*[operator] * 4).filter(lambda row: set(row) != {"identity"}))
    edges = [(draw(st.integers(0, vertex - 1)), vertex) for vertex in range(1, 5)]
    sources = {source for source, _ in edges}
    edges += [(vertex, 5) for vertex in range(1, 5) if vertex not in sources]
    return Cell(("input", *inner, "output"), tuple(sorted(edges)))


def members(space: str) -> st.SearchStrategy[Cell | tuple[Cell, ...]]:
    """Return a strategy for what a registered space parses: a cell, or a tuple of cells."""
    if f"{space}_cells" in globals():
        return globals()[f"{space}_cells"]()
    found = SPACES.load(space)
    return choices(space).map(lambda row: found.parse(format_choices(found, row)[0]))


def choices(space: str) -> st.SearchStrategy[np.ndarray]:
    """Return a strategy for one row of choices of a space that searchers walk on."""
    options = (st.integers(0, len(names) - 1) for names in SPACES.load(space).choices)
    return st.tuples(*options).map(lambda row: np.array([row]))


def cells_of(member: Cell | tuple[Cell, ...]) -> tuple[Cell, ...]:
    """Return the cells of what a space parses."""
    return (member,) if isinstance(member, Cell) else member


def member_cells(space: str) -> st.SearchStrategy[Cell]:
    """Return a strategy for a cell, of any kind, of the architectures of a registered space."""
    return members(space).flatmap(lambda member: st.sampled_from(cells_of(member)))


@st.composite
def relabelled(draw: st.DrawFn, cell: Cell) -> Cell:
    """Draw the same cell with its inner vertices in another topological order."""
    size = len(cell.operators)
    order = [0]
    while len(order) < size - 1:
        left = [v for v in range(1, size - 1) if v not in order]
        ready = [v for v in left if all(i not in left for i, j in cell.edges if j == v)]
        order.append(draw(st.sampled_from(ready)))
    place = {old: new for new, old in enumerate([*order, size - 1])}
    edges = sorted((place[i], place[j]) for i, j in cell.edges)
    return Cell(tuple(cell.operators[v] for v in [*order, size - 1]), tuple(edges))


def packed(cell: Cell) -> Cells:
    """Return one cell as ``Cells``."""
    return Cells.from_cells([cell])
