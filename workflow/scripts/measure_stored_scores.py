"""Measure how stored scores rank the architectures of their benchmark."""

from pathlib import Path

from tgnas.benchmarks.base import open_benchmark
from tgnas.evaluation.ranking import measure_seeds
from tgnas.scoring.tables import read_scores
from tgnas.workflow.script import run


def main(*, benchmark: Path, scores: list[Path], measures: list[Path], ranking: dict) -> None:
    """Write one tidy file for each file of scores."""
    target = open_benchmark(benchmark)
    for source, table in zip(scores, measures, strict=True):
        found = measure_seeds(target, source.stem, read_scores(source, target), ranking)
        found.to_csv(table, index=False)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
