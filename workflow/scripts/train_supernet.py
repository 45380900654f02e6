"""Train the supernets of one method, one for each seed, and score a population with each."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from tgnas.files import written_whole
from tgnas.image_training.final import open_images
from tgnas.image_training.processes import Process, find_device
from tgnas.image_training.recipe import read_recipe
from tgnas.inference.pretrained import load_pretrained
from tgnas.methods.contracts import Context
from tgnas.methods.settings import read_settings
from tgnas.registry import SUPERNETS
from tgnas.scoring.populations import open_population
from tgnas.scoring.tables import write_scores
from tgnas.workflow.script import run


def main(
    *,
    architectures: Path,
    recipe: Path,
    images: Path | None,
    scores: Path,
    history: Path,
    derived: Path,
    method: str,
    prior: str,
    change: dict,
    settings: dict,
    seeds: int,
    threads: int,
    code: str,
) -> None:
    """Write every seed's scores, its history, and the architecture that it derives, if any."""
    torch.set_num_threads(threads)
    module, population = SUPERNETS.module(method), open_population(architectures)
    own, settled = read_recipe(recipe, change), read_settings(module.Settings, settings, method)
    # For so small images a CPU is the fastest.
    device = torch.device("cpu") if own.dataset == "digits" else find_device()
    task = open_images(images, own, Process(0, 1, device), own.split_seed).validated()
    values, lines, strings = [], [], []
    scorer = load_pretrained(prior)
    for seed in range(seeds):
        context = Context(
            prior=scorer, device=device.type, checkpoints=history.parent / f"seed{seed}", code=code
        )
        trained = module.train(
            population.space, task, settled, context, torch.Generator().manual_seed(seed)
        )
        values.append(trained.score(population.architectures))
        lines += [{"seed": seed} | line for line in trained.history]
        if hasattr(module, "derive"):
            strings += population.space.format(module.derive(trained))
    write_scores(scores, population, np.stack(values))
    pd.DataFrame(lines).to_csv(history, index=False)
    with written_whole(derived) as part:
        part.write_text(json.dumps(strings, indent=2) + "\n")


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
