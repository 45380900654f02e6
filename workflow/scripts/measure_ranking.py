"""Measure how the scores of one method rank the architectures of a benchmark."""

from pathlib import Path

from tgnas.benchmarks.base import open_benchmark, read_scores
from tgnas.evaluation.ranking import measure_benchmark
from tgnas.script import run


def main(
    *, benchmark: Path, scores: Path, measures: Path, method: str, seed: int, ranking: dict
) -> None:
    """Write one tidy row for each data set, population, subset and measure."""
    target = open_benchmark(benchmark)
    table = measure_benchmark(target, read_scores(scores, target), ranking)
    table.insert(0, "method", method)
    table.insert(1, "seed", seed)
    table.to_csv(measures, index=False)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
