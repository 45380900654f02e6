"""A found architecture, trained by a recipe on a file or folder of images: the whole of it.

What the workflow and ``tgnas train-network`` do. Beside what they return, the folder of a training
holds ``checkpoint.pt`` with the one before it, and ``log.jsonl``, a line for each epoch.
"""

import json
import platform
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from torch import nn

from tgnas.costs import nasbench201
from tgnas.files import written_whole
from tgnas.image_training.data import Data, on_device
from tgnas.image_training.image_classifier import Epoch, train
from tgnas.image_training.image_folder import open_folder
from tgnas.image_training.images import load_cifar10
from tgnas.image_training.processes import Process
from tgnas.image_training.recipe import Recipe
from tgnas.networks import darts, imagenet
from tgnas.spaces.darts import SPACE as DARTS
from tgnas.spaces.nasbench201 import SPACE as NASBENCH201

CIFAR10 = (50_000, 10_000)


def build(architecture: str, recipe: Recipe, classes: int, seed: int) -> nn.Module:
    """Return the network that a recipe trains, its initial weights a function of the seed alone.

    Raises:
        InvalidCellError: the architecture is not one of the recipe's space.
        UnknownNameError: nor is one of its operators.
    """
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        if recipe.space == "nasbench201":
            cell = NASBENCH201.parse(architecture)
            return nasbench201.build_network(cell, classes, recipe.channels, recipe.layers)
        on_imagenet = recipe.dataset == "imagenet"
        form = imagenet.build_network if on_imagenet else darts.build_evaluation_network
        network = form(DARTS.parse(architecture), classes, recipe.channels, recipe.layers)
        if not recipe.auxiliary:
            network.auxiliary = None
        return network


def open_images(path: Path, recipe: Recipe, process: Process, seed: int, workers: int = 0) -> Data:
    """Return the images that a recipe asks for, of CIFAR-10's file or of an image folder.

    Raises:
        ConfigError: fewer images than asked for.
        CorruptTableError: the file is not CIFAR-10.
        ResourceError: there is no such file, or the folder is not laid out as it must be.
    """
    sizes = recipe.train_images, recipe.test_images
    if recipe.dataset == "imagenet":
        return open_folder(path, sizes, process, workers, seed)
    train_images, test_images = (size or whole for size, whole in zip(sizes, CIFAR10, strict=True))
    images = load_cifar10(path, (train_images, test_images), seed)
    return on_device(images, process, recipe.cutout)


def train_network(
    architecture: str,
    recipe: Recipe,
    images: Path,
    folder: Path,
    *,
    seed: int,
    process: Process,
    workers: int = 0,
    seconds: float | None = None,
) -> tuple[list[Epoch], dict[str, Any]]:
    """Train an architecture and return the history and the facts of the run.

    The history is shorter than the recipe's epochs where `seconds` did not suffice.

    Raises:
        TgnasError: one of ``build``, ``open_images`` or ``train``.
    """
    # Before the images, which take longer: an architecture that is none is told at once.
    build(architecture, recipe, 2, seed)
    data = open_images(images, recipe, process, seed, workers)
    network = build(architecture, recipe, data.classes, seed)
    history = train(
        network,
        data,
        recipe,
        checkpoint=folder / "checkpoint.pt",
        log=folder / "log.jsonl",
        seed=seed,
        process=process,
        seconds=seconds,
    )
    facts = {"architecture": architecture, "seed": seed}
    return history, facts | summarise(network, data, recipe, history, process)


def summarise(
    network: nn.Module, data: Data, recipe: Recipe, history: list[Epoch], process: Process
) -> dict[str, Any]:
    """Return what a run is to be quoted with; accuracy in percent."""
    extra = getattr(network, "auxiliary", None)
    left_out = 0 if extra is None else sum(weight.numel() for weight in extra.parameters())
    return {
        "dataset": recipe.dataset,
        "image_source": data.source,
        "recipe": recipe.name,
        "label": recipe.label(process.device.type),
        "parameters": sum(weight.numel() for weight in network.parameters()) - left_out,
        "device": device_name(process),
        "epochs": len(history),
        "batch": recipe.batch,
        "train_images": data.train_size,
        "test_images": data.test_size,
        "test_accuracy": history[-1].test_accuracy,
        "test_top5": history[-1].test_top5,
        "seconds": sum(epoch.seconds for epoch in history),
    }


def device_name(process: Process) -> str:
    """Return what a training runs on, e.g. "2 x NVIDIA H200" or "cpu x86_64, 2 threads"."""
    if process.device.type == "cuda":
        name = torch.cuda.get_device_name(process.device)
    else:
        name = f"{process.device.type} {platform.machine()}, {torch.get_num_threads()} threads"
    return name if process.world == 1 else f"{process.world} x {name}"


def write_results(
    history: list[Epoch], facts: dict[str, Any], history_file: Path, result_file: Path
) -> None:
    """Write the history as CSV and the facts as JSON, each under its name only when whole."""
    table = pd.DataFrame([asdict(epoch) for epoch in history]).to_csv(index=False)
    for path, text in ((history_file, table), (result_file, json.dumps(facts, indent=2) + "\n")):
        with written_whole(path) as part:
            part.write_text(text)
