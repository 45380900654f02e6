"""The canonical graph: equal function, equal form; order and spelling do not matter."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from strategies import cells, relabelled

from tgnas.cell import Cell, Cells, pruned
from tgnas.encodings.canonical import OperatorGraphs, canonical_hashes, canonicalise
from tgnas.encodings.live import live_pattern
from tgnas.operators import CODES, PADDING, VOCABULARY
from tgnas.spaces.nasbench201 import EDGES
from tgnas.spaces.nasbench201 import SPACE as NASBENCH201

COMPUTING = [op.name for op in VOCABULARY if op.kind in ("compute", "pool")]


def graph(*found: Cell) -> OperatorGraphs:
    return canonicalise(Cells.from_cells(list(found)))


def hashes(*found: Cell) -> list[int]:
    return canonical_hashes(graph(*found)).tolist()


def with_vertex(cell: Cell, operator: str, place: int, edges: set[tuple[int, int]]) -> Cell:
    """Return the cell with one more vertex before `place`; `edges` are in the new numbering."""
    moved = {(i + (i >= place), j + (j >= place)) for i, j in cell.edges}
    operators = (*cell.operators[:place], operator, *cell.operators[place:])
    return Cell(operators, tuple(sorted(moved | edges)))


@given(data=st.data(), cell=cells())
def test_the_order_of_vertices_does_not_matter(data, cell):
    one, other = hashes(cell, data.draw(relabelled(cell)))
    assert one == other


@given(data=st.data(), cell=cells())
def test_an_identity_on_an_edge_does_not_matter(data, cell):
    assume(cell.edges)
    source, target = data.draw(st.sampled_from(cell.edges))
    cut = Cell(cell.operators, tuple(edge for edge in cell.edges if edge != (source, target)))
    longer = with_vertex(cut, "identity", target, {(source, target), (target, target + 1)})
    one, other = hashes(cell, longer)
    assert one == other


@given(data=st.data(), cell=cells())
def test_a_zero_operator_does_not_matter(data, cell):
    size = len(cell.operators)
    place = data.draw(st.integers(1, size - 1))
    into = {(i, place) for i in data.draw(st.sets(st.integers(0, place - 1)))}
    out = {(place, j) for j in data.draw(st.sets(st.integers(place + 1, size)))}
    one, other = hashes(cell, with_vertex(cell, "zero", place, into | out))
    assert one == other


@given(data=st.data(), cell=cells())
def test_a_vertex_that_nobody_hears_does_not_matter(data, cell):
    place = data.draw(st.integers(1, len(cell.operators) - 1))
    into = {(i, place) for i in data.draw(st.sets(st.integers(0, place - 1)))}
    operator = data.draw(st.sampled_from(COMPUTING))
    one, other = hashes(cell, with_vertex(cell, operator, place, into))
    assert one == other


@given(cell=cells(), more=st.integers(0, 3))
def test_padding_does_not_matter(cell, more):
    packed = Cells.from_cells([cell])
    wide = canonicalise(packed.padded(packed.vertices + more))
    assert np.array_equal(wide.operators, graph(cell).operators)
    assert np.array_equal(wide.edges, graph(cell).edges)


@given(found=st.lists(cells(), min_size=1, max_size=5))
def test_simplifying_twice_is_simplifying_once(found):
    once = graph(*found)
    twice = OperatorGraphs(*pruned(*once))
    assert np.array_equal(once.operators, twice.operators)
    assert np.array_equal(once.edges, twice.edges)


@given(found=st.lists(cells(), min_size=1, max_size=5))
def test_a_canonical_graph_has_no_zero_no_identity_and_no_dead_vertex(found):
    for operators, edges in zip(graph(*found).operators, graph(*found).edges, strict=True):
        assert not {CODES["zero"], CODES["identity"]} & set(operators.tolist())
        inner = ~np.isin(operators, [CODES["input"], CODES["output"], PADDING])
        assert (edges[inner].sum(axis=1) > 0).all()
        assert (edges[:, inner].sum(axis=0) > 0).all()
        assert not edges[operators == PADDING].any()
        assert not np.tril(edges).any()


@given(data=st.data(), cell=cells())
def test_another_live_operator_is_another_graph(data, cell):
    live = graph(cell)
    inner = np.flatnonzero(~np.isin(live.operators[0], [CODES["input"], CODES["output"], PADDING]))
    assume(len(inner))
    changed = live.operators.copy()
    place = data.draw(st.sampled_from(inner.tolist()))
    changed[0, place] = CODES["conv_3x3" if changed[0, place] != CODES["conv_3x3"] else "conv_1x1"]
    other = OperatorGraphs(changed, live.edges)
    assert canonical_hashes(live) != canonical_hashes(other)


def test_two_identity_paths_count_twice():
    doubled = Cell(("input", "identity", "output"), ((0, 1), (0, 2), (1, 2)))
    assert graph(doubled).edges[0].tolist() == [[0, 2], [0, 0]]
    single = Cell(("input", "output"), ((0, 1),))
    one, other = hashes(doubled, single)
    assert one != other


def test_a_cell_that_zeros_cut_through_keeps_its_ends():
    cut = Cell(("input", "zero", "output"), ((0, 1), (1, 2)))
    assert graph(cut).operators.tolist() == [[CODES["input"], CODES["output"]]]
    assert not graph(cut).edges.any()


@pytest.mark.parametrize(
    ("first", "second"),
    [
        # A skip and then a convolution is the convolution, whichever edge it stands on.
        (
            "|nor_conv_3x3~0|+|none~0|none~1|+|none~0|skip_connect~1|none~2|",
            "|none~0|+|none~0|none~1|+|nor_conv_3x3~0|none~1|none~2|",
        ),
        # What no live path reaches may be anything.
        (
            "|none~0|+|none~0|nor_conv_3x3~1|+|skip_connect~0|avg_pool_3x3~1|none~2|",
            "|none~0|+|none~0|none~1|+|skip_connect~0|nor_conv_1x1~1|none~2|",
        ),
    ],
)
def test_nasbench201_architectures_of_one_function_are_one(first, second):
    one, other = hashes(NASBENCH201.parse(first).member(0), NASBENCH201.parse(second).member(0))
    assert one == other


def test_nasbench201_falls_into_5425_classes():
    graphs = canonicalise(NASBENCH201.enumerate().cells)
    assert len(set(canonical_hashes(graphs))) == 5425


def unique_string(operators: tuple[str, ...]) -> str:
    """Return NAS-Bench-201's own text of a cell (``to_unique_str`` with zeros considered)."""
    chosen = dict(zip(EDGES, operators, strict=True))
    texts = ["0"]
    for target in (1, 2, 3):
        terms = []
        for source in range(target):
            operator, text = chosen[source, target], texts[source]
            if operator == "zero" or text == "#":
                terms.append("#")
            else:
                terms.append(text if operator == "identity" else f"({text})@{operator}")
        texts.append("+".join(sorted(terms)))
    return texts[-1]


def test_the_classes_are_unions_of_the_9445_live_patterns_and_not_the_6466_that_others_count():
    every = NASBENCH201.enumerate()
    names = [every.member(row).operators[1:-1] for row in range(len(every))]
    assert len({unique_string(operators) for operators in names}) == 6466
    assert len(live_pattern(every).distinct()[0]) == 9445
    # Cells of one live pattern are one canonical graph, so the classes are unions of patterns.
    pattern = live_pattern(every).cells.operators
    of_pattern: dict[bytes, set[int]] = {}
    for row, hashed in zip(
        pattern, canonical_hashes(canonicalise(every.cells)).tolist(), strict=True
    ):
        of_pattern.setdefault(row.tobytes(), set()).add(hashed)
    assert all(len(found) == 1 for found in of_pattern.values())


@pytest.mark.slow
def test_no_two_nasbench101_cells_are_one(nasbench101):
    graphs = canonicalise(nasbench101.architectures.cells)
    assert len(set(canonical_hashes(graphs))) == 423624
