"""Search spaces as files: the built-in ones in that form, strings and objects, what is refused."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import strategies
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tgnas.cell import Cells
from tgnas.errors import ConfigError, TgnasError, UnknownNameError
from tgnas.operators import CODES, NAMES
from tgnas.registry import SPACES
from tgnas.spaces.space import Space, open_space, read_space, space_of

EXAMPLES = Path(__file__).parents[1] / "examples"
IN_THIS_FORM = ["darts", "nasbench101", "nasbench201", "nasbench_macro"]
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
        "kinds": {"up": 0.5, "down": 0.25, "side": 0.25},
        "inputs": 1,
        "nodes": 2,
        "pairs": 2,
        "different": False,
        "concat": "any",
    },
}


def space(form: str, **changes: object) -> Space:
    return space_of({"name": "mine", "operators": OPERATORS, "cells": FORMS[form] | changes})


def check_same(found: Cells, expected: Cells) -> None:
    assert np.array_equal(found.operators, expected.operators)
    assert np.array_equal(found.edges, expected.edges)


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
    for kind in FORMS["genotype"]["kinds"]:
        sources = [0, 0, draw(st.integers(0, 1)), draw(st.integers(0, 1))]
        found[kind] = [[draw(operator), source] for source in sources]
        found[f"{kind}_concat"] = draw(st.sampled_from([[1], [2], [1, 2]]))
    return found


@pytest.mark.parametrize("name", IN_THIS_FORM)
@given(data=st.data())
def test_a_built_in_space_in_this_form_gives_identical_cells(name, data):
    drawn = data.draw(st.lists(strategies.members(name), min_size=1, max_size=4))
    texts = [SPACES.load(name).format(member) for member in drawn]
    found = open_space(name).cells(texts)
    check_same(found, SPACES.load(name).cells(texts))
    assert open_space(name).shares == SPACES.load(name).shares


@pytest.mark.parametrize("name", IN_THIS_FORM)
@given(data=st.data())
def test_its_strings_are_understood_by_the_column(name, data):
    text = SPACES.load(name).format(data.draw(strategies.members(name)))
    assert open_space(name).form.read(pa.array([text]))[1].all()


@pytest.mark.parametrize("name", IN_THIS_FORM)
@given(data=st.data())
def test_a_string_its_object_and_the_string_again_are_one_architecture(name, data):
    opened, text = open_space(name), SPACES.load(name).format(data.draw(strategies.members(name)))
    found = opened.object_of(text)
    assert opened.format(found) == text
    check_same(opened.parse(found), opened.parse(text))


@pytest.mark.parametrize("name", SPACES.names())
@given(data=st.data(), text=st.text(max_size=30))
def test_faulty_strings_are_told_by_their_row_and_others_are_read(name, data, text):
    good = SPACES.load(name).format(data.draw(strategies.members(name)))
    parsed = open_space(name).read([good, f"?{text}", good])
    assert list(parsed.errors) == [1]
    assert "\n" not in str(parsed.errors[1])
    size = len(open_space(name).shares)
    check_same(parsed.cells[:size], open_space(name).parse(good))
    check_same(parsed.cells[2 * size :], open_space(name).parse(good))


@pytest.mark.parametrize("form", FORMS)
@given(data=st.data())
def test_every_form_reads_what_it_writes(form, data):
    opened, found = space(form), data.draw(objects(form))
    text = opened.format(found)
    assert opened.object_of(text) == found
    parsed = opened.read([text, found])
    assert not parsed.errors
    half = len(opened.shares)
    check_same(parsed.cells[:half], parsed.cells[half:])


@pytest.mark.parametrize("form", ["edges", "template", "nodes", "blocks"])
@given(data=st.data())
def test_the_column_gives_what_one_string_gives(form, data):
    opened = space(form)
    texts = pa.array([opened.format(data.draw(objects(form))) for _ in range(3)])
    cells, understood = opened.form.read(texts)
    assert understood.all()
    check_same(cells, Cells.concatenate(opened.parse(text) for text in texts.to_pylist()))


@pytest.mark.parametrize("name", ["darts", "nasbench201", "nasbench_macro"])
@given(data=st.data())
def test_choices_are_the_architecture_that_they_write(name, data):
    opened = open_space(name)
    row = [data.draw(st.integers(0, len(options) - 1)) for options in opened.choices]
    check_same(opened.cells_of_choices(np.array([row])), opened.parse(opened.text_of_choices(row)))


def test_an_edge_that_is_left_out_is_the_zero_operator():
    left_out = {"edges": [[0, 1, "nor_conv_3x3"], [1, 3, "skip_connect"]]}
    text = "|nor_conv_3x3~0|+|none~0|none~1|+|none~0|skip_connect~1|none~2|"
    check_same(open_space("nasbench201").parse(left_out), open_space("nasbench201").parse(text))
    assert open_space("nasbench201").format(left_out) == text


def test_an_identity_within_a_stage_is_a_block_that_is_left_out():
    blocks = space("blocks", length=3, stages=[2])
    cell = blocks.parse({"operators": ["skip", "skip", "skip"]}).cell(0)
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
    opened = read_space(EXAMPLES / "transnas_bench_micro.yaml")
    same = "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|nor_conv_1x1~0|nor_conv_3x3~1|none~2|"
    check_same(opened.parse("64-41414-3_01_230"), open_space("nasbench201").parse(same))


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
        ("blocks", {"operators": ["conv"]}, "1 blocks; allowed are 2 to 5"),
        ("genotype", {"up": [], "down": [], "side": []}, "must have"),
    ],
)
def test_what_is_wrong_with_an_object_is_said(form, found, message):
    with pytest.raises(TgnasError, match=message):
        space(form).parse(found)


@given(text=st.text(st.characters(codec="ascii"), max_size=40))
def test_text_that_looks_like_json_and_is_none_is_refused_with_one_line(text):
    with pytest.raises(TgnasError) as caught:
        open_space("nasbench201").parse("{" + text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": None}, "name: None is not of type 'string'"),
        ({"colour": 1}, "'colour' was unexpected"),
        ({"operators": {}}, "operators: "),
        ({"operators": {"a": {"kind": "compute"}}}, "operators: a: needs a description"),
        ({"operators": {"a": {"description": "Input"}}}, "is of the kind input"),
        ({"operators": {False: "conv_3x3"}}, "key False as no text"),
        ({"cells": {"form": "tree"}}, "cells: form: 'tree' is not one of"),
        ({"cells": {"form": "blocks"}}, "cells: 'length' is a required property"),
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
        ({"cells": FORMS["genotype"] | {"kinds": {"a": 0.3}}}, "must add to 1"),
        ({"cells": FORMS["blocks"] | {"separator": "o"}}, "the separator stands in 'conv'"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_with_its_place(tmp_path, change, message):
    content = {"name": "mine", "operators": OPERATORS, "cells": FORMS["nodes"]} | change
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(content))
    with pytest.raises(ConfigError, match=message) as caught:
        read_space(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_and_one_that_is_no_yaml_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        open_space(tmp_path / "none.yaml")
    (tmp_path / "bad.yaml").write_text("a: [")
    with pytest.raises(ConfigError, match="is not YAML"):
        open_space(tmp_path / "bad.yaml")


def test_an_unknown_space_is_answered_with_the_nearest_one():
    with pytest.raises(UnknownNameError, match=r"did you mean 'nasbench201'\?"):
        open_space("nasbench20")


def test_every_key_of_the_schema_is_described():
    schema = yaml.safe_load(
        (Path(__file__).parents[1] / "src/tgnas/spaces/schema.yaml").read_text()
    )

    def undescribed(node: dict, path: str) -> list[str]:
        found = []
        for key, value in node.get("properties", {}).items():
            found += [f"{path}/{key}"] * ("description" not in value and "const" not in value)
            found += undescribed(value, f"{path}/{key}")
        for part in node.get("$defs", {}).values():
            found += undescribed(part, path)
        return found

    assert not undescribed(schema, "")
