"""What torchrun starts in a test: train two networks and save what each process ends with."""

import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn

from tgnas.image_training.data import on_device
from tgnas.image_training.final import build
from tgnas.image_training.images import Images
from tgnas.image_training.loop import train
from tgnas.image_training.processes import joined
from tgnas.image_training.recipe import read_recipe

RECIPE = Path(__file__).parents[1] / "config" / "recipes" / "nasbench201.yaml"
ARCHITECTURE = "|nor_conv_3x3~0|+|none~0|nor_conv_3x3~1|+|skip_connect~0|none~1|none~2|"
CHANGES = {"channels": 4, "layers": 1, "epochs": 2, "batch": 8}


def plain() -> nn.Module:
    """Return a network without batch statistics, which are each process's own."""
    torch.manual_seed(0)
    layers = (nn.Conv2d(3, 8, 3, stride=2), nn.ReLU(), nn.AdaptiveAvgPool2d(4), nn.Flatten())
    return nn.Sequential(*layers, nn.Linear(128, 10))


def main(folder: Path) -> None:
    """Train a plain network and one of NAS-Bench-201 on coloured noise."""
    recipe = read_recipe(RECIPE, CHANGES)
    pixels = np.random.default_rng(0).integers(256, size=(48, 3, 32, 32), dtype=np.uint8)
    labels = np.arange(48) % 10
    images = Images(pixels[:32], labels[:32], pixels[32:], labels[32:], "noise")
    with joined() as process:
        states = {}
        networks = {"plain": plain(), "cell": build(ARCHITECTURE, recipe, 10, seed=0)}
        for name, network in networks.items():
            data = on_device(images, process)
            checkpoint = folder / f"{name}.pt"
            history = train(network, data, recipe, checkpoint=checkpoint, seed=0, process=process)
            accuracies = [epoch.test_accuracy for epoch in history]
            states[name] = network.state_dict() | {"accuracies": torch.tensor(accuracies)}
        torch.save(states, folder / f"rank{process.rank}of{process.world}.pt")


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(Path(sys.argv[1]))
