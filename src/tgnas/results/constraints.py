"""Searches that no architecture above a bound may win."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from tgnas.benchmarks.base import Benchmark
from tgnas.results._catalogue import Plan
from tgnas.results._tables import Block, Number, Shown, mean_of, runs_of
from tgnas.results.incumbents import table as looked_up

TITLE = "Searches under constraints"
SECTION = "Search under constraints"
PLACE = 1
CAPTION = """
Searches on NAS-Bench-201 under constraints on parameters (a number), FLOPs (millions) or measured
latency (milliseconds, HW-NAS-Bench). A bound is what the given share of all architectures keeps;
above it every score is worse than any below. Kept: incumbents within the bound. Test accuracy on
{dataset} in percent, mean and standard deviation over runs. Oracle rows score by test accuracy: the
most that a constraint allows.
"""
COLUMNS = {
    "cost": "what is constrained (`search.constraints.costs`)",
    "share": "share of all architectures that the bound keeps",
    "bound": "the bound; parameters as a number, FLOPs in millions, latency in milliseconds",
    "scorer": "who scores",
    "searcher": "a file of tgnas.methods.searchers",
    "seeds": "seeds of the scorer",
    "runs": "runs of all seeds together",
    "kept": "share of the incumbents within the bound",
    "value": "mean cost of the incumbents, in the bound's unit",
    "mean": "mean over runs of the incumbent's test accuracy, percent",
    "std": "its standard deviation over runs",
}


def params(plan: Plan) -> dict[str, Any]:
    """Return the scorers, and whose accuracy is looked up."""
    labels, titles = plan.labels(), plan.all_titles
    scorers = [scorer for scorer, _ in plan.searches.constrained()]
    own = {"scorers": scorers, "dataset": plan.config.search.constraints.dataset}
    return own | {"labels": labels, "titles": titles}


def inputs(plan: Plan) -> dict[str, Any]:
    """Return the runs of every scorer."""
    runs = [file for _, file in plan.searches.constrained()]
    return {"benchmark": "<benchmark_tables>/nasbench201.arrow", "runs": runs}


def table(
    benchmark: Benchmark,
    runs: Sequence[pd.DataFrame],
    scorers: Sequence[str],
    dataset: str,
    labels: dict[str, Any],
) -> pd.DataFrame:
    """Return one row per cost, bound, scorer and searcher."""
    return summarise(looked_up(benchmark, runs, scorers, labels), dataset)


def summarise(incumbents: pd.DataFrame, dataset: str) -> pd.DataFrame:
    """Return how many incumbents keep the constraints, their cost and their accuracy."""
    incumbents = incumbents.assign(kept=incumbents.value <= incumbents.bound)
    incumbents = incumbents.sort_values(["cost", "share"], kind="stable")
    groups = incumbents.groupby(["cost", "share", "bound", "scorer", "searcher"], sort=False)
    return groups.agg(
        seeds=("seed", "nunique"),
        runs=("run", "size"),
        kept=("kept", "mean"),
        value=("value", "mean"),
        mean=(dataset, "mean"),
        std=(dataset, "std"),
    ).reset_index()


def show(frame: pd.DataFrame, dataset: str, titles: Mapping[str, str]) -> list[Block]:
    """Return the searches under constraints."""
    rows = [
        {
            "cost": row.cost,
            "bound": Number(row.bound, ".4g", rest=f"cheapest {row.share:.0%}"),
            "scored by": titles.get(row.scorer, row.scorer),
            "searcher": row.searcher.replace("_", " "),
            "seeds x runs": runs_of(row),
            "kept": Number(row.kept, ".0%"),
            "cost of the incumbent": Number(row.value, ".4g"),
            dataset: mean_of(row, digits=2),
        }
        for _, row in frame.iterrows()
    ]
    marks = ["oracle" if name.startswith("oracle_") else "" for name in frame.scorer]
    return [
        Shown(rows, marks=marks),
    ]
