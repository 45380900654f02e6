"""Networks that read tokens, their text, and what their proxies say."""

import numpy as np
import pandas as pd
import pytest
import torch

from tgnas.benchmarks import flexibert as reader_of_flexibert
from tgnas.benchmarks import nasbench_nlp as reader_of_nlp
from tgnas.benchmarks.base import build_table, write_table
from tgnas.costs.layers import count_parameters
from tgnas.errors import ConfigError
from tgnas.methods.card import COSTS, NEEDS
from tgnas.methods.contracts import Batch, Task, Tokens
from tgnas.methods.sequence_proxies._sequences import (
    SMALL,
    both_gradients,
    correlation_score,
    dense_weights,
    feeds_of,
)
from tgnas.methods.sequence_proxies.place_jacobian_cosine import cosine_score
from tgnas.networks.recurrent import RecurrentLayer, recurrent_network
from tgnas.networks.transformer import Transform, cosines, transformer_network
from tgnas.registry import SEQUENCE_PROXIES
from tgnas.results import sequences as result
from tgnas.scoring.harness import components_of, is_live, score
from tgnas.scoring.sequences import measure_sequences, network_of, text_batch
from tgnas.spaces.space import open_space
from tgnas.studies import sequences
from tgnas.text.task import NextWord, declaration

RECIPE = "a=linear(x,h_prev_0);h_new_0=activation_tanh(a)"
ENCODER = "SA-WMA-4:512x3|DSC-5-2:512x1|LT-DFT-4:512x1|LT-DCT-2:512x1 width=128"
EXAMPLES = {"nasbench_nlp": RECIPE, "flexibert": ENCODER}
SIZES = {"nasbench_nlp": {"words": 500, "embedding": 6, "hidden": 8}, "flexibert": {}}
PROXIES = SEQUENCE_PROXIES.names()


def small(space: str, seed: int = 0) -> torch.nn.Module:
    return network_of(space, EXAMPLES[space], seed, **SIZES[space])


def space_of(proxy: str) -> str:
    return SEQUENCE_PROXIES.module(proxy).CARD.spaces[0]


def test_every_word_is_followed_by_its_target():
    tokens = declaration()
    assert len(tokens) == 1306
    inputs, targets = next(NextWord(70).train_batches(0, 0, 4))
    assert inputs.shape == targets.shape == (4, 70)
    assert torch.equal(inputs[:, 1:], targets[:, :-1])
    assert isinstance(NextWord(70), Task)
    with pytest.raises(ConfigError, match="rows of 200 words: the text has 1,306, ten are needed"):
        NextWord(200)


def test_the_loss_of_equal_logits_is_that_of_a_guess():
    targets = torch.tensor([[1, 2]])
    loss = NextWord(70).loss(torch.zeros(1, 2, 8), targets)
    assert loss.item() == pytest.approx(np.log(8))


def test_a_recurrent_layer_by_hand():
    recipe = open_space("nasbench_nlp").object_of(RECIPE)
    layer = RecurrentLayer(recipe, 1, 1)
    with torch.no_grad():
        for value, number in zip(layer.parameters(), (2.0, 0.5, 3.0), strict=True):
            value.fill_(number)  # 2 x + 0.5, and 3 h
    behind, before = layer(torch.tensor([[[0.1]], [[0.2]]]))
    first = np.tanh(2 * 0.1 + 0.5)
    second = np.tanh(2 * 0.2 + 0.5 + 3 * first)
    assert behind.flatten().tolist() == pytest.approx([first, second], rel=1e-5)
    assert before.flatten().tolist() == pytest.approx([0, first], rel=1e-5)


def test_a_blend_computes_what_its_products_compute():
    space = open_space("nasbench_nlp")
    blend = "a=linear(x,h_prev_0);g=activation_sigm(a);h_new_0=blend(g,h_prev_0,a)"
    [apart] = space.format(space.parse(blend))
    tokens = text_batch(2, 5).tokens
    both = [network_of("nasbench_nlp", text, 0, **SIZES["nasbench_nlp"]) for text in (blend, apart)]
    assert torch.allclose(*(network(tokens) for network in both), atol=1e-6)


@pytest.mark.parametrize("space", EXAMPLES)
def test_networks_have_the_parameters_that_are_counted(space):
    build = recurrent_network if space == "nasbench_nlp" else transformer_network
    network = build(open_space(space).object_of(EXAMPLES[space]))
    counted = count_parameters(open_space(space).parse(EXAMPLES[space]))[0]
    assert sum(value.numel() for value in network.parameters()) == counted


def test_a_cosine_transform_by_hand():
    # Of 1, 2: 2 (1 + 2), and 2 (cos(pi / 4) + 2 cos(3 pi / 4)).
    found = cosines(2, torch.zeros(1)) @ torch.tensor([1.0, 2.0])
    assert found.tolist() == pytest.approx([6, -(2**0.5)])


def test_the_score_of_uncorrelated_rows_by_hand():
    rows = np.array([[1.0, -1, 1, -1], [1, 1, -1, -1]])
    expected = -2 * (np.log(1 + SMALL) + 1 / (1 + SMALL))
    assert correlation_score(rows) == pytest.approx(expected)
    assert np.isnan(correlation_score(np.array([[1.0, 1], [0, 1]])))


def test_the_score_of_cosines_by_hand():
    # Two rows, half a right angle apart: half the twentieth root of 2 ** -0.5 is taken from 1.
    rows = np.array([[1.0, 0], [3, 3]])
    assert cosine_score(rows) == pytest.approx(1 - 2 ** (-1 / 40) / 2)
    assert cosine_score(np.eye(3)) == 1
    assert np.isnan(cosine_score(np.array([[1.0, 1], [0, 0]])))


class TwoMaps(torch.nn.Sequential):
    """The transform of one number is that number: all is 5 (2 x)."""

    def __init__(self) -> None:
        super().__init__(Transform(1, 1, cosine=False), Transform(1, 1, cosine=False))
        for part, weight in zip(self, (2.0, 5.0), strict=True):
            torch.nn.init.constant_(part.input.weight, weight)
            torch.nn.init.zeros_(part.input.bias)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Return 10 times each token."""
        return super().forward(tokens.float().unsqueeze(-1))


@pytest.mark.parametrize("proxy", ["head_importance", "synaptic_diversity"])
def test_weights_times_gradients_by_hand(proxy):
    # At x = 3 the gradients are 5 * 3 and 2 * 3, so that each weight times its own is 30.
    batch = Tokens(torch.tensor([[3]]), torch.tensor([[0]]))
    found = score(proxy, TwoMaps(), batch, 0, dead=False)
    assert found.components == pytest.approx((60, 60, 30, 30))


@pytest.mark.parametrize("signs", ["as_published", "random_signs"])
@pytest.mark.parametrize(
    ("proxy", "maps"),
    # Attention by weighted multiplication has five dense layers with its closing, a span
    # convolution six with that and its kernels, a transform one; feed-forward layers one more
    # than their hidden ones.
    [
        ("synaptic_diversity", 5 + 6 + 1 + 1),
        ("head_importance", 4 + 4 + 1 + 1),
        ("synaptic_saliency", 4 + 2 + 2 + 2),
    ],
)
def test_a_normalised_score_is_the_mean_over_the_maps(proxy, maps, signs):
    found = score(proxy, small("flexibert"), text_batch(2, 8), 0).components
    values = dict(zip(components_of(proxy), found, strict=True))
    assert values[signs] == pytest.approx(maps * values[f"{signs}_normalised"])


def test_a_normalised_score_is_the_mean_over_the_outputs():
    network, batch = small("flexibert"), text_batch(2, 8)
    total, mean = score("activation_distance", network, batch, 0).components
    assert total == pytest.approx((3 + 1 + 1 + 1) * mean)
    heads, softmax, *means = score("attention_confidence", network, batch, 0).components
    assert [heads, softmax] == pytest.approx([(4 + 3 + 1 + 1) * means[0], 4 * means[1]])


def test_the_published_gradient_is_rounding_and_one_with_signs_is_not():
    network = small("flexibert").eval()
    weights = dense_weights(feeds_of(network))
    generator = torch.Generator().manual_seed(0)
    published, signs = both_gradients(network, text_batch(2, 16).tokens, weights, generator)
    sizes = [max(float(g.abs().max()) for g in found) for found in (published, signs)]
    assert sizes[0] < 1e-4 * sizes[1]


@pytest.mark.parametrize("proxy", PROXIES)
def test_a_sequence_proxy_repeats_and_leaves_the_network_as_it_was(proxy):
    network, batch = small(space_of(proxy)), text_batch(4, 16)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    state = torch.get_rng_state()
    found = [score(proxy, network, batch, 0).components for _ in range(2)]
    assert found[0] == found[1]
    assert len(found[0]) == len(components_of(proxy))
    assert all(torch.equal(before[n], value) for n, value in network.state_dict().items())
    assert torch.equal(state, torch.get_rng_state())
    assert not any(module._forward_hooks for module in network.modules())


@pytest.mark.parametrize("proxy", PROXIES)
def test_the_card_of_a_sequence_proxy_says_what_it_needs(proxy):
    card = SEQUENCE_PROXIES.module(proxy).CARD
    assert card.cost in COSTS
    assert set(card.needs.split(", ")) <= set(NEEDS)
    other = small("flexibert" if space_of(proxy) == "nasbench_nlp" else "nasbench_nlp")
    found = score(proxy, other, text_batch(2, 8), 0)
    assert np.isnan(found.components).all()
    assert "the network has no" in found.reason


def test_a_batch_that_a_proxy_cannot_read_is_a_reason():
    images = Batch(torch.zeros(2, 3, 4, 4), torch.zeros(2, dtype=torch.int64))
    found = score("hidden_covariance", small("nasbench_nlp"), images, 0)
    assert found.reason == "a sequence proxy needs a batch of tokens"
    found = score("synflow", small("nasbench_nlp"), text_batch(2, 8), 0)
    assert found.reason == "a network proxy needs a batch of images"


@pytest.mark.parametrize("space", EXAMPLES)
def test_tokens_reach_the_output(space):
    assert is_live(small(space), text_batch(2, 8))


def test_a_proxy_of_other_networks_is_refused():
    with pytest.raises(ConfigError, match="hidden_covariance cannot score networks of flexibert"):
        next(measure_sequences([], ["hidden_covariance"], text_batch(2, 8), space="flexibert"))


def test_the_study_scores_what_has_a_label(tmp_path):
    files = {}
    for name, column in (
        ("nasbench_nlp", reader_of_nlp.LOSS),
        ("flexibert", reader_of_flexibert.GLUE),
    ):
        space, files[name] = open_space(name), tmp_path / f"{name}.arrow"
        some = space.sample(4, np.random.default_rng(0))
        labels = np.array([1.0, np.nan, 2.0, 3.0])
        write_table(build_table(space, some, space.format(some), {column: labels}), files[name])
    settings = sequences.Settings(recipes=2, encoders=1, shards=1, rows=2, steps=8, encoder_steps=8)
    recurrent = sequences.run("recurrent_0", settings, files, tmp_path)
    assert set(recurrent.row) < {0, 2, 3}
    assert recurrent.score.nunique() == 3
    encoders = sequences.run("transformers_0", settings, files, tmp_path)
    assert encoders.score.nunique() == 22
    assert np.isfinite(encoders.value).sum() >= 20


def test_the_figure_has_every_score_beside_params_on_both_benchmarks():
    rows = [
        {"benchmark": name, "kind": kind, "score": score, "tau": tau, "difference": tau - 0.1,
         "low": tau - 0.2, "high": tau}
        for name in ("nasbench_nlp", "flexibert")
        for kind, score, tau in (
            ("ours", "params", 0.1), ("stored", "jacobian_cosine", 0.3),
            ("recomputed", "hidden_covariance.layer_1", 0.4), ("ours", "random", 0.0),
        )
    ]  # fmt: skip
    for panel in result.figure(pd.DataFrame(rows)).axes:
        labels = [text.get_text() for text in panel.get_yticklabels()]
        assert labels == ["params", "jacobian cosine", "hidden covariance, layer 1"]
