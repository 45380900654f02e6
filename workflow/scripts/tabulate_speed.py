"""Relate every method's cost to TG-NAS's: per architecture, per search, before it begins."""

from pathlib import Path

import pandas as pd

from tgnas.reporting.proxies import speed_markdown, summarise_speed
from tgnas.reporting.tables import read_reported
from tgnas.script import run


def main(
    *,
    summary: Path,
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
    found = summarise_speed(pd.read_csv(summary), setup, benchmark, reference, queries)
    found.to_csv(table, index=False)
    markdown.write_text(speed_markdown(found, read_reported(reported), reference, queries))


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
