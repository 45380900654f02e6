"""Score every architecture of a benchmark with the last epoch of a trained predictor."""

import logging
import time
from pathlib import Path

from tgnas.benchmarks.base import open_benchmark, write_scores
from tgnas.encodings.sentence import OperatorEmbeddings
from tgnas.registry import PREDICTORS
from tgnas.script import run


def main(*, benchmark: Path, embeddings: Path, epochs: Path, scores: Path, method: str) -> None:
    """Load the predictor, score all architectures, write one row for each."""
    target = open_benchmark(benchmark)
    vectors = OperatorEmbeddings.read(embeddings)
    predictor = PREDICTORS.module(method).load(epochs, vectors)
    start = time.perf_counter()
    found = predictor.predict(target.cells)
    logging.info("scored architectures=%d seconds=%.3f", len(found), time.perf_counter() - start)
    write_scores(scores, target, found)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
