"""Measure how every method ranks a sample, how often it fails, what it costs."""

from pathlib import Path

import pandas as pd

from tgnas.benchmarks.base import open_benchmark
from tgnas.scoring.samples import measure_sample, sampled
from tgnas.workflow.script import run


def main(
    *, benchmark: Path, sample: Path, scores: list[Path], measures: Path, ranking: dict
) -> None:
    """Write one tidy file for all methods."""
    target = sampled(open_benchmark(benchmark), pd.read_parquet(sample)["row"].to_numpy())
    tables = {path.stem: pd.read_parquet(path) for path in scores}
    measure_sample(target, tables, ranking).to_csv(measures, index=False)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
