"""The incumbents of all searches on NAS-Bench-201, looked up."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from tgnas.benchmarks.base import Benchmark
from tgnas.results._catalogue import Plan
from tgnas.results._tables import Block, Code, Number, Shown

TITLE = "Incumbents of all searches"
SECTION = "Search"
CAPTION = "The first runs of all searches on NAS-Bench-201; the CSV has every run."
MADE_BY = "others"
COLUMNS = {
    "searcher": "a file of tgnas.methods.searchers",
    "label": "the measured accuracy that was queried; empty where no label was",
    "seed": "seed of the scorer",
    "run": "number of the run, which seeds the search",
    "architecture": "the incumbent",
    "score": "its score",
    "queries": "scored architectures, repeated ones counted again",
    "distinct": "different ones among them",
    "seconds": "wall time of the run",
    "DATASET": "test accuracy of the incumbent, percent",
    "DATASET top": (
        "test accuracy of the one of the run's best-scored that has the highest validation accuracy"
    ),
    "scorer": "who scores",
}


def params(plan: Plan) -> dict[str, Any]:
    """Return the scorers of the runs, and how accuracy is measured."""
    return {"scorers": [scorer for scorer, _ in plan.searches.tabulated()], "labels": plan.labels()}


def inputs(plan: Plan) -> dict[str, Any]:
    """Return the runs of every scorer and searcher."""
    runs = [file for _, file in plan.searches.tabulated()]
    return {"benchmark": "<benchmark_tables>/nasbench201.arrow", "runs": runs}


def table(
    benchmark: Benchmark,
    runs: Sequence[pd.DataFrame],
    scorers: Sequence[str],
    labels: dict[str, Any],
) -> pd.DataFrame:
    """Return one row per run."""
    from tgnas.searching.runs import look_up  # its imports are slow

    incumbents = [
        look_up(run, benchmark, labels).assign(scorer=scorer)
        for run, scorer in zip(runs, scorers, strict=True)
    ]
    return pd.concat(incumbents, ignore_index=True)


def show(frame: pd.DataFrame, labels: dict[str, Any]) -> list[Block]:
    """Return the first run of every scorer and searcher."""
    rows = [
        {
            "scored by": row.scorer,
            "searcher": row.searcher,
            "architecture": Code(row.architecture),
            **{name: Number(row[name], ".2f") for name in labels["datasets"]},
        }
        for _, row in frame.drop_duplicates(["scorer", "searcher"]).iterrows()
    ]
    return [Shown(rows)]
