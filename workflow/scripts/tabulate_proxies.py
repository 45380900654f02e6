"""Put all proxies beside TG-NAS and the trivial baselines: how they rank, what they cost."""

from pathlib import Path

import pandas as pd

from tgnas.results.proxies import proxies_markdown, summarise_proxies
from tgnas.results.tables import read_reported
from tgnas.workflow.script import run


def main(
    *,
    measures: list[Path],
    reported: Path,
    table: Path,
    markdown: Path,
    titles: dict,
    samples: dict,
    settings: dict,
    ranking: dict,
) -> None:
    """Write the summary as CSV and as Markdown."""
    found = [pd.read_csv(path).assign(**samples[path.stem]) for path in measures]
    summary = summarise_proxies(pd.concat(found), titles, read_reported(reported))
    summary.to_csv(table, index=False)
    markdown.write_text(proxies_markdown(summary, settings, ranking))


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
