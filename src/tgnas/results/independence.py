"""How much proxies agree with each other, and with accuracy."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tgnas.results import _style as style
from tgnas.results import proxies
from tgnas.results._catalogue import Plan

TITLE = "How much proxies agree"
SECTION = "Training-free proxies"
MADE_BY = "proxies"
CAPTION = """
Spearman's rho between the 14 proxies of the paper's heat map that were run, and with the accuracy
on each data set. Proxies see CIFAR-10 images, so that one map holds for all three.
"""
ACCURACY = "accuracy/"


def params(plan: Plan) -> dict[str, Any]:
    """Return how methods without a card are called."""
    return {"titles": plan.all_titles}


def loaded() -> list[str]:
    """Return the modules of all cards, which give the titles."""
    return proxies.loaded()


def figure_inputs() -> dict[str, Any]:
    """Return the correlations of every pair."""
    return {"measures": "<results>/measures/independence.csv"}


def figure(measures: pd.DataFrame, titles: Mapping[str, str]) -> Figure:
    """Return the heat map under the titles of the cards."""
    return draw(
        measures, {name: proxies.describe(name, titles)["title"] for name in measures.one.unique()}
    )


def draw(correlations: pd.DataFrame, titles: Mapping[str, str]) -> Figure:
    """Return a heat map of Spearman's rho between methods, and with each data set's accuracy.

    Args:
        correlations: what ``tgnas.evaluation.comparison.independence`` returns.
        titles: how rows are called; other names stand as they are.
    """
    names = list(dict.fromkeys(correlations.one))
    names.sort(key=lambda name: name.startswith(ACCURACY))  # accuracies last
    place = {name: number for number, name in enumerate(names)}
    matrix = np.full((len(names), len(names)), np.nan)
    for row in correlations.itertuples():
        one, other = place[row.one], place[row.other]
        matrix[one, other] = matrix[other, one] = row.spearman_rho
    methods = sum(not name.startswith(ACCURACY) for name in names)
    with style.styled():
        side = 1.9 + 0.3 * len(names)
        figure = Figure(figsize=(min(side + 0.4, style.WIDE), min(side, 6.6)))
        panel = figure.subplots()
        picture = panel.imshow(matrix, cmap="RdBu_r", vmin=-1, vmax=1)
        for (one, other), value in np.ndenumerate(matrix):
            _write_value(panel, one, other, value)
        panel.axhline(methods - 0.5, color=style.BLACK, linewidth=1)
        panel.axvline(methods - 0.5, color=style.BLACK, linewidth=1)
        labels = [_heat_label(name, titles) for name in names]
        panel.set_xticks(range(len(names)), labels, rotation=90)
        panel.set_yticks(range(len(names)), labels)
        panel.tick_params(length=0)
        panel.grid(visible=False)
        count = int(correlations.architectures.max())
        panel.set_title(f"{count:,} random NAS-Bench-201 architectures")
        label = "Spearman rho (0 is independent)"
        figure.colorbar(picture, ax=panel, label=label, pad=0.02, aspect=30, shrink=0.9)
    return figure


def _write_value(panel: Axes, one: int, other: int, value: float) -> None:
    if one == other:
        return
    text = f"{value:.2f}".replace("0.", ".") if np.isfinite(value) else "?"
    colour = "white" if abs(value) > 0.65 else style.BLACK
    panel.text(other, one, text, ha="center", va="center", fontsize=5.5, color=colour)


def _heat_label(name: str, titles: Mapping[str, str]) -> str:
    if name.startswith(ACCURACY):
        return f"{style.dataset_title(name.removeprefix(ACCURACY))} accuracy"
    return titles.get(name, name).removesuffix(", last epoch")
