"""Tell in one table how every method ranks every benchmark."""

from pathlib import Path

import pandas as pd

from tgnas.reporting.tables import headline
from tgnas.script import run


def main(
    *, summaries: list[Path], table: Path, markdown: Path, benchmarks: list[str], share: float
) -> None:
    """Write one table of the rankings of several benchmarks, as CSV and as Markdown."""
    found = headline(dict(zip(benchmarks, map(pd.read_csv, summaries), strict=True)), share)
    found.to_csv(table, index=False)
    markdown.write_text(found.to_markdown(index=False, disable_numparse=True) + "\n")


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
