"""Tell in two small tables how every method ranks every benchmark, and what its search finds."""

from pathlib import Path

import pandas as pd

from tgnas.results.searches import search_headline
from tgnas.results.tables import headline
from tgnas.workflow.script import run


def main(
    *,
    summaries: list[Path],
    search: Path,
    tables: list[Path],
    markdowns: list[Path],
    benchmarks: list[str],
    share: float,
    datasets: list[str],
) -> None:
    """Write the rankings of several benchmarks, then the searches, as CSV and as Markdown."""
    rankings = dict(zip(benchmarks, map(pd.read_csv, summaries), strict=True))
    found = [headline(rankings, share), search_headline(pd.read_csv(search), datasets)]
    for rows, table, markdown in zip(found, tables, markdowns, strict=True):
        rows.to_csv(table, index=False)
        markdown.write_text(rows.to_markdown(index=False, disable_numparse=True) + "\n")


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
