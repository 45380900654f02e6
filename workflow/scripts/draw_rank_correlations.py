"""Draw how well every method ranks the target, with both kinds of spread."""

from pathlib import Path

import pandas as pd

from tgnas.results.figures import draw_rank_correlations
from tgnas.results.style import save
from tgnas.workflow.script import run


def main(*, table: Path, png: Path, pdf: Path, families: dict, ranking: dict) -> None:
    """Draw the table of ranking."""
    save(draw_rank_correlations(pd.read_csv(table), families, ranking), png, pdf)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
