"""Drawings of one cell: as lines of text, and as a picture."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from tgnas.results import _style as style


def as_text(names: Sequence[str], adjacency: np.ndarray) -> str:
    """Return a line for each of V vertices, whose output runs down a column of its own.

    A dot stands where a vertex takes it; its number stands there if it takes it several times.

    Args:
        names: what stands at the vertices.
        adjacency: (V, V), [i, j] is how often j takes what i puts out.
    """
    size, width = len(names), max(map(len, names))
    last = [max(np.flatnonzero(row), default=-1) for row in adjacency]
    lines = []
    for vertex, name in enumerate(names):
        marks = []
        for source in range(vertex):
            times = int(adjacency[source, vertex])
            below = last[source] > vertex
            marks.append({0: "│" if below else " ", 1: "●"}.get(times, str(times % 10)))
        marks.append("╷" if last[vertex] >= 0 else " ")
        inputs = ", ".join(map(str, np.flatnonzero(adjacency[:, vertex])))
        arrow = f"  from {inputs}" if inputs else ""
        drawn = " ".join(marks).ljust(2 * size - 1)
        lines.append(f"{vertex:>3}  {name:<{width}}  {drawn}{arrow}".rstrip())
    return "\n".join(lines)


def write_picture(path: Path, drawings: Mapping[str, tuple[Sequence[str], np.ndarray]]) -> None:
    """Write a PNG with one graph beside the other.

    Args:
        path: the file.
        drawings: title -> names and adjacency, as in ``as_text``.
    """
    with style.styled():
        figure = Figure(figsize=(style.WIDE, 3.6))
        axes = figure.subplots(1, len(drawings), squeeze=False)
        for axis, (title, (names, adjacency)) in zip(axes[0], drawings.items(), strict=True):
            place = _places(adjacency)
            for source, target in np.argwhere(adjacency):
                far = place[target][1] - place[source][1] > 1
                axis.annotate(
                    "",
                    place[target],
                    place[source],
                    arrowprops={
                        "arrowstyle": "-|>",
                        "color": "0.5",
                        "shrinkA": 9,
                        "shrinkB": 9,
                        "connectionstyle": f"arc3,rad={0.45 if far else 0}",
                    },
                )
            for (x, y), name in zip(place, names, strict=True):
                box = {"boxstyle": "round", "facecolor": "white", "edgecolor": "0.3"}
                at = {"ha": "center", "va": "center", "bbox": box, "fontsize": 6}
                axis.text(x, y, name, parse_math=False, **at)
            axis.set_title(title, parse_math=False)
            axis.set_xlim(min(x for x, _ in place) - 0.7, max(x for x, _ in place) + 0.7)
            axis.set_ylim(max(y for _, y in place) + 0.6, -0.6)
            axis.axis("off")
    style.save(figure, path)


def _places(adjacency: np.ndarray) -> list[tuple[float, float]]:
    """Return x and y of each vertex: y is the longest way from an input, x centres a row."""
    size = len(adjacency)
    depth = np.zeros(size, dtype=int)
    for vertex in range(size):
        before = np.flatnonzero(adjacency[:vertex, vertex])
        depth[vertex] = max(depth[before] + 1, default=0)
    depth[-1] = max(depth[-1], depth.max())
    rows = [np.flatnonzero(depth == y).tolist() for y in range(depth.max() + 1)]
    return [
        (rows[y].index(vertex) - (len(rows[y]) - 1) / 2, float(y)) for vertex, y in enumerate(depth)
    ]
