"""Measure how one candidate configuration transfers on the development tasks; no test space."""

from pathlib import Path

import numpy as np
import pandas as pd
import torch

from tgnas.benchmarks.base import open_benchmark
from tgnas.cell import Cells
from tgnas.encodings.embeddings import OperatorEmbeddings
from tgnas.evaluation.transfer import development_tasks, measure_transfer
from tgnas.registry import PREDICTORS
from tgnas.script import run


def main(
    *,
    source: Path,
    others: list[Path],
    embeddings: Path,
    measures: Path,
    candidate: str,
    settings: dict,
    labels: dict,
    sizes: dict,
    threads: int,
) -> None:
    """Train on what each task gives, rank what it holds back, write one row for each target."""
    torch.set_num_threads(threads)
    predictor, vectors = PREDICTORS.module(settings["method"]), OperatorEmbeddings.read(embeddings)
    chosen = predictor.Settings.from_config(settings)

    def fit(cells: Cells, accuracies: np.ndarray, seed: int):
        return predictor.fit(cells, accuracies, vectors, chosen, seed)[0].predict

    targets = [open_benchmark(path) for path in others]
    tasks = development_tasks(
        open_benchmark(source), targets, labels, sizes["cells"], sizes["tested"]
    )
    table = pd.DataFrame(measure_transfer(tasks, fit, sizes["seeds"]))
    table.insert(0, "candidate", candidate)
    table.to_csv(measures, index=False)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
