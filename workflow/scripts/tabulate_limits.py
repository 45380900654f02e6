"""Look up what the searches under limits found; write one row per limit, scorer and searcher."""

from pathlib import Path

import pandas as pd

from tgnas.benchmarks.base import open_benchmark
from tgnas.results.searches import limits_markdown, summarise_limits
from tgnas.search.runs import look_up
from tgnas.workflow.script import run


def main(
    *,
    benchmark: Path,
    runs: list[Path],
    table: Path,
    markdown: Path,
    scorers: list,
    dataset: str,
    ranking: dict,
) -> None:
    """Write the summary as CSV and as Markdown."""
    target = open_benchmark(benchmark)
    found = [
        look_up(pd.read_parquet(path), target, ranking).assign(scorer=scorer)
        for path, scorer in zip(runs, scorers, strict=True)
    ]
    summary = summarise_limits(pd.concat(found, ignore_index=True), dataset)
    summary.to_csv(table, index=False)
    markdown.write_text(limits_markdown(summary, dataset))


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
