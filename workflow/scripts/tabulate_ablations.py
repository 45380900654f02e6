"""Put the variants of all ablations into one table."""

from pathlib import Path

import pandas as pd

from tgnas.results.ablations import ablations_markdown, summarise_ablations
from tgnas.workflow.script import run


def main(*, measures: list[Path], table: Path, markdown: Path, budget: dict, titles: dict) -> None:
    """Write mean and spread over seeds of every variant."""
    everything = pd.concat(map(pd.read_csv, measures), ignore_index=True)
    summary = summarise_ablations(everything)
    summary.to_csv(table, index=False)
    markdown.write_text(ablations_markdown(summary, budget, titles))


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
