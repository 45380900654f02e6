"""Score every architecture of a benchmark with the last epoch of every seed of a predictor."""

import logging
import time
from pathlib import Path

import numpy as np

from tgnas.benchmarks.base import open_benchmark
from tgnas.encodings.embeddings import OperatorEmbeddings
from tgnas.methods.trained import load
from tgnas.scoring.tables import write_scores
from tgnas.workflow.script import run


def main(*, benchmark: Path, embeddings: Path, epochs: list[Path], scores: Path) -> None:
    """Restore each seed's predictor, score all architectures but those that it learned from."""
    target, vectors, tables = open_benchmark(benchmark), OperatorEmbeddings.read(embeddings), []
    for path in epochs:
        trained = load(path, vectors)[-1:]
        ensemble, start = trained.ensemble(), time.perf_counter()
        values = ensemble.scores(target.architectures)[0]
        seconds = time.perf_counter() - start
        logging.info("scored architectures=%d seconds=%.3f", len(target), seconds)
        for learned in trained.rows:
            values = learned.left_out(target.name, values)
        tables.append(values)
    write_scores(scores, target, np.stack(tables))


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
