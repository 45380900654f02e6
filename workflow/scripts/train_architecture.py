"""Train architectures on images by a recipe; write the history and the result of each."""

import json
from pathlib import Path

import torch

from tgnas.image_training.final import train_network, train_with_seeds, write_results
from tgnas.image_training.processes import Process, find_device
from tgnas.image_training.recipe import read_recipe
from tgnas.workflow.script import run

ABOUT = ("architecture", "searcher", "score", "queries")  # what a search says of what it found


def main(
    *,
    best: list[Path],
    recipe: Path,
    images: list[Path],
    history: list[Path],
    result: list[Path],
    threads: int,
    seeds: list,
    change: dict,
    step: str,
) -> None:
    """Build each chosen architecture, train it with each seed, write what came out."""
    torch.set_num_threads(threads)
    settings, path = read_recipe(recipe, change), images[0] if images else None
    # The accuracies of digits-bench are of a CPU, which for so small images is the fastest, too.
    device = torch.device("cpu") if settings.dataset == "digits" else find_device()
    process, kind = Process(0, 1, device), step if device.type == "cuda" else "eager"
    for chosen, table, facts in zip(best, history, result, strict=True):
        search = json.loads(chosen.read_text())
        # Checkpoint and log are no outputs: they outlive an interrupted job.
        arguments = search["architecture"], settings, path, table.parent
        if len(seeds) == 1:
            done = train_network(*arguments, seed=seeds[0], process=process, step=kind)
            write_results(*done, table, facts)
        else:
            epochs, trained = train_with_seeds(*arguments, seeds=seeds, process=process, step=kind)
            about = {name: search[name] for name in ABOUT if name in search}
            write_results(epochs, about | trained, table, facts)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
