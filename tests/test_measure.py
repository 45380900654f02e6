"""Zero-cost proxies of networks that are not of this package, on any device."""

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from elsewhere import There, device
from test_cli import tgnas
from test_harness import CLASSES, SOUND, batch, settings
from torch import nn

import tgnas as package
from tgnas.errors import ConfigError, DataError, UnknownNameError
from tgnas.methods.card import REQUIREMENTS
from tgnas.methods.network_proxies._network import FOUND
from tgnas.registry import NETWORK_PROXIES
from tgnas.scoring import harness

EVERY = NETWORK_PROXIES.names()
UNKNOWN_ELSEWHERE = {"nasgraph", "te_nas"}  # they look at networks of spaces alone
IMAGES = torch.randn(8, 3, 16, 16, generator=torch.Generator().manual_seed(0))


class Own(nn.Module):
    """Blocks with normalisations, rectifiers and dropout, as in a user's own file."""

    def __init__(self, rectifier: type[nn.Module] = nn.ReLU, *, normalised: bool = True) -> None:
        super().__init__()
        norm = nn.BatchNorm2d if normalised else nn.Identity
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), norm(8))
        blocks = [
            nn.Sequential(rectifier(), nn.Conv2d(8, 8, 3, padding=1), norm(8)) for _ in range(3)
        ]
        self.stages = nn.Sequential(*blocks)
        self.head = nn.Sequential(
            rectifier(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.3), nn.Linear(8, 4)
        )

    def forward(self, images):
        return self.head(self.stages(self.stem(images)))


def own(rectifier: type[nn.Module] = nn.ReLU, **more: bool) -> Own:
    torch.manual_seed(1)
    return Own(rectifier, **more)


def build() -> nn.Module:
    return own()


def bare() -> nn.Module:
    """Return a classifier that is little but two convolutions: no ReLU, no normalisation."""
    torch.manual_seed(1)
    return nn.Sequential(
        nn.Conv2d(3, 6, 5), nn.SiLU(), nn.Conv2d(6, 6, 3), nn.SiLU(), nn.AdaptiveAvgPool2d(1),
        nn.Flatten(), nn.Dropout(0.3), nn.Linear(6, 4),
    )  # fmt: skip


def test_a_network_with_all_that_proxies_need_has_a_score_of_each_of_them():
    found = package.measure(own(), IMAGES)
    assert {name for name, value in found.scores.items() if np.isnan(value)} == {
        "nasgraph",
        "te_nas.minus_condition_number",
        "te_nas.linear_regions",
    }
    assert found.reasons.keys() == UNKNOWN_ELSEWHERE
    assert found.milliseconds.keys() == set(EVERY)


def test_what_a_network_lacks_is_the_reason_for_a_nan():
    found = package.measure(bare(), IMAGES)
    lacking = {"az_nas": "blocks", "naswot": "ReLU", "swap": "ReLU", "zen": "batch normalisation"}
    for proxy, what in lacking.items():
        assert found.reasons[proxy].startswith(f"{proxy} needs ")
        assert f"the network has no {what}" in found.reasons[proxy]
    assert found.reasons.keys() == UNKNOWN_ELSEWHERE | lacking.keys()
    assert all(np.isnan(found.scores[name]) for name in ("naswot", "swap", "zen"))


@pytest.mark.parametrize("proxy", EVERY)
def test_a_card_names_all_that_a_network_must_have(proxy):
    required = NETWORK_PROXIES.module(proxy).CARD.requires
    assert set(required) <= set(REQUIREMENTS)
    nothing = nn.Sequential(nn.Flatten(), nn.Softmax(dim=1))
    found = harness.score(proxy, nothing, replace(batch("nasbench201"), images=IMAGES), 0)
    if FOUND.keys() & set(required):
        assert np.isnan(found.components).all()
        assert "the network has no " in found.reason


@pytest.mark.parametrize("layer", [nn.LayerNorm([8, 16, 16]), nn.GroupNorm(2, 8)])
def test_a_layer_that_a_proxy_does_not_know_is_the_reason(layer):
    network = own()
    network.stages.append(layer)
    found = package.measure(network, IMAGES, proxies="vkdnw,snip")
    assert type(layer).__name__ in found.reasons["vkdnw"]
    assert np.isfinite(found.scores["snip"])


def test_scores_repeat_for_a_seed_though_the_network_draws():
    first, again = (package.measure(own(), IMAGES, seed=3).scores for _ in range(2))
    np.testing.assert_equal(first, again)
    assert package.measure(own(), IMAGES, proxies=["snip"], seed=4).scores["snip"] != first["snip"]


class Draws(Own):
    """A network that draws from all three global generators."""

    def forward(self, images):
        factor = 1 + random.random() + np.random.random() + torch.rand(1).item()  # noqa: NPY002
        return super().forward(images * factor)


def test_a_network_that_draws_from_global_generators_leaves_them_as_they_were():
    network = Draws()
    before = str(np.random.get_state()), torch.get_rng_state()  # noqa: NPY002
    scores = [package.measure(network, proxies="snip").scores["snip"] for _ in range(2)]
    assert scores[0] == scores[1]
    assert before[0] == str(np.random.get_state())  # noqa: NPY002
    assert torch.equal(before[1], torch.get_rng_state())
    # Python's own generator: the types that the tests check are drawn from it too.
    with harness.drawing(0, torch.device("cpu")):
        first = random.random()
    state = random.getstate()
    with harness.drawing(0, torch.device("cpu")):
        assert random.random() == first
    assert random.getstate() == state


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16, torch.float16])
def test_the_network_is_as_it_was(dtype):
    network = own().to(dtype)
    network.head[0].inplace = True
    network.stem[1].eval()
    network.stem[0].weight.requires_grad_(False)
    network.head[4].weight.grad = gradient = torch.ones(4, 8, dtype=dtype)
    network.register_buffer("mask", torch.ones(2), persistent=False)
    identities = [id(value) for value in (*network.parameters(), *network.buffers())]
    values = {name: value.clone() for name, value in network.state_dict().items()}
    modes = [module.training for module in network.modules()]
    found = package.measure(network, IMAGES, proxies=[n for n in EVERY if n != "gradsign"])
    assert np.isfinite(found.scores["synflow"])
    after = network.state_dict()
    assert all(torch.equal(values[name], after[name]) for name in values)
    assert all(after[name].dtype == value.dtype for name, value in values.items())
    assert identities == [id(value) for value in (*network.parameters(), *network.buffers())]
    assert modes == [module.training for module in network.modules()]
    assert not network.stem[0].weight.requires_grad
    assert network.head[4].weight.grad is gradient
    assert network.head[0].inplace
    assert not any(module._forward_hooks for module in network.modules())


def test_what_is_done_in_place_changes_no_score():
    apart, together = own(normalised=False), own(normalised=False)
    for module in together.modules():
        if isinstance(module, nn.ReLU):
            module.inplace = True
    names = ["fisher", "az_nas", "swap", "snip"]
    found = [
        package.measure(network, IMAGES, proxies=names).scores for network in (apart, together)
    ]
    assert found[0] == found[1]


class Pair(Own):
    def forward(self, images):
        logits = super().forward(images)
        return {"logits": logits, "auxiliary": logits * 2}


def test_of_several_outputs_the_first_tensor_is_the_logits():
    torch.manual_seed(1)
    assert package.measure(Pair(), IMAGES, proxies="snip").scores == (
        package.measure(own(), IMAGES, proxies="snip").scores
    )


@pytest.mark.parametrize(
    ("network", "given", "message"),
    [
        (nn.Conv2d(3, 4, 3), {}, r"gives \(64, 4, 30, 30\), not logits"),
        (nn.Sequential(nn.Flatten(), nn.Linear(5, 2)), {}, "cannot take images"),
        (nn.Sequential(nn.Flatten(), nn.Linear(3072, 1)), {}, "one logit"),
        (Own(), {"labels": torch.full((64,), 4)}, r"64 whole numbers, each of 0 to 3, not \[4, 4,"),
        (Own(), {"images": torch.zeros(1, 3, 8, 8)}, "B >= 2"),
        (Own(), {"images": torch.zeros(4, 3, 8, 8, dtype=torch.uint8)}, "not uint8"),
        ("resnet18", {}, "not str"),
    ],
)
def test_what_cannot_be_measured_is_said_in_a_line(network, given, message):
    with pytest.raises(DataError, match=message):
        package.measure(network, **given)


def test_a_device_that_is_not_there_and_a_proxy_that_is_not_are_named():
    with pytest.raises(ConfigError, match="device 'cuda:9' is not to be had"):
        package.measure(own(), device="cuda:9")
    with pytest.raises(UnknownNameError, match="did you mean 'snip'"):
        package.measure(own(), proxies="snipp")


def test_a_dead_network_has_no_score_of_any_proxy():
    network = own()
    nn.init.zeros_(network.stages[1][1].weight)
    nn.init.zeros_(network.stages[1][2].weight)
    found = package.measure(network, IMAGES)
    assert np.isnan(list(found.scores.values())).all()
    assert "no image reaches" in found.reasons["l2_norm"]


DEAD = [
    "|nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|nor_conv_3x3~2|",
    "|none~0|+|none~0|nor_conv_1x1~1|+|none~0|skip_connect~1|avg_pool_3x3~2|",
]
LIVING = "|skip_connect~0|+|none~0|none~1|+|none~0|skip_connect~1|none~2|"


def test_dead_cells_rank_last_for_every_proxy():
    about = {"space": "nasbench201", "classes": CLASSES}
    given = batch("nasbench201")
    members = harness.measure([*DEAD, LIVING], EVERY, given, settings("nasbench201"), **about)
    *dead, living = list(members)
    for proxy in EVERY:
        assert np.isnan([one.components[proxy] for one in dead]).all(), proxy
        table = np.array([one.components[proxy] for one in (*dead, living)])
        scores = harness.aggregate(proxy, table)
        assert not (scores[:2] >= scores[2]).any(), proxy
    assert np.isfinite(living.components["vkdnw"]).all()
    assert set(dead[0].reasons) == set(EVERY)


@pytest.mark.parametrize("proxy", EVERY)
def test_every_proxy_is_worked_out_where_the_network_is(proxy):
    space, given = "nasbench201", batch("nasbench201")
    about = SOUND[space], CLASSES
    found = {}
    for place in ("cpu", "meta"):
        there = replace(settings(space), device=place)
        with device():
            network = harness.seeded_network(*about, there, space=space)
            assert isinstance(network.classifier.weight.data, There) == (place == "meta")
            small = harness.small_network(proxy, *about, there, space=space)
            seen = harness.moved(given, there)
            found[place] = harness.score(proxy, network, seen, 0, small).components
    assert found["meta"] == pytest.approx(found["cpu"], rel=1e-4)


def test_the_other_device_refuses_what_a_gpu_refuses():
    with device() as there:
        one = torch.ones(2, 2).to(there)
        with pytest.raises(RuntimeError, match="two devices"):
            one + torch.ones(2, 2)
        with pytest.raises(RuntimeError, match="a generator of the CPU"):
            one.normal_(generator=torch.Generator())
        with pytest.raises(TypeError, match="numpy"):
            one.numpy()
        assert (one @ one).sum().item() == 8


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU here")
@pytest.mark.parametrize("proxy", EVERY)
def test_a_gpu_gives_the_scores_of_the_cpu_within_rounding(proxy):
    space, found = "nasbench201", {}
    for place in ("cpu", "cuda"):
        there = replace(settings(space), device=place)
        stream = harness.measure(
            [LIVING], [proxy], batch(space), there, space=space, classes=CLASSES
        )
        found[place] = next(stream).components[proxy]
    assert found["cuda"] == pytest.approx(found["cpu"], rel=1e-2)


def test_the_command_writes_every_proxy_with_its_reason(monkeypatch, tmp_path: Path):
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    to = tmp_path / "proxies.csv"
    name = "test_measure:build"
    done = tgnas("measure", "--module", name, "--size", 16, "--batch", 8, "--output", to)
    assert done.exit_code == 0, done.output
    lines = to.read_text().splitlines()
    assert lines[0] == "proxy,score,milliseconds,reason"
    assert any(line.startswith("az_nas.expressivity,") for line in lines)
    done = tgnas("measure", "--module", "test_measure:nothing")
    assert done.exit_code == 1
    assert "has no attribute 'nothing'" in done.stderr
    done = tgnas("measure", "--module", "torch.nn:Linear")
    assert done.exit_code == 1
    [line] = done.stderr.splitlines()
    assert line.startswith("tgnas: torch.nn:Linear() builds no network: TypeError: ")


def test_lazy_layers_that_were_never_called_are_told():
    lazy = nn.Sequential(nn.Flatten(), nn.LazyLinear(3))
    with pytest.raises(DataError, match="lazy layers"):
        package.measure(lazy, proxies=["synflow"])
