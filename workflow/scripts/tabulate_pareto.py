"""Find the architectures that none beats in score and cost, for each method's scores."""

from pathlib import Path

import pandas as pd

from tgnas.benchmarks.base import open_benchmark
from tgnas.evaluation.pareto import fronts
from tgnas.results.searches import pareto_markdown
from tgnas.scoring.tables import read_scores
from tgnas.workflow.script import run


def main(
    *,
    benchmark: Path,
    costs: Path,
    scores: list[Path],
    table: Path,
    markdown: Path,
    scorers: list,
    limits: dict,
    ranking: dict,
) -> None:
    """Write the members of all fronts as CSV and a summary as Markdown."""
    target = open_benchmark(benchmark)
    known = {name: read_scores(path, target) for name, path in zip(scorers, scores, strict=True)}
    found = fronts(target, pd.read_parquet(costs), known, limits, ranking)
    found.to_csv(table, index=False)
    markdown.write_text(pareto_markdown(found, limits["dataset"]))


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
