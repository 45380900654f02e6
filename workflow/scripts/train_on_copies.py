"""Train architectures on images that are at hand without loss, and on JPEGs of the same images."""

import json
from itertools import product
from pathlib import Path

import torch

from tgnas.files import written_whole
from tgnas.image_training.copies import match, read_mosaics, train_on_both
from tgnas.image_training.images import load_cifar10
from tgnas.image_training.processes import Process, find_device
from tgnas.image_training.recipe import read_recipe
from tgnas.workflow.script import run


def main(
    *,
    mosaics: list[Path],
    images: Path,
    recipe: Path,
    result: Path,
    architectures: list,
    seeds: int,
    threads: int,
    test_images: int,
    change: dict,
) -> None:
    """Write the accuracies of all networks on held-out images."""
    torch.set_num_threads(threads)
    copies, rows = match(read_mosaics(mosaics), load_cifar10(images)), []
    for number, seed in product(range(len(architectures)), range(seeds)):
        rows += train_on_both(
            architectures[number],
            copies,
            read_recipe(recipe, change),
            test_images=test_images,
            seed=seed,
            folder=result.with_suffix("") / f"{number}" / f"seed{seed}",
            process=Process(0, 1, find_device()),
        )
    with written_whole(result) as part:
        part.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
