"""Hypothesis strategies: random cells, and the same cell with its vertices in another order."""

from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from tgnas.cell import Cell, Cells
from tgnas.operators import VOCABULARY
from tgnas.spaces import darts, nasbench101
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.space import open_space

PAIRS = [("sep_conv_3x3", 0), ("skip_connect", 1), ("max_pool_3x3", 0), ("dil_conv_3x3", 2)]
PAIRS += [("skip_connect", 0), ("sep_conv_5x5", 3), ("avg_pool_3x3", 1), ("skip_connect", 2)]
GENOTYPE = darts.genotype(PAIRS, PAIRS)
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
    operators = st.sampled_from(["conv_3x3", "conv_1x1", "max_pool_3x3"])
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
    operators = st.sampled_from(list(darts.SPACE.operators))
    both: list[list[tuple[str, int]]] = []
    for _ in ("normal", "reduction"):
        inputs = [draw(st.permutations(range(node)))[:2] for node in range(2, 6)]
        both.append([(draw(operators), source) for pair in inputs for source in pair])
    return darts.genotype(*both)


@st.composite
def nasbench_graph_cells(draw: st.DrawFn) -> Cell:
    """Draw a cell of NAS-Bench-Graph: skips are as likely as all else together."""
    others = [op.name for op in VOCABULARY if "nasbench_graph" in op.spelling][1:]
    operator = st.sampled_from([*others, *["identity"] * len(others)])
    inner = draw(st.tuples(*[operator] * 4).filter(lambda row: set(row) != {"identity"}))
    edges = [(draw(st.integers(0, vertex - 1)), vertex) for vertex in range(1, 5)]
    sources = {source for source, _ in edges}
    edges += [(vertex, 5) for vertex in range(1, 5) if vertex not in sources]
    return Cell(("input", *inner, "output"), tuple(sorted(edges)))


def architectures(space: str) -> st.SearchStrategy[Architectures]:
    """Return a strategy for one architecture of a registered space."""
    opened = open_space(space)
    if space == "darts":
        return genotypes().map(opened.parse)
    if space == "transnas_macro":
        every = opened.enumerate()
        return st.integers(0, len(every) - 1).map(lambda row: every[[row]])
    if space == "programs":
        seeds = st.integers(0, 1 << 31)
        return seeds.map(lambda seed: opened.sample(1, np.random.default_rng(seed)))
    if f"{space}_cells" in globals():
        return globals()[f"{space}_cells"]().map(
            lambda cell: Architectures(packed(cell).padded(opened.form.vertices))
        )
    if not opened.choices:
        seeds = st.integers(0, 10_000)
        return seeds.map(lambda seed: opened.sample(1, np.random.default_rng(seed)))
    return choices(space).map(opened.of_choices)


def members(space: str) -> st.SearchStrategy[Cell | tuple[Cell, ...]]:
    """Return a strategy for what networks are built of: a cell, or a tuple of cells."""
    return architectures(space).map(lambda architecture: architecture.member(0))


def choices(space: str) -> st.SearchStrategy[np.ndarray]:
    """Return a strategy for one row of choices of a space of independent choices."""
    places = [st.integers(0, len(options) - 1) for options in open_space(space).choices]
    return st.tuples(*places).map(lambda row: np.array([row]))


def member_cells(space: str) -> st.SearchStrategy[Cell]:
    """Return a strategy for a cell, of any kind, of the architectures of a registered space."""
    drawn = architectures(space)
    return drawn.flatmap(lambda one: st.integers(0, len(one.cells) - 1).map(one.cells.cell))


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


def sized(architectures: Architectures, **network: Any) -> Architectures:
    """Return architectures whose network has other keys, such as another width."""
    skeleton = architectures.skeleton
    keys = skeleton.keys.model_copy(update=network)
    return replace(architectures, skeleton=replace(skeleton, keys=keys))
