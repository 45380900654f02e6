"""Compare our proxies with the values that others stored of the same architectures."""

from pathlib import Path

import pandas as pd

from tgnas.benchmarks.base import open_benchmark
from tgnas.benchmarks.stored_scores import read_stored
from tgnas.evaluation.agreement import COLUMNS, agreement
from tgnas.results.proxies import stored_markdown
from tgnas.workflow.script import run


def main(
    *,
    benchmark: Path,
    sample: Path,
    scores: list[Path],
    sources: list[Path],
    table: Path,
    markdown: Path,
    ranking: dict,
) -> None:
    """Write one row per stored column as CSV and as Markdown."""
    target = open_benchmark(benchmark)
    files = {path.name: path for path in sources}
    stored = {
        each: read_stored(each.source, each.column, files[Path(each.file).name], target)
        for each in COLUMNS
    }
    tables = {path.stem: pd.read_parquet(path) for path in scores}
    found = agreement(target, pd.read_parquet(sample), tables, stored, ranking)
    found.to_csv(table, index=False)
    markdown.write_text(stored_markdown(found, ranking["datasets"]))


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
