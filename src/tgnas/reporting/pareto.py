"""The figure of accuracy against cost: all architectures, and Pareto fronts by score."""

from itertools import cycle

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from tgnas.reporting import style

TITLES = {"parameters": "Parameters", "flops": "FLOPs (millions)"}
COLOURS = (style.BLUE, style.VERMILLION, style.GREEN, style.ORANGE, style.PURPLE)
SHOWN = 0.25  # the share of least accurate architectures that the axis leaves out


def draw_pareto(everything: pd.DataFrame, fronts: pd.DataFrame, dataset: str) -> Figure:
    """Return one panel for each cost: the true accuracy of the members of each score's front.

    The black steps are the true front: the highest accuracy that a cost allows. The axis leaves
    out the least accurate quarter of all architectures.

    Args:
        everything: a column for each cost, and accuracy (percent), of all architectures.
        fronts: what ``tgnas.evaluation.pareto.fronts`` returns; the first seed of each is drawn.
        dataset: of the accuracies.
    """
    costs, scorers = list(fronts.cost.unique()), list(fronts.scorer.unique())
    looks = dict(zip(scorers, cycle(COLOURS), strict=False))
    low = everything.accuracy.quantile(SHOWN)
    with style.styled():
        figure = Figure(figsize=(style.WIDE, 3.0))
        panels = figure.subplots(1, len(costs), sharey=True, squeeze=False)[0]
        for panel, cost in zip(panels, costs, strict=True):
            _draw_cost(panel, everything, cost)
            members = fronts[(fronts.cost == cost) & (fronts.seed == 0)]
            for scorer, part in members.groupby("scorer", sort=False):
                panel.plot(part.value, part.accuracy, **_look(str(scorer), looks), clip_on=False)
        panels[0].set_ylim(low, everything.accuracy.max() + 0.5)
        panels[0].set_ylabel(f"{style.dataset_title(dataset)} accuracy\n(%, higher is better)")
        keys = [
            Line2D([], [], **_cloud(), label=f"all (n = {len(everything):,})"),
            Line2D([], [], color=style.BLACK, linewidth=0.9, label="true front"),
            *(Line2D([], [], **_look(s, looks), label=f"front by {s}") for s in scorers),
        ]
        figure.legend(handles=keys, ncols=3, loc="outside lower center", handletextpad=0.5)
    return figure


def _draw_cost(panel: Axes, everything: pd.DataFrame, cost: str) -> None:
    cloud = _cloud() | {"markersize": 0.8}
    panel.plot(everything[cost], everything.accuracy, **cloud, rasterized=True)
    true = everything.dropna().sort_values([cost, "accuracy"], ascending=[True, False])
    best = true.accuracy.cummax()
    panel.step(true[cost], best, where="post", color=style.BLACK, linewidth=0.9)
    title = TITLES.get(cost, cost.replace("_", " ") + " (ms)")
    panel.set_xlabel(f"{title}\n(lower is better)")


def _cloud() -> dict:
    """Return how the points of all architectures look."""
    return {
        "color": style.GREY,
        "marker": ".",
        "linestyle": "",
        "alpha": 0.35,
        "markeredgewidth": 0,
    }


def _look(scorer: str, looks: dict[str, str]) -> dict:
    marker = style.method_marker(scorer)
    return {"color": looks[scorer], "marker": marker, "linewidth": 0.6, "markersize": 3.5}
