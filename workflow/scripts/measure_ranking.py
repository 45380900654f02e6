"""Measure how the scores of one method rank the architectures of a benchmark."""

from pathlib import Path

from tgnas.benchmarks.base import open_benchmark
from tgnas.evaluation.ranking import measure_seeds
from tgnas.scoring.tables import read_scores
from tgnas.workflow.script import run


def main(*, benchmark: Path, scores: Path, measures: Path, method: str, ranking: dict) -> None:
    """Write one tidy row for each seed, data set, population, subset and measure."""
    target = open_benchmark(benchmark)
    table = measure_seeds(target, method, read_scores(scores, target), ranking)
    table.to_csv(measures, index=False)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
