"""Search spaces: their strings, their rules, their counts."""

import math
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
from tgnas.spaces import darts, nasbench101, nasbench201
from tgnas.spaces.base import format_choices

DARTS, NB101, NB201 = darts.SPACE, nasbench101.SPACE, nasbench201.SPACE


# Every space


@pytest.mark.parametrize("name", SPACES.names())
@given(data=st.data())
def test_a_formatted_architecture_parses_to_the_same(name, data):
    space, member = SPACES.load(name), data.draw(strategies.members(name))
    assert space.parse(space.format(member)) == member


@pytest.mark.parametrize("name", SPACES.names())
@given(data=st.data())
def test_many_strings_become_the_cells_of_each(name, data):
    space = SPACES.load(name)
    members = data.draw(st.lists(strategies.members(name), min_size=1, max_size=5))
    packed = space.cells([space.format(member) for member in members])
    expected = [cell for member in members for cell in strategies.cells_of(member)]
    assert [packed.cell(row) for row in range(len(packed))] == expected


@pytest.mark.parametrize("name", SPACES.names())
@given(text=st.text(st.characters(codec="ascii")))
def test_text_that_is_no_architecture_is_refused_with_one_line(name, text):
    with pytest.raises(TgnasError) as caught:
        SPACES.load(name).parse(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", SPACES.names())
@given(data=st.data())
def test_every_kind_of_cell_has_its_share_of_the_network(name, data):
    shares = SPACES.load(name).shares
    assert len(shares) == len(strategies.cells_of(data.draw(strategies.members(name))))
    assert sum(shares) == 1


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


# DARTS

# Node 2 adds pairs 0 and 1, node 3 pairs 2 and 3, and so on; pair p is vertex p + 2.
NORMAL = (
    "[('sep_conv_3x3', 0), ('skip_connect', 1), ('dil_conv_5x5', 2), ('max_pool_3x3', 0), "
    "('avg_pool_3x3', 3), ('sep_conv_5x5', 2), ('dil_conv_3x3', 4), ('skip_connect', 3)]"
)
REDUCTION = NORMAL.replace("sep_conv_3x3", "max_pool_3x3")
CONCAT = "[2, 3, 4, 5]"
GENOTYPE = (
    f"Genotype(normal={NORMAL}, normal_concat={CONCAT}, reduce={REDUCTION}, reduce_concat={CONCAT})"
)


def test_a_darts_operator_receives_from_what_ends_in_the_node_that_it_takes_from():
    cell = DARTS.parse(GENOTYPE)[0]
    into = [[i for i, j in cell.edges if j == vertex] for vertex in range(11)]
    inputs, operators, output = into[:2], into[2:10], into[10]
    assert inputs == [[], []]
    assert operators == [[0], [1], [2, 3], [0], [4, 5], [2, 3], [6, 7], [4, 5]]
    assert output == [2, 3, 4, 5, 6, 7, 8, 9]


def test_darts_operators_stand_in_the_order_of_the_genotype():
    normal, reduction = DARTS.parse(GENOTYPE)
    rest = ("identity", "dil_conv_5x5", "max_pool_3x3", "avg_pool_3x3", "sep_conv_5x5")
    rest += ("dil_conv_3x3", "identity", "output")
    assert normal.operators == ("input", "input", "sep_conv_3x3", *rest)
    assert reduction.operators == ("input", "input", "max_pool_3x3", *rest)


@pytest.mark.parametrize(
    ("printed", "other"),
    [(CONCAT, "range(2, 6)"), (CONCAT, "(2, 3, 4, 5)"), (", ", ",\n  "), (", ", ","), ("'", '"')],
)
def test_another_print_of_a_genotype_is_the_same_architecture(printed, other):
    assert DARTS.format(DARTS.parse(GENOTYPE.replace(printed, other))) == GENOTYPE


BAD_GENOTYPES = {
    "the normal cell has 7 pairs; a cell has 8": ("('sep_conv_3x3', 0), ", ""),
    "node 2 of the normal cell takes from node 2; allowed are 0 to 1": (
        "'sep_conv_3x3', 0",
        "'sep_conv_3x3', 2",
    ),
    "takes from node -1; allowed are 0 to 1": ("'sep_conv_3x3', 0", "'sep_conv_3x3', -1"),
    "node 2 of the normal cell takes from node 1 twice": ("'sep_conv_3x3', 0", "'sep_conv_3x3', 1"),
    r"normal_concat is \[2, 3\]; allowed is \[2, 3, 4, 5\]": (f"t={CONCAT}, r", "t=[2, 3], r"),
}


@pytest.mark.parametrize("rule", BAD_GENOTYPES)
def test_a_genotype_that_breaks_a_rule_of_darts_is_refused_with_the_rule(rule):
    with pytest.raises(InvalidCellError, match=rule):
        DARTS.parse(GENOTYPE.replace(*BAD_GENOTYPES[rule]))


@pytest.mark.parametrize(
    ("printed", "other"),
    [
        (GENOTYPE, "None"),
        ("Genotype", "Architecture"),
        ("Genotype", "x = 1, Genotype"),
        ("'sep_conv_3x3'", "print('run')"),
        ("'sep_conv_3x3', 0", "'sep_conv_3x3', '0'"),
        ("'skip_connect', 1", "'skip_connect', True"),
        ("reduce=", "normal="),
        (CONCAT, "range(10**12)"),
        (CONCAT, "5"),
    ],
)
def test_a_text_that_is_no_darts_genotype_is_refused_with_the_form(printed, other):
    with pytest.raises(InvalidCellError, match=r"is not of the form Genotype\(normal=\[\('OPER"):
        DARTS.parse(GENOTYPE.replace(printed, other))


def test_an_unknown_darts_operator_is_answered_with_the_nearest_one():
    with pytest.raises(UnknownNameError, match=r"'sep_conv_7x7'.*did you mean 'sep_conv_5x5'"):
        DARTS.parse(GENOTYPE.replace("sep_conv_5x5", "sep_conv_7x7"))


def test_the_none_of_darts_stands_in_no_genotype():
    with pytest.raises(UnknownNameError, match="unknown darts operator 'none'"):
        DARTS.parse(GENOTYPE.replace("skip_connect", "none"))


@pytest.mark.parametrize(
    "other",
    [
        Cell(("input", "output"), ((0, 1),)),
        NB201.parse(ZEROS),
        Cell(DARTS.parse(GENOTYPE)[0].operators, DARTS.parse(GENOTYPE)[0].edges[1:]),
        Cell(("input", "input", *["zero"] * 8, "output"), DARTS.parse(GENOTYPE)[0].edges),
    ],
)
def test_darts_formats_no_cell_of_another_space(other):
    normal, _ = DARTS.parse(GENOTYPE)
    with pytest.raises(InvalidCellError, match="is not a reduction cell of this space"):
        DARTS.format((normal, other))


@pytest.mark.parametrize("name", [n for n in SPACES.names() if hasattr(SPACES.load(n), "choices")])
@given(data=st.data())
def test_cells_of_choices_are_those_of_the_string_that_they_spell(name, data):
    space, row = SPACES.load(name), data.draw(strategies.choices(name))
    cells, again = space.cells_of_choices(row), space.cells(format_choices(space, row))
    assert np.array_equal(cells.operators, again.operators)
    assert np.array_equal(cells.edges, again.edges)


def test_the_choices_of_darts_are_the_known_number_of_genotypes():
    # Liu et al. count (k + 1) k / 2 x 7^2 for the k-th of 4 nodes, squared for two cells.
    expected = (1 * 3 * 6 * 10 * 7**8) ** 2
    assert math.prod(len(options) for options in DARTS.choices) == expected


def test_the_first_choices_of_darts_spell_this_genotype():
    row = np.zeros((1, 24), dtype=np.int64)
    # Nodes 2 to 5 have the decisions 0-2, 3-5, 6-8, 9-11: sources, then the two operators.
    row[0, [1, 5, 9, 11]] = 3, 2, DARTS.choices[9].index("0,4"), 6
    pairs = "[('sep_conv_3x3', 0), ('max_pool_3x3', 1), ('max_pool_3x3', 0), ('skip_connect', 1), "
    pairs += "('max_pool_3x3', 0), ('max_pool_3x3', 1), ('max_pool_3x3', 0), ('dil_conv_5x5', 4)]"
    assert format_choices(DARTS, row)[0].startswith(f"Genotype(normal={pairs}, normal_concat=")
