"""Recurrent cells and transformer encoders: strings, parameters, and what is known of them."""

import json

import numpy as np
import pytest

from tgnas.benchmarks import flexibert as reader_of_flexibert
from tgnas.benchmarks import nasbench_nlp as reader_of_nlp
from tgnas.benchmarks.base import Benchmark
from tgnas.costs.layers import count_flops, count_parameters
from tgnas.costs.tokens import parameters_on_tokens
from tgnas.encodings.live import live_vertices
from tgnas.errors import ConfigError, CorruptTableError, TgnasError
from tgnas.evaluation.ranking import kendall_tau
from tgnas.results.sequences import hidden_layers
from tgnas.spaces.flexibert import SPACE as FLEXIBERT
from tgnas.spaces.nasbench_nlp import SPACE as NLP
from tgnas.spaces.nasbench_nlp import fault_of

GATED = {
    "a": {"op": "linear", "input": ["x", "h_prev_0"]},
    "g": {"op": "activation_sigm", "input": ["a"]},
    "h_new_0": {"op": "blend", "input": ["g", "h_prev_0", "a"]},
}
ENCODER = "SA-WMA-4:1024x3|LT-DCT-2:512x1 width=128"


def names(architecture) -> list[str]:
    codes, size = architecture.cells.operators[0], int(architecture.cells.sizes[0])
    return [NLP.name_of(int(code)) for code in codes[:size]]


def test_a_blend_is_the_sum_of_two_products():
    cell = NLP.parse(GATED)
    assert names(cell)[1:-1] == [
        *("previous_state_0", "linear", "activation_sigm"),
        *("elementwise_prod", "complement", "elementwise_prod", "elementwise_sum"),
    ]
    edges = np.argwhere(cell.cells.adjacency()[0]).tolist()
    # x 0, h 1, a 2, g 3; g * h at 4, 1 - g at 5, (1 - g) * a at 6, their sum at 7, the output at 8.
    assert edges == [
        *([0, 1], [0, 2], [1, 2], [1, 4], [2, 3], [2, 6]),
        *([3, 4], [3, 5], [4, 7], [5, 6], [6, 7], [7, 8]),
    ]


def test_the_json_of_the_benchmark_and_our_string_are_one_cell():
    text = "a=linear(x,h_prev_0);g=activation_sigm(a);h_new_0=blend(g,h_prev_0,a)"
    both = NLP.architectures([json.dumps(GATED), text, GATED])
    assert len(both.distinct()[0]) == 1


def test_every_vertex_of_a_recipe_lives():
    some = NLP.sample(20, np.random.default_rng(0))
    assert (live_vertices(some.cells).sum(axis=1) == some.cells.sizes).all()


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("h_new_0=activation_tanh(a);a=linear(h_new_0,x)", "cycle", "through a, h_new_0"),
        ("h_new_0=tanh(x)", "unknown operation", "unknown nasbench_nlp operator 'tanh'"),
        ("h_new_0=activation_tanh(q)", "unknown node", "'h_new_0' takes 'q', which is no node"),
        ("h_new_0=linear(x);b=linear(x)", "dead node", "no hidden state depends on b"),
        ("h_new_0=blend(x,h_prev_0)", "number of inputs", "blend takes 2 nodes"),
        ("h_new_0=linear(x,h_prev_1)", "hidden state", "h_prev_1 is taken, but no step makes it"),
        ("a=linear(x)", "hidden state", "there is no h_new_0"),
        ("h_new_0(x)", "other", "is not of the form"),
    ],
)
def test_a_bad_recipe_is_refused_with_its_kind(text, kind, message):
    with pytest.raises(TgnasError, match=message) as caught:
        NLP.parse(text)
    assert fault_of(caught.value) == kind


def test_parameters_of_a_recurrent_network_by_hand():
    # An embedding of 10,000 x 400 that the decoder shares, its bias, and of each layer a matrix
    # from its input, one from its state, and a bias.
    layers = 600 * (400 + 600 + 1) + 600 * (600 + 600 + 1) + 400 * (600 + 400 + 1)
    one = NLP.parse("a=linear(x,h_prev_0);h_new_0=activation_tanh(a)")
    assert count_parameters(one)[0] == 10_000 * 401 + layers
    with pytest.raises(ConfigError, match="networks on tokens"):
        count_flops(one)


def test_parameters_of_an_encoder_by_hand():
    h = 128
    embeddings = (30_522 + 512 + 2) * 128 + 2 * 128
    attention = 4 * (h * h + h) + h * h + 2 * h
    first = (h * 1024 + 1024) + 2 * (1024 * 1024 + 1024) + (1024 * h + h) + 2 * h
    second = (h * h + h) + (h * 512 + 512) + (512 * h + h) + 2 * h
    expected = embeddings + attention + first + second
    assert count_parameters(FLEXIBERT.parse(ENCODER))[0] == expected
    # At 256 channels and 1,024 units the embeddings are projected, too.
    assert parameters_on_tokens(FLEXIBERT.parse(ENCODER), fixed=True)[0] > expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("SA-WMA-4:1024x3 width=128", "1 layer; allowed are 2 and 4"),
        ("SA-WMA-4:1024x2|LT-DCT-2:512x1 width=128", "did you mean '1024x3'"),
        ("SA-WMA-4|LT-DCT-2 width=128", "is not of the form"),
        ("SA-WMA-4:1024x3|LT-DCT-2:512x1", "has the numbers"),
        ("512x1:SA-WMA-4|LT-DCT-2:512x1 width=128", "unknown flexibert operator '512x1'"),
    ],
)
def test_an_encoder_outside_of_the_space_is_refused(text, message):
    with pytest.raises(TgnasError, match=message):
        FLEXIBERT.parse(text)


# The benchmarks


@pytest.fixture(scope="module")
def nlp(resource_file, tmp_path_factory) -> Benchmark:
    """Return the benchmark of every 30th recipe."""
    recipes, *sources = (resource_file(name) for name in reader_of_nlp.SOURCES)
    part = tmp_path_factory.mktemp("nlp") / "recipes.parquet"
    reader_of_nlp.read_recipes(recipes)[::30].to_parquet(part)
    sources = [part, *sources]
    return Benchmark("nasbench_nlp", reader_of_nlp.build(sources))


@pytest.fixture(scope="module")
def flexibert(resource_file) -> Benchmark:
    sources = [resource_file(name) for name in reader_of_flexibert.SOURCES]
    return Benchmark("flexibert", reader_of_flexibert.build(sources))


def test_a_recipe_has_the_loss_and_the_metrics_of_its_log(nlp, resource_file):
    recipes = reader_of_nlp.read_recipes(resource_file(reader_of_nlp.RECIPES))
    metrics = reader_of_nlp.read_metrics(resource_file(reader_of_nlp.METRICS))
    assert len(recipes) == 14_322
    assert recipes.log_name.isin(metrics.index).sum() == 2_936
    of_logs = metrics.reindex(recipes.log_name[::30])
    loss = nlp.accuracy(dataset="ptb", split="test", epochs="last")
    assert np.array_equal(loss, -of_logs.loss, equal_nan=True)
    assert np.isfinite(loss).sum() > 50
    stored = nlp.proxy("hidden_covariance_1")
    assert np.array_equal(stored, of_logs.hidden_covariance_1, equal_nan=True)


def test_stored_hidden_covariances_rank_the_loss_as_published(resource_file):
    metrics = reader_of_nlp.read_metrics(resource_file(reader_of_nlp.METRICS))
    taus = [
        kendall_tau(*metrics[[f"hidden_covariance_{i}", "loss"]].to_numpy().T) for i in (1, 2, 3)
    ]
    assert len(metrics) == 8_794
    assert taus == pytest.approx([-0.372, -0.314, -0.247], abs=5e-4)


def test_stored_metrics_rank_glue_as_published(flexibert):
    glue = flexibert.accuracy(dataset="glue", split="unstated", epochs="last")
    names = ("params_of_fixed_size", "head_confidence", "activation_distance")
    taus = [kendall_tau(flexibert.proxy(name), glue) for name in names]
    assert len(flexibert) == 500
    assert taus == pytest.approx([0.454, 0.478, 0.222], abs=6e-4)


def test_normalised_columns_are_divided_by_what_our_proxies_divide_by(flexibert):
    def divided_by(column: str) -> float:
        return flexibert.proxy(column)[0] / flexibert.proxy(f"{column}_normalised")[0]

    # The first encoder: WMA 1024x3, DCT 512x3, SDP 512x3, SDP 1024x1.
    assert flexibert.strings[0].startswith("SA-WMA-4:1024x3|LT-DCT-2:512x3|SA-SDP-4:512x3|SA-SDP")
    assert divided_by("synaptic_diversity") == pytest.approx(5 + 1 + 4 + 4)
    assert divided_by("synaptic_saliency") == pytest.approx(4 + 4 + 4 + 2)
    assert divided_by("head_importance") == pytest.approx(4 + 1 + 3 + 3)
    assert divided_by("head_confidence") == pytest.approx(4 + 1 + 3 + 3)
    assert divided_by("head_softmax_confidence") == pytest.approx(4)


def test_stored_activation_distances_count_the_layers_of_the_encoders_before(flexibert):
    whole, mean = (flexibert.proxy(f"activation_distance{of}") for of in ("", "_normalised"))
    times = whole / (mean * hidden_layers(flexibert))
    layers = [string.count("|") + 1 for string in flexibert.strings]
    rises = np.diff(times) - layers[1:]
    assert np.flatnonzero(np.abs(rises) > 0.01).tolist() == [364]  # where the run was started again


def test_a_row_of_another_network_is_refused(tmp_path, resource_file):
    trained, metrics = (resource_file(name) for name in reader_of_flexibert.SOURCES)
    text = metrics.read_text().replace(",13330176,", ",13330177,", 1)
    (changed := tmp_path / "metrics.csv").write_text(text)
    with pytest.raises(CorruptTableError, match="row 0 has another number of parameters"):
        reader_of_flexibert.build([trained, changed])
