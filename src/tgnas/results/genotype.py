"""The genotype that a search chose, as wiring: a line for each node, a box for each operator."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tgnas.operators import NAMES
from tgnas.results import _style as style
from tgnas.results._catalogue import Plan
from tgnas.spaces.darts import NODES, SPACE, Pairs, pairs_of

TITLE = "The chosen genotype"
SECTION = "Search in the DARTS space"
CAPTION = """
The genotype that the hybrid finds with seed 0 of the predictor. A line is a node; a box takes from
the line that it has a dot on and ends in its own node, which adds two boxes; c(k) concatenates
nodes 0 to 3.
"""

COLOURS = {
    "max_pool_3x3": style.ORANGE,
    "avg_pool_3x3": style.ORANGE,
    "identity": style.BLACK,
    "sep_conv_3x3": style.BLUE,
    "sep_conv_5x5": style.BLUE,
    "dil_conv_3x3": style.GREEN,
    "dil_conv_5x5": style.GREEN,
}
LABELS = ("c(k-2)", "c(k-1)", *map(str, range(NODES)))
BOX, PITCH = 1.55, 3.2  # between the boxes of a node, between nodes
END = NODES * PITCH + 0.7
WIRE: Mapping[str, Any] = {"color": style.GREY, "linewidth": 0.9, "solid_capstyle": "round"}


def params(plan: Plan) -> dict[str, Any]:
    """Return whose scores the search asked for."""
    return {"predictor": plan.config.search.darts.predictor}


def figure_inputs() -> dict[str, Any]:
    """Return the chosen architecture."""
    return {"chosen": "<results>/searches/darts/best.json"}


def figure(chosen: Mapping[str, Any], predictor: str) -> Figure:
    """Return the picture under its searcher, predictor and seed."""
    searcher = chosen["searcher"].replace("_", " ")
    title = f"found by {searcher} with {predictor}, seed {chosen['seed']}"
    return draw_genotype(chosen["architecture"], title)


def draw_genotype(architecture: str, title: str) -> Figure:
    """Return the normal and the reduction cell of a genotype.

    Every node is a horizontal line: the two inputs, then nodes 0 to 3 (2 to 5 in the genotype). A
    box takes from the line that it has a dot on and ends in the line below it, its node, which
    adds two boxes; the output c(k) is the concatenation of nodes 0 to 3.
    """
    with style.styled():
        figure = Figure(figsize=(style.WIDE, 4.6))
        figure.suptitle(title)
        draw_cells(figure.subplots(2, 1), pairs_of(architecture))
    return figure


def draw_cells(panels: Iterable[Axes], cells: Sequence[Pairs], before: str = "") -> None:
    """Draw the normal and the reduction cell, under a title that begins with `before`."""
    for panel, pairs, kind in zip(panels, cells, ("normal", "reduction"), strict=True):
        _draw_cell(panel, pairs)
        panel.set_title(f"{before}{kind} cell")


def _draw_cell(panel: Axes, pairs: Pairs) -> None:
    for node, label in enumerate(LABELS):
        start = 0.0 if node < 2 else _column(node) - 0.3
        panel.plot((start, END if node >= 2 else END - 0.8), (-node, -node), **WIRE, zorder=1)
        place = 0.0 if node < 2 else _column(node) + BOX / 2
        _write(panel, place, float(-node), label, style.BLACK)
    for number, (spelled, source) in enumerate(pairs):
        node = number // 2 + 2
        x = _column(node) + BOX * (number % 2)
        panel.plot((x, x), (-source, -node), **WIRE, zorder=1)
        panel.plot(x, -source, marker="o", markersize=3.5, color=style.BLACK, zorder=2)
        panel.plot(x, -node + 0.06, marker="v", markersize=3, color=style.GREY, zorder=2)
        _write(panel, x, 0.5 - node, spelled, COLOURS[NAMES[SPACE.operators[spelled]]])
    panel.plot((END, END), (-2, -NODES - 1), color=style.BLACK, linewidth=2)
    _write(panel, END + 0.5, -(NODES + 3) / 2, "c(k)", style.BLACK)
    panel.set(xlim=(-0.6, END + 0.9), ylim=(-NODES - 1.4, 0.4))
    panel.axis("off")


def _column(node: int) -> float:
    """Return where the first box of a node stands."""
    return 1.3 + (node - 2) * PITCH


def _write(panel: Axes, x: float, y: float, text: str, colour: str) -> None:
    box = {"boxstyle": "round,pad=0.25", "facecolor": "white", "edgecolor": colour}
    looks: dict[str, Any] = {"fontsize": 6, "color": colour, "bbox": box, "zorder": 3}
    panel.text(x, y, text, ha="center", va="center", **looks)
