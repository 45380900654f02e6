"""Write an accuracy of a benchmark as scores: for the ceilings, and for the search that trains."""

from pathlib import Path

from tgnas.benchmarks.base import open_benchmark
from tgnas.scoring.tables import write_scores
from tgnas.workflow.script import run


def main(*, benchmark: Path, scores: Path, label: dict) -> None:
    """Read the accuracy of every architecture, write it as the scores of one seed."""
    target = open_benchmark(benchmark)
    write_scores(scores, target, target.accuracy(**label)[None])


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
