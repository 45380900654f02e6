"""Architectures: K packed cells each, sliced, joined, weighed, and equal ones found."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import packed

from tgnas.cell import Cell, Cells
from tgnas.errors import InvalidCellError
from tgnas.spaces.architectures import Architectures, of_cells
from tgnas.spaces.space import open_space

WEIGHTS = (0.75, 0.25)
SPACE = open_space("nasbench201")
SMALL = packed(Cell(("input", "output"), ((0, 1),)))


def drawn(seed: int, count: int = 6, weights: tuple[float, ...] = WEIGHTS) -> Architectures:
    """Draw architectures of K cells, of which some are equal, with a width for each."""
    generator = np.random.default_rng(seed)
    cells = SPACE.of_choices(generator.integers(0, 2, size=(count * len(weights), 6))).cells
    kept = generator.integers(count, size=count)
    whole = Architectures(cells, weights, {"width": generator.integers(1, 3, size=count)})
    return whole[kept]


def members(architectures: Architectures) -> list[tuple]:
    widths = architectures.attributes["width"].tolist()
    return [(architectures.member(row), width) for row, width in enumerate(widths)]


@given(seed=st.integers(0, 99), rows=st.lists(st.integers(0, 5), max_size=8))
def test_a_part_holds_whole_architectures_with_their_attributes(seed, rows):
    whole = drawn(seed)
    assert members(whole[rows]) == [members(whole)[row] for row in rows]
    assert members(whole[1:4]) == members(whole)[1:4]
    assert members(whole[np.arange(6) % 2 == 0]) == members(whole)[::2]


@given(seed=st.integers(0, 99), weights=st.sampled_from([WEIGHTS, (1.0,)]))
def test_distinct_ones_are_the_first_of_each_and_give_all_again(seed, weights):
    whole = drawn(seed, weights=weights)
    rows, places = whole.distinct()
    listed = members(whole)
    assert rows.tolist() == [row for row, one in enumerate(listed) if listed.index(one) == row]
    assert members(whole[rows][places]) == listed


@given(seed=st.integers(0, 99))
def test_others_are_found_by_the_first_row_of_their_equal(seed):
    whole, others = drawn(seed), drawn(seed + 1)
    listed = members(whole)
    expected = [listed.index(one) if one in listed else -1 for one in members(others)]
    assert whole.rows_of(others).tolist() == expected


def test_equal_cells_of_another_width_are_another_architecture():
    two = Architectures(Cells.concatenate([SMALL, SMALL]), (1.0,), {"width": np.array([1, 2])})
    assert len(two.distinct()[0]) == 2


def test_the_mean_over_cells_is_weighted_and_keeps_what_stands_before():
    two = Architectures(Cells.concatenate([SMALL] * 4), WEIGHTS)
    values = np.array([[4.0, 8, 0, 4], [1, 1, -4, 4]])
    assert two.mean_over_cells(values).tolist() == [[5, 1], [1, -2]]
    assert two.mean_over_cells(values[0]).tolist() == [5, 1]


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_the_mean_of_one_cell_is_its_value_to_the_bit(kind):
    values = np.random.default_rng(0).normal(size=(3, 5)).astype(kind)
    found = Architectures(Cells.concatenate([SMALL] * 5)).mean_over_cells(values)
    assert found.dtype == kind
    assert np.array_equal(found, values)


@given(seed=st.integers(0, 99))
def test_joined_ones_follow_each_other(seed):
    parts = [drawn(seed), drawn(seed + 1)]
    joined = Architectures.concatenate(parts)
    assert members(joined) == [one for part in parts for one in members(part)]


def test_joined_cells_are_padded_to_the_largest():
    large = of_cells(Cell(("input", "conv_3x3", "output"), ((0, 1), (1, 2))))
    joined = Architectures.concatenate([Architectures(SMALL), large])
    assert [joined.member(row).operators for row in range(2)] == [
        ("input", "output"),
        ("input", "conv_3x3", "output"),
    ]


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [Architectures(SMALL), Architectures(Cells.concatenate([SMALL, SMALL]), WEIGHTS)],
        [Architectures(SMALL), Architectures(SMALL, (1.0,), {"width": np.ones(1)})],
    ],
)
def test_architectures_that_do_not_fit_together_are_not_joined(parts):
    with pytest.raises(InvalidCellError):
        Architectures.concatenate(parts)


def test_cells_that_do_not_divide_into_architectures_are_refused():
    with pytest.raises(InvalidCellError, match="1 cell is no architectures of 2 each"):
        Architectures(SMALL, WEIGHTS)


def test_an_attribute_has_a_row_for_each_architecture():
    with pytest.raises(InvalidCellError, match="width has 2 rows, not 1"):
        Architectures(SMALL, (1.0,), {"width": np.ones(2)})


def test_nothing_of_architectures_can_be_changed():
    one = SPACE.parse("|none~0|+|none~0|none~1|+|none~0|none~1|none~2|")
    for array in (one.cells.operators, one.cells.edges):
        with pytest.raises(ValueError, match="read-only"):
            array[0, 0] = 1
    with pytest.raises(TypeError):
        one.attributes["width"] = np.ones(1)


def test_a_slice_of_single_cells_copies_nothing():
    every = SPACE.enumerate()
    assert np.shares_memory(every[10:20].cells.operators, every.cells.operators)


def test_architectures_reach_another_process_the_same():
    space = open_space("nasbench201")
    drawn = space.sample(5, np.random.default_rng(0))
    again = pickle.loads(pickle.dumps(drawn))  # noqa: S301 - made here
    assert space.format(again) == space.format(drawn)
    assert again.attributes == drawn.attributes
