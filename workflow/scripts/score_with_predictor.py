"""Score every architecture of a benchmark with the last epoch of every seed of a predictor."""

import logging
import time
from pathlib import Path

import numpy as np

from tgnas.benchmarks.base import open_benchmark
from tgnas.encodings.embeddings import OperatorEmbeddings
from tgnas.registry import PREDICTORS
from tgnas.scoring.tables import write_scores
from tgnas.workflow.script import run


def main(
    *, benchmark: Path, embeddings: Path, epochs: list[Path], scores: Path, method: str
) -> None:
    """Load each seed's predictor, score all architectures, write one row for each."""
    target = open_benchmark(benchmark)
    vectors = OperatorEmbeddings.read(embeddings)
    found, of_all = [], target.architectures
    for path in epochs:
        predictor = PREDICTORS.module(method).load(path, vectors)
        start = time.perf_counter()
        found.append(of_all.mean_over_cells(predictor.predict(of_all.cells)))
        seconds = time.perf_counter() - start
        logging.info("scored architectures=%d seconds=%.3f", len(target), seconds)
    write_scores(scores, target, np.stack(found))


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
