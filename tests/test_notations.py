"""Architectures as other libraries, logs and Python write them: one reader for all."""

import collections
import json
import random
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import strategies
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from test_cli import tgnas

from tgnas.errors import InvalidCellError, TgnasError, UnknownNameError
from tgnas.registry import SPACES
from tgnas.spaces.notations.edges import autodl_order
from tgnas.spaces.space import ALIASES, name_of, open_space

NB101, NB201, DARTS = map(open_space, ("nasbench101", "nasbench201", "darts"))
EXAMPLES = Path(__file__).parents[1] / "examples"
DRAWABLE = [EXAMPLES / f"{name}.yaml" for name in ("channels", "genotypes", "mobile_blocks")]
CELL = "|nor_conv_1x1~0|+|skip_connect~0|nor_conv_3x3~1|+|none~0|avg_pool_3x3~1|none~2|"
NORMAL = [("sep_conv_3x3", 1), ("skip_connect", 0), ("dil_conv_5x5", 0), ("max_pool_3x3", 2)] * 2
REDUCE = [("avg_pool_3x3", 0), ("max_pool_3x3", 1), ("skip_connect", 2), ("sep_conv_5x5", 1)] * 2
ALL = [2, 3, 4, 5]
Genotype = collections.namedtuple("Genotype", "normal normal_concat reduce reduce_concat")
GENOTYPE = Genotype(NORMAL, ALL, REDUCE, ALL)


def told(written: object) -> str:
    """Return the id of a test: the same in every process, without an address in memory."""
    return re.sub(r" at 0x\w+", "", str(written))


class Structure:
    """What AutoDL-Projects' structures have."""

    def tostr(self) -> str:
        return CELL


class ModelSpec:
    """What NAS-Bench-101's specifications have."""

    matrix = np.array([[0, 1, 0], [0, 0, 1], [0, 0, 0]], dtype=np.int8)
    ops = ("input", "maxpool3x3", "output")


def read(space, given) -> str:
    return space.format(space.architectures([given]))[0]


@pytest.mark.parametrize(
    "written",
    [
        CELL,
        "(3, 0, 1, 2, 4, 1)",  # NASLib, edges 0-1, 0-2, 0-3, 1-2, 1-3, 2-3
        [3, 0, 1, 2, 4, 1],
        (3, 0, 1, 2, 4, 1),
        np.array([3, 0, 1, 2, 4, 1]),
        "[3 0 1 2 4 1]",
        "array([3, 0, 1, 2, 4, 1])",
        "(np.int64(3), np.int64(0), np.int64(1), np.int64(2), np.int64(4), np.int64(1))",
        f"Structure(4 nodes with {CELL})",
        f"<<<--->>> The 010-th epoch : Structure(4 nodes with {CELL})",
        f"best_arch = {CELL}",
        f"[2026-11-28 09:15:02] best architecture: {CELL}",
        {"0_1": "conv_1x1", "0_2": "skip_connect", "0_3": "none", "1_2": "conv_3x3",
         "1_3": "avg_pool_3x3", "2_3": "none"},  # NNI
        Structure(),
        "((('nor_conv_1x1', 0),), (('skip_connect', 0), ('nor_conv_3x3', 1)), "
        "(('none', 0), ('avg_pool_3x3', 1), ('none', 2)))",
        {"edges": [(0, 1, "nor_conv_1x1"), (0, 2, "skip_connect"), (1, 2, "nor_conv_3x3"),
                   (np.int64(1), 3, "avg_pool_3x3")]},
    ],
    ids=told,
)  # fmt: skip
def test_a_cell_of_nasbench201_is_read_as_others_write_it(written):
    assert read(NB201, written) == CELL


def test_an_index_is_the_place_in_the_files_of_nats_bench():
    # Asserted by the authors' own code for the places 0, 9 and 123
    # (D-X-Y/AutoDL-Projects, exps/NAS-Bench-201/main.py).
    assert read(NB201, 0) == (
        "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+"
        "|nor_conv_1x1~0|skip_connect~1|skip_connect~2|"
    )
    assert read(NB201, "9") == (
        "|avg_pool_3x3~0|+|none~0|none~1|+|skip_connect~0|none~1|nor_conv_3x3~2|"
    )
    assert read(NB201, np.int32(123)) == (
        "|avg_pool_3x3~0|+|avg_pool_3x3~0|nor_conv_1x1~1|+|none~0|avg_pool_3x3~1|nor_conv_3x3~2|"
    )
    with pytest.raises(InvalidCellError, match="no architecture 15625 in NATS-Bench"):
        NB201.parse("15625")


@pytest.mark.parametrize("written", ["1e3", "1.23E+04", " 1.E3", "+1e0"])
def test_an_index_that_a_spreadsheet_has_shortened_is_refused(written):
    with pytest.raises(InvalidCellError, match="a spreadsheet has shortened; write all its digits"):
        NB201.parse(written)


def test_the_index_is_that_of_the_released_tables(nasbench201):
    rows = random.Random(0).sample(range(15_625), 100)
    assert NB201.format(NB201.architectures(rows)) == [nasbench201.strings[row] for row in rows]
    assert len(set(autodl_order())) == 15_625


PRINTED = repr(GENOTYPE)


@pytest.mark.parametrize(
    "written",
    [
        PRINTED,
        f"MINE_V1 = {PRINTED}",
        f"11/26 09:15:02 AM genotype = {PRINTED}",
        f"genotypes.{PRINTED};  # epoch 49",
        PRINTED.replace("[2, 3, 4, 5]", "range(2, 6)"),
        PRINTED.replace("[2, 3, 4, 5]", "array([2, 3, 4, 5])"),
        PRINTED.replace("', 1", "', np.int64(1)"),
        f"Genotype({NORMAL}, range(2, 6), {REDUCE}, range(2, 6))",
        GENOTYPE,
        GENOTYPE._asdict(),
        GENOTYPE._replace(normal_concat=range(2, 6)),
        {"normal": [(name, np.int64(node)) for name, node in NORMAL], "reduce": REDUCE},
        (NORMAL, REDUCE),
        [NORMAL, ALL, REDUCE, ALL],
        str({"normal": NORMAL, "reduce": REDUCE}),
        json.dumps({"normal": NORMAL, "reduce": REDUCE}),
    ],
    ids=told,
)
def test_a_genotype_is_read_as_logs_and_objects_say_it(written):
    assert read(DARTS, written) == PRINTED


def test_naslibs_tuples_of_nasbench301_name_the_node_first():
    pairs = ((0, 3), (1, 0), (0, 2), (2, 5), (1, 6), (3, 1), (0, 4), (4, 2))
    member = DARTS.object_of(str((pairs, pairs)))
    assert member["normal"][:2] == [["sep_conv_3x3", 0], ["max_pool_3x3", 1]]
    assert member["normal"] == member["reduce"]


# A configuration that NAS-Bench-301's authors build a network of, among the keys of its training.
CONFIGURATION = {
    "OptimizerSelector:sgd:learning_rate": 0.025,
    **{
        f"NetworkSelectorDatasetInfo:darts:{key}": value
        for key, value in {
            "auxiliary": True,
            "drop_path_prob": 0.2,
            **dict.fromkeys(("inputs_node_normal_3", "inputs_node_normal_4"), "0_1"),
            "inputs_node_normal_5": "2_3",
            "inputs_node_reduce_3": "0_1",
            "inputs_node_reduce_4": "0_2",
            "inputs_node_reduce_5": "1_3",
            "edge_normal_0": "max_pool_3x3",
            "edge_normal_1": "sep_conv_5x5",
            **dict.fromkeys((f"edge_normal_{n}" for n in (2, 3, 5, 6)), "avg_pool_3x3"),
            "edge_normal_11": "dil_conv_3x3",
            "edge_normal_12": "skip_connect",
            "edge_reduce_0": "dil_conv_5x5",
            "edge_reduce_1": "sep_conv_3x3",
            **dict.fromkeys((f"edge_reduce_{n}" for n in (2, 3, 10)), "max_pool_3x3"),
            "edge_reduce_5": "dil_conv_5x5",
            "edge_reduce_7": "avg_pool_3x3",
            "edge_reduce_12": "dil_conv_3x3",
        }.items()
    },
}


class Configuration:
    """What ConfigSpace's configurations have."""

    def get_dictionary(self) -> dict[str, object]:
        return CONFIGURATION


@pytest.mark.parametrize(
    "written",
    [CONFIGURATION, Configuration(), json.dumps(CONFIGURATION), repr(CONFIGURATION)],
    ids=["mapping", "object", "JSON", "printed"],
)
def test_a_configuration_of_nasbench301_is_read(written):
    member = DARTS.object_of(read(DARTS, written))
    pool = "avg_pool_3x3"
    first, second = [["max_pool_3x3", 0], ["sep_conv_5x5", 1]], [[pool, 0], [pool, 1]]
    last = [["dil_conv_3x3", 2], ["skip_connect", 3]]
    assert member["normal"] == [*first, *second, *second, *last]
    assert member["reduce"][4:] == [
        ["dil_conv_5x5", 0],
        [pool, 2],
        ["max_pool_3x3", 1],
        ["dil_conv_3x3", 3],
    ]


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("inputs_node_normal_5", "0_1", "inputs_node_normal_5 is '0_1', and no edge_normal_9"),
        ("inputs_node_normal_5", "7_8", "edge_normal_11 is the edge of none"),
        ("edge_normal_13", "skip_connect", "edge_normal_13 is the edge of none"),
        ("edge_normal_0", "conv", "unknown darts operator 'conv'"),
    ],
)
def test_a_configuration_that_does_not_add_up_is_refused(key, value, message):
    changed = CONFIGURATION | {f"NetworkSelectorDatasetInfo:darts:{key}": value}
    with pytest.raises(TgnasError, match=message):
        read(DARTS, changed)


MATRIX = [[0, 1, 0, 1], [0, 0, 1, 0], [0, 0, 0, 1], [0, 0, 0, 0]]
OPS = ["input", "conv1x1-bn-relu", "maxpool3x3", "output"]


@pytest.mark.parametrize(
    "written",
    [
        {"matrix": MATRIX, "ops": OPS},
        {"matrix": np.array(MATRIX, dtype=float), "ops": OPS},
        {"module_adjacency": MATRIX, "module_operations": OPS, "trainable_parameters": 1},
        (MATRIX, OPS),
        str((MATRIX, OPS)),
        (*np.ravel(MATRIX), 0, 3, 2, 1),  # NASLib
        {"op1": OPS[1], "op2": OPS[2], "input1": [0], "input2": [1], "input3": [0, 2]},  # NNI
        str({"matrix": str(MATRIX), "ops": OPS}).replace("'[[", "[[").replace("]]'", "]]"),
    ],
    ids=told,
)
def test_a_cell_of_nasbench101_is_read_as_others_write_it(written):
    assert read(NB101, written) == "input,conv1x1-bn-relu,maxpool3x3,output;0-1,0-3,1-2,2-3"


@pytest.mark.parametrize("ops", [[-1, 1, 2, -2], "input", None])
def test_a_matrix_whose_operators_are_no_names_is_told_so(ops):
    with pytest.raises(TgnasError, match="'ops' a list of the operators' names"):
        read(NB101, {"matrix": MATRIX, "ops": ops})


def test_a_specification_of_nasbench101_is_read():
    assert read(NB101, ModelSpec()) == "input,maxpool3x3,output;0-1,1-2"


def test_what_lies_on_no_path_is_pruned_before_the_limits_count():
    conv, pool = "conv3x3-bn-relu", "maxpool3x3"
    text = f"input,{conv},{pool},{conv},{pool},{conv},{pool},output;0-1,1-7,2-7,0-3,4-5,5-7"
    assert read(NB101, text) == f"input,{conv},output;0-1,1-2"


def in_order(genotype: str) -> str:
    """Return a genotype whose nodes have their inputs in ascending order."""
    member = DARTS.object_of(genotype)
    for kind in ("normal", "reduce"):
        pairs = member[kind]
        nodes = (sorted(pairs[at : at + 2], key=lambda pair: pair[1]) for at in range(0, 8, 2))
        member[kind] = [pair for node in nodes for pair in node]
    return DARTS.format(DARTS.architectures([member]))[0]


@settings(max_examples=10)
@given(data=st.data())
@pytest.mark.parametrize("name", SPACES.names())
def test_what_a_notation_writes_is_read_as_the_same(name, data):
    space = open_space(name)
    architecture = data.draw(strategies.architectures(name))
    [own] = space.format(architecture)
    for notation in ("own", name, "json", *space.form.notations):
        [written] = space.write(architecture, notation)
        again = written if isinstance(written, dict | int) else str(written)
        found = space.format(space.architectures([again]))
        if notation == "configspace":  # which does not keep the order of a node's two inputs
            assert in_order(found[0]) == in_order(own)
        else:
            assert found == [own]


@pytest.mark.parametrize("name", [*SPACES.names(), *DRAWABLE], ids=lambda name: Path(name).stem)
def test_the_object_is_read_as_a_text_of_json_too_as_a_csv_holds_it(name):
    space = open_space(name)
    drawn = space.sample(3, np.random.default_rng(0))
    texts = [json.dumps(member) for member in space.write(drawn, "json")]
    assert space.format(space.architectures(texts)) == space.format(drawn)


def test_the_help_and_the_page_name_every_notation():
    names = {name for space in SPACES.names() for name in open_space(space).form.notations}
    page = (EXAMPLES.parent / "docs" / "notations.md").read_text()
    listed = " ".join(re.sub(r"[│\n]", " ", tgnas("convert", "--help").stdout).split())
    for name in names:
        assert re.search(rf"\b{name}[,;]", listed), name
        assert f"`{name}`" in page, name


def test_a_notation_that_a_space_lacks_is_answered_with_those_it_has():
    with pytest.raises(UnknownNameError, match=r"'naslb' .did you mean 'naslib'.*nats"):
        NB201.write(NB201.parse(CELL), "naslb")


@pytest.mark.parametrize(
    ("space", "written", "message"),
    [
        (DARTS, CELL, "looks like a cell of NAS-Bench-201"),
        (NB201, PRINTED, "looks like a genotype of DARTS"),
        (NB101, "5c14" * 8, "a hash of NAS-Bench-101, which says no cell"),
        (NB201, "64:64:32:32:8", "channels of NATS-Bench's size space"),
        (NB201, [3, 0, 1, 2, 4, 7], "no operator 7 in NASLib's list"),
        (NB201, [3, 0, 1], "none of the ways to write an architecture"),
        (NB101, {"matrix": [[0, 1]], "ops": OPS}, "must have 4 rows"),
        (NB201, object(), "is of type object"),
        (NB201, b"abc", "is of type bytes"),
        (NB201, "\udc80", "is not of the form"),
        (NB201, ["nor_conv_1x1"] * 6, "none of the ways"),
        (DARTS, PRINTED + " " + PRINTED, "is not of the form"),
        (DARTS, PRINTED.replace("reduce=", "reduce=[], reduce="), "'reduce' stands there twice"),
        (DARTS, PRINTED.replace("max_pool_3x3", "ma x_po ol_3x3"), "operator 'ma x_po ol_3x3'"),
        (NB201, float("nan"), "there is no architecture"),
        (NB201, pd.NA, "there is no architecture"),
        (NB201, "(" * 100_000, "is not of the form"),
        (NB201, "9" * 5000, "is not of the form"),
    ],
    ids=range(18),
)
def test_what_cannot_be_read_is_named_with_its_row_in_one_short_line(space, written, message):
    good = space.format(space.sample(1, np.random.default_rng(0)))[0]
    with pytest.raises(TgnasError, match=message) as caught:
        space.architectures([good, written])
    assert str(caught.value).startswith("row 1: ")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(
    "alone",
    [
        CELL,
        {"edges": []},
        GENOTYPE,
        7,
        pd.DataFrame({"a": [CELL]}),
        np.array(CELL),
        torch.tensor(7),
    ],
    ids=range(7),
)
def test_one_architecture_that_is_no_column_is_told_to_be_put_into_a_list(alone):
    with pytest.raises(InvalidCellError, match=r"put one into a list|give the one that holds"):
        NB201.architectures(alone)


@pytest.mark.parametrize(
    "column",
    [
        lambda: (cell for cell in [CELL] * 3),
        lambda: map(str.strip, [CELL] * 3),
        lambda: pd.Series([CELL] * 3, index=[7, 8, 9]),
        lambda: np.array([CELL] * 3),
        lambda: np.array([[3, 0, 1, 2, 4, 1]] * 3),
        lambda: pa.chunked_array([[CELL], [CELL] * 2]),
        lambda: pa.array([CELL] * 3, pa.large_string()),
        lambda: dict.fromkeys([CELL, CELL + " ", " " + CELL]).keys(),
    ],
)
def test_any_iterable_is_read_once_and_fully(column):
    assert NB201.format(NB201.architectures(column())) == [CELL] * 3


@settings(max_examples=30, deadline=None)
@given(data=st.data())
@pytest.mark.parametrize("name", SPACES.names())
def test_what_is_read_by_the_column_is_what_is_read_alone(name, data):
    space = open_space(name)
    [text] = space.format(data.draw(strategies.architectures(name)))
    letters = st.sampled_from(" ,()[]='\"\t10_~|+-;a")
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(text)))
        kept = data.draw(st.integers(0, 2))
        text = text[:place] + data.draw(st.text(letters, max_size=2)) + text[place + kept :]
    cells, understood = space.form.read(pa.array([text]))
    if understood[0]:
        alone = space.parse(text).cells
        assert np.array_equal(cells.operators, alone.operators)
        assert np.array_equal(cells.edges, alone.edges)


@pytest.mark.parametrize(
    "fault",
    [("max_pool_3x3", "ma x_po ol_3x3"), (" 1)", " 1 )"), ("', 1", "', 0 1"), ("'", '"', 1)],
)
def test_a_space_within_a_name_or_a_number_is_not_understood_by_the_column(fault):
    _, understood = DARTS.form.read(pa.array([PRINTED.replace(*fault)]))
    assert understood[0] == (fault[0] == " 1)")


@pytest.mark.parametrize(
    "name", ["nasbench301", "NAS-Bench-301", "nb301", "nats", "tss", "NB_201", "nats-bench-tss"]
)
def test_public_names_open_what_is_here(name):
    expected = "darts" if "301" in name else "nasbench201"
    assert name_of(name) == expected
    assert open_space(name).name == expected
    assert set(ALIASES.values()) <= set(SPACES.names())


@pytest.mark.parametrize(
    ("name", "hint"),
    [("nasbench302", "'darts'"), ("natss", "'nasbench201'"), ("sss", "size space")],
)
def test_a_name_nearly_right_has_the_hint_of_the_space_that_is_meant(name, hint):
    with pytest.raises(UnknownNameError, match=hint):
        open_space(name)


def test_a_name_that_is_like_none_has_no_hint():
    with pytest.raises(UnknownNameError, match="unknown space 'hwnas'; known:"):
        open_space("hwnas")


def test_nothing_of_a_text_is_run():
    with pytest.raises(TgnasError):
        DARTS.parse(PRINTED.replace("'max_pool_3x3'", "open('/dev/null').name"))
