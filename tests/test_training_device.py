"""The device on which a predictor is trained: the loss is the CPU's, and errors say what is not."""

import numpy as np
import pytest
import torch
from elsewhere import There, device
from test_cli import tgnas
from torch.utils._pytree import tree_map

from tgnas.errors import ConfigError
from tgnas.inference.pretrained import load_pretrained
from tgnas.methods import trained
from tgnas.methods.contracts import Context
from tgnas.methods.predictors.tgnas import Settings, fit, loss_on, new_network
from tgnas.spaces.space import open_space
from tgnas.training.splits import TrainingSet

LIKE = load_pretrained("canonical").weights
CONFIGURATIONS = {
    "authors": Settings(epochs=2),
    "graph norm": Settings(epochs=2, layers=2, normalisation="symmetric", norm="graph"),
    "batch norm, last": Settings(epochs=2, layers=2, bidirectional=True),
    "canonical": LIKE.settings.scaled_to(2),
    "degrees": LIKE.settings.model_copy(update={"degrees": True, "epochs": 2, "loss": "ranking"}),
}
CUDA = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU here")


def labelled(space: str, count: int) -> TrainingSet:
    drawn = open_space(space).sample(count, np.random.default_rng(0))
    return TrainingSet(drawn, np.random.default_rng(1).uniform(50, 90, count), space)


SOURCES = [labelled("nasbench201", 40), labelled("darts", 20)]  # one cell, and two


def step(settings, sources, place):
    """Return the loss of a batch and the gradients of a network, on the CPU's numbers."""
    network = new_network(LIKE.known_operators(), settings)
    network.initialise(torch.Generator().manual_seed(0))
    loss_of = loss_on(network.train().to(place), sources, settings, place)
    loss = loss_of(torch.randperm(30, generator=torch.Generator().manual_seed(0)).to(place))
    assert isinstance(loss, There) == (place.type == "meta")
    loss.backward()
    found = [loss.detach(), *(p.grad for p in network.parameters() if p.grad is not None)]
    return tree_map(lambda t: t.held if isinstance(t, There) else t, found)


@pytest.mark.parametrize("settings", CONFIGURATIONS.values(), ids=CONFIGURATIONS)
@pytest.mark.parametrize("parts", [1, 2], ids=["one source", "two sources"])
def test_a_step_is_worked_out_where_the_network_is(settings, parts):
    sources, settings = SOURCES[:parts], settings.model_copy(update={"label": "rank"})
    here = step(settings, sources, torch.device("cpu"))
    with device() as place:
        there = step(settings, sources, place)
    assert len(here) > 4
    torch.testing.assert_close(there, here, rtol=1e-4, atol=1e-6)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_a_device_that_is_not_there_is_named():
    with pytest.raises(ConfigError, match="device 'cuda' is not to be had"):
        fit(SOURCES[:1], Settings(epochs=1), Context(LIKE.known_operators(), device="cuda"),
            torch.Generator())  # fmt: skip


def test_a_device_that_is_none_or_holds_no_numbers_is_named():
    for name, reason in (("gpu", "Expected one of cpu, cuda"), ("meta", "it holds no numbers")):
        context = Context(LIKE.known_operators(), device=name)
        with pytest.raises(ConfigError, match=f"device '{name}' is not to be had: .*{reason}"):
            fit(SOURCES[:1], Settings(epochs=1), context, torch.Generator())


def test_what_is_trained_on_the_cpu_alone_says_so():
    with pytest.raises(ConfigError, match="gaussian_process is trained on the CPU, not on cuda"):
        trained.train("gaussian_process", SOURCES[:1], None, LIKE.embeddings, 0, device="cuda")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "device gpu is for the method network, not for gaussian_process, gradient_boosting"),
        (("--method", "fine_tuned"), "for the method network, not for fine_tuned"),
        (("--method", "network"), "device 'gpu' is not to be had: Expected one of cpu, cuda"),
    ],
)
def test_the_command_refuses_a_device_before_it_learns(tmp_path, options, said):
    rows = zip(
        open_space("nasbench201").format(SOURCES[0].architectures), SOURCES[0].labels, strict=True
    )
    known = tmp_path / "known.csv"
    known.write_text("architecture,accuracy\n" + "".join(f"{a},{b}\n" for a, b in rows))
    done = tgnas(
        "train", "--space", "nasbench201", "--benchmark", known, "--device", "gpu", *options,
        "--output", tmp_path / "mine.safetensors",
    )  # fmt: skip
    assert done.exit_code == 2
    assert said in done.stderr.replace("\n", " ")
    assert not (tmp_path / "mine.safetensors").exists()


@CUDA
@pytest.mark.parametrize("settings", CONFIGURATIONS.values(), ids=CONFIGURATIONS)
def test_a_training_on_a_gpu_ends_near_that_on_the_cpu(settings):
    found = {}
    for place in ("cpu", "cuda"):
        context = Context(LIKE.known_operators(), device=place)
        fitted = fit(SOURCES[:1], settings, context, torch.Generator().manual_seed(0))
        found[place] = fitted.score(SOURCES[0].architectures)
    np.testing.assert_allclose(found["cuda"], found["cpu"], rtol=0.02, atol=0.02)


@CUDA
def test_a_training_on_a_gpu_goes_on_from_its_checkpoint(tmp_path):
    settings = CONFIGURATIONS["canonical"]
    states = []
    for _ in range(2):
        context = Context(LIKE.known_operators(), device="cuda", checkpoints=tmp_path)
        fitted = fit(SOURCES[:1], settings, context, torch.Generator().manual_seed(0))
        states.append(fitted.state)
    torch.testing.assert_close(*states, rtol=0, atol=0)
