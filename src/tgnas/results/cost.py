"""How well methods rank against what an architecture costs them."""

from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter
from matplotlib.transforms import Bbox, BboxBase

from tgnas.errors import number_of
from tgnas.results import _style as style
from tgnas.results._catalogue import Plan
from tgnas.results.proxies import COMMON, OWN_INPUTS, TRAINED, name_of

TITLE = "Rank correlation and cost"
SECTION = "Training-free proxies"
PAGE = "proxies"
MADE_BY = "proxies"
CAPTION = """
Kendall's tau with test accuracy against the median cost of one architecture, building its network
included. Bars: bootstrap intervals, which draw live patterns and seeds anew.
"""
# By what an architecture costs: class of a card -> colour, marker.
LOOKS = {
    TRAINED: (style.BLUE, "*", 7),
    "counting": (style.BLACK, "s", 3.5),
    "forward": (style.GREEN, "o", 4),
    "backward": (style.ORANGE, "^", 4.5),
    "second order": (style.VERMILLION, "D", 3.5),
    "backward of each image": (style.PURPLE, "v", 4.5),
}
_PADDING = 1.5  # points between a label and what it must not touch
_AROUND = [(np.cos(a), np.sin(a)) for a in np.deg2rad(np.arange(0, 360, 30))]


def params(plan: Plan) -> dict[str, Any]:
    """Return which benchmark and data set are drawn."""
    return {"benchmark": "nasbench201", "dataset": plan.labels()["datasets"][0]}


def figure_inputs() -> dict[str, Any]:
    """Return the comparison, and the costs that were timed in one go."""
    return {"proxies": "<results>/tables/proxies.csv", "speed": "<results>/tables/speed.csv"}


def figure(proxies: pd.DataFrame, speed: pd.DataFrame, benchmark: str, dataset: str) -> Figure:
    """Return the figure of one benchmark and data set."""
    here = (proxies.benchmark == benchmark) & (proxies.inputs == OWN_INPUTS)
    timed = ["milliseconds", "build"]
    costs = speed.set_index("method")[timed]
    return draw(proxies[here].drop(columns=timed).join(costs, on="method"), dataset)


def draw(summary: pd.DataFrame, dataset: str) -> Figure:
    """Return Kendall's tau against milliseconds per architecture, one marker per method.

    The cost is that of one architecture alone, building its network included; bars are bootstrap
    intervals. A method without a defined tau is not drawn.

    Args:
        summary: the table of proxies, of one benchmark.
        dataset: of the accuracies.
    """
    shown = summary[(summary.dataset == dataset) & (summary.population != COMMON)]
    shown = shown[np.isfinite(shown.KT)].assign(total=shown.milliseconds + shown.build)
    with style.styled():
        figure = Figure(figsize=(style.WIDE, 4.4))
        FigureCanvasAgg(figure)
        panel = figure.subplots()
        panel.axhline(0, color=style.BLACK, linewidth=0.8)
        for _, row in shown.iterrows():
            colour, marker, size = LOOKS[row["cost"]]
            ends = (row["KT low"], row["KT high"])
            panel.plot((row["total"],) * 2, ends, color=colour, linewidth=0.8, alpha=0.6)
            look: dict[str, Any] = {"markeredgecolor": "white", "markeredgewidth": 0.4}
            panel.plot(row["total"], row["KT"], marker, color=colour, markersize=size, **look)
        panel.set_xscale("log")
        panel.xaxis.set_major_locator(LogLocator(numticks=12))
        panel.xaxis.set_major_formatter(StrMethodFormatter("{x:,g}"))
        panel.xaxis.set_minor_formatter(NullFormatter())
        panel.margins(x=0.09)
        panel.set_xlabel("Milliseconds per architecture, alone on one core (lower is better)")
        panel.set_ylabel("Kendall tau (higher is better)")
        count = int(shown.architectures.max())
        panel.set_title(
            f"{style.dataset_title(dataset)} accuracy, {number_of(count, 'random architecture')}"
        )
        used = [name for name in LOOKS if name in set(shown.cost)]
        figure.legend(handles=[_key(name) for name in used], ncols=3, loc="outside lower center")
        figure.canvas.draw()
        _label(panel, shown)
    return figure


def _key(name: str) -> Line2D:
    colour, marker, size = LOOKS[name]
    label = "predictors and ensembles" if name == TRAINED else name
    return Line2D([], [], color=colour, marker=marker, markersize=size, linestyle="", label=label)


def _label(panel: Axes, shown: pd.DataFrame) -> None:
    """Write each method's name where it touches no marker and no other name, the nearest first."""
    scale = panel.figure.dpi / 72
    boxes = [*_marks(panel, shown, "KT", "KT", 3.5 * scale)]
    boxes += _marks(panel, shown, "KT low", "KT high", scale)
    frame = panel.get_window_extent()
    for _, row in shown.iterrows():
        text = panel.annotate(
            name_of(row),
            (row["total"], row["KT"]),
            xytext=(0, 0),
            textcoords="offset points",
            color=LOOKS[row["cost"]][0],
            fontsize=6,
            ha="center",
            va="center",
        )
        size = text.get_window_extent()
        best, least = (0.0, 0.0), np.inf
        for distance, (right, up) in product((5, 9, 14, 20, 28, 38), _AROUND):
            shift = (
                (distance + size.width / scale / 2 * abs(right)) * right,
                (distance + size.height / scale / 2 * abs(up)) * up,
            )
            box = size.translated(shift[0] * scale, shift[1] * scale).padded(_PADDING)
            overlap = sum(_overlap(box, other) for other in boxes)
            overlap += box.width * box.height - _overlap(box, frame)
            if overlap < least - 1e-6:
                best, least = shift, overlap
        text.set_position(best)
        boxes.append(text.get_window_extent())
        half = np.array([size.width, size.height]) / scale / 2
        edge = np.clip(0, np.array(best) - half, np.array(best) + half)  # nearest to the marker
        if np.hypot(*edge) > 8:
            colour = LOOKS[row["cost"]][0]
            line: dict[str, Any] = {"arrowstyle": "-", "linewidth": 0.4, "color": colour}
            panel.annotate(
                "",
                (row["total"], row["KT"]),
                xytext=tuple(edge),
                textcoords="offset points",
                arrowprops=line,
            )


def _marks(panel: Axes, shown: pd.DataFrame, low: str, high: str, half: float) -> list[Bbox]:
    """Return what is drawn from one column to another as boxes, so much wider on each side."""
    ends = [panel.transData.transform(shown[["total", end]].to_numpy()) for end in (low, high)]
    return [
        Bbox.from_extents(x - half, bottom - half, x + half, top + half)
        for (x, bottom), (_, top) in zip(*ends, strict=True)
    ]


def _overlap(one: BboxBase, other: BboxBase) -> float:
    shared = Bbox.intersection(one, other)
    return 0.0 if shared is None else shared.width * shared.height
