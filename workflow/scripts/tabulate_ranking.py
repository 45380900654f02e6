"""Put the measures of all methods and seeds into one table, beside what was reported."""

from pathlib import Path

import pandas as pd

from tgnas.results.tables import ranking_markdown, read_reported, summarise_ranking
from tgnas.workflow.script import run


def main(
    *,
    measures: list[Path],
    reported: Path,
    table: Path,
    markdown: Path,
    titles: dict,
    ranking: dict,
) -> None:
    """Write mean, spread and interval of every measure as CSV, the headline as Markdown."""
    everything = pd.concat(map(pd.read_csv, measures), ignore_index=True)
    summary = summarise_ranking(everything, titles, read_reported(reported))
    summary.to_csv(table, index=False)
    markdown.write_text(ranking_markdown(summary, ranking))


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
