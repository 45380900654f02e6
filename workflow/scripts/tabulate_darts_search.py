"""Write what every searcher found in the DARTS space, and where that stands by score."""

from pathlib import Path

import pandas as pd

from tgnas.benchmarks.base import open_benchmark
from tgnas.results.searches import standing_markdown, summarise_standing
from tgnas.scoring.tables import read_scores
from tgnas.search.runs import standing
from tgnas.workflow.script import run


def main(*, benchmark: Path, scores: Path, runs: list[Path], table: Path, markdown: Path) -> None:
    """Compare the answers with the scores of the listed genotypes; write CSV and Markdown."""
    listed = open_benchmark(benchmark)
    found = pd.concat(map(pd.read_parquet, runs), ignore_index=True)
    summary = summarise_standing(standing(found, listed, read_scores(scores, listed)))
    summary.to_csv(table, index=False)
    markdown.write_text(standing_markdown(summary, listed.name, len(listed)))


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
