"""Draw short trainings against the benchmark's accuracies."""

from pathlib import Path

import pandas as pd

from tgnas.results.style import save
from tgnas.results.training_figures import draw_short_trainings
from tgnas.workflow.script import run


def main(*, table: Path, png: Path, pdf: Path) -> None:
    """Draw every row of the table."""
    save(draw_short_trainings(pd.read_csv(table)), png, pdf)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
