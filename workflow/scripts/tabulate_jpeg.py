"""Say what training on JPEGs costs: the same cells on the same images, lossless and not."""

import json
from pathlib import Path

import pandas as pd

from tgnas.evaluation.short_trainings import common, cost_of_jpegs
from tgnas.workflow.script import run

FACTS = ("epochs", "channels", "layers", "train_images", "test_images", "jpegs")


def main(*, results: list[Path], table: Path, rows: Path, markdown: Path) -> None:
    """Write the means with their spread, and a row for each training."""
    found = [row for result in results for row in json.loads(result.read_text())]
    pd.DataFrame(found).to_csv(rows, index=False)
    facts = common(found, FACTS)
    means = cost_of_jpegs(pd.DataFrame(found)).assign(**facts)
    means.to_csv(table, index=False)
    shown = means.drop(columns=list(facts)).round(2)
    cells = len({row["architecture"] for row in found})
    facts |= {"cells": cells, "seeds": len({row["seed"] for row in found})}
    listed = pd.DataFrame(facts.items(), columns=["fact", "value"])
    tables = [t.to_markdown(index=False, disable_numparse=True) for t in (listed, shown)]
    markdown.write_text("\n\n".join(tables) + "\n")


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
