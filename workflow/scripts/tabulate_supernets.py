"""Compare the scores that a supernet can have in pruning, on NAS-Bench-201."""

from pathlib import Path

import pandas as pd

from tgnas.benchmarks.base import open_benchmark
from tgnas.results.searches import summarise_supernets, supernets_markdown
from tgnas.scoring.tables import read_scores
from tgnas.search.runs import compare_supernets, known, look_up
from tgnas.workflow.script import run


def main(
    *,
    benchmark: Path,
    scores: list[Path],
    table: Path,
    markdown: Path,
    scorers: list,
    search: dict,
    ranking: dict,
) -> None:
    """Prune with each supernet score and each method's scores; write CSV and Markdown."""
    target = open_benchmark(benchmark)
    space, tables = target.space, []
    for name, path in zip(scorers, scores, strict=True):
        evaluators = [known(space, target, row) for row in read_scores(path, target)]
        found = look_up(compare_supernets(space, evaluators, search), target, ranking)
        tables.append(found.assign(scorer=name))
    summary = summarise_supernets(pd.concat(tables, ignore_index=True), ranking["datasets"])
    summary.to_csv(table, index=False)
    markdown.write_text(supernets_markdown(summary, ranking["datasets"]))


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
