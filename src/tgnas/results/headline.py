"""Kendall's tau of the methods that the config's headline names, on every benchmark."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from tgnas.errors import UnknownNameError
from tgnas.results import _style as style
from tgnas.results._catalogue import Plan
from tgnas.results._tables import Block, Entry, Shown, mean_of

TITLE = "Kendall's tau of the main methods"
SECTION = "Reported and reproduced"
CAPTION = """
Kendall's tau with the accuracy: of distinct architectures, one for each live pattern, and of all;
mean and standard deviation over {seeds} seeds.
"""
MADE_BY = "readme"
COLUMNS = {
    "method": "id of the method",
    "title": "how rendered tables call it",
    "benchmark": "whose architectures are ranked",
    "dataset": "data set of the accuracies",
    "population": "`unique`: one architecture for each live pattern; `all` architectures",
    "mean": "mean over seeds of Kendall's tau",
    "std": "its standard deviation over seeds; empty for one seed",
}


def params(plan: Plan) -> dict[str, Any]:
    """Return the methods and the benchmarks.

    Raises:
        UnknownNameError: the headline has a method that no sheet has.
    """
    methods = list(plan.config.headline.methods)
    for method in methods:
        if method not in plan.all_titles:
            raise UnknownNameError("method of headline", method, plan.all_titles)
    ranked = ["nasbench201", "nasbench301"]
    return {"seeds": plan.config.seeds, "methods": methods, "ranked": ranked}


def inputs(plan: Plan) -> dict[str, Any]:
    """Return the tables of rankings."""
    ranked = params(plan)["ranked"]
    return {"rankings": [f"<results>/tables/ranking_{target}.csv" for target in ranked]}


def table(
    rankings: Sequence[pd.DataFrame], methods: Sequence[str], ranked: Sequence[str]
) -> pd.DataFrame:
    """Return one row for each method, benchmark, data set and population."""
    frames = [rows.assign(benchmark=name) for name, rows in zip(ranked, rankings, strict=True)]
    every = pd.concat(frames, ignore_index=True)
    of = every.method.isin(methods) & (every.measure == "kendall_tau") & (every.subset == "all")
    rows = every[of]
    rows = rows.assign(
        title=rows.method.map(rows.drop_duplicates("method").set_index("method").title)
    )
    return rows.sort_values("method", key=lambda names: names.map(methods.index), kind="stable")[
        list(COLUMNS)
    ]


def show(frame: pd.DataFrame) -> list[Block]:
    """Return one row for each method; distinct architectures stand before all where they differ."""
    rows: list[dict[str, Entry]] = []
    keys = ["population", "benchmark", "dataset"]
    # Where no two architectures have one live pattern, both populations are one.
    same = frame.duplicated(["method", "benchmark", "dataset", "mean"], keep=False)
    twice = same.groupby(frame.benchmark).transform("all") & (frame.population == "unique")
    places = frame[~twice].drop_duplicates(keys)
    places = places.sort_values(["benchmark", "population"], ascending=[True, False], kind="stable")
    for _, method in frame.groupby("method", sort=False):
        row: dict[str, Entry] = {"Kendall tau": method.title.iloc[0]}
        for place in places.itertuples():
            name = f"{style.benchmark_title(place.benchmark)} {style.dataset_title(place.dataset)}"
            name = f"{name}, distinct" if place.population == "unique" else name
            here = method[(method[keys] == [getattr(place, key) for key in keys]).all(axis=1)]
            row[name] = mean_of(here.iloc[0]) if len(here) else "-"
        rows.append(row)
    return [Shown(rows)]
