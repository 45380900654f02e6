"""Search NAS-Bench-201 with the scores of one method, under limits on what an answer may cost."""

from pathlib import Path

import pandas as pd

from tgnas.benchmarks.base import open_benchmark
from tgnas.evaluation.pareto import search_within_limits
from tgnas.scoring.tables import read_scores
from tgnas.workflow.script import run


def main(
    *, benchmark: Path, costs: Path, scores: Path, runs: Path, limits: dict, search: dict
) -> None:
    """Run the searchers several times with each seed, under each limit on each cost."""
    target = open_benchmark(benchmark)
    space, table = target.space, pd.read_parquet(costs)
    known = read_scores(scores, target)
    found = search_within_limits(space, target, table, known, limits, search)
    found.to_parquet(runs, index=False)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
