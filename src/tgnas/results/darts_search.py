"""What every searcher finds in the DARTS space, whose architectures have no known accuracy."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from tgnas.benchmarks.base import Benchmark
from tgnas.results._catalogue import Plan
from tgnas.results._tables import Block, Number, Shown, runs_of
from tgnas.scoring.tables import read_scores

TITLE = "What every searcher finds in the DARTS space"
SECTION = "Search in the DARTS space"
PLACE = 1
CAPTION = """
What every searcher finds in the DARTS space. Scored above: the share of NAS-Bench-301's listed
genotypes that the same predictor scores lower than the incumbent, mean and standard deviation over
runs. Listed: incumbents that are among them; of no other incumbent is an accuracy known here.
"""
COLUMNS = {
    "searcher": "a file of tgnas.methods.searchers",
    "seeds": "seeds of the predictor",
    "runs": "runs of all seeds together",
    "queries": "mean number of scored genotypes",
    "distinct": "mean number of different ones among them",
    "seconds": "mean wall time of a run",
    "above": (
        "mean over runs of the share of NAS-Bench-301's listed genotypes that score lower than the "
        "incumbent"
    ),
    "above_std": "its standard deviation over runs",
    "listed": "how many incumbents are listed themselves",
    "architecture": "best-scored incumbent of the first seed",
    "score": "its score",
}


def inputs(plan: Plan) -> dict[str, Any]:
    """Return the runs of every searcher, and the scores of the listed genotypes."""
    predictor = plan.config.search.darts.predictor
    return {
        "benchmark": "<benchmark_tables>/nasbench301.arrow",
        "scores": f"<results>/scores/nasbench301/{predictor}.parquet",
        "runs": plan.searches.in_darts(),
    }


def table(benchmark: Benchmark, scores: Path, runs: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return one row per searcher."""
    from tgnas.searching.runs import standing  # its imports are slow

    everything = pd.concat(runs, ignore_index=True)
    return summarise(standing(everything, benchmark, read_scores(scores, benchmark)))


def summarise(runs: pd.DataFrame) -> pd.DataFrame:
    """Return means over the runs of each searcher, and the best incumbent of its first seed."""
    best = runs[runs.seed == 0].sort_values("score", ascending=False, kind="stable")
    first = best.drop_duplicates("searcher").set_index("searcher")[["architecture", "score"]]
    rows = runs.groupby("searcher", sort=False).agg(
        seeds=("seed", "nunique"),
        runs=("run", "size"),
        queries=("queries", "mean"),
        distinct=("distinct", "mean"),
        seconds=("seconds", "mean"),
        above=("above", "mean"),
        above_std=("above", "std"),
        listed=("listed", "sum"),
    )
    return rows.join(first).reset_index()


def show(frame: pd.DataFrame) -> list[Block]:
    """Return where the incumbents stand, then the best of them."""
    rows = [
        {
            "searcher": row.searcher.replace("_", " "),
            "seeds x runs": runs_of(row),
            "queries (distinct)": Number(row.queries, ".0f", rest=f"{row.distinct:.0f}"),
            "seconds": Number(row.seconds, ".2f"),
            "scored above (%)": Number(100 * row.above, ".1f", 100 * row.above_std),
            "listed": str(row.listed),
        }
        for _, row in frame.iterrows()
    ]
    best = [
        f"- {row.searcher.replace('_', ' ')}: `{row.architecture}`" for row in frame.itertuples()
    ]
    return [
        Shown(rows),
        "Best-scored incumbents of the first seed:",
        "\n".join(best),
    ]
