"""One cell and many packed ones."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import cells, packed

from tgnas.cell import Cell, Cells, packed_bytes, triangle
from tgnas.errors import InvalidCellError
from tgnas.operators import PADDING

CHAIN = Cell(("input", "conv_3x3", "output"), ((0, 1), (1, 2)))
WIDE = Cell(("input", "conv_1x1", "max_pool_3x3", "output"), ((0, 1), (0, 2), (1, 3), (2, 3)))
many = st.lists(cells(), min_size=1, max_size=6)


def refusal_of(operators: tuple[str, ...], edges: tuple[tuple[int, int], ...]) -> str:
    with pytest.raises(InvalidCellError) as caught:
        Cell(operators, edges)
    return str(caught.value)


def test_an_operator_outside_of_the_vocabulary_is_refused():
    assert "'conv_9x9' is not in the vocabulary" in refusal_of(("input", "conv_9x9", "output"), ())


@pytest.mark.parametrize(
    "operators", [(), ("input",), ("output", "input"), ("conv_3x3", "output"), ("input", "zero")]
)
def test_a_cell_that_does_not_go_from_input_to_output_is_refused(operators):
    assert "starts with 'input' and ends with 'output'" in refusal_of(operators, ())


@pytest.mark.parametrize("edge", [(1, 0), (1, 1), (1, 3), (-1, 1)])
def test_an_edge_that_goes_nowhere_upwards_is_refused(edge):
    message = refusal_of(CHAIN.operators, (edge,))
    assert f"edge {edge} must go from a lower to a higher of 3 vertices" in message


def test_a_repeated_edge_is_refused():
    assert "ascending and distinct" in refusal_of(CHAIN.operators, ((0, 1), (0, 1)))


def test_edges_out_of_order_are_refused():
    assert "ascending and distinct" in refusal_of(CHAIN.operators, ((1, 2), (0, 1)))


def test_equal_cells_are_one_key():
    assert {CHAIN: 1}[Cell(CHAIN.operators, CHAIN.edges)] == 1


def test_a_row_of_the_adjacency_holds_the_edges_that_leave_a_vertex():
    expected = [[0, 1, 1, 0], [0, 0, 0, 1], [0, 0, 0, 1], [0, 0, 0, 0]]
    assert np.array_equal(WIDE.adjacency(), np.array(expected, dtype=bool))


@given(many)
def test_packed_cells_unpack_to_the_same(several):
    packed_cells = Cells.from_cells(several)
    assert [packed_cells.cell(row) for row in range(len(several))] == several


@given(many)
def test_packed_adjacency_is_that_of_each_cell(several):
    adjacency = Cells.from_cells(several).adjacency()
    for cell, matrix in zip(several, adjacency, strict=True):
        size = len(cell.operators)
        assert np.array_equal(matrix[:size, :size], cell.adjacency())
        assert matrix.sum() == len(cell.edges)


@given(many, st.integers(0, 4))
def test_padding_changes_no_cell(several, more):
    packed_cells = Cells.from_cells(several)
    wider = packed_cells.padded(packed_cells.vertices + more)
    assert [wider.cell(row) for row in range(len(several))] == several
    assert np.array_equal(wider.sizes, packed_cells.sizes)


@given(cells(), st.integers(0, 4))
def test_an_edge_has_the_same_bit_in_an_array_of_any_width(cell, more):
    narrow = packed(cell)
    wide = narrow.padded(narrow.vertices + more)
    width = narrow.edges.shape[1]
    assert np.array_equal(wide.edges[:, :width], narrow.edges)
    assert not wide.edges[:, width:].any()


def test_bits_are_the_upper_triangle_column_by_column_from_the_highest_bit():
    # Of 0-1, 0-2, 1-2, 0-3, 1-3, 2-3 the edges 0-1, 0-2, 1-3 and 2-3 are there.
    assert packed(WIDE).edges.tolist() == [[0b11001100]]


@given(st.integers(2, 12))
def test_the_triangle_numbers_every_pair_as_documented(vertices):
    source, target = triangle(vertices)
    assert np.array_equal(target * (target - 1) // 2 + source, np.arange(len(source)))
    assert packed_bytes(vertices) == -(-len(source) // 8)


def test_a_cell_is_not_cut_to_fit():
    with pytest.raises(InvalidCellError, match="4 vertices do not fit into 3"):
        packed(WIDE).padded(3)


def test_surplus_padding_can_be_dropped():
    assert packed(CHAIN).padded(9).padded(3).cell(0) == CHAIN


def test_a_slice_shares_its_memory():
    whole = Cells.from_cells([CHAIN, WIDE, CHAIN])
    part = whole[1:]
    assert np.shares_memory(part.operators, whole.operators)
    assert np.shares_memory(part.edges, whole.edges)
    assert [part.cell(row) for row in range(len(part))] == [WIDE, CHAIN]


def test_rows_can_be_picked_in_any_order():
    picked = Cells.from_cells([CHAIN, WIDE])[np.array([1, 0, 1])]
    assert [picked.cell(row) for row in range(3)] == [WIDE, CHAIN, WIDE]


@given(st.lists(many, min_size=1, max_size=3))
def test_concatenated_cells_stand_one_after_another(parts):
    whole = Cells.concatenate(Cells.from_cells(part) for part in parts)
    assert [whole.cell(row) for row in range(len(whole))] == [c for part in parts for c in part]


def test_no_cells_are_cells_too():
    none = Cells.from_cells([])
    assert len(none) == 0
    assert none.padded(7).adjacency().shape == (0, 7, 7)


def test_edges_of_another_size_are_refused():
    with pytest.raises(InvalidCellError, match=r"need \(1, 1\) bytes of edges, not \(1, 2\)"):
        Cells(packed(CHAIN).operators, np.zeros((1, 2), dtype=np.uint8))


def test_padding_is_not_an_operator():
    assert packed(CHAIN).padded(5).operators[0, 3:].tolist() == [PADDING, PADDING]


def test_a_negative_row_counts_from_the_end():
    cells = [Cell(("input", "output"), ((0, 1),)), Cell(("input", "conv_1x1", "output"), ((0, 1),))]
    assert Cells.from_cells(cells).cell(-1) == cells[1]


def test_no_parts_make_no_cells():
    assert len(Cells.concatenate([])) == 0
