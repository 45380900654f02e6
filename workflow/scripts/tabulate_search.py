"""Look up what every search found; write one row per run and one per method."""

from pathlib import Path

import pandas as pd

from tgnas.benchmarks.base import open_benchmark
from tgnas.results.searches import search_markdown, summarise_search
from tgnas.results.tables import read_reported
from tgnas.search.runs import look_up
from tgnas.workflow.script import run


def main(
    *,
    benchmark: Path,
    reported: Path,
    runs: list[Path],
    answers: Path,
    table: Path,
    markdown: Path,
    scorers: list,
    ranking: dict,
    top: int,
) -> None:
    """Write the answers of all runs, their summary as CSV, and the summary as Markdown."""
    target = open_benchmark(benchmark)
    found = [
        look_up(pd.read_parquet(path), target, ranking).assign(scorer=scorer)
        for path, scorer in zip(runs, scorers, strict=True)
    ]
    everything = pd.concat(found, ignore_index=True)
    everything.to_csv(answers, index=False)
    summary = summarise_search(everything, ranking["datasets"], read_reported(reported))
    summary.to_csv(table, index=False)
    markdown.write_text(search_markdown(summary, ranking["datasets"], top))


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
