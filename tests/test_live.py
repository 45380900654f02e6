"""What of a cell is live: on a path from input to output that no zero operator cuts."""

import numpy as np
from hypothesis import given
from strategies import cells, packed

from tgnas.cell import Cell
from tgnas.encodings.live import live_pattern, live_vertices
from tgnas.spaces.architectures import Architectures, of_cells
from tgnas.spaces.nasbench201 import SPACE

# The line graph of the authors' code (YeQiao/TG-NAS): vertices are input, the edges 0->1, 0->2,
# 1->2, 0->3, 1->3, 2->3, output.
CUT = "|nor_conv_3x3~0|+|none~0|none~1|+|skip_connect~0|nor_conv_1x1~1|avg_pool_3x3~2|"
ALL_ZERO = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"


def live(cell: Cell) -> list[int]:
    return np.flatnonzero(live_vertices(packed(cell))[0]).tolist()


def on_paths(cell: Cell) -> list[int]:
    """Return the vertices of all paths that avoid zero operators, walked one by one."""
    found, last = set(), len(cell.operators) - 1
    waiting = [(0,)]
    while waiting:
        path = waiting.pop()
        found |= set(path) if path[-1] == last else set()
        ends = [j for i, j in cell.edges if i == path[-1] and cell.operators[j] != "zero"]
        waiting += [(*path, j) for j in ends]
    return sorted(found)


def test_a_vertex_that_leads_nowhere_is_dead():
    operators = ("input", "conv_3x3", "conv_1x1", "output")
    assert live(Cell(operators, ((0, 1), (0, 2), (1, 3)))) == [0, 1, 3]


def test_a_vertex_that_hears_nothing_is_dead():
    operators = ("input", "conv_3x3", "conv_1x1", "output")
    assert live(Cell(operators, ((0, 1), (1, 3), (2, 3)))) == [0, 1, 3]


def test_a_zero_operator_cuts_what_is_behind_it():
    operators = ("input", "zero", "conv_3x3", "conv_1x1", "output")
    assert live(Cell(operators, ((0, 1), (0, 3), (1, 2), (2, 4), (3, 4)))) == [0, 3, 4]


def test_a_pool_whose_inputs_are_zero_is_dead():
    assert live(SPACE.parse(CUT).member(0)) == [0, 1, 4, 5, 7]


def test_what_hears_the_second_input_alone_is_alive():
    operators = ("input", "input", "conv_3x3", "conv_1x1", "output")
    assert live(Cell(operators, ((0, 2), (1, 3), (3, 4)))) == [1, 3, 4]


def test_nothing_lives_in_the_all_zero_cell():
    assert live(SPACE.parse(ALL_ZERO).member(0)) == []


def test_the_pattern_sets_what_is_dead_to_zero():
    pattern = live_pattern(SPACE.parse(CUT))
    assert SPACE.format(pattern)[0] == CUT.replace("avg_pool_3x3", "none")


@given(cells())
def test_a_vertex_lives_when_a_path_visits_it(cell):
    assert live(cell) == on_paths(cell)


@given(cells())
def test_the_pattern_of_a_pattern_is_itself(cell):
    pattern = live_pattern(of_cells(cell))
    assert live_pattern(pattern).member(0) == pattern.member(0)


@given(cells())
def test_a_pattern_has_the_live_vertices_of_its_cell(cell):
    assert live(live_pattern(of_cells(cell)).member(0)) == live(cell)


@given(cells())
def test_padding_is_dead(cell):
    wide = packed(cell).padded(12)
    assert np.flatnonzero(live_vertices(wide)[0]).tolist() == live(cell)
    assert live_pattern(Architectures(wide)).member(0) == live_pattern(of_cells(cell)).member(0)


def test_nasbench201_has_9445_live_patterns():
    everything = SPACE.enumerate()
    first, _ = live_pattern(everything).distinct()
    assert len(first) == 9445
    assert (np.diff(first) > 0).all()
    assert np.array_equal(live_pattern(everything[first]).distinct()[0], np.arange(9445))
