"""The figure of accuracy against cost: all architectures, and Pareto fronts by score."""

from itertools import cycle
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from tgnas.results import style

# How an axis calls a cost, and how many make one of its units.
TITLES = {"parameters": ("Parameters (millions)", 1e6), "flops": ("FLOPs (millions)", 1.0)}
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


def draw_pareto(everything: pd.DataFrame, fronts: pd.DataFrame, dataset: str) -> Figure:
    """Return one panel for each cost: the true accuracy of the members of each score's front.

    A step leads from one member to the next, for a member is what one would take under any limit
    up to there. The black steps are the true front, the highest accuracy that a cost allows; a
    score whose front has no regret is that one and is not drawn twice.

    Args:
        everything: a column for each cost, and accuracy (percent), of all architectures.
        fronts: what ``tgnas.evaluation.pareto.fronts`` returns; the first seed of each is drawn.
        dataset: of the accuracies.
    """
    shown = fronts[(fronts.seed == 0) & (fronts.groupby("scorer").regret.transform("max") > 0)]
    colours = dict(zip(shown.scorer.unique(), cycle(COLOURS), strict=False))
    costs = list(fronts.cost.unique())
    with style.styled():
        figure = Figure(figsize=(style.WIDE, 3.0))
        panels = figure.subplots(1, len(costs), sharey=True, squeeze=False)[0]
        for panel, cost in zip(panels, costs, strict=True):
            title, unit = TITLES.get(cost, (f"{cost.replace('_', ' ')} (ms)", 1.0))
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
            *(Line2D([], [], **_look(s, colours), label=f"front by {s}") for s in colours),
        ]
        figure.legend(handles=keys, ncols=2, loc="outside lower center", handletextpad=0.5)
    return figure


def _draw_all(panel: Axes, costs: pd.Series, accuracies: pd.Series) -> None:
    panel.plot(costs, accuracies, **CLOUD | {"markersize": 1.5}, rasterized=True)
    order = pd.DataFrame({"cost": costs, "accuracy": accuracies}).dropna().sort_values("cost")
    best = order.groupby("cost").accuracy.max().cummax()
    panel.step(best.index, best, where="post", **TRUE)


def _look(scorer: str, colours: dict[str, str]) -> dict[str, Any]:
    marker = style.method_marker(scorer)
    return {"color": colours[scorer], "marker": marker, "linewidth": 0.7, "markersize": 3}
