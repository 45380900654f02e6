"""Put all candidates beside each other; mark the one that transfers best and the one in use."""

import logging
from pathlib import Path

import pandas as pd

from tgnas.reporting.tables import selection_markdown, summarise_selection
from tgnas.script import run


def main(*, measures: list[Path], table: Path, markdown: Path, chosen: str) -> None:
    """Write mean and spread of every candidate and target, best candidate first."""
    everything = pd.concat(map(pd.read_csv, measures), ignore_index=True)
    summary = summarise_selection(everything, chosen)
    best = summary.candidate.iloc[0]
    if best != chosen:
        logging.warning("%s transfers best here; the config has chosen %s", best, chosen)
    summary.to_csv(table, index=False)
    markdown.write_text(selection_markdown(summary))


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
