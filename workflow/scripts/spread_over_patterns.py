"""Give every architecture of a benchmark the score of its live pattern."""

import logging
from pathlib import Path

import numpy as np

from tgnas.benchmarks.base import open_benchmark
from tgnas.scoring.populations import open_population, spread_over
from tgnas.scoring.tables import read_scores, write_scores
from tgnas.workflow.script import run


def main(*, benchmark: Path, patterns: Path, scored: Path, scores: Path) -> None:
    """Write a file of scores."""
    target, population = open_benchmark(benchmark), open_population(patterns)
    of_patterns = read_scores(scored, population)[0]
    logging.info("patterns=%d failed=%d", len(population), np.isnan(of_patterns).sum())
    write_scores(scores, target, spread_over(target, population, of_patterns)[None])


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
