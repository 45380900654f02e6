"""Search NAS-Bench-201 with one searcher that looks up the scores of any method."""

from pathlib import Path

import pandas as pd

from tgnas.benchmarks.base import open_benchmark
from tgnas.scoring.tables import read_scores
from tgnas.search.runs import known, run_searches
from tgnas.workflow.script import run


def main(*, benchmark: Path, scores: Path, runs: Path, searcher: str, search: dict) -> None:
    """Run the searcher several times with each seed; write its answers, queries and progress."""
    target = open_benchmark(benchmark)
    space = target.space
    evaluators = (known(space, target, row) for row in read_scores(scores, target))
    tables = [
        run_searches(space, evaluate, searcher, search, seed)
        for seed, evaluate in enumerate(evaluators)
    ]
    pd.concat(tables).to_parquet(runs, index=False)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
