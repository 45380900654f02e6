"""Search spaces: their strings, their rules, their counts."""

from collections import Counter
from hashlib import md5

import numpy as np
import pytest
import strategies
from hypothesis import given
from hypothesis import strategies as st

from tgnas.cell import Cell, Cells
from tgnas.errors import InvalidCellError, TgnasError, UnknownNameError
from tgnas.registry import SPACES
from tgnas.spaces import nasbench101, nasbench201

NB101, NB201 = nasbench101.SPACE, nasbench201.SPACE


# Every space


@pytest.mark.parametrize("name", SPACES.names())
@given(data=st.data())
def test_a_formatted_cell_parses_to_the_same(name, data):
    space, cell = SPACES.load(name), data.draw(strategies.members(name))
    assert space.parse(space.format(cell)) == cell


@pytest.mark.parametrize("name", SPACES.names())
@given(data=st.data())
def test_many_strings_become_the_cells_of_each(name, data):
    space = SPACES.load(name)
    members = data.draw(st.lists(strategies.members(name), min_size=1, max_size=5))
    packed = space.cells([space.format(cell) for cell in members])
    assert [packed.cell(row) for row in range(len(members))] == members


@pytest.mark.parametrize("name", SPACES.names())
@given(text=st.text(st.characters(codec="ascii")))
def test_text_that_is_no_architecture_is_refused_with_one_line(name, text):
    with pytest.raises(TgnasError) as caught:
        SPACES.load(name).parse(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", SPACES.names())
def test_a_space_bears_the_name_of_its_file(name):
    assert SPACES.load(name).name == name


def test_an_unknown_space_is_answered_with_the_nearest_one():
    with pytest.raises(UnknownNameError, match=r"'nasbench2O1' \(did you mean 'nasbench201'\?\)"):
        SPACES.load("nasbench2O1")


# NAS-Bench-101


def reference_hash(cell: Cell) -> str:
    """Return the hash by the recipe of the mirror's README, one vertex at a time."""
    edges, vertices = cell.edges, range(len(cell.operators))
    into = {v: [i for i, j in edges if j == v] for v in vertices}
    out = {v: [j for i, j in edges if i == v] for v in vertices}
    label = [nasbench101.LABELS[name] for name in cell.operators]
    around = [str((len(out[v]), len(into[v]), label[v])) for v in vertices]
    hashes = [md5(text.encode()).hexdigest() for text in around]
    for _ in vertices:
        parts = [[sorted(hashes[w] for w in side[v]) for side in (into, out)] for v in vertices]
        around = ["|".join([*map("".join, parts[v]), hashes[v]]) for v in vertices]
        hashes = [md5(text.encode()).hexdigest() for text in around]
    return md5(str(sorted(hashes)).encode()).hexdigest()


def hash_of(cell: Cell) -> str:
    return str(nasbench101.module_hashes(strategies.packed(cell))[0])


@given(st.integers(2, 7).flatmap(lambda v: st.lists(strategies.nasbench101_cells(v), min_size=1)))
def test_hashes_are_those_of_the_documented_recipe(cells):
    hashes = nasbench101.module_hashes(Cells.from_cells(cells))
    assert hashes.tolist() == [reference_hash(cell) for cell in cells]


@given(st.data())
def test_a_hash_does_not_see_the_order_of_the_vertices(data):
    cell = data.draw(strategies.nasbench101_cells())
    assert hash_of(data.draw(strategies.relabelled(cell))) == hash_of(cell)


@pytest.fixture(scope="module")
def small() -> tuple[Cells, np.ndarray]:
    """Enumerate the cells of at most 5 vertices."""
    return NB101.enumerate(max_vertices=5)


def test_cells_of_four_vertices_are_counted_as_published():
    cells, _ = NB101.enumerate(max_vertices=4)
    assert Counter(cells.sizes.tolist()) == {2: 1, 3: 6, 4: 84}


def test_five_vertices_give_2441_more(small):
    assert Counter(small[0].sizes.tolist()) == {2: 1, 3: 6, 4: 84, 5: 2441}


def test_enumerated_cells_stand_in_ascending_order_of_their_hash(small):
    cells, hashes = small
    assert (hashes[:-1] < hashes[1:]).all()
    assert all(reference_hash(cells.cell(row)) == hashes[row] for row in range(0, 2532, 97))


def test_every_enumerated_cell_obeys_the_rules(small):
    for row in range(len(small[0])):
        NB101.checked(small[0].cell(row))


def test_the_enumeration_is_the_same_in_two_processes(small):
    cells, hashes = NB101.enumerate(max_vertices=5, processes=2)
    assert np.array_equal(hashes, small[1])
    assert np.array_equal(cells.edges, small[0].edges)
    assert np.array_equal(cells.operators, small[0].operators)


CONV = "conv3x3-bn-relu"
BROKEN = {
    "8 vertices and 7 edges": f"input,{','.join([CONV] * 6)},output;0-1,1-2,2-3,3-4,4-5,5-6,6-7",
    "5 vertices and 10 edges": f"input,{','.join([CONV] * 3)},output;"
    "0-1,0-2,0-3,0-4,1-2,1-3,1-4,2-3,2-4,3-4",
    "on a path from input to output": f"input,{CONV},{CONV},output;0-1,0-2,1-3",
    "every vertex must lie on a path": "input,output;",
    "not of the form '0-1,1-2'": f"input,{CONV},output;0-1,1",
    "edges of 'input,output;a-b'": "input,output;a-b",
    r"edge \(1, 0\) must go from a lower": "input,output;1-0",
    "ascending and distinct": "input,output;0-1,0-1",
    "starts with 'input' and ends with 'output'": f"{CONV},output;0-1",
}


@pytest.mark.parametrize("rule", BROKEN)
def test_a_cell_outside_of_nasbench101_is_refused_with_the_rule(rule):
    with pytest.raises(InvalidCellError, match=rule):
        NB101.parse(BROKEN[rule])


def test_nasbench101_formats_no_operator_of_another_space():
    with pytest.raises(InvalidCellError, match=r"nasbench101 has no \['zero'\]"):
        NB101.format(Cell(("input", "zero", "output"), ((0, 1), (1, 2))))


def test_an_unknown_nasbench101_operator_is_answered_with_the_nearest_one():
    with pytest.raises(UnknownNameError, match=r"'maxpool3x'.*did you mean 'maxpool3x3'"):
        NB101.parse("input,maxpool3x,output;0-1,1-2")


# NAS-Bench-201

ZEROS = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"


def test_a_nasbench201_cell_is_the_line_graph_of_the_paper():
    # Vertices 1 to 6 are the edges 0->1, 0->2, 1->2, 0->3, 1->3, 2->3; 1 ends where 3 and 5 start.
    expected = ((0, 1), (0, 2), (0, 4), (1, 3), (1, 5), (2, 6), (3, 6), (4, 7), (5, 7), (6, 7))
    assert NB201.parse(ZEROS).edges == expected


def test_nasbench201_operators_stand_in_the_order_of_the_string():
    text = "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|avg_pool_3x3~0|nor_conv_1x1~1|none~2|"
    inner = ("conv_3x3", "zero", "identity", "avg_pool_3x3", "conv_1x1", "zero")
    assert NB201.parse(text).operators == ("input", *inner, "output")


@pytest.mark.parametrize(
    "text", ["", ZEROS[:-1], ZEROS.replace("~2", "~1"), ZEROS + ZEROS, ZEROS.replace("+", "")]
)
def test_a_malformed_nasbench201_string_is_refused_with_the_form(text):
    with pytest.raises(InvalidCellError, match=r"is not of the form '\|OPERATOR~0\|\+"):
        NB201.parse(text)


def test_an_unknown_nasbench201_operator_is_answered_with_the_nearest_one():
    with pytest.raises(UnknownNameError, match=r"'nor_conv_5x5'.*did you mean 'nor_conv_3x3'"):
        NB201.parse(ZEROS.replace("none~2", "nor_conv_5x5~2"))


def test_nasbench201_formats_no_other_graph():
    with pytest.raises(InvalidCellError, match="is not a cell of this space"):
        NB201.format(Cell(("input", "zero", "output"), ((0, 1), (1, 2))))


def test_nasbench201_has_15625_distinct_cells():
    assert len(np.unique(NB201.enumerate().operators, axis=0)) == len(NB201.enumerate()) == 15625


def test_choices_of_cells_are_the_ones_that_made_them():
    choices = np.random.default_rng(0).integers(0, 5, size=(100, 6))
    assert np.array_equal(NB201.choices_of_cells(NB201.cells_of_choices(choices)), choices)


def test_hashes_of_padded_cells_are_refused():
    padded = NB101.cells(["input,output;0-1"])
    with pytest.raises(InvalidCellError, match="some of these are padded"):
        nasbench101.module_hashes(padded)


def test_digits_that_are_no_numbers_are_refused_as_edges():
    with pytest.raises(InvalidCellError, match="not of the form '0-1,1-2'"):
        NB101.parse("input,output;0-²")
