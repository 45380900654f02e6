"""Train a found architecture on digits by the recipe of digits-bench, with each of its seeds."""

import json
from dataclasses import asdict
from pathlib import Path

import pandas as pd
import torch

from tgnas.image_training.digits import (
    Recipe,
    build_network,
    count_cost,
    load_images,
    measure,
    train,
)
from tgnas.workflow.script import run


def main(*, found: Path, history: Path, result: Path, card: dict, threads: int) -> None:
    """Write a line for each seed and epoch, and what the last epochs gave."""
    torch.set_num_threads(threads)
    recipe, about = Recipe(**card["recipe"]), json.loads(found.read_text())
    digits, architecture = load_images(recipe), about["architecture"]
    lines = []
    for seed in range(card["seeds"]):
        network = build_network("nasbench201", architecture, recipe, seed)
        for epoch in train(network, digits.train, recipe, seed):
            accuracy, loss = measure(network, digits.test)
            line = {"seed": seed, **asdict(epoch), "test_accuracy": accuracy, "test_loss": loss}
            lines.append(line)
    table = pd.DataFrame(lines)
    table.to_csv(history, index=False)
    last = table[table.epoch == recipe.epochs]
    parameters, flops = count_cost("nasbench201", architecture, recipe)
    facts = {
        "architecture": architecture,
        "searcher": about["searcher"],
        "score": about["score"],
        "queries": about["queries"],
        "parameters": parameters,
        "flops": flops,
        "epochs": recipe.epochs,
        "train_images": recipe.train,
        "test_images": recipe.test,
        "seeds": card["seeds"],
        "test_accuracy": last.test_accuracy.mean(),
        "test_accuracy_of_seeds": last.test_accuracy.tolist(),
    }
    result.write_text(json.dumps(facts, indent=2) + "\n")


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
