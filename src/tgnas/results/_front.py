"""A picture of a search's front: what was scored, and what none of it beats."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
from matplotlib.figure import Figure

from tgnas.files import written_whole
from tgnas.results import _style as style

SCORE = "score"


def draw_front(scored: pa.Table, front: pa.Table, goals: Sequence[str], to: Path) -> None:
    """Write a PNG with a panel for each cost: all scored architectures, and the front's.

    Args:
        scored: columns score and every cost.
        front: the same of the front's members.
        goals: score and the costs.
        to: the file.
    """
    costs = [goal for goal in goals if goal != SCORE]
    with style.styled():
        figure = Figure(figsize=(style.NARROW * len(costs), 0.8 * style.NARROW))
        figure.set_layout_engine("constrained")
        panels = np.atleast_1d(figure.subplots(1, len(costs), sharey=True))
        for panel, cost in zip(panels, costs, strict=True):
            for table, look in (
                (scored, {"color": style.GREY, "marker": ".", "alpha": 0.4}),
                (front, {"color": style.BLUE, "marker": "o", "markersize": 3}),
            ):
                x, y = (table.column(name).to_numpy() for name in (cost, SCORE))
                panel.plot(x, y, linestyle="", **look)
            panel.set_xlabel(f"{cost} (lower is better)")
        panels[0].set_ylabel("score (higher is better)")
        with written_whole(to) as part:
            figure.savefig(part, format="png", dpi=200)
