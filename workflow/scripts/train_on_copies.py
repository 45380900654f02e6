"""Train one architecture on lossless images and on JPEGs of the same."""

import json
from pathlib import Path

import torch
from safetensors import safe_open

from tgnas.image_training.copies import Copies, train_on_both
from tgnas.image_training.processes import Process, find_device
from tgnas.image_training.recipe import read_recipe
from tgnas.workflow.script import run


def main(
    *,
    copies: Path,
    recipe: Path,
    result: Path,
    architecture: str,
    seed: int,
    threads: int,
    test_images: int,
    change: dict,
) -> None:
    """Write the accuracies of both networks on held-out images."""
    torch.set_num_threads(threads)
    with safe_open(copies, framework="numpy") as file:
        tensors = {name: file.get_tensor(name) for name in ("lossless", "jpeg", "labels")}
        known = Copies(**tensors, source=file.metadata()["source"])
    rows = train_on_both(
        architecture,
        known,
        read_recipe(recipe, change),
        test_images=test_images,
        seed=seed,
        folder=result.with_suffix(""),
        process=Process(0, 1, find_device()),
    )
    result.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
