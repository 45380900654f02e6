"""Draw the ablations: one panel for each axis."""

from pathlib import Path

import pandas as pd

from tgnas.results.ablations import draw_ablations
from tgnas.results.style import save
from tgnas.workflow.script import run


def main(*, table: Path, png: Path, pdf: Path, dataset: str, titles: dict) -> None:
    """Draw the table of the ablations for one data set."""
    save(draw_ablations(pd.read_csv(table, dtype={"value": str}), dataset, titles), png, pdf)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
