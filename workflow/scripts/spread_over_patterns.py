"""Give every architecture of a benchmark the score of its live pattern."""

import logging
from pathlib import Path

import pandas as pd

from tgnas.benchmarks.base import open_benchmark
from tgnas.scoring.patterns import spread_over
from tgnas.scoring.tables import SEED, write_scores
from tgnas.workflow.script import run


def main(*, benchmark: Path, scored: Path, scores: Path, space: str) -> None:
    """Write a file of scores."""
    target, found = open_benchmark(benchmark), pd.read_parquet(scored)
    logging.info("patterns=%d failed=%d", len(found), found[f"{SEED}0"].isna().sum())
    write_scores(scores, target, spread_over(target, space, found)[None])


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
