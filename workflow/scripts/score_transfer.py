"""Train one candidate configuration on the development tasks and score what they hold back."""

from pathlib import Path

import numpy as np
import pandas as pd
import torch

from tgnas.benchmarks.base import open_benchmark
from tgnas.encodings.embeddings import OperatorEmbeddings
from tgnas.evaluation.selection import (
    development_tasks,
    taught_tasks,
    transfer_scores,
    write_transfer,
)
from tgnas.registry import PREDICTORS
from tgnas.spaces.architectures import Architectures
from tgnas.training.auxiliary_targets import with_auxiliary_targets
from tgnas.training.distillation import lesson_of
from tgnas.workflow.script import run


def main(
    *,
    source: Path,
    others: list[Path],
    taught: list[Path],
    embeddings: Path,
    scores: Path,
    settings: dict,
    labels: dict,
    sizes: dict,
    threads: int,
) -> None:
    """Train on what each task gives, write the scores of its targets for every seed."""
    torch.set_num_threads(threads)
    predictor, vectors = PREDICTORS.module(settings["method"]), OperatorEmbeddings.read(embeddings)
    chosen = predictor.Settings.from_config(settings)

    learned, targets = open_benchmark(source), [open_benchmark(path) for path in others]

    def fit(training: Architectures, accuracies: np.ndarray, seed: int):
        goal = with_auxiliary_targets(
            accuracies, training, learned.name, settings["auxiliary_targets"]
        )
        fitted = predictor.fit([(training.cells, goal)], vectors, chosen, seed)[0]
        return lambda target: target.mean_over_cells(fitted.predict(target.cells))

    tasks = development_tasks(learned, targets, labels, settings["cells"], sizes["tested"])
    for path in taught:
        tasks = taught_tasks(tasks, *lesson_of(pd.read_parquet(path)))
    write_transfer(scores, transfer_scores(tasks, fit, sizes["seeds"]))


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
