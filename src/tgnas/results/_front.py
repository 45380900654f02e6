"""A picture of a front: what was scored or trained, what none of it beats, what comes next."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tgnas.files import written_whole
from tgnas.results import _style as style

SCORE, ACCURACY = "score", "accuracy"


def draw_front(
    scored: pa.Table,
    front: pa.Table,
    goals: Sequence[str],
    to: Path,
    suggested: pa.Table | None = None,
) -> None:
    """Write a PNG with a panel for each cost: all architectures, and the front's.

    Args:
        scored: columns score or accuracy, and every cost.
        front: the same of the front's members.
        goals: score or accuracy, and the costs.
        to: the file.
        suggested: what may be trained next: expected, low, high and every cost; those without an
            expected accuracy are marked below.
    """
    value = ACCURACY if ACCURACY in goals else SCORE
    costs = [goal for goal in goals if goal != value]
    with style.styled():
        figure = Figure(figsize=(style.NARROW * len(costs), 0.8 * style.NARROW))
        figure.set_layout_engine("constrained")
        panels = np.atleast_1d(figure.subplots(1, len(costs), sharey=True))
        for panel, cost in zip(panels, costs, strict=True):
            for table, look in (
                (scored, {"color": style.GREY, "marker": ".", "alpha": 0.4}),
                (front, {"color": style.BLUE, "marker": "o", "markersize": 3}),
            ):
                x, y = (table.column(name).to_numpy() for name in (cost, value))
                panel.plot(x, y, linestyle="", **look)
            if suggested is not None:
                _draw_suggested(panel, suggested, cost)
            panel.set_xlabel(f"{cost} (lower is better)")
        panels[0].set_ylabel(f"{value} (higher is better)")
        with written_whole(to) as part:
            figure.savefig(part, format="png", dpi=200)


def _draw_suggested(panel: Axes, suggested: pa.Table, cost: str) -> None:
    names = (cost, "expected", "low", "high")
    x, y, low, high = (suggested.column(name).to_numpy() for name in names)
    known = np.isfinite(y)
    reach = style.reach(y, low, high)[:, known]
    panel.errorbar(
        x[known], y[known], yerr=reach, fmt="s", color=style.ORANGE, markersize=3, elinewidth=0.8
    )
    for place in x[~known]:
        panel.axvline(place, color=style.ORANGE, linewidth=0.8, alpha=0.6)
