"""Measure how the scores of one method rank the architectures of a benchmark."""

from pathlib import Path

import pandas as pd

from tgnas.benchmarks.base import open_benchmark
from tgnas.evaluation.ranking import measure_benchmark
from tgnas.evaluation.scores import read_scores
from tgnas.script import run


def main(*, benchmark: Path, scores: Path, measures: Path, method: str, ranking: dict) -> None:
    """Write one tidy row for each seed, data set, population, subset and measure."""
    target = open_benchmark(benchmark)
    tables = []
    for seed, values in enumerate(read_scores(scores, target)):
        table = measure_benchmark(target, values, ranking)
        table.insert(0, "method", method)
        table.insert(1, "seed", seed)
        tables.append(table)
    pd.concat(tables).to_csv(measures, index=False)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
