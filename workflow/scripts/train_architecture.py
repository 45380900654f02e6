"""Train a found NAS-Bench-201 architecture on CIFAR-10; write its history and its result."""

import json
from pathlib import Path

import pandas as pd
import torch

from tgnas.networks.nasbench201 import build_seeded_network
from tgnas.script import run
from tgnas.spaces.nasbench201 import SPACE
from tgnas.training.image_classifier import TrainingSettings, find_device, summarise, train
from tgnas.training.images import CLASSES, load_cifar10


def main(
    *,
    found: Path,
    images: Path,
    history: Path,
    result: Path,
    threads: int,
    seed: int,
    settings: dict,
) -> None:
    """Build the found architecture, train it on the fastest device, write what came out."""
    torch.set_num_threads(threads)
    checkpoint = history.with_name("checkpoint.pt")  # no output: it outlives an interrupted job
    about = {"architecture": json.loads(found.read_text())["architecture"], "seed": seed}
    network = build_seeded_network(SPACE.parse(about["architecture"]), CLASSES, seed)
    recipe = TrainingSettings(**settings)
    data = load_cifar10(images, (recipe.train_images, recipe.test_images), seed)
    epochs = train(network, data, recipe, checkpoint=checkpoint, seed=seed, device=find_device())
    pd.DataFrame(epochs).to_csv(history, index=False)
    result.write_text(json.dumps(about | summarise(network, data, recipe, epochs), indent=2) + "\n")


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
