"""Combine the scores of several methods, or of the seeds of one, by their mean rank."""

from pathlib import Path

from tgnas.benchmarks.base import open_benchmark
from tgnas.scoring.tables import read_scores, write_scores
from tgnas.training.ranks import mean_rank
from tgnas.workflow.script import run


def main(
    *, benchmark: Path, members: list[Path], scores: Path, over_seeds: bool, weights: list
) -> None:
    """Read the members' scores of all architectures, write their weighted mean rank."""
    target = open_benchmark(benchmark)
    found = [read_scores(path, target) for path in members]
    write_scores(scores, target, mean_rank(found, over_seeds=over_seeds, weights=weights))


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
