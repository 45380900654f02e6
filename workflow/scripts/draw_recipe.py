"""Draw a training by a whole recipe, straight from its results."""

import json
from pathlib import Path

import pandas as pd

from tgnas.results.figures import draw_final_training
from tgnas.results.style import save
from tgnas.workflow.script import run


def main(*, history: Path, result: Path, png: Path, pdf: Path) -> None:
    """Draw the history under a title that says what was trained on what."""
    save(draw_final_training(pd.read_csv(history), json.loads(result.read_text())), png, pdf)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
