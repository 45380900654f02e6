"""Train one seed of a predictor on its sources; keep its weights after every epoch."""

from pathlib import Path

import pandas as pd
import torch

from tgnas.benchmarks.base import open_benchmark
from tgnas.encodings.embeddings import OperatorEmbeddings
from tgnas.registry import PREDICTORS
from tgnas.training.auxiliary_targets import with_auxiliary_targets
from tgnas.training.distillation import lesson_of
from tgnas.workflow.script import run


def main(
    *,
    benchmarks: list[Path],
    taught: list[Path],
    embeddings: Path,
    epochs: Path,
    history: Path,
    labels: list,
    settings: dict,
    code: str,
    seed: int,
    threads: int,
) -> None:
    """Fit on labelled cells, or on those of a teacher; write weights and history of all epochs."""
    torch.set_num_threads(threads)
    predictor = PREDICTORS.module(settings["method"])
    lessons = [lesson_of(pd.read_parquet(path)) for path in taught]
    sources = [(architectures.cells, scores) for architectures, scores in lessons]
    for path, label in zip(benchmarks, labels, strict=True):
        source = open_benchmark(path)
        learned, accuracies = source.labelled(**label, cells=settings["cells"])
        targets = settings["auxiliary_targets"]
        goal = with_auxiliary_targets(accuracies, learned, source.name, targets)
        sources.append((learned.cells, goal))
    checkpoint = epochs.with_name("checkpoint.pt")  # no output: it outlives an interrupted job
    chosen, vectors = predictor.Settings.from_config(settings), OperatorEmbeddings.read(embeddings)
    fitted = predictor.fit(sources, vectors, chosen, seed, checkpoint, code)[1]
    pd.DataFrame(fitted.history).to_csv(history, index=False)
    operators = predictor.operators_of(*(cells for cells, _ in sources))
    predictor.save(epochs, fitted.epochs, chosen, operators)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
