"""The harness, and what every network proxy must do: the tests walk the folder."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from test_network_modules import OF_SPACES, SMALL, example
from torch import nn

from tgnas.errors import ConfigError, UnknownNameError
from tgnas.image_training.images import Images, load_cifar10
from tgnas.methods.card import COSTS, NEEDS, NetworkCard
from tgnas.registry import GRAPH_PROXIES, NETWORK_PROXIES, SPACES
from tgnas.scoring import harness
from tgnas.scoring.harness import (
    Batch,
    Settings,
    aggregate,
    measure,
    restored,
    score,
    seeded_network,
)
from tgnas.spaces.darts import genotype

CLASSES = 10
PAIRS = [
    (space, proxy)
    for space in OF_SPACES
    for proxy in NETWORK_PROXIES.names()
    if harness.scores_network_of(proxy, space)
]
NB201 = "|nor_conv_3x3~0|+|skip_connect~0|nor_conv_1x1~1|+|nor_conv_1x1~0|avg_pool_3x3~1|none~2|"
NOTHING = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"
# One architecture of each space whose every proxy is defined, made by hand.
SOUND = {
    "darts": list(example("darts"))[3],
    "nasbench101": next(iter(example("nasbench101"))),
    "nasbench201": SPACES.load("nasbench201").parse(NB201).member(0),
    "nasbench_macro": SPACES.load("nasbench_macro").parse("12012212").member(0),
}


def settings(space: str, seed: int = 0) -> Settings:
    return Settings(seed=seed, batch=8, size=SMALL[space])


def batch(space: str, seed: int = 0) -> Batch:
    """Return 8 images of noise, as small as the space's networks allow; labels 0 0 1 1 2 2 3 3."""
    side = 16 if space == "nasbench_macro" else 8  # each image of a batch of 1 keeps 4 pixels
    generator = torch.Generator().manual_seed(seed)
    return Batch(torch.randn(8, 3, side, side, generator=generator), torch.arange(8) // 2)


def network(space: str, seed: int = 0) -> nn.Module:
    return harness.seeded_network(SOUND[space], CLASSES, settings(space, seed), space=space)


def asked(proxy: str, space: str, scored: nn.Module, given: Batch, seed: int = 0) -> tuple:
    """Return a proxy's components of a network, and of its small one if it looks at one."""
    about = (SOUND[space], CLASSES, settings(space, seed))
    small = harness.small_network(proxy, *about, space=space)
    return score(proxy, scored, given, seed, small)[0]


def components(proxy: str, space: str, given: Batch | None = None, seed: int = 0) -> tuple:
    return asked(proxy, space, network(space), given or batch(space), seed)


@pytest.mark.parametrize(("space", "proxy"), PAIRS)
def test_every_proxy_gives_finite_components_on_every_space_it_declares(space, proxy):
    found = components(proxy, space)
    assert len(found) == len(harness.components_of(proxy))
    assert np.isfinite(found).all()


@pytest.mark.parametrize(("space", "proxy"), PAIRS)
def test_every_proxy_leaves_the_network_and_the_global_generator_as_they_were(space, proxy):
    scored = network(space)
    before = {name: value.clone() for name, value in scored.state_dict().items()}
    state = torch.get_rng_state()
    asked(proxy, space, scored, batch(space))
    after = scored.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert all(value.dtype == before[name].dtype for name, value in after.items())
    assert not any(module._forward_hooks for module in scored.modules())
    assert all(value.requires_grad and value.grad is None for value in scored.parameters())
    assert scored.training
    assert torch.equal(state, torch.get_rng_state())


@pytest.mark.parametrize("proxy", NETWORK_PROXIES.names())
def test_every_proxy_repeats_with_one_seed(proxy):
    assert components(proxy, "nasbench201") == components(proxy, "nasbench201")


@pytest.mark.parametrize("proxy", NETWORK_PROXIES.names())
def test_every_card_tells_what_its_proxy_needs(proxy):
    card = NETWORK_PROXIES.module(proxy).CARD
    assert isinstance(card, NetworkCard)
    assert card.cost in COSTS
    assert set(card.needs.split(", ")) <= set(NEEDS)
    assert set(card.spaces) <= set(SPACES.names())
    assert ("backward" in card.needs) == (card.cost not in ("counting", "forward"))


@pytest.mark.parametrize("proxy", NETWORK_PROXIES.names())
def test_what_a_card_does_not_name_has_no_influence(proxy):
    needs, given = NETWORK_PROXIES.module(proxy).CARD.needs, batch("nasbench201")
    usual = components(proxy, "nasbench201", given)
    if "images" not in needs:
        others = replace(given, images=batch("nasbench201", 1).images)
        assert components(proxy, "nasbench201", others) == usual
    if "labels" not in needs:
        others = replace(given, labels=given.labels.flip(0))
        assert components(proxy, "nasbench201", others) == usual
    if "weights" not in needs:
        assert asked(proxy, "nasbench201", network("nasbench201", 1), given) == usual
    if "noise" not in needs and proxy != "nasgraph":
        assert components(proxy, "nasbench201", given, seed=1) == usual


@pytest.mark.parametrize("proxy", NETWORK_PROXIES.names())
def test_what_a_card_names_has_an_influence(proxy):
    needs, given = NETWORK_PROXIES.module(proxy).CARD.needs, batch("nasbench201")
    usual = components(proxy, "nasbench201", given)
    if "images" in needs:
        one_twice = given.images[[0, 0, 1, 2, 3, 4, 5, 6]]
        assert components(proxy, "nasbench201", replace(given, images=one_twice)) != usual
    if "labels" in needs:
        others = replace(given, labels=torch.arange(8) % 2)
        assert components(proxy, "nasbench201", others) != usual
    if "noise" in needs:
        assert components(proxy, "nasbench201", given, seed=1) != usual


@pytest.mark.parametrize("proxy", NETWORK_PROXIES.names())
def test_a_population_has_one_score_for_each_architecture(proxy):
    width = len(harness.components_of(proxy))
    table = np.random.default_rng(0).normal(size=(5, width))
    assert aggregate(proxy, table).shape == (5,)


def test_a_file_is_a_proxy_of_cells_or_of_networks_and_never_both():
    assert not set(GRAPH_PROXIES.names()) & set(NETWORK_PROXIES.names())
    assert "synflow" in NETWORK_PROXIES.names()
    assert "params" in GRAPH_PROXIES.names()
    with pytest.raises(UnknownNameError, match="did you mean 'synflow'"):
        NETWORK_PROXIES.load("synflw")


def test_what_fails_is_stored_as_nan_and_never_as_infinity():
    space, every = "nasbench201", NETWORK_PROXIES.names()
    (found,) = measure(
        [NOTHING], every, batch(space), settings(space), space=space, classes=CLASSES
    )
    values = np.concatenate([found.components[name] for name in every])
    assert not np.isinf(values).any()
    assert {name for name in every if np.isnan(found.components[name]).any()} >= {"zen", "jacov"}


def test_architectures_are_built_one_after_another():
    asked = []

    def architectures():
        for text in (NB201, NOTHING):
            asked.append(text)
            yield text

    space = "nasbench201"
    stream = measure(
        architectures(), ["l2_norm"], batch(space), settings(space), space=space, classes=CLASSES
    )
    assert next(stream).architecture == NB201
    assert asked == [NB201]
    assert [found.architecture for found in stream] == [NOTHING]


def test_a_score_depends_neither_on_the_architectures_nor_on_the_proxies_before():
    space, every = "nasbench201", NETWORK_PROXIES.names()
    given = {"space": space, "classes": CLASSES}
    both = list(measure([NOTHING, NB201], every, batch(space), settings(space), **given))
    (alone,) = measure([NB201], every[::-1], batch(space), settings(space), **given)
    assert both[1].components == alone.components
    assert both[1].milliseconds.keys() == {harness.BUILD, *every}
    assert all(value >= 0 for value in both[1].milliseconds.values())


def test_a_proxy_of_another_space_is_refused():
    space = "nasbench101"
    with pytest.raises(ConfigError, match="nasgraph cannot score networks of nasbench101"):
        next(measure([], ["nasgraph"], batch(space), settings(space), space=space, classes=2))


@pytest.mark.parametrize("proxy", ["nasgraph", "te_nas"])
def test_a_proxy_that_does_not_know_the_networks_that_are_built_is_refused(proxy):
    about = {"space": "nasbench101", "classes": 2, "networks": "uniform_width"}
    with pytest.raises(ConfigError, match=f"{proxy} cannot score networks of uniform_width"):
        next(measure([], [proxy], batch("nasbench101"), settings("nasbench101"), **about))


def test_a_cell_can_be_scored_in_networks_that_are_not_its_spaces():
    space, text = "nasbench101", "input,conv3x3-bn-relu,output;0-1,0-2,1-2"
    found = {}
    for networks in ("", "uniform_width"):
        about = {"space": space, "classes": CLASSES, "networks": networks}
        given = Settings(batch=8, size={"channels": 8, "repeats": 1})
        (one,) = measure([text], ["l2_norm"], batch(space), given, **about)
        found[networks] = one.components["l2_norm"]
    assert found[""] != found["uniform_width"]


def test_a_network_is_restored_where_a_proxy_breaks_off():
    scored = network("nasbench201")
    before = scored.classifier.weight.clone()
    with pytest.raises(ZeroDivisionError), restored(scored), torch.no_grad():
        scored.eval().double().classifier.weight.zero_()
        1 / 0  # noqa: B018
    assert torch.equal(scored.classifier.weight, before)
    assert scored.training


def test_initial_weights_are_a_function_of_seed_and_initialisation():
    state = torch.get_rng_state()
    weights = [network("nasbench201", seed).stem[0].weight for seed in (0, 0, 1)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])
    kaiming = replace(settings("nasbench201"), initialisation="kaiming", size={"channels": 64})
    built = harness.seeded_network(SOUND["nasbench201"], CLASSES, kaiming, space="nasbench201")
    assert built.stem[0].weight.std().item() == pytest.approx((2 / 27) ** 0.5, rel=0.05)
    assert torch.equal(state, torch.get_rng_state())


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"batch": 1}, ConfigError, "at least 2 images, not 1"),
        ({"initialisation": "kaimin"}, UnknownNameError, "did you mean 'kaiming'"),
    ],
)
def test_a_setting_that_is_not_allowed_is_refused(change, error, message):
    with pytest.raises(error, match=message):
        Settings(**change)


def some_images(size: int = 20) -> Images:
    generator = np.random.default_rng(0)
    pixels = generator.integers(0, 256, (size, 3, 32, 32), dtype=np.uint8)
    labels = np.arange(size, dtype=np.int64) % 10
    return Images(pixels, labels, pixels, labels, "drawn at random")


def test_a_batch_is_drawn_by_its_seed_alone():
    one, same, other = (
        harness.draw_batch(some_images(), Settings(seed=seed, batch=8)) for seed in (0, 0, 1)
    )
    assert torch.equal(one.images, same.images)
    assert torch.equal(one.labels, same.labels)
    assert not torch.equal(one.images, other.images)


def test_a_batch_of_the_whole_set_has_mean_0_and_deviation_1():
    drawn = harness.draw_batch(some_images(), Settings(batch=20))
    assert drawn.images.mean((0, 2, 3)).tolist() == pytest.approx([0, 0, 0], abs=1e-4)
    assert drawn.images.std((0, 2, 3)).tolist() == pytest.approx([1, 1, 1], rel=1e-3)
    with pytest.raises(ConfigError, match="a batch of 21 images asked for; the set has 20"):
        harness.draw_batch(some_images(), Settings(batch=21))


def test_real_images_with_labels_come_from_cifar10(resource_file):
    images = load_cifar10(resource_file("cifar10/cifar10_jpeg_q75.parquet"), (200, 1))
    drawn = harness.draw_batch(images, Settings(batch=64))
    assert drawn.images.shape == (64, 3, 32, 32)
    assert len(drawn.labels.unique()) > 5


@pytest.mark.parametrize(("channels", "fits"), [(4, False), (16, True)])
def test_networks_too_narrow_for_it_do_not_keep_their_channels_last(channels, fits):
    pairs = [("skip_connect", node) for _ in range(4) for node in (0, 1)]
    member = SPACES.load("darts").parse(genotype(pairs, pairs)).member(0)
    settings = Settings(size={"channels": channels, "layers": 3})
    network = seeded_network(member, 10, settings, space="darts")
    weight = network.stem[0].weight
    assert weight.is_contiguous(memory_format=torch.channels_last) == fits
