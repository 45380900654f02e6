"""Searches that no architecture above a limit may win."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from tgnas.benchmarks.base import Benchmark
from tgnas.results._catalogue import Plan
from tgnas.results._tables import Block, Number, Shown, mean_of, runs_of

TITLE = "Searches under constraints"
SECTION = "Search under constraints"
PLACE = 1
CAPTION = """
Searches on NAS-Bench-201 under limits on parameters (a number), FLOPs (millions) or measured
latency (milliseconds, HW-NAS-Bench). A limit is what the given share of all architectures keeps;
above it every score is worse than any below. Kept: answers within the limit. Test accuracy on
{dataset} in percent, mean and standard deviation over runs. Oracle rows score by test accuracy: the
most that a limit allows.
"""
COLUMNS = {
    "cost": "what is limited (`search.constraints.costs`)",
    "share": "share of all architectures that the limit keeps",
    "limit": "the limit; parameters as a number, FLOPs in millions, latency in milliseconds",
    "scorer": "who is asked",
    "searcher": "a file of tgnas.methods.searchers",
    "seeds": "seeds of the scorer",
    "runs": "runs of all seeds together",
    "kept": "share of the answers within the limit",
    "value": "mean cost of the answers, in the limit's unit",
    "mean": "mean over runs of the answer's test accuracy, percent",
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
    """Return one row per cost, limit, scorer and searcher."""
    from tgnas.search.runs import look_up  # its imports are slow

    answers = [
        look_up(run, benchmark, labels).assign(scorer=scorer)
        for run, scorer in zip(runs, scorers, strict=True)
    ]
    return summarise(pd.concat(answers, ignore_index=True), dataset)


def summarise(answers: pd.DataFrame, dataset: str) -> pd.DataFrame:
    """Return how many answers keep the limits, what they cost, and how accurate they are."""
    answers = answers.assign(kept=answers.value <= answers.limit)
    answers = answers.sort_values(["cost", "share"], kind="stable")
    groups = answers.groupby(["cost", "share", "limit", "scorer", "searcher"], sort=False)
    return groups.agg(
        seeds=("seed", "nunique"),
        runs=("run", "size"),
        kept=("kept", "mean"),
        value=("value", "mean"),
        mean=(dataset, "mean"),
        std=(dataset, "std"),
    ).reset_index()


def show(frame: pd.DataFrame, dataset: str, titles: Mapping[str, str]) -> list[Block]:
    """Return the searches under limits."""
    rows = [
        {
            "cost": row.cost,
            "limit": Number(row.limit, ".4g", rest=f"cheapest {row.share:.0%}"),
            "scored by": titles.get(row.scorer, row.scorer),
            "searcher": row.searcher.replace("_", " "),
            "seeds x runs": runs_of(row),
            "kept": Number(row.kept, ".0%"),
            "cost of the answer": Number(row.value, ".4g"),
            dataset: mean_of(row, digits=2),
        }
        for _, row in frame.iterrows()
    ]
    marks = ["oracle" if name.startswith("oracle_") else "" for name in frame.scorer]
    return [
        Shown(rows, marks=marks),
    ]
