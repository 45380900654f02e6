"""An architecture's network in torch, and in what other tools read."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import jaxtyping
import numpy as np
import pytest
import torch
from test_cli import tgnas
from test_harness import NB201
from test_network_modules import SMALL
from torch import nn

import tgnas as package
from tgnas.errors import ConfigError, InvalidCellError, UnknownNameError
from tgnas.spaces.darts import genotype
from tgnas.spaces.space import open_space, space_of

PAIRS = [("sep_conv_3x3", 0), ("skip_connect", 1)] * 2
PAIRS += [("max_pool_3x3", 2), ("dil_conv_5x5", 1)] * 2
ARCHITECTURES = {
    "nasbench101": "input,conv3x3-bn-relu,maxpool3x3,output;0-1,0-2,1-2,1-3,2-3",
    "nasbench201": NB201,
    "nasbench_macro": "12012212",
    "darts": genotype(PAIRS, PAIRS),
    "programs": "input,dwconv3x3,widen1x1,context,output;0-1,0-2,1-2,2-3,3-4",
}
IMAGES = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))


def gated(source: int, target: int, stride: int) -> nn.Module:
    """Return an operator of a user's own: a convolution with a gate."""
    return Gated(source, target, stride)


class Gated(nn.Module):
    def __init__(self, source: int, target: int, stride: int) -> None:
        super().__init__()
        self.main = nn.Conv2d(source, target, 3, stride, padding=1)
        self.gate = nn.Sequential(nn.Conv2d(source, target, 1, stride), nn.Sigmoid())

    def forward(self, images):
        return self.main(images) * self.gate(images)


def wrong(source: int, target: int, stride: int) -> nn.Module:
    return nn.Conv2d(source, target + 1, 3, stride, padding=1)


def particular(source: int, target: int, stride: int) -> nn.Module:
    assert source == 3, "3 channels alone"
    return nn.Conv2d(source, target, 3, stride, padding=1)


def halves(source: int, target: int, stride: int) -> nn.Module:
    return nn.Conv2d(source, 2 * target, 3, 2 * stride, padding=1)


OPERATORS = {
    "gated": {"description": "Convolution 3 by 3 with a gate", "module": "test_export:gated"},
    "conv": "conv_3x3",
    "skip": {"kind": "identity"},
    "none": {"kind": "zero"},
}
FORMS = {
    "edges": (
        {"form": "operators_on_edges", "nodes": 3, "edges": [[0, 1], [0, 2], [1, 2]]},
        "|gated~0|+|none~0|conv~1|",
    ),
    "nodes": (
        {"form": "operators_on_nodes", "max_nodes": 5, "max_edges": 6},
        "input,gated,conv,output;0-1,0-2,1-2,2-3",
    ),
    "blocks": ({"form": "blocks", "length": 3}, "gated,skip,conv"),
    "stages": ({"form": "blocks", "length": 4, "stages": [1, 3]}, "gated,skip,conv,gated"),
    "genotype": (
        {"form": "genotype", "nodes": 2, "cell_weights": {"normal": 0.9, "reduce": 0.1}},
        {
            "normal": [["gated", 0], ["conv", 1], ["skip", 0], ["gated", 2]],
            "reduce": [["conv", 0], ["conv", 1], ["gated", 1], ["skip", 2]],
        },
    ),
}


def described(form: str, **operators: object):
    cells, architecture = FORMS[form]
    content = {"name": "own", "operators": OPERATORS | operators, "cells": cells}
    return space_of(content), architecture


@pytest.fixture
def untyped() -> Iterator[None]:
    """Let shapes go unchecked: what stands for a tensor while torch traces is none."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


def read(path: Path) -> ModuleType:
    found = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


@pytest.mark.parametrize("space", ARCHITECTURES)
def test_a_network_is_a_function_of_its_seed(space):
    state = torch.get_rng_state()
    networks = [
        package.build_network(ARCHITECTURES[space], space, 7, SMALL[space], seed=seed)
        for seed in (0, 0, 1)
    ]
    first, second, third = map(nn.utils.parameters_to_vector, map(nn.Module.parameters, networks))
    assert torch.equal(first, second)
    assert not torch.equal(first, third)
    assert torch.equal(state, torch.get_rng_state())
    assert networks[0].training
    assert networks[0](IMAGES).shape == (2, 7)


@pytest.mark.parametrize("form", FORMS)
def test_an_own_space_whose_operators_name_modules_has_networks(form):
    space, architecture = described(form)
    network = package.build_network(architecture, space, 5, {"channels": 4, "repeats": 2})
    assert any(isinstance(module, Gated) for module in network.modules())
    logits = network(IMAGES)
    assert logits.shape == (2, 5)
    assert not torch.equal(logits[0], logits[1])


def test_a_vertex_sums_what_reaches_it_and_zeros_lead_nowhere():
    space, _ = described("edges")
    about = {"channels": 4, "repeats": 1}
    network = package.build_network("|skip~0|+|skip~0|skip~1|", space, 3, about)
    cell = network.stages[0].parts[0]
    given = torch.randn(1, 4, 8, 8)
    assert torch.equal(cell(given, given), given + given)
    dead = package.build_network("|none~0|+|none~0|gated~1|", space, 3, about)
    assert torch.equal(dead.stages[0].parts[0](given, given), 0 * given)


def test_an_operator_without_a_module_is_named():
    space, architecture = described("edges", gated="Gated convolution of a new kind")
    with pytest.raises(ConfigError, match="operator 'gated' names no module: write module:"):
        package.build_network(architecture, space)


@pytest.mark.parametrize(
    ("module", "message"),
    [
        ("test_export:wrong", r"wrong\(16, 16, 1\) gives \(2, 17, 16, 16\), not \(2, 16, 16, 16\)"),
        ("test_export:read", "takes 1 positional argument"),
        ("test_export:nothing", "has no attribute 'nothing'"),
        ("nowhere:gated", "No module named 'nowhere'"),
        ("test_export:particular", r"\(16, 16, 1\): AssertionError: 3 channels alone"),
    ],
)
def test_a_module_that_does_not_fit_is_named(module, message):
    space, architecture = described("edges", gated={"description": "A gate", "module": module})
    with pytest.raises(ConfigError, match=message):
        package.build_network(architecture, space)


def test_blocks_may_change_the_shape_where_there_are_no_stages():
    changed = {"description": "Convolution that halves", "module": "test_export:halves"}
    space, _ = described("blocks", conv=changed)
    network = package.build_network("conv,gated,conv", space, 3, {"channels": 4})
    assert network.classifier.in_features == 16


def test_operators_that_are_described_alike_name_one_module():
    with pytest.raises(ConfigError, match="another module than that of an operator"):
        described(
            "edges",
            a={"description": "A gate", "module": "x:one"},
            b={"description": "A gate", "module": "x:two"},
        )


def test_what_cannot_be_built_is_said():
    with pytest.raises(UnknownNameError, match="did you mean 'channels'"):
        package.build_network(NB201, "nasbench201", size={"channel": 3})
    with pytest.raises(InvalidCellError):
        package.build_network("|x~0|", "nasbench201")
    with pytest.raises(ConfigError, match="flexibert: networks that read tokens are not built"):
        package.build_network("SA-WMA-4:1024x3|LT-DCT-2:512x1 width=256", "flexibert")


@pytest.mark.parametrize("space", ARCHITECTURES)
@pytest.mark.usefixtures("untyped")
def test_a_python_file_needs_torch_alone_and_is_the_same_network(space, tmp_path):
    path = tmp_path / "network.py"
    sizes = [f"--set={name}={value}" for name, value in SMALL[space].items()]
    about = ["--architecture", ARCHITECTURES[space], "--space", space, "--classes", 7, *sizes]
    done = tgnas("export", *about, "--python", path)
    assert done.exit_code == 0, done.output
    assert "tgnas" not in path.read_text().replace("tgnas export", "")
    written = read(path).build()
    network = package.build_network(ARCHITECTURES[space], space, 7, SMALL[space])
    values = {}
    for name, value in network.state_dict().items():
        layer, _, entry = name.rpartition(".")
        values[f"{layer.replace('.', '_')}.{entry}"] = value
    written.load_state_dict(values)
    for mode in (True, False):
        assert torch.equal(network.train(mode)(IMAGES), written.train(mode)(IMAGES))


@pytest.mark.usefixtures("untyped")
def test_torchscript_and_onnx_give_the_logits_of_torch(tmp_path):
    onnx, runtime = pytest.importorskip("onnx"), pytest.importorskip("onnxruntime")
    script, path = tmp_path / "network.pt", tmp_path / "network.onnx"
    about = ["--architecture", NB201, "--space", "nasbench201", "--set", "channels=4"]
    more = ["--set", "repeats=1", "--onnx", path, "--torchscript", script]
    done = tgnas("export", *about, *more)
    assert done.exit_code == 0, done.output
    size = {"channels": 4, "repeats": 1}
    network = package.build_network(NB201, "nasbench201", 10, size).eval()
    onnx.checker.check_model(str(path), full_check=True)
    session = runtime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    for count in (1, 5):  # any number of images
        images = torch.randn(count, 3, 32, 32)
        with torch.no_grad():
            wanted = network(images).numpy()
        (found,) = session.run(None, {"images": images.numpy()})
        np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-4)
    with pytest.warns(DeprecationWarning):  # torch's, of TorchScript as a whole
        found = torch.jit.load(str(script))(images).detach()
    np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-4)
    assert [p.name for p in sorted(tmp_path.iterdir())] == ["network.onnx", "network.pt"]


def test_a_file_to_write_must_be_named(tmp_path):
    about = ["--architecture", NB201, "--space", "nasbench201"]
    assert "name a file" in tgnas("export", *about).stderr
    assert ".onnx" in tgnas("export", *about, "--onnx", tmp_path / "a.txt").stderr


def test_images_that_a_network_cannot_take_are_said_in_a_line_and_nothing_is_written(tmp_path):
    about = ["--architecture", NB201, "--space", "nasbench201", "--set", "channels=2"]
    files = ["--python", tmp_path / "network.py", "--torchscript", tmp_path / "network.pt"]
    done = tgnas("export", *about, *files, "--size", 33)
    assert done.exit_code == 1
    [line] = done.stderr.splitlines()
    assert line.startswith("tgnas: the network cannot take images (2, 3, 33, 33): RuntimeError: ")
    assert not list(tmp_path.iterdir())


def test_the_space_of_the_name_of_a_built_in_one_is_the_users():
    assert open_space("nasbench201").modules == {}


def test_a_size_that_is_set_twice_is_refused():
    about = ["--architecture", NB201, "--space", "nasbench201", "--python", "never.py"]
    done = tgnas("export", *about, "--set", "channels=4", "--set", "channels=8")
    assert done.exit_code == 2
    assert "channels is set twice, to 4 and to 8" in done.stderr
