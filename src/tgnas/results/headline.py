"""Kendall's tau of the methods that the config's headline names, on every benchmark."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from tgnas.errors import UnknownNameError
from tgnas.results import _style as style
from tgnas.results._catalogue import Plan
from tgnas.results._tables import Block, Entry, Shown, mean_of
from tgnas.workflow.sheet import EARLIER

TITLE = "Kendall's tau of the main methods"
SECTION = "Reported and reproduced"
CAPTION = """
Kendall's tau with the accuracy: of distinct architectures, one for each live pattern, and of all;
mean and standard deviation over {seeds:seed}. A commit behind a title is that of an earlier run
whose numbers the row has.
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
    sheet = plan.sheets["nasbench201"]
    families = {name: sheet[name].family for name in methods if name in sheet}
    ranked = ["nasbench201", "nasbench301"]
    return {
        "seeds": plan.config.seeds,
        "methods": methods,
        "ranked": ranked,
        "families": families,
    }


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
    of &= every.population.isin(["unique", "all"])
    rows = every[of]
    rows = rows.assign(
        title=rows.method.map(rows.drop_duplicates("method").set_index("method").title)
    )
    quoted = rows.commit.notna()
    rows.loc[quoted, "title"] += " [" + rows.commit[quoted] + "]"
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


def figure(frame: pd.DataFrame, families: Mapping[str, str]) -> Figure:
    """Return Kendall's tau on NAS-Bench-201: a row for each method, a panel for each data set.

    Filled markers stand for distinct architectures, open ones for all; a pale bar is a standard
    deviation over seeds to either side.
    """
    chosen = frame[frame.benchmark == "nasbench201"]
    datasets, methods = list(chosen.dataset.unique()), list(chosen.method.unique())
    with style.styled():
        drawn = Figure(figsize=(style.WIDE, 0.9 + 0.26 * len(methods)))
        panels = np.atleast_1d(drawn.subplots(1, len(datasets), sharex=True, sharey=True))
        for panel, dataset in zip(panels, datasets, strict=True):
            for row in chosen[chosen.dataset == dataset].itertuples():
                colour = style.FAMILY_COLOURS[families[row.method]]
                place = methods.index(row.method) + (0.18 if row.population == "all" else -0.18)
                if np.isfinite(row.std):
                    spread = (row.mean - row.std, row.mean + row.std)
                    panel.plot(spread, (place, place), color=colour, **style.pale(4))
                face = "white" if row.population == "all" else colour
                panel.plot(row.mean, place, "o", color=colour, markerfacecolor=face)
            panel.set_title(style.dataset_title(dataset))
            panel.grid(visible=False, axis="y")
            panel.tick_params(axis="y", length=0)
        panels[len(panels) // 2].set_xlabel(style.TAU)
        titles = chosen.drop_duplicates("method").title
        panels[0].set_yticks(range(len(methods)), titles)
        panels[0].set_ylim(len(methods) - 0.5, -0.5)
        dot: dict[str, Any] = {"color": style.GREY, "marker": "o", "linestyle": ""}
        keys = [
            Line2D([], [], **dot, label="distinct architectures"),
            Line2D([], [], **dot, markerfacecolor="white", label="all architectures"),
            Line2D([], [], color=style.GREY, label="± std over seeds", **style.pale(4)),
        ]
        if EARLIER in families.values():
            colour, label = style.FAMILY_COLOURS[EARLIER], style.FAMILY_TITLES[EARLIER]
            keys.append(Line2D([], [], color=colour, lw=3, label=label))
        drawn.legend(handles=keys, ncols=len(keys), **style.BELOW)
    return drawn
