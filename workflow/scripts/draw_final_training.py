"""Draw the training of the found network beside what the benchmark says of it."""

from pathlib import Path

import pandas as pd

from tgnas.results.figures import draw_final_training
from tgnas.results.style import save
from tgnas.workflow.script import run


def main(*, history: Path, table: Path, png: Path, pdf: Path) -> None:
    """Draw the history under a title that says what was trained on what."""
    facts = pd.read_csv(table).iloc[0].to_dict()
    save(draw_final_training(pd.read_csv(history), facts), png, pdf)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
