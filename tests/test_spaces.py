"""Search spaces: built in and from files; strings, objects, rules, draws, counts."""

import math
from collections import Counter
from hashlib import md5
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import strategies
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tgnas.cell import Cell, Cells
from tgnas.errors import ConfigError, InvalidCellError, TgnasError, UnknownNameError
from tgnas.operators import CODES, NAMES, OperatorAttributes
from tgnas.registry import SPACES
from tgnas.spaces import nasbench101
from tgnas.spaces.architectures import Architectures, of_cells
from tgnas.spaces.notations.plain import of_text
from tgnas.spaces.skeleton import NetworkKeys, StageKeys, StemKeys
from tgnas.spaces.space import FORMS as FORM_CLASSES
from tgnas.spaces.space import (
    OperatorKeys,
    Space,
    SpaceFile,
    open_space,
    read_space,
    space_of,
)

DARTS, NB101, NB201 = map(open_space, ("darts", "nasbench101", "nasbench201"))
BY_COLUMN = ["darts", "nasbench101", "nasbench201", "nasbench_macro"]
OF_CHOICES = [name for name in SPACES.names() if open_space(name).choices]
EXAMPLES = Path(__file__).parents[1] / "examples"
OPERATORS = {"conv": "conv_3x3", "skip": {"kind": "identity"}, "none": {"kind": "zero"}}
FORMS = {
    "edges": {"form": "operators_on_edges", "nodes": 4, "edges": [[0, 1], [1, 3], [0, 3]]},
    "template": {
        "form": "operators_on_edges",
        "nodes": 3,
        "string": "<{1-2}> {0-1}, {0-2}!",
    },
    "nodes": {"form": "operators_on_nodes", "max_nodes": 5},
    "blocks": {"form": "blocks", "length": [2, 5], "string": "net({blocks})"},
    "genotype": {
        "form": "genotype",
        "cell_weights": {"up": 0.5, "down": 0.25, "side": 0.25},
        "inputs": 1,
        "nodes": 2,
        "pairs": 2,
        "different": False,
        "concat": "any",
    },
}


def space(form: str, **changes: object) -> Space:
    return space_of({"name": "mine", "operators": OPERATORS, "cells": FORMS[form] | changes})


def check_same(found: Architectures, expected: Architectures) -> None:
    assert found.cell_weights == expected.cell_weights
    assert np.array_equal(found.cells.operators, expected.cells.operators)
    assert np.array_equal(found.cells.edges, expected.cells.edges)


def check_members(space: Space, architectures: Architectures) -> None:
    """Raise unless all are members: the space writes and reads no other."""
    check_same(space.architectures(space.format(architectures)), architectures)


def drawn(space: Space, seed: int, count: int = 5) -> Architectures:
    return space.sample(count, np.random.default_rng(seed))


@st.composite
def objects(draw: st.DrawFn, form: str) -> dict:
    """Draw a JSON object of one of the forms above."""
    operator = st.sampled_from(sorted(OPERATORS))
    if form in ("edges", "template"):
        return {"edges": [[*pair, draw(operator)] for pair in space(form).form.pairs]}
    if form == "nodes":
        inner = draw(st.lists(operator, max_size=3))
        size = len(inner) + 2
        pairs = [[i, j] for j in range(size) for i in range(j)]
        edges = draw(st.lists(st.sampled_from(pairs), unique_by=tuple).map(sorted))
        return {"operators": ["input", *inner, "output"], "edges": edges}
    if form == "blocks":
        return {"operators": draw(st.lists(operator, min_size=2, max_size=5))}
    found: dict = {}
    for kind in FORMS["genotype"]["cell_weights"]:
        sources = [0, 0, draw(st.integers(0, 1)), draw(st.integers(0, 1))]
        found[kind] = [[draw(operator), source] for source in sources]
        found[f"{kind}_concat"] = draw(st.sampled_from([[1], [2], [1, 2]]))
    return found


# Every space


@pytest.mark.parametrize("name", SPACES.names())
@given(data=st.data())
def test_a_formatted_architecture_parses_to_the_same(name, data):
    space, one = open_space(name), data.draw(strategies.architectures(name))
    check_same(space.parse(space.format(one)[0]), one)


@pytest.mark.parametrize("name", SPACES.names())
@given(data=st.data())
def test_many_strings_are_read_as_each_alone(name, data):
    space, some = open_space(name), st.lists(strategies.architectures(name), min_size=1, max_size=4)
    parts = data.draw(some)
    texts = [text for part in parts for text in space.format(part)]
    check_same(space.architectures(texts), Architectures.concatenate(parts))
    check_same(space.architectures(texts), Architectures.concatenate(map(space.parse, texts)))


@pytest.mark.parametrize("name", SPACES.names())
@given(text=st.text(st.characters(codec="ascii")).filter(lambda t: type(of_text(t)) is not int))
def test_text_that_is_no_architecture_is_refused_with_one_line(name, text):
    with pytest.raises(TgnasError) as caught:
        open_space(name).parse(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", SPACES.names())
@given(data=st.data())
def test_a_string_its_object_and_the_string_again_are_one_architecture(name, data):
    space, one = open_space(name), data.draw(strategies.architectures(name))
    member = space.object_of(space.format(one)[0])
    check_same(space.parse(member), one)


@pytest.mark.parametrize("name", SPACES.names())
@given(data=st.data(), text=st.text(max_size=30))
def test_faulty_strings_are_told_by_their_row_and_others_are_read(name, data, text):
    space, one = open_space(name), data.draw(strategies.architectures(name))
    good = space.format(one)[0]
    parsed = space.read([good, f"?{text}", good])
    assert list(parsed.errors) == [1]
    assert "\n" not in str(parsed.errors[1])
    check_same(parsed.architectures[[0]], one)
    check_same(parsed.architectures[[2]], one)


@pytest.mark.parametrize("name", BY_COLUMN)
@given(data=st.data())
def test_strings_are_understood_by_the_column(name, data):
    space, one = open_space(name), data.draw(strategies.architectures(name))
    assert space.form.read(pa.array(space.format(one)))[1].all()


@pytest.mark.parametrize("name", SPACES.names())
@settings(max_examples=5)
@given(seed=st.integers(0, 1000))
def test_what_is_drawn_and_its_neighbours_are_members(name, seed):
    space, generator = open_space(name), np.random.default_rng(seed)
    some = space.sample(50, generator)
    assert len(some) == 50
    around = [space.neighbours(some[[row]]) for row in range(10)]
    check_members(space, Architectures.concatenate([some, space.mutate(some, generator), *around]))


@pytest.mark.parametrize("name", SPACES.names())
@given(seed=st.integers(0, 1000))
def test_a_mutation_is_a_neighbour_and_no_neighbour_is_the_architecture_itself(name, seed):
    space = open_space(name)
    one = drawn(space, seed, 1)
    one = space.of_choices(space.choices_of(one)) if space.choices else one
    around = space.neighbours(one)
    assert around.rows_of(space.mutate(one, np.random.default_rng(seed)))[0] >= 0
    assert around.rows_of(one)[0] == -1
    assert len(around.distinct()[0]) == len(around)


@pytest.mark.parametrize("name", SPACES.names())
def test_draws_repeat_with_one_seed(name):
    check_same(drawn(open_space(name), 3), drawn(open_space(name), 3))


@pytest.mark.parametrize("name", SPACES.names())
def test_no_architectures_are_none_in_every_form(name):
    space, generator = open_space(name), np.random.default_rng(0)
    none = space.sample(0, generator)
    assert len(none) == len(space.mutate(none, generator)) == len(space.architectures([])) == 0
    assert space.format(none) == []


@pytest.mark.parametrize("name", OF_CHOICES)
@given(data=st.data())
def test_choices_are_those_of_the_architecture_that_they_make(name, data):
    space, row = open_space(name), data.draw(strategies.choices(name))
    check_members(space, space.of_choices(row))
    assert np.array_equal(space.choices_of(space.of_choices(row)), row)


@pytest.mark.parametrize("name", ["nasbench201", "nasbench101"])
def test_neighbours_of_several_architectures_are_refused(name):
    space = open_space(name)
    two = space.sample(2, np.random.default_rng(0))
    for wrong, count in ((two, 2), (two[:0], 0)):
        with pytest.raises(
            ConfigError, match=f"of one architecture, and these are {count}; mutate"
        ):
            space.neighbours(wrong)


@pytest.mark.parametrize("name", OF_CHOICES)
def test_neighbours_differ_in_one_decision(name):
    space, row = open_space(name), np.zeros((1, len(open_space(name).choices)), dtype=np.int64)
    around = space.choices_of(space.neighbours(space.of_choices(row)))
    assert ((around != row).sum(axis=1) == 1).all()
    assert len(around) == sum(len(options) - 1 for options in space.choices)


def test_a_genotype_counts_by_its_sources_not_by_the_order_of_a_nodes_pairs():
    turned = GENOTYPE.replace(
        "('sep_conv_3x3', 0), ('skip_connect', 1)", "('skip_connect', 1), ('sep_conv_3x3', 0)"
    )
    assert turned != GENOTYPE
    rows = DARTS.choices_of(DARTS.architectures([GENOTYPE, turned]))
    assert np.array_equal(rows[0], rows[1])


@pytest.mark.parametrize("name", SPACES.names())
@given(data=st.data())
def test_every_kind_of_cell_has_its_weight_in_the_network(name, data):
    weights = open_space(name).cell_weights
    assert len(weights) == data.draw(strategies.architectures(name)).cells_per_architecture
    assert sum(weights) == 1


@pytest.mark.parametrize("name", SPACES.names())
def test_a_space_bears_the_name_of_its_file(name):
    assert open_space(name).name == name


def test_an_unknown_space_is_answered_with_the_nearest_one():
    with pytest.raises(UnknownNameError, match=r"'nasbench2O1' \(did you mean 'nasbench201'\?\)"):
        open_space("nasbench2O1")


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
    return nasbench101.enumerate_cells(max_vertices=5)


def test_cells_of_four_vertices_are_counted_as_published():
    cells, _ = nasbench101.enumerate_cells(max_vertices=4)
    assert Counter(cells.sizes.tolist()) == {2: 1, 3: 6, 4: 84}


def test_five_vertices_give_2441_more(small):
    assert Counter(small[0].sizes.tolist()) == {2: 1, 3: 6, 4: 84, 5: 2441}


def test_enumerated_cells_stand_in_ascending_order_of_their_hash(small):
    cells, hashes = small
    assert (hashes[:-1] < hashes[1:]).all()
    assert all(reference_hash(cells.cell(row)) == hashes[row] for row in range(0, 2532, 97))


def test_every_enumerated_cell_obeys_the_rules(small):
    check_members(NB101, Architectures(small[0].padded(7)))


def test_the_enumeration_is_the_same_in_two_processes(small):
    cells, hashes = nasbench101.enumerate_cells(max_vertices=5, processes=2)
    assert np.array_equal(hashes, small[1])
    assert np.array_equal(cells.edges, small[0].edges)
    assert np.array_equal(cells.operators, small[0].operators)


CONV = "conv3x3-bn-relu"
BROKEN = {
    "8 nodes and 7 edges": f"input,{','.join([CONV] * 6)},output;0-1,1-2,2-3,3-4,4-5,5-6,6-7",
    "5 nodes and 10 edges": f"input,{','.join([CONV] * 3)},output;"
    "0-1,0-2,0-3,0-4,1-2,1-3,1-4,2-3,2-4,3-4",
    "no path leads from input to output": "input,output;",
    "not of the form 'input,OPERATOR,...,output;0-1,1-2": f"input,{CONV},output;0-1,1",
    "'input,output;a-b' is not of the form": "input,output;a-b",
    r"edge \[1, 0\] must go from a lower": "input,output;1-0",
    "edges must be different": "input,output;0-1,0-1",
    "start with 'input' and end with 'output'": f"{CONV},output;0-1",
}


@pytest.mark.parametrize("rule", BROKEN)
def test_a_cell_outside_of_nasbench101_is_refused_with_the_rule(rule):
    with pytest.raises(InvalidCellError, match=rule):
        NB101.parse(BROKEN[rule])


def test_nasbench101_formats_no_operator_of_another_space():
    with pytest.raises(InvalidCellError, match="nasbench101: a cell is not in this search space"):
        NB101.format(of_cells(Cell(("input", "zero", "output"), ((0, 1), (1, 2)))))


def test_an_unknown_nasbench101_operator_is_answered_with_the_nearest_one():
    with pytest.raises(UnknownNameError, match=r"'maxpool3x'.*did you mean 'maxpool3x3'"):
        NB101.parse("input,maxpool3x,output;0-1,1-2")


# NAS-Bench-201

ZEROS = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"


def test_a_nasbench201_cell_is_the_line_graph_of_the_paper():
    # Vertices 1 to 6 are the edges 0->1, 0->2, 1->2, 0->3, 1->3, 2->3; 1 ends where 3 and 5 start.
    expected = ((0, 1), (0, 2), (0, 4), (1, 3), (1, 5), (2, 6), (3, 6), (4, 7), (5, 7), (6, 7))
    assert NB201.parse(ZEROS).member(0).edges == expected


def test_nasbench201_operators_stand_in_the_order_of_the_string():
    text = "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|avg_pool_3x3~0|nor_conv_1x1~1|none~2|"
    inner = ("conv_3x3", "zero", "identity", "avg_pool_3x3", "conv_1x1", "zero")
    assert NB201.parse(text).member(0).operators == ("input", *inner, "output")


@pytest.mark.parametrize(
    "text", [ZEROS[:-1], ZEROS.replace("~2", "~1"), ZEROS + ZEROS, ZEROS.replace("+", "")]
)
def test_a_malformed_nasbench201_string_is_refused_with_the_form(text):
    with pytest.raises(InvalidCellError, match=r"is not of the form '\|\{0-1\}~0\|\+"):
        NB201.parse(text)


def test_an_unknown_nasbench201_operator_is_answered_with_the_nearest_one():
    with pytest.raises(UnknownNameError, match=r"'nor_conv_5x5'.*did you mean 'nor_conv_3x3'"):
        NB201.parse(ZEROS.replace("none~2", "nor_conv_5x5~2"))


def test_nasbench201_formats_no_other_graph():
    with pytest.raises(InvalidCellError, match="nasbench201: a cell is not in this search space"):
        NB201.format(of_cells(Cell(("input", "zero", "output"), ((0, 1), (1, 2)))))


def test_nasbench201_has_15625_distinct_cells():
    assert len(NB201.enumerate().distinct()[0]) == len(NB201.enumerate()) == NB201.size == 15625


def test_hashes_of_padded_cells_are_refused():
    padded = NB101.parse("input,output;0-1").cells
    with pytest.raises(InvalidCellError, match="some of these are padded"):
        nasbench101.module_hashes(padded)


def test_digits_that_are_no_numbers_are_refused_as_edges():
    with pytest.raises(InvalidCellError, match="not of the form 'input,OPERATOR"):
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
PARSED = DARTS.parse(GENOTYPE).member(0)[0]


def test_a_darts_operator_receives_from_what_ends_in_the_node_that_it_takes_from():
    cell = DARTS.parse(GENOTYPE).member(0)[0]
    into = [[i for i, j in cell.edges if j == vertex] for vertex in range(11)]
    inputs, operators, output = into[:2], into[2:10], into[10]
    assert inputs == [[], []]
    assert operators == [[0], [1], [2, 3], [0], [4, 5], [2, 3], [6, 7], [4, 5]]
    assert output == [2, 3, 4, 5, 6, 7, 8, 9]


def test_darts_operators_stand_in_the_order_of_the_genotype():
    normal, reduction = DARTS.parse(GENOTYPE).member(0)
    rest = ("identity", "dil_conv_5x5", "max_pool_3x3", "avg_pool_3x3", "sep_conv_5x5")
    rest += ("dil_conv_3x3", "identity", "output")
    assert normal.operators == ("input", "input", "sep_conv_3x3", *rest)
    assert reduction.operators == ("input", "input", "max_pool_3x3", *rest)


@pytest.mark.parametrize(
    ("printed", "other"),
    [(CONCAT, "range(2, 6)"), (CONCAT, "(2, 3, 4, 5)"), (", ", ",\n  "), (", ", ","), ("'", '"')],
)
def test_another_print_of_a_genotype_is_the_same_architecture(printed, other):
    assert DARTS.format(DARTS.parse(GENOTYPE.replace(printed, other))) == [GENOTYPE]


BAD_GENOTYPES = {
    "normal must be a list of 8 pairs": ("('sep_conv_3x3', 0), ", ""),
    "node 2 of the normal cell takes from node 2; allowed are 0 to 1": (
        "'sep_conv_3x3', 0",
        "'sep_conv_3x3', 2",
    ),
    "takes from node -1; allowed are 0 to 1": ("'sep_conv_3x3', 0", "'sep_conv_3x3', -1"),
    "node 2 of the normal cell takes from node 1 twice": ("'sep_conv_3x3', 0", "'sep_conv_3x3', 1"),
    r"normal_concat is \[1, 3\]; allowed are some of \[2, 3, 4, 5\]": (
        f"t={CONCAT}, r",
        "t=[1, 3], r",
    ),
    r"normal_concat is \[3, 3\]; allowed are different": (f"t={CONCAT}, r", "t=[3, 3], r"),
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
        ("'sep_conv_3x3'", "print('run')"),
        (CONCAT, "range(10**12)"),
        ("Genotype", "Genotype(Genotype"),
    ],
)
def test_a_text_that_is_no_darts_genotype_is_refused_with_the_form(printed, other):
    with pytest.raises(InvalidCellError, match=r"is not of the form Genotype\(normal=\[\('OPER"):
        DARTS.parse(GENOTYPE.replace(printed, other))


@pytest.mark.parametrize(
    ("printed", "other", "message"),
    [
        ("'sep_conv_3x3', 0", "'sep_conv_3x3', '0'", "normal must be a list of 8 pairs"),
        ("'skip_connect', 1", "'skip_connect', True", "normal must be a list of 8 pairs"),
        ("reduce=", "normal=", "the field 'normal' stands there twice"),
        (CONCAT, "5", "normal_concat is 5; allowed are some of"),
        ("reduce=", "other=", "the object has the keys"),
    ],
)
def test_a_darts_genotype_of_other_fields_is_refused_with_what_is_wrong(printed, other, message):
    with pytest.raises(InvalidCellError, match=message):
        DARTS.parse(GENOTYPE.replace(printed, other))


def test_an_unknown_darts_operator_is_answered_with_the_nearest_one():
    with pytest.raises(UnknownNameError, match=r"'sep_conv_7x7'.*did you mean 'sep_conv_5x5'"):
        DARTS.parse(GENOTYPE.replace("sep_conv_5x5", "sep_conv_7x7"))


def test_the_none_of_darts_is_read_and_scored_and_never_drawn():
    text = GENOTYPE.replace("skip_connect", "none")
    parsed = DARTS.parse(text)
    assert parsed.member(0)[0].operators[3] == "zero"
    assert DARTS.format(parsed) == [text]
    assert all("none" not in options for options in DARTS.choices)
    with pytest.raises(InvalidCellError, match="stands outside of what is drawn"):
        DARTS.choices_of(parsed)


def test_a_genotype_concatenates_the_nodes_that_it_lists():
    text = GENOTYPE.replace(f"t={CONCAT}, r", "t=[3, 5], r")
    normal, reduction = DARTS.parse(text).member(0)
    assert [i for i, j in normal.edges if j == 10] == [4, 5, 8, 9]
    assert [i for i, j in reduction.edges if j == 10] == [2, 3, 4, 5, 6, 7, 8, 9]
    assert DARTS.format(DARTS.parse(text)) == [text]


@pytest.mark.parametrize(
    "other",
    [
        Cell(("input", "output"), ((0, 1),)),
        NB201.parse(ZEROS).member(0),
        Cell(PARSED.operators, PARSED.edges[1:]),
        Cell(("input", "input", *["conv_3x3"] * 8, "output"), PARSED.edges),
    ],
)
def test_darts_formats_no_cell_of_another_space(other):
    with pytest.raises(InvalidCellError, match="darts: a cell is not in this search space"):
        DARTS.format(of_cells(PARSED, other, cell_weights=DARTS.cell_weights))


def test_the_choices_of_darts_are_the_known_number_of_genotypes():
    # Liu et al. count (k + 1) k / 2 x 7^2 for the k-th of 4 nodes, squared for two cells.
    expected = (1 * 3 * 6 * 10 * 7**8) ** 2
    assert DARTS.size == math.prod(len(options) for options in DARTS.choices) == expected


def test_the_first_choices_of_darts_spell_this_genotype():
    row = np.zeros((1, 24), dtype=np.int64)
    # Nodes 2 to 5 have the decisions 0-2, 3-5, 6-8, 9-11: sources, then the two operators.
    row[0, [1, 5, 9, 11]] = 3, 2, DARTS.choices[9].index("0+4"), 6
    pairs = "[('sep_conv_3x3', 0), ('max_pool_3x3', 1), ('max_pool_3x3', 0), ('skip_connect', 1), "
    pairs += "('max_pool_3x3', 0), ('max_pool_3x3', 1), ('max_pool_3x3', 0), ('dil_conv_5x5', 4)]"
    assert DARTS.format(DARTS.of_choices(row))[0].startswith(
        f"Genotype(normal={pairs}, normal_concat="
    )


# Drawing cells of NAS-Bench-101


def test_drawn_nasbench101_cells_are_of_many_sizes_and_obey_the_limits():
    cells = drawn(NB101, 0, 500).cells
    assert set(cells.sizes) >= {4, 5, 6, 7}
    assert cells.adjacency().sum(axis=(1, 2)).max() <= nasbench101.MAX_EDGES


def test_the_neighbours_of_the_smallest_cell_put_one_operator_on_its_only_edge():
    around = NB101.neighbours(NB101.parse("input,output;0-1"))
    names = ("conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3")
    assert NB101.format(around) == [f"input,{name},output;0-1,0-2,1-2" for name in names]


def test_an_edge_that_is_flipped_off_takes_the_nodes_with_it_that_lead_nowhere():
    text = "input,conv3x3-bn-relu,maxpool3x3,output;0-1,0-3,1-2,2-3"
    strings = NB101.format(NB101.neighbours(NB101.parse(text)))
    assert "input,output;0-1" in strings
    assert "input,conv3x3-bn-relu,maxpool3x3,output;0-1,0-2,0-3,1-2,2-3" in strings
    assert "input,conv1x1-bn-relu,maxpool3x3,output;0-1,0-3,1-2,2-3" in strings


@given(seed=st.integers(0, 100))
def test_every_step_can_be_taken_back(seed):
    one = drawn(NB101, seed, 1)
    around = NB101.neighbours(one)
    other = around[[len(around) // 2]]
    if one.cells.sizes[0] == other.cells.sizes[0]:
        assert NB101.neighbours(other).rows_of(one)[0] >= 0


@given(seed=st.integers(0, 100))
def test_what_a_genotype_concatenates_is_drawn_and_changed_where_it_may_be_anything(seed):
    opened = space("genotype")
    some = drawn(opened, seed)
    check_members(opened, some)
    check_same(opened.of_choices(opened.choices_of(some)), some)
    around = opened.neighbours(some[:1])
    assert len(around) == sum(len(options) - 1 for options in opened.choices)
    endings = {text.rsplit("concat=", 1)[1] for text in opened.format(around)}
    assert endings == {"[1])", "[2])", "[1, 2])"}


def test_all_that_a_small_genotype_concatenates_is_listed():
    opened = space("genotype", cell_weights={"only": 1.0}, nodes=1, inputs=2, different=True)
    assert len(set(opened.format(opened.enumerate()))) == opened.size == len(OPERATORS) ** 2


def test_a_space_without_independent_choices_says_that_it_cannot_be_drawn_from():
    opened = space("genotype", nodes=9)
    with pytest.raises(ConfigError, match="not made of independent choices"):
        drawn(opened, 0)
    with pytest.raises(ConfigError, match="not made of independent choices"):
        opened.enumerate()


def test_blocks_of_several_lengths_are_listed_shorter_ones_first():
    opened = space("blocks", length=[1, 2])
    count, texts = len(opened.operators), opened.format(opened.enumerate())
    assert len(set(texts)) == len(texts) == count + count**2
    assert [text.count(",") for text in texts] == [0] * count + [1] * count**2


def test_blocks_keep_the_limits_of_their_operators():
    opened = space("blocks", length=[1, 3], limits=[{"operators": ["conv"], "least": 1, "most": 2}])
    counts = {text.count("conv") for text in opened.format(opened.enumerate())}
    assert counts == {text.count("conv") for text in opened.format(drawn(opened, 0, 500))} == {1, 2}
    with pytest.raises(InvalidCellError, match="3 blocks of conv; allowed are 1 to 2"):
        opened.parse("net(conv,conv,conv)")


def test_limits_of_some_blocks_leave_the_others_free():
    limits = [{"operators": ["conv"], "most": 0, "blocks": [2, 3]}]
    opened = space("blocks", length=3, limits=limits)
    others = len(opened.operators) - 1
    texts = opened.format(opened.enumerate())
    assert len(texts) == (others + 1) * others**2
    assert set(opened.format(drawn(opened, 0, 2000))) == set(texts)
    around = opened.format(opened.neighbours(opened.parse(texts[0])))
    assert len(around) == others + 2 * (others - 1)
    assert set(around) < set(texts)
    with pytest.raises(InvalidCellError, match="1 block of conv among blocks 2 to 3; allowed are"):
        opened.parse("net(conv,conv,none)")
    for blocks in ([3, 2], [2, 4]):
        with pytest.raises(ConfigError, match="must rise, from 1 to 3"):
            space("blocks", length=3, limits=[limits[0] | {"blocks": blocks}])
    with pytest.raises(ConfigError, match=r"limits.0.blocks: .* it should have at least 2 values"):
        space("blocks", length=3, limits=[limits[0] | {"blocks": [2]}])


def test_blocks_of_which_there_are_exactly_so_many_change_places():
    limits = [{"operators": ["conv"], "least": 2, "most": 2}]
    opened = space("blocks", length=3, limits=limits)
    texts = opened.format(opened.enumerate())
    assert len(texts) == 3 * (len(opened.operators) - 1)
    seen = {texts[0]}
    for _ in texts:
        reached = opened.architectures(sorted(seen))
        seen |= set(opened.format(opened.mutate(reached, np.random.default_rng(len(seen)))))
        steps = [opened.neighbours(reached[row : row + 1]) for row in range(len(reached))]
        seen |= {text for part in steps for text in opened.format(part)}
    assert seen == set(texts)
    alone = space("blocks", length=2, limits=limits)
    with pytest.raises(ConfigError, match="an architecture has none that is one step away"):
        alone.mutate(alone.enumerate(), np.random.default_rng(0))


def test_limits_of_what_may_stand_at_each_block_leave_independent_choices():
    first = {"operators": ["conv"], "least": 1, "blocks": [1, 1]}
    behind = {"operators": ["conv"], "most": 0, "blocks": [2, 3]}
    opened = space("blocks", length=3, limits=[first, behind])
    others = tuple(name for name in opened.operators if name != "conv")
    assert opened.choices == (("conv",), others, others)
    texts = opened.format(opened.enumerate())
    assert texts == [f"net(conv,{one},{other})" for one in others for other in others]
    some = opened.architectures(texts)
    assert opened.of_choices(opened.choices_of(some)).row_keys() == some.row_keys()
    assert set(opened.format(drawn(opened, 0, 500))) == set(texts)
    with pytest.raises(InvalidCellError, match="1 block of conv among blocks 2 to 3"):
        opened.parse("net(conv,none,conv)")


def test_blocks_whose_places_have_operators_of_their_own_are_drawn_however_many_there_are():
    # As in Once-for-all's MobileNetV3, where squeeze and excitation stands in some stages alone.
    odd, even = ["conv"], ["skip", "none"]
    limits = [
        {"operators": odd if place % 2 else even, "least": 1, "blocks": [place, place]}
        for place in range(1, 41)
    ]
    opened = space("blocks", length=[40, 41], limits=limits)
    assert not opened.choices
    for text in opened.format(drawn(opened, 0, 50)):
        inside = text.removeprefix("net(").removesuffix(")").split(",")
        assert {*inside[:40:2]} <= {*odd} and {*inside[1:40:2]} <= {*even}


def test_blocks_that_no_architecture_can_have_are_not_drawn_for_ever():
    none = [{"operators": [name], "least": 2} for name in ("conv", "skip")]
    with pytest.raises(ConfigError, match="the limits leave next to nothing to draw"):
        drawn(space("blocks", length=[1, 3], limits=none), 0)


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ([{"least": 4}], "limit 1: least: 4 is more than 3 blocks"),
        ([{"least": 2, "most": 1}], "limit 1: least: 2 is more than most: 1"),
        ([{"least": 2, "blocks": [3, 3]}], "limit 1: least: 2 is more than 1 block"),
        ([{"most": 2}, {"most": 1, "blocks": [3, 2]}], r"limit 2: blocks \[3, 2\] must rise"),
        ([{"operators": ["cnv"]}], r"unknown mine operator 'cnv' \(did you mean 'conv'\?\)"),
        ([{"least": 3}, {"most": 0, "blocks": [2, 2]}], "limits leave no operator for block 2"),
    ],
)
def test_limits_that_no_blocks_keep_are_refused(limits, message):
    stated = [{"operators": ["conv"]} | limit for limit in limits]
    with pytest.raises(TgnasError, match=f"cells: .*{message}"):
        space("blocks", length=3, limits=stated)


def test_an_architecture_that_has_no_other_is_refused_where_it_is_to_be_changed():
    content = {"name": "one", "operators": {"a": "conv_3x3"}}
    content |= {"cells": {"form": "blocks", "length": 2}}
    for columns in ({}, {"columns": {"resolution": [32]}}):
        opened = space_of(content | columns)
        with pytest.raises(ConfigError, match="none that is one step away"):
            opened.mutate(opened.enumerate(), np.random.default_rng(0))


# NAS-Bench-ASR: an operator, and a sum with earlier ones, whose skips are there or not.
ASR = {
    "nodes": 7,
    "edges": [
        *([0, 1], [1, 2], [0, 2], [2, 3], [3, 4], [0, 4], [2, 4]),
        *([4, 5], [5, 6], [0, 6], [2, 6], [4, 6]),
    ],
    "only": {edge: ["conv", "none"] for edge in ("0-1", "2-3", "4-5")}
    | {edge: ["none", "skip"] for edge in ("0-2", "0-4", "2-4", "0-6", "2-6", "4-6")}
    | {edge: ["skip"] for edge in ("1-2", "3-4", "5-6")},
}


def test_operators_that_stand_on_some_edges_alone_are_drawn_and_listed_there():
    opened = space("edges", **ASR)
    assert opened.size == 2**3 * 2**6  # 6^3 2^6 in the benchmark, which has six operators there
    for name in opened.object_of(opened.format(drawn(opened, 0, 1))[0])["edges"]:
        assert name[2] in ASR["only"][f"{name[0]}-{name[1]}"]
    some = drawn(opened, 1, 200)
    assert opened.architectures(opened.format(some)).row_keys() == some.row_keys()
    assert opened.of_choices(opened.choices_of(some)).row_keys() == some.row_keys()
    around = opened.neighbours(some[:1])
    assert len(opened.format(around)) == 3 + 6


def test_an_operator_on_an_edge_where_it_may_not_stand_is_refused_with_what_may():
    opened = space("edges", **ASR)
    text = opened.format(drawn(opened, 0, 1))[0]
    member = opened.object_of(text)
    edges = {(s, t): name for s, t, name in member["edges"]}
    wrong = {"edges": [[*pair, name] for pair, name in (edges | {(0, 2): "conv"}).items()]}
    with pytest.raises(InvalidCellError, match=r"conv on edge \[0, 2\]; allowed are skip, none"):
        opened.parse(wrong)
    left_out = {"edges": [[*pair, name] for pair, name in edges.items() if pair != (1, 2)]}
    with pytest.raises(InvalidCellError, match=r"none on edge \[1, 2\]; allowed are skip"):
        opened.parse(left_out)
    for only, message in (({"2-9": ["conv"]}, "edge of .* '2-9'"), ({"0-1": ["cnv"]}, "'cnv'")):
        with pytest.raises(TgnasError, match=message):
            space("edges", **ASR | {"only": only})


def test_operators_of_one_meaning_are_told_apart_by_where_they_may_stand():
    operators = {"one": "conv_3x3", "other": "conv_3x3", "skip": {"kind": "identity"}}
    only = {"0-1": ["other", "skip"]}
    cells = {"form": "operators_on_edges", "nodes": 3, "only": only}
    opened = space_of({"name": "b", "operators": operators, "cells": cells})
    assert opened.format(opened.parse("|other~0|+|other~0|skip~1|")) == ["|other~0|+|one~0|skip~1|"]


def test_neighbours_of_blocks_have_one_block_more_or_less_or_another():
    opened = space("blocks", length=[1, 3])
    around = opened.format(opened.neighbours(opened.parse("net(conv,skip)")))
    assert {text.count(",") for text in around} == {0, 1, 2}
    assert "net(conv)" in around and "net(skip,skip)" in around and "net(conv,skip)" not in around


def test_a_space_of_operators_on_nodes_of_ones_own_can_be_drawn_from():
    opened = space("nodes", max_nodes=20, max_edges=9)
    check_members(opened, drawn(opened, 0))
    check_members(opened, opened.mutate(drawn(opened, 0), np.random.default_rng(1)))


def test_a_space_that_is_too_large_is_not_listed():
    with pytest.raises(ConfigError, match=r"darts has 1\.1e\+18 architectures; at most 1,000,000"):
        DARTS.enumerate()


# Spaces in files


@pytest.mark.parametrize("form", FORMS)
@given(data=st.data())
def test_every_form_reads_what_it_writes(form, data):
    opened, member = space(form), data.draw(objects(form))
    text = opened.format(opened.parse(member))[0]
    assert opened.object_of(text) == member
    parsed = opened.read([text, member])
    assert not parsed.errors
    check_same(parsed.architectures[:1], parsed.architectures[1:])


@pytest.mark.parametrize("form", ["edges", "template", "nodes", "blocks"])
@given(data=st.data())
def test_the_column_gives_what_one_string_gives(form, data):
    opened = space(form)
    texts = opened.format(opened.architectures([data.draw(objects(form)) for _ in range(3)]))
    cells, understood = opened.form.read(pa.array(texts))
    assert understood.all()
    check_same(Architectures(cells), Architectures.concatenate(map(opened.parse, texts)))


def test_an_edge_that_is_left_out_is_the_zero_operator():
    left_out = {"edges": [[0, 1, "nor_conv_3x3"], [1, 3, "skip_connect"]]}
    text = "|nor_conv_3x3~0|+|none~0|none~1|+|none~0|skip_connect~1|none~2|"
    check_same(NB201.parse(left_out), NB201.parse(text))
    assert NB201.format(NB201.parse(left_out)) == [text]


def test_an_identity_within_a_stage_is_a_block_that_is_left_out():
    blocks = space("blocks", length=3, stages=[2])
    cell = blocks.parse({"operators": ["skip", "skip", "skip"]}).member(0)
    assert cell.operators == ("input", "zero", "identity", "zero", "output")


def test_known_operators_have_their_code_and_new_ones_the_next_free():
    opened = read_space(EXAMPLES / "own_space.yaml")
    assert opened.operators["conv3"] == CODES["conv_3x3"]
    assert opened.operators["sep7"] == len(NAMES)
    assert opened.operators["attention"] == len(NAMES) + 1
    assert [op.description for op in opened.new] == [
        "Depth-wise separable convolution 7 by 7",
        "Squeeze and excitation channel attention",
    ]


def test_transnas_bench_strings_are_those_of_its_line_graph():
    opened = open_space("transnas_micro")
    same = "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|nor_conv_1x1~0|nor_conv_3x3~1|none~2|"
    check_same(opened.parse("64-41414-3_01_230"), NB201.parse(same))


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")))
def test_every_example_defines_a_space(path):
    assert read_space(path).name == path.stem


@pytest.mark.parametrize(
    ("form", "found", "message"),
    [
        ("edges", {"edges": [[0, 2, "conv"]]}, r"no edge \[0, 2\]; allowed are \[0, 1\]"),
        ("edges", {"edges": [[0, 1, "conv"], [0, 1, "skip"]]}, "twice"),
        ("edges", {"edges": [[0, 1, "cnv"]]}, r"'cnv' \(did you mean 'conv'\?\)"),
        ("edges", {"edges": [[0, 1]]}, "SOURCE, TARGET, OPERATOR"),
        ("edges", {"operators": []}, r"must have \['edges'\]"),
        ("nodes", {"operators": ["conv"], "edges": []}, "start with 'input'"),
        ("nodes", {"operators": ["input", "output"], "edges": [[1, 0]]}, "lower to a higher"),
        ("nodes", {"operators": ["input", "output"], "edges": [[0, True]]}, "list of"),
        ("blocks", {"operators": ["conv"]}, "1 block; allowed are 2 to 5"),
        ("genotype", {"up": [], "down": [], "side": []}, "must have"),
    ],
)
def test_what_is_wrong_with_an_object_is_said(form, found, message):
    with pytest.raises(TgnasError, match=message):
        space(form).parse(found)


@given(text=st.text(st.characters(codec="ascii"), max_size=40))
def test_text_that_looks_like_json_and_is_none_is_refused_with_one_line(text):
    with pytest.raises(TgnasError) as caught:
        NB201.parse("{" + text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": None}, "name: no value is not allowed; it should be a text"),
        ({"name": True}, "name: true is not allowed; it should be a text"),
        ({"colour": 1}, "key at the top level 'colour'"),
        ({"operators": {}}, "operators: "),
        ({"operators": {"a": {"kind": "compute"}}}, "operators: a: needs a description"),
        ({"operators": {"a": {"description": "Input"}}}, "is of the kind input"),
        ({"operators": {False: "conv_3x3"}}, "key no, off or false as no text"),
        ({"operators": {3: "conv_3x3"}}, "key 3 as no text"),
        ({"cells": {"nodes": 3}}, "cells: the key 'form' is missing; known are operators_on_edges"),
        ({"cells": {"from": "blocks"}}, r"key at cells 'from' \(did you mean 'form'\?\); known: "),
        ({"cells": {"form": None}}, "cells: the key 'form' is missing"),
        ({"cells": {"form": {"a": 1}}}, r"cells: form \"{'a': 1}\"; known: blocks"),
        ({"cells": {"form": "tree"}}, "cells: form 'tree'.*; known: blocks, genotype"),
        ({"cells": {"form": "blocks"}}, "cells: the key 'length' is missing"),
        ({"cells": FORMS["edges"] | {"edges": [[2]]}}, r"edges.0: \[2\] is not allowed"),
        ({"cells": FORMS["edges"] | {"edges": [[2, 1]]}}, "0 <= SOURCE < TARGET < 4"),
        ({"cells": FORMS["template"] | {"string": "{0-1}"}}, r"must name each of \{0-1\}"),
        (
            {
                "operators": OPERATORS | {"pooling": "max_pool_3x3"},
                "cells": FORMS["template"] | {"string": "{0-1}{0-2}{1-2}"},
            },
            "equally many characters",
        ),
        ({"cells": FORMS["template"] | {"string": "{0-1}n{0-2}n{1-2}"}}, "'n' behind"),
        ({"cells": FORMS["genotype"] | {"cell_weights": {"a": 0.3}}}, "must add to 1"),
        ({"cells": FORMS["blocks"] | {"separator": "o"}}, "the separator stands in 'conv'"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_with_its_place(tmp_path, change, message):
    content = {"name": "mine", "operators": OPERATORS, "cells": FORMS["nodes"]} | change
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(content))
    with pytest.raises(TgnasError, match=message) as caught:
        read_space(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_and_one_that_is_no_yaml_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        open_space(tmp_path / "none.yaml")
    (tmp_path / "bad.yaml").write_text("a: [")
    with pytest.raises(ConfigError, match="is not YAML"):
        open_space(tmp_path / "bad.yaml")


OF_FORMS = [keys for _, keys in FORM_CLASSES.values()]
MODELS = [SpaceFile, OperatorKeys, OperatorAttributes, NetworkKeys, StageKeys, StemKeys, *OF_FORMS]


@pytest.mark.parametrize("model", MODELS)
def test_every_key_of_a_file_is_described(model):
    assert all(key.description for key in model.model_fields.values())
