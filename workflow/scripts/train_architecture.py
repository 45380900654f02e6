"""Train a found architecture on CIFAR-10 by a recipe; write its history and its result."""

import json
from pathlib import Path

import torch

from tgnas.image_training.final import train_network, write_results
from tgnas.image_training.processes import Process, find_device
from tgnas.image_training.recipe import read_recipe
from tgnas.workflow.script import run


def main(
    *,
    found: Path,
    recipe: Path,
    images: Path,
    history: Path,
    result: Path,
    threads: int,
    seed: int,
    change: dict,
) -> None:
    """Build the found architecture, train it on the fastest device, write what came out."""
    torch.set_num_threads(threads)
    architecture = json.loads(found.read_text())["architecture"]
    process = Process(0, 1, find_device())
    # Checkpoint and log are no outputs: they outlive an interrupted job.
    epochs, facts = train_network(
        architecture,
        read_recipe(recipe, change),
        images,
        history.parent,
        seed=seed,
        process=process,
    )
    write_results(epochs, facts, history, result)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
