"""Draw how fast every searcher finds what the predictor scores best, and how good that is."""

from pathlib import Path

import pandas as pd

from tgnas.benchmarks.base import open_benchmark
from tgnas.results.figures import draw_search_progress
from tgnas.results.style import save
from tgnas.scoring.tables import read_scores
from tgnas.search.runs import look_up, progress_table
from tgnas.workflow.script import run


def main(
    *,
    benchmark: Path,
    runs: list[Path],
    scores: Path,
    baselines: list[Path],
    png: Path,
    pdf: Path,
    titles: list,
    ranking: dict,
) -> None:
    """Tabulate the progress of all runs; draw it beside the best there is and the baselines."""
    target, dataset = open_benchmark(benchmark), ranking["datasets"][0]
    found = pd.concat(map(pd.read_parquet, runs))
    progress = progress_table(found, read_scores(scores, target), target, ranking)
    best = target.accuracy(dataset=dataset, split=ranking["split"], epochs=ranking["epochs"])
    chosen = (look_up(pd.read_parquet(path), target, ranking)[dataset][0] for path in baselines)
    levels = {"best of the space": best.max()} | dict(zip(titles, chosen, strict=True))
    save(draw_search_progress(progress, levels, dataset), png, pdf)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
