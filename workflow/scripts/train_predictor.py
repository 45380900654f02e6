"""Train one seed of a predictor on NAS-Bench-101; keep its weights after every epoch."""

from pathlib import Path

import pandas as pd
import torch

from tgnas.benchmarks.base import open_benchmark
from tgnas.encodings.embeddings import OperatorEmbeddings
from tgnas.registry import PREDICTORS
from tgnas.script import run


def main(
    *,
    benchmark: Path,
    embeddings: Path,
    epochs: Path,
    history: Path,
    labels: dict,
    settings: dict,
    code: str,
    seed: int,
    threads: int,
) -> None:
    """Fit on the labelled cells and write the weights and the history of all epochs."""
    torch.set_num_threads(threads)
    predictor = PREDICTORS.module(settings["method"])
    cells, accuracies = open_benchmark(benchmark).labelled(**labels)
    checkpoint = epochs.with_name("checkpoint.pt")  # no output: it outlives an interrupted job
    chosen, vectors = predictor.Settings.from_config(settings), OperatorEmbeddings.read(embeddings)
    fitted = predictor.fit(cells, accuracies, vectors, chosen, seed, checkpoint, code)[1]
    pd.DataFrame(fitted.history).to_csv(history, index=False)
    predictor.save(epochs, fitted.epochs, chosen, predictor.operators_of(cells))


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
