"""Combine the scores of several methods on a sample by their mean rank."""

from pathlib import Path

import pandas as pd

from tgnas.scoring.samples import combine
from tgnas.workflow.script import run


def main(*, members: list[Path], scores: Path, over_seeds: bool, weights: list) -> None:
    """Write the ensemble's table of scores; its milliseconds are its members'."""
    found = [pd.read_parquet(path) for path in members]
    combined = combine(found, over_seeds=over_seeds, weights=weights)
    combined.to_parquet(scores, index=False)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
