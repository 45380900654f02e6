"""Compare our proxies with the values that others stored of the same architectures."""

from pathlib import Path

import pandas as pd

from tgnas.benchmarks.base import open_benchmark
from tgnas.evaluation.agreement import (
    COLUMNS,
    FREEREA,
    SUITE_ZERO,
    agreement,
    read_freerea,
    read_naslib,
    read_suite_zero,
)
from tgnas.results.proxies import stored_markdown
from tgnas.workflow.script import run


def main(
    *,
    benchmark: Path,
    sample: Path,
    scores: list[Path],
    suite_zero: Path,
    freerea: list[Path],
    naslib: Path,
    table: Path,
    markdown: Path,
    ranking: dict,
) -> None:
    """Write one row per stored column as CSV and as Markdown."""
    target = open_benchmark(benchmark)
    suite = read_suite_zero(suite_zero, target)
    files, stored = iter(freerea), {}
    for each in COLUMNS:
        if each.source == SUITE_ZERO:
            stored[each] = suite[each.column]
        elif each.source == FREEREA:
            stored[each] = read_freerea(next(files), each.column, target)
        else:
            stored[each] = read_naslib(naslib, each.column, target)
    tables = {path.stem: pd.read_parquet(path) for path in scores}
    found = agreement(target, pd.read_parquet(sample), tables, stored, ranking)
    found.to_csv(table, index=False)
    markdown.write_text(stored_markdown(found, ranking["datasets"]))


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
