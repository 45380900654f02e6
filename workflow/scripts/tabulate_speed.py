"""Relate every method's cost to TG-NAS's: per architecture, per search, before it begins."""

from pathlib import Path

import pandas as pd

from tgnas.results.proxies import median_costs, speed_markdown, summarise_speed
from tgnas.results.tables import read_reported
from tgnas.workflow.script import run


def main(
    *,
    summary: Path,
    timed: list[Path],
    setups: list[Path],
    reported: Path,
    table: Path,
    markdown: Path,
    benchmark: str,
    reference: str,
    queries: int,
) -> None:
    """Write the ratios as CSV and as Markdown."""
    setup = pd.concat([pd.read_csv(path).assign(method=path.stem) for path in setups])
    costs = median_costs({path.stem: pd.read_parquet(path) for path in timed})
    found = summarise_speed(pd.read_csv(summary), costs, setup, benchmark, reference, queries)
    found.to_csv(table, index=False)
    markdown.write_text(speed_markdown(found, read_reported(reported), reference, queries))


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
