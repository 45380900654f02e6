"""The architectures that none beats in score and cost, for each method's scores."""

from collections.abc import Mapping, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from tgnas.benchmarks.base import Benchmark
from tgnas.results import _style as style
from tgnas.results._catalogue import Plan
from tgnas.results._tables import Block, Entry, Number, Shown, count
from tgnas.scoring.tables import read_scores

TITLE = "Pareto fronts of score and cost"
SECTION = "Search under constraints"
CAPTION = """
The architectures of NAS-Bench-201 that none beats in score and cost. Regret: how many points of
test accuracy on {constraints[dataset]} the best architecture that costs no more has above a member;
mean and standard deviation over seeds of the mean over members.
"""
FIGURE_CAPTION = """
Test accuracy after {labels[epochs]:epoch} against cost on NAS-Bench-201; latency is
HW-NAS-Bench's. Grey: all architectures but the least accurate quarter. Black: the highest accuracy
that a cost allows. Coloured: the Pareto front of each method's scores, at its true accuracy; of
several seeds the first.
"""
COLUMNS = {
    "scorer": "whose score it is",
    "seed": "its seed",
    "cost": "what the front is of",
    "architecture": "the member",
    "value": "its cost",
    "score": "its score",
    "accuracy": "its test accuracy, percent",
    "regret": ("points of accuracy by which the best architecture that costs no more is better"),
}
# How an axis calls a cost, and how many make one of its units.
UNITS = {"parameters": ("Parameters (millions)", 1e6), "flops": ("FLOPs (millions)", 1.0)}
COLOURS = (style.BLUE, style.VERMILLION, style.GREEN, style.ORANGE, style.PURPLE)
LEFT_OUT = 0.25  # share of all architectures, the least accurate, below the axis
CLOUD: dict[str, Any] = {
    "color": style.GREY,
    "marker": ".",
    "linestyle": "",
    "alpha": 0.35,
    "markeredgewidth": 0,
}
TRUE: dict[str, Any] = {"color": style.BLACK, "linewidth": 1.2}


def params(plan: Plan) -> dict[str, Any]:
    """Return the scorers, the costs, and whose accuracy is looked up."""
    constraints = plan.config.search.constraints
    about = constraints.model_dump(mode="json", include={"dataset", "costs"})
    titles = plan.all_titles
    labels = {key: plan.labels()[key] for key in ("split", "epochs")}
    return {
        "scorers": list(constraints.scorers),
        "constraints": about,
        "labels": labels,
        "titles": titles,
    }


def inputs(plan: Plan) -> dict[str, Any]:
    """Return the costs, and the scores of every scorer."""
    names = plan.config.search.constraints.scorers
    scores = [f"<results>/scores/nasbench201/{name}.parquet" for name in names]
    return figure_inputs(plan) | {"scores": scores}


def figure_inputs(plan: Plan) -> dict[str, Any]:
    """Return the costs of all architectures."""
    dataset = plan.config.search.constraints.dataset
    costs = f"<results>/costs/nasbench201/{dataset}.parquet"
    return {"benchmark": "<benchmark_tables>/nasbench201.arrow", "costs": costs}


def table(
    benchmark: Benchmark,
    costs: pd.DataFrame,
    scores: Sequence[Path],
    scorers: Sequence[str],
    constraints: dict[str, Any],
    labels: dict[str, Any],
) -> pd.DataFrame:
    """Return the members of all fronts."""
    from tgnas.evaluation.pareto import fronts  # its imports are slow

    known = {name: read_scores(path, benchmark) for name, path in zip(scorers, scores, strict=True)}
    return fronts(benchmark, costs, known, constraints, labels)


def show(frame: pd.DataFrame, titles: Mapping[str, str]) -> list[Block]:
    """Return of each front its members, their regret, and how many are of the true front."""
    rows: list[dict[str, Entry]] = []
    marks = []
    for (cost, scorer), members in frame.groupby(["cost", "scorer"], sort=False):
        of_seed = members.groupby("seed")
        regret, true = (
            of_seed.regret.mean(),
            of_seed.regret.agg(lambda values: (values == 0).mean()),
        )
        rows.append(
            {
                "cost": str(cost),
                "scored by": titles.get(str(scorer), str(scorer)),
                "seeds": str(len(regret)),
                "members": count(of_seed.size().mean()),
                "of the true front": Number(true.mean(), ".0%"),
                "mean regret": Number(regret.mean(), ".2f", regret.std()),
                "largest regret": Number(members.regret.max(), ".2f"),
            }
        )
        marks.append("oracle" if str(scorer).startswith("oracle_") else "")
    return [
        Shown(rows, marks=marks),
    ]


def figure(
    frame: pd.DataFrame,
    benchmark: Benchmark,
    costs: pd.DataFrame,
    constraints: dict[str, Any],
    labels: dict[str, Any],
    titles: Mapping[str, str],
) -> Figure:
    """Return one panel for each cost: the true accuracy of the members of each score's front.

    A step leads from one member to the next, for a member is what one would take under any bound
    up to there. The black steps are the true front, the highest accuracy that a cost allows; a
    score whose front has no regret is that one and is not drawn twice. Of several seeds the first
    is drawn.
    """
    dataset = constraints["dataset"]
    accuracy = benchmark.accuracy(dataset=dataset, split=labels["split"], epochs=labels["epochs"])
    everything = costs[constraints["costs"]].assign(accuracy=accuracy)
    shown = frame[(frame.seed == 0) & (frame.groupby("scorer").regret.transform("max") > 0)]
    colours = dict(zip(shown.scorer.unique(), cycle(COLOURS), strict=False))
    kinds = list(frame.cost.unique())
    with style.styled():
        drawn = Figure(figsize=(style.WIDE, 3.0))
        panels = drawn.subplots(1, len(kinds), sharey=True, squeeze=False)[0]
        for panel, cost in zip(panels, kinds, strict=True):
            title, unit = UNITS.get(cost, (f"{cost.replace('_', ' ')} (ms)", 1.0))
            _draw_all(panel, everything[cost] / unit, everything.accuracy)
            for scorer, part in shown[shown.cost == cost].groupby("scorer", sort=False):
                look = _look(str(scorer), colours)
                panel.step(part.value / unit, part.accuracy, where="post", **look)
            panel.set_xlabel(f"{title}\n(lower is better)")
        low, high = everything.accuracy.quantile(LEFT_OUT), everything.accuracy.max()
        panels[0].set_ylim(low, high + 0.3)
        panels[0].set_ylabel(f"{style.dataset_title(dataset)} accuracy\n(%, higher is better)")
        keys = [
            Line2D([], [], **CLOUD, label=f"all architectures (n = {len(everything):,})"),
            Line2D([], [], **TRUE, label="true front"),
            *(
                Line2D([], [], **_look(s, colours), label=f"front by {titles.get(s, s)}")
                for s in colours
            ),
        ]
        drawn.legend(handles=keys, ncols=2, **style.BELOW)
    return drawn


def _draw_all(panel: Axes, costs: pd.Series, accuracies: pd.Series) -> None:
    panel.plot(costs, accuracies, **CLOUD | {"markersize": 1.5}, rasterized=True)
    order = pd.DataFrame({"cost": costs, "accuracy": accuracies}).dropna().sort_values("cost")
    best = order.groupby("cost").accuracy.max().cummax()
    panel.step(best.index, best, where="post", **TRUE)


def _look(scorer: str, colours: dict[str, str]) -> dict[str, Any]:
    marker = style.method_marker(scorer)
    return {"color": colours[scorer], "marker": marker, "linewidth": 0.7, "markersize": 3}
