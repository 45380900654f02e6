"""A space of each kind, as in examples/: what it is, how large it is, what is refused."""

import re
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from tgnas.costs.layers import count_flops, count_parameters, layers_of
from tgnas.costs.operators import (
    Coefficients,
    attribute_table,
    coefficients,
    work_at_width,
)
from tgnas.costs.vertices import vertex_costs
from tgnas.errors import ConfigError, InvalidCellError, TgnasError
from tgnas.inference.costs import costs_of
from tgnas.inference.scorers import load_scorer
from tgnas.inference.streaming import Source
from tgnas.inference.summary import example_of
from tgnas.inference.understanding import doubtful_readings, not_told_apart
from tgnas.networks.described import network_of_description
from tgnas.operators import CODES, OperatorAttributes
from tgnas.spaces.descriptions import attributes_of, unread_words
from tgnas.spaces.skeleton import NetworkKeys
from tgnas.spaces.space import FORMS, numberless, open_space, space_of

SEPARABLE = {"groups": "separable"}
RESIDUAL = {"kernel": 3, "repeats": 1, "shortcut": "projected"}
KINDS = ("own_space", "node_cells", "genotypes", "mobile_blocks", "channels")
DRAWN = [kind for kind in KINDS if kind != "node_cells"]
OPEN = {kind: open_space(f"examples/{kind}.yaml") for kind in KINDS}
TABLES = [("own_space", "own_architectures"), *((kind, kind) for kind in KINDS[1:])]


def layer(**attributes) -> dict:
    """Return the content of a file of one layer of one operator."""
    operators = {"a": {"description": "Some convolution", "attributes": attributes}}
    network = {"stages": [{"cells": 1}], "width": 8, "classes": 1, "image": 4}
    cells = {"form": "blocks", "length": 1}
    return {"name": "layer", "operators": operators, "cells": cells, "network": network}


def parameters_of(**attributes) -> int:
    """Return the parameters of the only layer of a network of 8 channels."""
    return int(layers_of(space_of(layer(**attributes)).parse("a")).parameters[0, 0])


@pytest.mark.parametrize("kind", DRAWN)
def test_what_is_drawn_is_written_read_and_changed_in_one_decision(kind):
    space, generator = OPEN[kind], np.random.default_rng(0)
    some = space.sample(20, generator)
    assert space.architectures(space.format(some)).row_keys() == some.row_keys()
    objects = [space.object_of(text) for text in space.format(some)]
    assert space.architectures(objects).row_keys() == some.row_keys()
    rows, changed = space.choices_of(some), space.choices_of(space.mutate(some, generator))
    assert ((rows != changed).sum(axis=1) == 1).all()
    around = space.neighbours(some[:1])
    assert len(around) == sum(len(options) - 1 for options in space.choices)
    assert len(around.distinct()[0]) == len(around)


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_shows_the_example_as_it_is(kind):
    page, file = Path("docs/own-space.md").read_text(), Path(f"examples/{kind}.yaml").read_text()
    assert f"```yaml\n{file}```" in page


def test_the_space_of_the_page_ranks_networks_that_are_a_table_of_numbers():
    [(_, file)] = re.findall(
        r"```yaml\n(# Networks that are known by their numbers alone.*?\n)(.*?)```",
        Path("docs/own-space.md").read_text(),
        re.DOTALL,
    )
    space = space_of(yaml.safe_load(file))
    numbers = [(4e6, 600), (5e5, 80), (4e6, 100)]
    rows = [f"any params={params:.0f} flops={flops}" for params, flops in numbers]
    scores = load_scorer("universal").score(rows, space)
    assert np.argsort(-scores).tolist() == [0, 2, 1]


@pytest.mark.parametrize(("kind", "table"), TABLES)
def test_the_tables_of_the_examples_are_architectures_of_their_spaces(kind, table):
    source = Source(f"examples/{table}.csv", "csv")
    [(_, architectures)] = source.architectures(OPEN[kind])
    assert len(architectures) == len(pd.read_csv(f"examples/{table}.csv"))
    for name in OPEN[kind].columns.names:
        numbers = pd.read_csv(f"examples/{table}.csv")[name]
        assert architectures.attributes[name].tolist() == numbers.tolist()


@pytest.mark.parametrize("kind", DRAWN)
def test_every_space_has_counts_of_its_networks(kind):
    some = OPEN[kind].sample(20, np.random.default_rng(0))
    for name in ("params", "flops", "effective_params"):
        scores = load_scorer(name).score(some, OPEN[kind])
        assert (scores > 0).all()
        assert len(np.unique(scores)) > 5
    parameters, done = vertex_costs(some)
    assert parameters.shape == done.shape
    assert (parameters.sum(axis=(1, 2)) <= count_parameters(some)).all()


def test_a_list_of_widths_is_a_network_of_those_widths():
    space = OPEN["channels"]
    assert space.size == 8**5
    layers = layers_of(space.parse("8:16:24:32:64"))
    assert layers.width.tolist() == [[8, 16, 24, 32, 64]]
    assert layers.inputs.tolist() == [[8, 8, 16, 24, 32]]
    assert layers.side.tolist() == [[32, 16, 16, 8, 8]]
    # Two 3x3 convolutions and a projection where the shape changes, each with its normalisation.
    pairs = zip([8, 8, 16, 24, 32], [8, 16, 24, 32, 64], strict=True)
    by_hand = [9 * a * b + 9 * b * b + 4 * b + (a * b + 2 * b) * (a != b) for a, b in pairs]
    assert layers.parameters.tolist() == [by_hand]
    around = 27 * 8 + 2 * 8 + 64 * 10 + 10
    assert count_parameters(space.parse("8:16:24:32:64")).tolist() == [sum(by_hand) + around]
    assert space.parse({"widths": [8, 16, 24, 32, 64]}).row_keys() == (
        space.parse("8:16:24:32:64").row_keys()
    )


@pytest.mark.parametrize("text", ["8:16", "8:16:24:32:63", "8:16:24:32:x", "8:16:24:32:64:8"])
def test_a_list_of_other_widths_is_refused(text):
    with pytest.raises(TgnasError):
        OPEN["channels"].parse(text)


def test_a_predictor_that_reads_no_width_is_said_to_tell_none_apart():
    some = OPEN["channels"].sample(16, np.random.default_rng(0))
    [group] = not_told_apart(OPEN["channels"], load_scorer("canonical"), some)
    assert group == tuple(OPEN["channels"].operators)
    assert not not_told_apart(OPEN["channels"], load_scorer("params"), some)


def test_blocks_have_the_size_of_their_kernel_and_expansion():
    space = OPEN["mobile_blocks"]
    layers = layers_of(space.parse("k3e3-k5e3-skip-k7e6-skip-skip-skip-skip-skip resolution=192"))
    assert layers.side[0].tolist() == [48, 48, 48, 24, 24, 24, 12, 12, 12]
    assert layers.width[0].tolist() == [24] * 3 + [40] * 3 + [96] * 3

    def block(a: int, b: int, kernel: int, expansion: int) -> int:
        hidden = expansion * a
        return a * hidden + kernel**2 * hidden + hidden * b + 4 * hidden + 2 * b

    strided = 40 * 96 + 2 * 96  # a skip that changes the shape is a 1x1 convolution
    by_hand = [block(16, 24, 3, 3), block(24, 24, 5, 3), 0, block(24, 40, 7, 6)]
    assert layers.parameters[0].tolist() == [*by_hand, 0, 0, strided, 0, 0]
    assert layers.repeats[0].tolist() == [1, 1, 0, 1, 0, 0, 1, 0, 0]


def test_the_first_listed_stage_is_as_wide_as_the_network_whatever_the_stem_puts_out():
    # MobileNetV2 begins with 32 channels, of which its first block makes 16.
    operators = {"a": "conv_3x3", "s": {"kind": "identity"}}
    stages = [{"cells": 1}, {"cells": 1, "widen": 1.5}]
    network = {"width": 16, "stem": [{"stride": 2, "widen": 2}], "stages": stages}
    content = {"name": "m", "operators": operators, "cells": {"form": "blocks", "length": 2}}
    layers = layers_of(space_of(content | {"network": network}).architectures(["a,a", "s,a"]))
    assert layers.inputs.tolist() == [[32, 16], [32, 16]]
    assert layers.width.tolist() == [[16, 24], [16, 24]]
    plain, skipped = 9 * 32 * 16 + 2 * 16, 32 * 16 + 2 * 16
    assert layers.parameters[:, 0].tolist() == [plain, skipped]


def test_without_a_stem_the_first_cell_reads_the_image():
    content = layer(kernel=3)
    content["network"] = content["network"] | {"stem": []}
    layers = layers_of(space_of(content).parse("a"))
    assert layers.inputs.tolist() == [[3]]
    assert layers.all_parameters.tolist() == [9 * 3 * 8 + 2 * 8 + 8 + 1]
    for form in FORMS:
        some = {"name": "b", "operators": {"a": "conv_3x3"}, "network": {"stem": []}}
        space = space_of(some | {"cells": {"form": form} | CELLS[form]})
        assert count_flops(space.sample(1, np.random.default_rng(0))) > 0


def test_a_wider_and_deeper_network_of_one_genotype_is_larger():
    text = OPEN["genotypes"].format(OPEN["genotypes"].sample(1, np.random.default_rng(0)))[0]
    cell = text.rsplit(" ", 2)[0]
    sizes = [(16, 5), (24, 5), (24, 8), (32, 11)]
    texts = [f"{cell} width={width} depth={depth}" for width, depth in sizes]
    counted = count_parameters(OPEN["genotypes"].architectures(texts))
    assert (np.diff(counted) > 0).all()


def test_a_measured_number_goes_before_what_is_counted():
    space = OPEN["node_cells"]
    text = "input,conv3,output;0-1,1-2"
    both = space.architectures([f"{text} flops=7", f"{text} flops=3.5"])
    assert count_flops(both).tolist() == [7, 3.5]
    assert len(both.distinct()[0]) == 2
    with pytest.raises(ConfigError, match="name its values under columns"):
        space.sample(1, np.random.default_rng(0))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("input,conv3,output;0-1,1-2", "has the numbers"),
        ("input,conv3,output;0-1,1-2 flops=", "flops is ''"),
        ("input,conv3,output;0-1,1-2 flops=0", "flops is 0.0; allowed is a number above 0"),
        ("input,conv3,output;0-1,1-2 flops=1 flops=2", "twice"),
        ("input,conv3,output;0-1,1-2 flops=1 width=2", "has the numbers"),
    ],
)
def test_numbers_that_are_not_as_they_may_be_are_refused(text, message):
    good = "input,conv3,output;0-1,1-2 flops=3"
    parsed = OPEN["node_cells"].read([good, text])
    assert list(parsed.errors) == [1]
    assert message in str(parsed.errors[1])
    with pytest.raises(InvalidCellError):
        OPEN["node_cells"].parse(text)


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"kernel": 3}, 9 * 64 + 16),
        ({"kernel": 5, "groups": 4}, 25 * 64 // 4 + 16),
        ({"kernel": 7, "groups": "separable"}, 49 * 8 + 64 + 16),
        ({"kernel": 7, "groups": "depthwise"}, 49 * 8 + 16),
        ({"kernel": 3, "groups": "separable", "repeats": 2}, 2 * (9 * 8 + 64 + 16)),
        ({"kernel": 3, "expansion": 0.25}, 2 * 8 * 2 + 9 * 2 * 2 + 2 * (2 * 2 + 8)),
        ({"kernel": 3, "expansion": 1}, 2 * 64 + 9 * 64 + 3 * 16),
        ({"kernel": 3, "expansion": 1} | SEPARABLE, 9 * 8 + 64 + 16),
        ({"kernel": 3, "pointwise": True} | SEPARABLE, 2 * 64 + 9 * 8 + 3 * 16),
        ({"kernel": 3, "expansion": 1, "pointwise": False}, 9 * 64 + 16),
        ({"kernel": 3, "groups": "depthwise", "widen": 2}, 9 * 16 + 32),
        ({"kernel": 3, "pooling": "max", "widen": 2}, 8 * 16 + 32),
        ({"kernel": 3, "widen": 2.0}, 9 * 8 * 16 + 32),
        ({"kernel": 3, "width": 5}, 9 * 8 * 5 + 10),
        ({"weights": 2.0, "channel_weights": 3.0}, 2 * 64 + 3 * 8),
        ({"kernel": 3, "pooling": "max"}, 0),
        # Squeeze and excitation: two dense layers with biases.
        ({"squeeze": 0.25}, 2 * 8 * 2 + 8 + 2),
        ({"kernel": 3, "squeeze": 0.25}, 9 * 64 + 16 + 2 * 8 * 2 + 8 + 2),
        ({"kernel": 3, "repeats": 2, "squeeze": 0.25}, 2 * (9 * 64 + 16) + 2 * 8 * 2 + 8 + 2),
        ({"weights": 5.0, "squeeze": 0.125}, 5 * 64 + 2 * 8 + 8 + 1),
        (
            {"kernel": 3, "expansion": 4, "repeats": 2, "squeeze": 0.25} | SEPARABLE,
            2 * (2 * 8 * 32 + 9 * 32 + 2 * (2 * 32 + 8) + 2 * 32 * 8 + 32 + 8),
        ),
    ],
)
def test_an_operator_has_the_parameters_of_its_attributes(attributes, expected):
    assert parameters_of(**attributes) == expected


@pytest.mark.parametrize(
    ("description", "said"),
    [
        ("Depth-wise separable convolution 7 by 7", {"kernel": 7, "groups": "separable"}),
        ("Max pooling 5x5", {"kernel": 5, "pooling": "max"}),
        ("3x3 convolution, dilation 3, stride 2", {"kernel": 3, "dilation": 3, "stride": 2}),
        ("Grouped 3 by 3 convolution with 8 groups", {"kernel": 3, "groups": 8}),
        (
            "Inverted residual convolution 5 by 5, expansion 6",
            {"kernel": 5, "groups": "separable", "expansion": 6.0, "shortcut": "plain"},
        ),
        ("Squeeze and excitation channel attention", {}),
        ("Convolution 1 by 7 and 7 by 1", {"kernel": 7, "weights": 14.0}),
        ("1x3 then 3x1 convolution", {"kernel": 3, "weights": 6.0}),
        ("1x7 convolution", {}),
        ("1x7 then 7x1 max pooling", {}),
        ("Three 3x3 depthwise separable convolutions", {"kernel": 3, "repeats": 3} | SEPARABLE),
        ("Two 3 x 3 convolutions", {"kernel": 3, "repeats": 2}),
        ("Stacked 3 x 3 convolutions", {"kernel": 3}),
        ("2-D convolution 3 by 3", {"kernel": 3}),
        ("Convolution, kernel_size=(3, 3), padding=1", {"kernel": 3}),
        ("ResNeXt convolution 3x3 with cardinality 32", {"kernel": 3, "groups": 32}),
        ("Convolution 3 by 3 with group normalization", {"kernel": 3}),
        ("Convolution 3 by 3 to twice the channels", {"kernel": 3}),
        ("Residual block of three 3x3 convolutions", RESIDUAL | {"repeats": 3}),
        ("Residual bottleneck block 3x3, expansion 0.25", RESIDUAL | {"expansion": 0.25}),
        ("Residual bottleneck block 3x3, expansion 1", RESIDUAL | {"expansion": 1.0}),
        ("Max pooling 2 by 2, stride 2", {"kernel": 2, "pooling": "max", "stride": 2}),
        ("7x1 convolution followed by 1x7 convolution", {"kernel": 7, "weights": 14.0}),
        ("3x3 strided convolution, stride 2", {"kernel": 3, "stride": 2}),
        ("ReLU-Conv3x3-BN", {"kernel": 3}),
        ("SepConv5x5", {"kernel": 5} | SEPARABLE),
        # What attributes cannot say, or what is no whole operator.
        ("1D convolution with kernel size 5", {}),
        ("One-dimensional convolution of kernel size 5", {}),
        ("Temporal convolution, kernel size 5, dilation 2", {}),
        ("sepconv1d, kernel size 5", {}),
        ("Convolution over time, kernel size 5", {}),
        ("Causal convolution, kernel size 5", {}),
        ("Convolution 3 by 3 followed by a convolution 3 by 3", {}),
        ("conv 3x3 -> BN -> ReLU -> conv 3x3", {}),
        ("Strided convolution 3 by 3", {}),
        ("3x3 depthwise conv followed by 3x3 conv", {}),
        ("3x3 depthwise convolution, then 1x1 convolution", {"kernel": 3} | SEPARABLE),
        ("3x3 convolution, stride 0", {}),
        ("Max pooling 3 by 3, stride 0", {}),
        ("MBConv 3x3, expansion 0", {}),
        ("Max pooling 3 by 3, dilation 2", {}),
        ("Max pooling 3 by 3, applied twice", {}),
        ("Residual bottleneck block 3x3, expansion 4", {}),
        ("Transposed convolution 4 by 4, stride 2", {}),
        ("Fused MBConv 3x3, expansion 4", {}),
        ("CBAM attention with a 7x7 convolution", {}),
        ("Grouped convolution 3x3", {}),
        ("MBConv 3x3, expansion 1, 1x1 convolutions with 2 groups", {}),
        ("Residual bottleneck block 3x3, 32 groups", {}),
        ("ShuffleNet V2 unit with a 3 by 3 depthwise convolution", {}),
        ("ConvNeXt block, 7x7 depthwise, expansion 4", {}),
        ("Pooled 3 by 3 convolution", {}),
        ("Convolution 3 by 3 or 5 by 5", {}),
    ],
)
def test_a_description_is_read_where_it_can_be_read_in_one_way(description, said):
    assert attributes_of(description) == OperatorAttributes(**said)


@given(
    st.sampled_from([3, 5, 7]),
    st.sampled_from(["convolution", "depthwise separable convolution", "dilated convolution"]),
    st.sampled_from(["to {} channels", "of rank {}", "and {} heads", "with {} filters", "over {}"]),
    st.integers(2, 99),
)
def test_a_number_that_is_no_attribute_leaves_a_description_unread(kernel, kind, riddle, number):
    usual = f"{kernel}x{kernel} {kind}"
    assert attributes_of(usual).kernel == kernel
    assert attributes_of(f"{usual} {riddle.format(number)}") == OperatorAttributes()


@given(
    st.builds(
        OperatorAttributes,
        kernel=st.integers(0, 7),
        groups=st.sampled_from([1, 2, 4, "depthwise", "separable"]),
        expansion=st.sampled_from([0.5, 1.0, 3.0]),
        pointwise=st.none() | st.booleans(),
        repeats=st.integers(1, 3),
        weights=st.none() | st.integers(0, 20),
        channel_weights=st.none() | st.integers(0, 20),
        squeeze=st.sampled_from([0, 0.25, 1]),
    ).filter(lambda said: said.pointwise is not False or said.expansion == 1)
)
def test_an_operator_has_the_same_parameters_in_a_block_and_in_a_cell(attributes):
    space = space_of(layer(**attributes.model_dump(exclude_unset=True)))
    block = space.parse("a")
    terms = (term[space.operators["a"]] for term in coefficients(attribute_table(block)))
    in_cell = work_at_width(Coefficients(*terms), 8, 4, scale=True)
    assert layers_of(block).parameters[0, 0] == in_cell.parameters
    assert layers_of(block).flops[0, 0] == in_cell.multiply_adds


@pytest.mark.parametrize(
    "gates", ["", ", SE", ", SE ratio 0.25", " with squeeze-and-excitation (0.25)", ", SE factor 4"]
)
def test_a_block_with_squeeze_and_excitation_is_read_as_the_block_and_its_gates_are_named(gates):
    words = f"MBConv 5x5, expansion 6{gates}, hard swish"
    said = {"kernel": 5, "expansion": 6.0, "shortcut": "plain"} | SEPARABLE
    assert attributes_of(words) == OperatorAttributes(**said)
    assert unread_words(words) == (
        () if not gates else ("se",) if "SE" in gates else ("squeeze", "excitation")
    )
    stated = {"description": words, "attributes": {"squeeze": 0.25}}
    [operator] = space_of(layer() | {"operators": {"a": stated}}).new
    assert operator.attributes == OperatorAttributes(**said, squeeze=0.25).numbers


@pytest.mark.parametrize("form", FORMS)
def test_squeeze_and_excitation_works_once_for_an_image_of_any_size(form):
    def costs(image, squeeze):
        attributes = {"kernel": 3, "squeeze": squeeze}
        operators = {"a": {"description": "Convolution with gates", "attributes": attributes}}
        content = {"name": "b", "operators": operators, "cells": {"form": form} | CELLS[form]}
        space = space_of(content | {"network": {"image": image}})
        some = space.sample(1, np.random.default_rng(0))
        return np.array([count_parameters(some)[0], count_flops(some)[0] * 1e6])

    small, large = (costs(image, 0.25) - costs(image, 0) for image in (32, 64))
    assert small.tolist() == pytest.approx(large.tolist())
    parameters, done = small
    assert 0 < done < parameters  # the biases add nothing


def test_squeeze_and_excitation_counts_among_the_weights_that_a_predictor_reads():
    plain = OperatorAttributes(kernel=3, groups="separable", expansion=4)
    gated = plain.model_copy(update={"squeeze": 0.25})
    assert gated.numbers[0] == plain.numbers[0] + 2 * 4 * 4 * 0.25
    assert OperatorAttributes(squeeze=0.0625).numbers[0] == 0.125


def test_a_space_says_which_readings_are_doubtful():
    operators = {
        "sep5": "sep_conv_5x5",
        "sep7": "Depth-wise separable convolution 7 by 7",
        "both7": {"description": "Separable convolution 7 by 7", "attributes": {"repeats": 2}},
        "se": "MBConv 3x3, expansion 6, with squeeze-and-excitation",
        "gate": "Something with gates",
        "plain": "An ordinary 5 by 5 convolution, batch normalisation and ReLU",
    }
    nothing, twice, unread = doubtful_readings(space_of(layer() | {"operators": operators}))
    assert nothing.startswith("no number is known of 'gate'")
    assert twice.startswith("'sep7' is read as its words say, but sep_conv_5x5 is as in DARTS")
    assert unread.startswith("'se' is read without the words 'squeeze', 'excitation'")


@pytest.mark.parametrize("counts", ["a limit", "a predictor"])
def test_who_counts_operators_without_numbers_is_told(counts, caplog):
    content = layer() | {"operators": {"a": "conv_3x3", "b": "Something with gates"}}
    space = space_of(content)
    for _ in range(2):
        if counts == "a limit":
            costs_of(space).of("params", space.enumerate())
        else:
            load_scorer("flops").score(["a"], space)
    [record] = caplog.records
    assert "layer: no number is known of 'b'" in record.getMessage()


def test_paraphrases_have_no_doubtful_readings():
    paraphrases = yaml.safe_load(Path("tests/paraphrases.yaml").read_text())
    assert not [text for texts in paraphrases.values() for text in texts if unread_words(text)]


def test_an_architecture_is_shown_wherever_one_can_be_drawn():
    limits = [{"operators": ["a"], "most": 2}]
    cells = {"form": "blocks", "length": [2, 40], "limits": limits}
    some = {chr(97 + n): {"description": "conv", "attributes": {"kernel": n}} for n in range(20)}
    space = space_of({"name": "some", "operators": some, "cells": cells})
    assert space.parse(example_of(space))
    with pytest.raises(ConfigError, match="flops may be any number"):
        example_of(OPEN["node_cells"])


def test_a_stage_of_bottlenecks_has_the_size_of_its_torch_modules():
    said = {"kernel": 3, "repeats": 2, "shortcut": "projected", "stride": 2}
    for expansion, groups, width in product([0.5, 1], [1, 4], [8, 16]):
        shape = {"expansion": expansion, "groups": groups, "width": width}
        blocks = [
            _Bottleneck(inputs, width, round(expansion * width), groups, stride)
            for inputs, stride in ((8, 2), (width, 1))
        ]
        by_torch = sum(len(p.flatten()) for block in blocks for p in block.parameters())
        assert parameters_of(**said, **shape) == by_torch


@pytest.mark.parametrize("repeats", [1, 2])
def test_a_residual_block_in_a_reduction_cell_has_the_size_of_its_torch_modules(repeats):
    bottleneck = {"expansion": 0.5, "groups": 4}
    operators = {
        name: {"description": name, "attributes": RESIDUAL | {"repeats": repeats} | shape}
        for name, shape in (("basic", {}), ("narrow", bottleneck))
    }
    weights = {"normal": 0.8, "reduce": 0.2}
    cells = {"form": "genotype", "nodes": 1, "cell_weights": weights}
    network = {"width": 16, "image": 32}
    content = {"name": "g", "operators": operators, "cells": cells, "network": network}
    pairs = [["basic", 0], ["narrow", 1]]
    some = space_of(content).architectures([{"normal": pairs, "reduce": pairs}])
    layers, (parameters, _) = layers_of(some), vertex_costs(some)
    [place] = np.flatnonzero((layers.stride[0] > 1) & (layers.width[0] == 32))
    strides = [2, *[1] * (repeats - 1)]
    basic = nn.ModuleList(_Basic(32, stride) for stride in strides)
    narrow = nn.ModuleList(_Bottleneck(32, 32, 16, 4, stride) for stride in strides)
    by_torch = [sum(p.numel() for p in block.parameters()) for block in (basic, narrow)]
    found = parameters[0, place]
    assert sorted(found[found > 0]) == sorted(by_torch)


class _Basic(nn.Module):
    """A convolution 3x3 that keeps the channels, with a shortcut that is projected at a stride."""

    def __init__(self, width: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(width, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width)
        )
        self.shortcut = nn.Sequential()
        if stride > 1:
            self.shortcut.append(nn.Conv2d(width, width, 1, stride, bias=False))
            self.shortcut.append(nn.BatchNorm2d(width))


class _Bottleneck(nn.Module):
    """ResNet's bottleneck of some inner channels, whose shortcut is projected where it must be."""

    def __init__(self, inputs: int, width: int, inner: int, groups: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *(nn.Conv2d(inputs, inner, 1, bias=False), nn.BatchNorm2d(inner)),
            nn.Conv2d(inner, inner, 3, stride, 1, groups=groups, bias=False),
            *(nn.BatchNorm2d(inner), nn.Conv2d(inner, width, 1, bias=False), nn.BatchNorm2d(width)),
        )
        self.shortcut = nn.Sequential()
        if stride > 1 or inputs != width:
            self.shortcut.append(nn.Conv2d(inputs, width, 1, stride, bias=False))
            self.shortcut.append(nn.BatchNorm2d(width))


def test_an_operator_that_has_no_more_than_a_place_counts_for_nothing_and_is_named():
    said = [{"stride": 2}, {"repeats": 3}, {"groups": "separable", "shortcut": "plain"}]
    for attributes in said:
        operators = {"a": {"description": "Something with gates", "attributes": attributes}}
        content = layer() | {"operators": operators}
        assert numberless(space_of(content)) == ["a"]
        [doubt] = doubtful_readings(space_of(content))
        assert doubt.startswith("no number is known of 'a'")
    widths = {"cells": {"form": "widths"} | CELLS["widths"], "network": {}}
    content = layer() | {"operators": {"a": "Something with gates"}} | widths
    assert numberless(space_of(content)) == ["8", "16"]


def test_attributes_of_the_file_go_before_the_words():
    space = OPEN["genotypes"]
    [operator] = space.new
    by_words = attributes_of(operator.description)
    assert operator.attributes == by_words.model_copy(update={"repeats": 2}).numbers
    known = {"a": "conv_3x3", "b": {"description": "conv_3x3", "attributes": {"stride": 2}}}
    both = space_of(layer() | {"operators": known})
    assert [both.new[0].description, len(both.new)] == ["Convolution 3 by 3", 1]


def test_what_is_said_as_it_is_usual_may_be_said():
    cells = {"form": "operators_on_edges", "nodes": 3}
    about = {"name": "a", "operators": {"a": "conv_3x3"}, "cells": cells}
    assert space_of(about | {"network": {"head": 0}}).name == "a"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"columns": {"depth": [3]}}, "network.stages says how deep"),
        ({"columns": {"colour": [3]}}, "columns"),
        ({"network": {"stages": 0}}, "network.stages"),
        ({"cells": {"form": "widths", "length": 2, "widths": []}}, "widths"),
        ({"operators": {"a": "conv_3x3", "b": "conv_1x1"}}, "a space of widths has one"),
        ({"network": {"stages": [{"cells": 1}]}}, "network.stages: 1 block; cells.length is 2"),
        ({"network": {"width": 8}}, "network.width says nothing of networks of the form widths"),
        ({"network": {"stages": 4}}, "network.stages of widths are a list"),
        (
            {"columns": {"width": [8, 16]}, "network": {}},
            "columns.width says nothing of networks of the form",
        ),
        ({"columns": {"depth": [8, 16]}}, "columns.depth says nothing|network.stages says"),
        ({"operators": {"a": {"kind": "identity"}}}, "operators: a: its kind is identity"),
        ({"operators": {"a": {"description": "", "kind": "zero"}}}, "a: its kind is zero"),
        ({"operators": {"a": "Skip connection"}}, "operators: a: 'Skip connection' sounds"),
        (
            {"operators": {"a": {"kind": "identity", "attributes": {"stride": 2}}}},
            "operators: a: attributes say nothing of what is of the kind identity",
        ),
        ({"network": {"stages": [{"cells": 2, "widen": 2}]}}, "stage 1: the channels of widths"),
        (
            {"network": {"stages": [{"cells": 2, "channels": 8}]}},
            r"key at network.stages.0 'channels'.*; known: cells, stride, widen, width",
        ),
        ({"network": {"stages": [{"stride": 2}]}}, "network.stages.0: the key 'cells' is missing"),
        ({"network": {"stages": []}}, "network.stages: .* at least 1 item"),
        ({"columns": {"resolution": [0, 32]}}, "columns.resolution.0: 0 is not allowed"),
        ({"cells": {"form": "blocks", "length": [3, 2]}}, r"cells: layer: length \[3, 2\] must"),
    ],
)
def test_what_is_wrong_with_a_network_is_said_with_its_place(change, message):
    widths = {"form": "widths", "length": 2, "widths": [8, 16]}
    with pytest.raises(TgnasError, match=message):
        space_of(layer(kernel=3) | {"cells": widths} | change)


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"kernel": 3, "pointwise": False, "expansion": 4}, "a: pointwise: false .* expansion: 4"),
        ({"kernel": 3, "width": 24, "widen": 2}, "a: width: 24 and widen: 2 both say"),
    ],
)
def test_attributes_that_contradict_each_other_are_refused(attributes, message):
    with pytest.raises(ConfigError, match=message):
        space_of(layer(**attributes))


def test_an_attribute_that_contradicts_the_words_or_a_stage_itself_is_refused():
    said = {"description": "MBConv 5x5, expansion 6", "attributes": {"pointwise": False}}
    with pytest.raises(ConfigError, match=r"a: pointwise: false .* expansion: 6"):
        space_of(layer() | {"operators": {"a": said}})
    stage = {"cells": 1, "width": 24, "widen": 2}
    with pytest.raises(ConfigError, match="stage 1: width: 24 and widen: 2 both say"):
        space_of(layer(kernel=3) | {"network": {"stages": [stage]}})


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("key", "value"), [("stride", 2), ("widen", 2.0), ("width", 24)])
def test_a_shape_that_an_operator_says_is_counted_or_refused(form, key, value):
    def costs(**said):
        operators = {"a": {"description": "conv_3x3", "attributes": {"kernel": 3} | said}}
        content = {"name": "b", "operators": operators, "cells": {"form": form} | CELLS[form]}
        some = space_of(content).sample(20, np.random.default_rng(0))
        return [count_parameters(some).tolist(), count_flops(some).tolist()]

    try:
        changed = costs(**{key: value})
    except ConfigError as error:
        assert f"attributes.{key} says nothing" in str(error)
    else:
        assert changed != costs()


def test_numbers_of_an_architecture_change_where_blocks_are_no_independent_choices():
    cells = {"form": "blocks", "length": [1, 3]}
    operators = {"a": "conv_3x3", "b": "conv_1x1"}
    columns = {"width": [8, 16, 24], "resolution": [32, 64], "flops": "any"}
    content = {"name": "b", "operators": operators, "cells": cells, "columns": columns}
    space = space_of(content)
    one = space.parse("a,b width=16 resolution=32 flops=3")
    around = space.format(space.neighbours(one))
    ends = [f"a,b width={w} resolution={r} flops=3" for w, r in ((8, 32), (24, 32), (16, 64))]
    assert around[-3:] == ends
    assert all(text.endswith("width=16 resolution=32 flops=3") for text in around[:-3])
    many = one[np.zeros(300, dtype=np.int64)]
    assert set(space.format(space.mutate(many, np.random.default_rng(0)))) == set(around)


@pytest.mark.parametrize("form", FORMS)
def test_a_stride_that_only_words_say_is_counted_or_refused(form):
    def costs(description):
        content = {"name": "b", "operators": {"a": description}}
        space = space_of(content | {"cells": {"form": form} | CELLS[form]})
        return count_flops(space.sample(20, np.random.default_rng(0))).tolist()

    try:
        changed = costs("5x5 convolution, stride 2")
    except ConfigError as error:
        assert "operators: a: the description says a stride of 2" in str(error)
        said = {"description": "5x5 convolution, stride 2", "attributes": {"stride": 1}}
        assert costs(said) == costs("5x5 convolution")
    else:
        assert changed != costs("5x5 convolution")


def test_an_identity_that_is_a_strided_convolution_elsewhere_may_be_described_so():
    words = "Identity, a 1x1 convolution with stride 2 in reduction cells"
    operators = {"a": "conv_3x3", "s": {"kind": "identity", "description": words}}
    cells = {"form": "genotype"} | CELLS["genotype"]
    space = space_of({"name": "b", "operators": operators, "cells": cells})
    assert space.operators["s"] == CODES["identity"]


def test_a_value_that_a_column_lists_twice_is_one():
    content = {"name": "b", "operators": {"a": "conv_3x3", "b": "conv_1x1"}}
    content |= {"cells": {"form": "blocks", "length": 2}, "columns": {"width": [8, 16, 16]}}
    space = space_of(content)
    texts = space.format(space.enumerate())
    assert space.size == len(texts) == len(set(texts)) == 8


def test_stages_that_change_the_shape_begin_where_sums_begin():
    operators = {"a": "conv_3x3"}
    cells = {"form": "blocks", "length": 4, "stages": [1, 4]}
    network = {"stages": [{"cells": 2}, {"cells": 2, "stride": 2}]}
    with pytest.raises(ConfigError, match=r"stage 2 begins at block 3, which cells.stages, \[1, 4"):
        space_of({"name": "b", "operators": operators, "cells": cells, "network": network})


CHANGED = {
    "image": 64,
    "classes": 20,
    "width": 24,
    "depth": 9,
    "stages": 2,
    "between": "pool",
    "concatenated": True,
    "stem": [{"kernel": 5}],
    "scale": False,
    "head": 64,
    "counting": "suite_zero",
}
CELLS = {
    "operators_on_edges": {"nodes": 3},
    "operators_on_nodes": {"max_nodes": 5},
    "genotype": {"nodes": 1, "cell_weights": {"normal": 0.5, "reduce": 0.5}},
    "blocks": {"length": 2},
    "widths": {"length": 2, "widths": [8, 16]},
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("key", NetworkKeys.model_fields)
def test_what_a_file_says_of_its_network_is_counted_or_refused(form, key):
    def costs(network):
        operators = {"a": "conv_3x3"}
        content = {"name": "b", "operators": operators, "cells": {"form": form} | CELLS[form]}
        space = space_of(content | {"network": network})
        some = space.sample(20, np.random.default_rng(0))
        return [count_parameters(some).tolist(), count_flops(some).tolist()]

    try:
        changed = costs({key: CHANGED[key]})
    except ConfigError as error:
        assert f"network.{key}" in str(error)
    else:
        assert changed != costs({})


@pytest.mark.parametrize("kind", KINDS[1:])
def test_no_network_of_another_shape_is_built_for_one_that_the_file_describes(kind):
    architecture = pd.read_csv(f"examples/{kind}.csv").architecture[0]
    with pytest.raises(ConfigError, match="only networks of NAS-Bench-201's skeleton are built"):
        network_of_description(OPEN[kind], architecture, 10)
