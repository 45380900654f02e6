"""Zero-cost proxies of networks that are not of this package, on any device."""

import random
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from elsewhere import There, device
from test_cli import tgnas
from test_harness import CLASSES, SOUND, batch, settings
from torch import nn
from torch.nn import functional
from torch.nn.utils import parametrizations

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
    found = package.measure(network, IMAGES, proxies="vkdnw, snip")
    assert type(layer).__name__ in found.reasons["vkdnw"]
    assert np.isfinite(found.scores["snip"])


class Attentive(nn.Module):
    """A classifier with torch's fused attention."""

    def __init__(self) -> None:
        super().__init__()
        self.patches, self.head = nn.Conv2d(3, 8, 4, 4), nn.Linear(8, 4)
        self.projected = nn.Linear(8, 24)

    def forward(self, images):
        tokens = self.patches(images).flatten(2).transpose(1, 2)
        parts = self.projected(tokens)[:, None].chunk(3, dim=-1)
        return self.head(functional.scaled_dot_product_attention(*parts).mean((1, 2)))


def test_grasp_takes_a_second_derivative_of_fused_attention():
    torch.manual_seed(1)
    found = package.measure(Attentive(), IMAGES, proxies="grasp")
    assert np.isfinite(found.scores["grasp"]) and not found.reasons


def test_what_has_no_second_derivative_is_the_reason():
    network = own(nn.Hardsigmoid, normalised=False)
    found = package.measure(network, IMAGES, proxies="grasp, snip")
    assert found.reasons == {
        "grasp": "grasp cannot score the network: torch has no second derivative of hardsigmoid"
    }


@pytest.mark.parametrize("side", [15, 16])
def test_feature_maps_that_az_nas_cannot_compare_are_the_reason(side):
    network = own()
    halved = nn.Conv2d(8, 8, 3, padding=1, stride=2 if side % 2 else (2, 1))
    network.stages.append(halved)
    found = package.measure(network, IMAGES[..., :side, :side], proxies="az_nas")
    assert "does not divide height and width by a whole number" in found.reasons["az_nas"]


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


def test_the_first_tensor_is_found_however_deep_it_lies():
    class Nested(Own):
        def forward(self, images):
            logits = super().forward(images)
            return ([logits, logits * 2], {"features": logits * 3})

    torch.manual_seed(1)
    assert package.measure(Nested(), IMAGES, proxies="snip").scores == (
        package.measure(own(), IMAGES, proxies="snip").scores
    )


def test_a_network_that_changes_its_images_in_place_changes_none_that_are_given():
    class Centred(Own):
        def forward(self, images):
            return super().forward(images.sub_(0.5))

    torch.manual_seed(1)
    images = IMAGES.clone()
    found = package.measure(Centred(), images, proxies="snip,l2_norm")
    assert torch.equal(images, IMAGES)
    assert found.scores == package.measure(own(), IMAGES - 0.5, proxies="snip,l2_norm").scores


@pytest.mark.parametrize("rectify", [functional.relu_, functional.hardtanh_])
def test_a_function_that_works_in_place_changes_no_score(rectify):
    class Functional(Own):
        def __init__(self, *, in_place):
            super().__init__(nn.Identity)
            self.in_place = in_place

        def forward(self, images):
            features = self.stem(images)
            for stage in self.stages:
                features = stage(rectify(features if self.in_place else features.clone()))
            return self.head(rectify(features if self.in_place else features.clone()))

    found = []
    for in_place in (False, True):
        torch.manual_seed(1)
        network = Functional(in_place=in_place)
        found.append(package.measure(network, IMAGES, proxies="vkdnw,fisher,az_nas,meco").scores)
    assert found[0] == found[1]


class Shares(nn.Module):
    """Two convolutions: one module that is called twice under two names, or one weight of both."""

    def __init__(self, what: str) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.stem, self.first = nn.Conv2d(3, 6, 3), nn.Conv2d(6, 6, 3)
        self.rectify, self.head, self.second = nn.ReLU(), nn.Linear(6, 4), self.first
        if what == "parameters":
            self.second = nn.Conv2d(6, 6, 3)
            self.second.weight, self.second.bias = self.first.weight, self.first.bias

    def forward(self, images):
        features = self.rectify(self.stem(images))
        for layer in (self.first, self.second):
            features = self.rectify(layer(features))
        return self.head(features.mean((2, 3)))


@pytest.mark.parametrize("proxy", sorted({*EVERY} - UNKNOWN_ELSEWHERE - {"az_nas", "zen"}))
def test_a_network_whose_layers_are_shared_is_as_it_was(proxy):
    network = Shares("module")
    before = {name: value.clone() for name, value in network.state_dict().items()}
    parameters = [id(parameter) for parameter in network.parameters()]
    assert np.isfinite(package.measure(network, IMAGES, proxies=proxy).scores[proxy])
    assert parameters == [id(parameter) for parameter in network.parameters()]
    assert all(torch.equal(before[name], now) for name, now in network.state_dict().items())


def test_a_weight_that_layers_share_counts_once():
    proxies = "snip,grad_norm,grasp,gradsign,l2_norm,plain,synflow,zico"
    module, parameters = (
        package.measure(Shares(what), IMAGES, proxies=proxies).scores
        for what in ("module", "parameters")
    )
    assert parameters == module


@pytest.mark.parametrize(
    "normalise", [parametrizations.weight_norm, parametrizations.spectral_norm]
)
def test_a_weight_that_is_worked_out_from_others_is_the_reason_for_a_nan(normalise):
    network = own()
    normalise(network.stages[0][1])
    proxies = "snip,grad_norm,grasp,gradsign,l2_norm,plain,synflow,zico,vkdnw,zen,az_nas"
    found = package.measure(network, IMAGES, proxies=proxies)
    assert np.isnan(list(found.scores.values())).all()
    assert "the weight of a ParametrizedConv2d is no parameter" in found.reasons["snip"]


class Mixer(nn.Module):
    """A dense layer on every pixel, as a convolution or on channels that come last."""

    def __init__(self, *, last: bool) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.stem, self.rectify, self.head = nn.Conv2d(3, 6, 4, 4), nn.ReLU(), nn.Linear(6, 4)
        mix = nn.Conv2d(6, 5, 1), nn.Conv2d(5, 6, 1)
        self.mix = nn.Sequential(*map(_dense_of, mix)) if last else nn.Sequential(*mix)
        self.last = last

    def forward(self, images):
        features = self.rectify(self.stem(images))
        if self.last:
            features = self.mix(features.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        else:
            features = self.mix(features)
        return self.head(self.rectify(features).mean((2, 3)))


def _dense_of(convolution: nn.Conv2d) -> nn.Linear:
    dense = nn.Linear(convolution.in_channels, convolution.out_channels)
    dense.weight.data, dense.bias.data = convolution.weight.data[:, :, 0, 0], convolution.bias.data
    return dense


@pytest.mark.parametrize("proxy", sorted({*EVERY} - UNKNOWN_ELSEWHERE - {"az_nas", "zen", "meco"}))
def test_a_dense_layer_of_every_pixel_counts_as_a_convolution_of_one_pixel(proxy):
    found = [
        package.measure(Mixer(last=last), IMAGES, proxies=proxy).scores[proxy]
        for last in (False, True)
    ]
    assert found[1] == pytest.approx(found[0], rel=1e-4)


class Place(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.shift = nn.Buffer(torch.zeros(1, 8, 1, 1))

    def forward(self):
        return self.shift, None


class Called(Own):
    """Modules that take what has a name, or nothing, and give a pair."""

    def __init__(self) -> None:
        super().__init__()
        self.place = Place()

    def forward(self, images):
        features = self.stem(images) + self.place()[0]
        for rectifier, convolution, norm in self.stages:
            features = norm(convolution(input=rectifier(input=features)))
        return self.head(features)


def test_how_a_network_calls_its_modules_changes_no_score():
    torch.manual_seed(1)
    names = [name for name in EVERY if name not in UNKNOWN_ELSEWHERE | {"az_nas"}]
    called, plain = (package.measure(n, IMAGES, proxies=names) for n in (Called(), own()))
    assert called.scores == plain.scores


def test_vkdnw_knows_no_derivative_of_what_pads_otherwise_or_gives_several():
    class Recurrent(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer, self.head = nn.LSTM(3, 8), nn.Linear(8, 4)

        def forward(self, images):
            return self.head(self.layer(images.flatten(2).transpose(1, 2))[0][:, -1])

    mirrored = own()
    mirrored.stages[0][1].padding_mode = "reflect"
    for network, name in ((mirrored, "padding_mode=reflect"), (Recurrent(), "LSTM(3, 8)")):
        found = package.measure(network, IMAGES, proxies="vkdnw")
        assert name in found.reasons["vkdnw"]


def test_synflow_passes_by_normalisations_of_a_single_image():
    torch.manual_seed(1)
    network = nn.Sequential(nn.Flatten(), nn.Linear(768, 8), nn.BatchNorm1d(8), nn.Linear(8, 4))
    bare = nn.Sequential(network[0], network[1], network[3])
    with_norm, without = (
        package.measure(n, IMAGES, proxies="synflow").scores["synflow"] for n in (network, bare)
    )
    assert with_norm == without


class Raises(Own):
    """A network that refuses what it cannot take, as torchvision's and timm's do."""

    def __init__(self, error: Exception, least: int) -> None:
        super().__init__()
        self.error, self.least = error, least

    def forward(self, images):
        if len(images) < self.least:
            raise self.error
        return super().forward(images)


@pytest.mark.parametrize("error", [AssertionError("side 224"), ZeroDivisionError("of none")])
def test_whatever_a_network_raises_is_said_in_a_line(error):
    with pytest.raises(DataError, match=f"cannot take images .*: {type(error).__name__}: {error}"):
        package.measure(Raises(error, 9), IMAGES)
    found = package.measure(Raises(error, 2), IMAGES, proxies="synflow,snip")
    assert found.reasons == {"synflow": f"{type(error).__name__}: {error}"}


class Gradientless(Own):
    @torch.no_grad()
    def forward(self, images):
        return super().forward(images)


@pytest.mark.parametrize(
    ("network", "given", "message"),
    [
        (Gradientless(), {}, "the network's logits have no gradient: RuntimeError: element 0"),
        (own().to("meta"), {}, "the meta device"),
        (Own(), {"images": torch.full((4, 3, 8, 8), torch.nan)}, "not finite"),
        (nn.Sequential(own(), nn.Threshold(9, torch.inf)), {}, "logits that are not finite"),
        (torch.jit.ScriptModule(), {}, "TorchScript shows no layers"),
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


@pytest.mark.parametrize("wrap", [nn.DataParallel, partial(torch.compile, backend="eager")])
def test_a_network_that_is_wrapped_has_the_scores_of_the_one_within(wrap):
    proxies = ["az_nas", "synflow"]
    wrapped = package.measure(wrap(own()), IMAGES, proxies=proxies)
    assert not wrapped.reasons
    assert wrapped.scores == package.measure(own(), IMAGES, proxies=proxies).scores


def test_epe_nas_compares_images_of_one_label_and_says_when_there_are_none():
    apart = package.measure(own(), IMAGES[:4], torch.arange(4), proxies=["epe_nas"])
    assert np.isnan(apart.scores["epe_nas"])
    assert apart.reasons["epe_nas"].endswith("no two of the 4 images share a label")
    alike = package.measure(own(), IMAGES[:4], torch.tensor([0, 1, 2, 2]), proxies=["epe_nas"])
    assert np.isfinite(alike.scores["epe_nas"]) and not alike.reasons


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


def test_dead_cells_have_no_score_of_any_proxy_and_are_left_out_alike():
    about = {"space": "nasbench201", "classes": CLASSES}
    given = batch("nasbench201")
    members = harness.measure([*DEAD, LIVING], EVERY, given, settings("nasbench201"), **about)
    *dead, living = list(members)
    for proxy in EVERY:
        assert np.isnan([one.components[proxy] for one in dead]).all(), proxy
        table = np.array([one.components[proxy] for one in (*dead, living)])
        assert np.isnan(harness.aggregate(proxy, table)[:2]).all(), proxy
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
    done = tgnas("measure", "--module", "nowhere.at:x:y")
    assert done.stderr == "tgnas: nowhere.at:x:y: No module named 'nowhere'\n"
    (tmp_path / "broken_module.py").write_text("1 / 0")
    monkeypatch.syspath_prepend(str(tmp_path))
    done = tgnas("measure", "--module", "broken_module:build")
    assert done.stderr.startswith("tgnas: broken_module:build: ZeroDivisionError: ")
    done = tgnas("measure", "--module", "torch.nn:Linear")
    assert done.exit_code == 1
    [line] = done.stderr.splitlines()
    assert line.startswith("tgnas: torch.nn:Linear() builds no network: TypeError: ")


def test_lazy_layers_that_were_never_called_are_told():
    lazy = nn.Sequential(nn.Flatten(), nn.LazyLinear(3))
    with pytest.raises(DataError, match="lazy layers"):
        package.measure(lazy, proxies=["synflow"])
