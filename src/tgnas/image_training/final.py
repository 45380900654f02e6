"""An architecture, trained by a recipe on a file or folder of images: the whole of it.

What the workflow and ``tgnas train-network`` do. Beside what they return, the folder of a training
holds ``checkpoint.pt`` with the one before it, and ``log.jsonl``, a line for each epoch.
"""

import json
import platform
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import pandas as pd
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from tgnas.errors import ConfigError, TrainingError, UnwritableFileError, number_of, shown
from tgnas.files import claimed, written_whole
from tgnas.image_training.data import Task, on_device
from tgnas.image_training.digits import open_digits
from tgnas.image_training.image_folder import open_folder
from tgnas.image_training.images import load_cifar10
from tgnas.image_training.loop import Epoch, train
from tgnas.image_training.processes import Process
from tgnas.image_training.recipe import Recipe
from tgnas.image_training.steps import Kind, usable
from tgnas.networks import darts, nasbench101, nasbench201
from tgnas.spaces.space import open_space
from tgnas.training.checkpoint import previous
from tgnas.training.seeds import seeded
from tgnas.validation import read_json

Other = Literal["replace", "refuse", "anew"]
CIFAR10 = (50_000, 10_000)
SIDES = MappingProxyType({"cifar10": 32, "digits": 8, "imagenet": 224})  # pixels
STACKED = MappingProxyType({"nasbench101": nasbench101, "nasbench201": nasbench201})


def build(architecture: str, recipe: Recipe, classes: int, seed: int) -> nn.Module:
    """Return the network that a recipe trains, its initial weights a function of the seed alone.

    Raises:
        InvalidCellError: the architecture is not one of the recipe's space.
        UnknownNameError: nor is one of its operators.
    """
    member = open_space(recipe.space).parse(architecture).member(0)
    size = (recipe.channels, recipe.layers)
    with seeded(seed):
        if recipe.space in STACKED:
            return STACKED[recipe.space].build_network(member, classes, *size)
        on_imagenet = recipe.dataset == "imagenet"
        network = darts.build_evaluation_network(member, classes, *size, imagenet=on_imagenet)
        if not recipe.auxiliary:
            network.auxiliary = None
        return network


def open_images(
    path: Path | None, recipe: Recipe, process: Process, seed: int, workers: int = 0
) -> Task:
    """Return the images that a recipe asks for: CIFAR-10's file, an image folder, or digits.

    Raises:
        ConfigError: fewer images than asked for, or no path where one is needed.
        CorruptTableError: the file is not CIFAR-10.
        UnreadableFileError: there is no such file.
        ResourceError: the folder is not laid out as it must be.
    """
    if recipe.dataset == "digits":
        return open_digits(recipe, process)
    if path is None:
        raise ConfigError(f"{recipe.dataset} needs the path of its images")
    sizes = recipe.train_images, recipe.test_images
    if recipe.dataset == "imagenet":
        return open_folder(path, sizes, process, workers, seed)
    train_images, test_images = (size or whole for size, whole in zip(sizes, CIFAR10, strict=True))
    images = load_cifar10(path, (train_images, test_images), seed)
    return on_device(images, process, recipe.cutout)


def train_network(
    architecture: str,
    recipe: Recipe,
    images: Path | None,
    folder: Path,
    *,
    seed: int,
    process: Process,
    workers: int = 0,
    seconds: float | None = None,
    other: Other = "replace",
    step: Kind = "eager",
) -> tuple[list[Epoch], dict[str, Any]]:
    """Train an architecture and return the history and the facts of the run.

    The history is shorter than the recipe's epochs where `seconds` did not suffice. The number of
    processes may change from one start to the next.

    Args:
        architecture: its string.
        recipe: what it is trained by.
        images: a file or folder of them.
        folder: of the training's files, from which it is resumed.
        seed: of all that is drawn.
        process: this one.
        workers: processes that decode an image folder.
        seconds: after so many the training ends early.
        other: what becomes of another training in the folder: it is replaced, or refused; or any is
            replaced ("anew").
        step: how a GPU takes it; it may differ from one start to the next.

    Raises:
        TrainingError: the folder is that of another training, which is to be refused.
        TgnasError: one of ``build``, ``open_images`` or ``train``, or the folder is that of a
            training that is running.
    """
    # Before the images, which take longer: what is not an architecture is refused at once.
    usable(step, process.device, process.world)
    build(architecture, recipe, 2, seed)
    checkpoint, there = folder / "checkpoint.pt", folder.is_dir()
    with ExitStack() as claims:
        if there:  # a folder that is another's is refused at once, a new one made for good inputs
            _claim(checkpoint, process, claims)
        task = open_images(images, recipe, process, seed, workers)
        network = build(architecture, recipe, task.classes, seed)
        if not there:
            _claim(checkpoint, process, claims)
        about = {"architecture": architecture, "seed": seed, "images": task.digest()}
        _take_folder(folder, about | recipe.settings(), other, process)
        history = train(
            network,
            task,
            recipe,
            seed=seed,
            process=process,
            checkpoint=checkpoint,
            log=folder / "log.jsonl",
            seconds=seconds,
            step=step,
        )
    facts = {"architecture": architecture, "seed": seed}
    return history, facts | summarise(network, task, recipe, history, process)


def _claim(checkpoint: Path, process: Process, claims: ExitStack) -> None:
    """Make the folder of a training, which the process that writes keeps to itself.

    Raises:
        UnwritableFileError: it cannot be made.
    """
    try:
        checkpoint.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnwritableFileError.of(checkpoint.parent, error) from error
    if process.writes:
        claims.enter_context(claimed(checkpoint))


def _take_folder(folder: Path, about: dict[str, Any], other: Other, process: Process) -> None:
    """Say in a folder which training it is of, unless it is another's.

    Raises:
        TrainingError: it is another's, and `other` is to be refused.
    """
    file, checkpoint = folder / "training.json", folder / "checkpoint.pt"
    there = [path for path in (checkpoint, previous(checkpoint)) if path.exists()]
    about = json.loads(json.dumps(about))
    try:
        known = read_json(file.read_text()) if file.exists() else None
    except ValueError:
        known = None
    if other == "refuse" and there and known != about:
        raise TrainingError(
            f"{folder} is that of another training: {_difference(known, about)}; name another "
            "--output, or have it start anew by --force"
        )
    if process.writes:
        if other == "anew":
            for path in there:
                path.unlink()
        with written_whole(file) as part:
            part.write_text(json.dumps(about, indent=2) + "\n")
    process.decided(True)  # so that all processes see what the first has done


def _difference(known: Any, about: dict[str, Any]) -> str:
    if not isinstance(known, dict):
        return "it does not say of which"
    names = [name for name in (*about, *known) if known.get(name) != about.get(name)]
    return ", ".join(
        "the images are others"
        if name == "images"
        else f"{name} is {shown(known.get(name))}, here {shown(about.get(name))}"
        for name in dict.fromkeys(names)
    )


def summarise(
    network: nn.Module, task: Task, recipe: Recipe, history: list[Epoch], process: Process
) -> dict[str, Any]:
    """Return what a run is to be quoted with; accuracy in percent."""
    return {
        "dataset": recipe.dataset,
        "image_source": task.source,
        "recipe": recipe.name,
        "label": recipe.label(process.device.type),
        "parameters": parameters_of(network),
        "device": device_name(process),
        "epochs": len(history),
        "batch": recipe.batch,
        "train_images": task.train_size,
        "test_images": task.test_size,
        "test_accuracy": history[-1].test_accuracy,
        "test_top5": history[-1].test_top5,
        "seconds": sum(epoch.seconds for epoch in history),
    }


def parameters_of(network: nn.Module) -> int:
    """Return a network's trainable parameters, without those of an auxiliary head."""
    extra = getattr(network, "auxiliary", None) or nn.Identity()
    every, left_out = (sum(p.numel() for p in part.parameters()) for part in (network, extra))
    return every - left_out


def device_name(process: Process) -> str:
    """Return what a training runs on, e.g. "2 x NVIDIA H200" or "cpu x86_64, 2 threads"."""
    if process.device.type == "cuda":
        name = torch.cuda.get_device_name(process.device)
    else:
        name = f"{process.device.type} {platform.machine()}, "
        name += number_of(torch.get_num_threads(), "thread")
    return name if process.world == 1 else f"{process.world} x {name}"


def count_cost(architecture: str, recipe: Recipe) -> tuple[int, int]:
    """Return an architecture's trainable parameters and the FLOPs of one image.

    A FLOP is a multiplication with its addition, in convolutions and in the dense layer.
    """
    network, side = build(architecture, recipe, 10, 0), SIDES[recipe.dataset]
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        network.eval()(torch.zeros(1, 3, side, side))
    return parameters_of(network), counter.get_total_flops() // 2


def train_with_seeds(
    architecture: str,
    recipe: Recipe,
    images: Path | None,
    folder: Path,
    *,
    seeds: Sequence[int],
    process: Process,
    step: Kind = "eager",
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Train an architecture with each seed, in a folder of its own; return all histories together.

    The facts are those of the network, its cost included; the test accuracy is the mean.
    """
    histories, facts = [], []
    for seed in seeds:
        own = folder / f"seed{seed}"
        history, run = train_network(
            architecture, recipe, images, own, seed=seed, process=process, step=step
        )
        histories.append(pd.DataFrame(history))
        histories[-1].insert(0, "seed", seed)
        facts.append(run)
    accuracies = [run["test_accuracy"] for run in facts]
    parameters, flops = count_cost(architecture, recipe)
    return pd.concat(histories, ignore_index=True), {
        "architecture": architecture,
        "parameters": parameters,
        "flops": flops,
        **{name: facts[0][name] for name in ("epochs", "train_images", "test_images")},
        "seeds": len(facts),
        "test_accuracy": float(np.mean(accuracies)),
        "test_accuracy_of_seeds": accuracies,
    }


def write_results(
    history: list[Epoch] | pd.DataFrame,
    facts: dict[str, Any],
    history_file: Path,
    result_file: Path,
) -> None:
    """Write the history as CSV and the facts as JSON, each under its name only when whole."""
    with written_whole(history_file) as part:
        pd.DataFrame(history).to_csv(part, index=False)
    with written_whole(result_file) as part:
        part.write_text(json.dumps(facts, indent=2) + "\n")
