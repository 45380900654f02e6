"""Correlate methods with each other and with accuracy on one sample."""

from pathlib import Path

import pandas as pd

from tgnas.benchmarks.base import open_benchmark
from tgnas.scoring.samples import independence, sampled
from tgnas.workflow.script import run


def main(
    *, benchmark: Path, sample: Path, scores: list[Path], measures: Path, ranking: dict
) -> None:
    """Write Spearman's rho of every pair."""
    target = sampled(open_benchmark(benchmark), pd.read_parquet(sample)["row"].to_numpy())
    tables = {path.stem: pd.read_parquet(path) for path in scores}
    independence(target, tables, ranking).to_csv(measures, index=False)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
