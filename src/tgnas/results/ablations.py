"""The paper's ablations: one value of a configuration changed at a time, on a common budget."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullFormatter, NullLocator, PercentFormatter

from tgnas.results import _style as style
from tgnas.results._catalogue import Plan
from tgnas.results._tables import Block, Entry, Number, Shown, count, mean_of

TITLE = "One value changed at a time"
SECTION = "Ablations"
CAPTION = """
The paper's ablations: one value of a configuration changed at a time, after training on a part of
NAS-Bench-101 ({budget}; the rest as in the base). Kendall's tau on NAS-Bench-201, mean and standard
deviation over {seeds:seed}, less than after the full training of the other tables; nothing is
chosen by these numbers. Seconds are those of one training.
"""
COLUMNS = {
    "base": "the predictor that is varied",
    "axis": "what is varied",
    "value": "its value",
    "dataset": "data set of the accuracies",
    "measure": "what was measured",
    "mean": "mean over seeds",
    "std": "standard deviation over seeds",
    "seeds": "trainings of each variant",
    "cells": "cells that were learned from",
    "seconds": "mean wall time of one training",
}
TYPES = {"value": str}
KEYS = ["base", "axis", "value"]
EMBEDDER, CELLS = "embedder", "cells"
ALL_CELLS = 423_624  # of NAS-Bench-101
LENGTHS = ("short", "medium", "long")
_EMBEDDERS: Mapping[str, str] = {
    "minilm": "MiniLM\n384",
    "mpnet": "mpnet\n768",
    "minilm_pca": "MiniLM\nPCA 64",
    "mpnet_pca": "mpnet\nPCA 64",
    "one_hot": "one-hot",
}
_AXES: Mapping[str, str] = {
    "depth": "Layers",
    CELLS: "Share of NAS-Bench-101",
    "loss": "Loss",
    "readout": "Readout",
}
_COLOURS = (style.BLUE, style.ORANGE, style.GREEN)
_MARKERS: Mapping[str, str] = {"short": "o", "medium": "s", "long": "^", "": "D"}
_WIDTH = 0.7  # of what stands at one place of the first panel


def params(plan: Plan) -> dict[str, Any]:
    """Return budget, seeds, and what tables call the bases."""
    section = plan.config.ablations
    return {
        "budget": ", ".join(f"{key} {value}" for key, value in section.budget.items()),
        "seeds": section.seeds,
        "titles": plan.titles(),
        "dataset": plan.labels()["datasets"][0],
    }


def inputs(plan: Plan) -> dict[str, Any]:
    """Return the measures of every variant."""
    folder = "<results>/ablations"
    return {"measures": [f"{folder}/{base}/{axis}/{v}.csv" for base, axis, v in plan.ablations]}


def table(measures: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return one row for each variant, data set and measure."""
    tidy = pd.concat(measures, ignore_index=True).melt(
        [*KEYS, "seed", "dataset", "cells", "seconds"],
        ["kendall_tau", "spearman_rho"],
        var_name="measure",
        value_name="measured",
    )
    groups = tidy.groupby([*KEYS, "dataset", "measure"], sort=False)
    return groups.agg(
        mean=("measured", "mean"),
        std=("measured", "std"),
        seeds=("seed", "nunique"),
        cells=("cells", "first"),
        seconds=("seconds", "mean"),
    ).reset_index()


def show(frame: pd.DataFrame, titles: Mapping[str, str]) -> list[Block]:
    """Return one table for each base: Kendall's tau of every variant, by axis."""
    blocks: list[Block] = []
    taus = frame[frame.measure == "kendall_tau"]
    for base, of_base in taus.groupby("base", sort=False):
        rows = []
        for (axis, value), variant in of_base.groupby(["axis", "value"], sort=False):
            row: dict[str, Entry] = {
                "varied": str(axis),
                "value": value_text(str(axis), str(value)),
            }
            row["cells"] = count(variant.cells.iloc[0])
            row |= {f"KT {of.dataset}": mean_of(of) for _, of in variant.iterrows()}
            row["seconds"] = Number(variant.seconds.iloc[0], ".0f")
            rows.append(row)
        blocks.append(Shown(rows, titles.get(str(base), str(base))))
    return blocks


def value_text(axis: str, value: str) -> str:
    """Return how tables call a value."""
    if axis == CELLS:
        return f"{int(value) / ALL_CELLS:.0%}"
    return value.replace("_", " ")


def figure(frame: pd.DataFrame, dataset: str, titles: Mapping[str, str]) -> Figure:
    """Return Kendall's tau of every variant: a wide panel of embedders, one for each other axis.

    A point is the mean over seeds, its bar a standard deviation to either side.
    """
    part = frame[(frame.dataset == dataset) & (frame.measure == "kendall_tau")]
    bases = list(part.base.unique())
    others = [axis for axis in _AXES if axis in set(part.axis)]
    with style.styled():
        drawn = Figure(figsize=(style.WIDE, 4.6))
        grid = drawn.add_gridspec(2, max(1, len(others)), height_ratios=[1.15, 1])
        wide = drawn.add_subplot(grid[0, :])
        _draw_embedders(wide, part[part.axis == EMBEDDER], bases)
        wide.set_title(f"Embedder and sentence length ({style.dataset_title(dataset)})")
        panels = [wide]
        for place, axis in enumerate(others):
            panel = drawn.add_subplot(grid[1, place], sharey=wide)
            _draw_axis(panel, part[part.axis == axis], bases, axis)
            panel.set_xlabel(_AXES[axis])
            if place:
                panel.tick_params(labelleft=False)
            panels.append(panel)
        wide.set_ylabel("Kendall tau")
        if others:
            panels[1].set_ylabel("Kendall tau")
        handles = [
            Line2D([], [], color=colour, marker="o", linestyle="", label=titles.get(base, base))
            for base, colour in zip(bases, _COLOURS, strict=False)
        ]
        handles += [
            Line2D([], [], color=style.GREY, marker=marker, linestyle="", label=length)
            for length, marker in _MARKERS.items()
            if length
        ]
        drawn.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    return drawn


def _draw_embedders(panel: Axes, part: pd.DataFrame, bases: list[str]) -> None:
    """Draw one group for each embedder; within it the bases, within these the lengths."""
    for value in part.itertuples():
        name, length = _split(str(value.value))
        base, inner = bases.index(value.base), LENGTHS.index(length) if length else 1
        slot = (base + (inner + 1) / 4) / len(bases)
        place = list(_EMBEDDERS).index(name) + _WIDTH * (slot - 0.5)
        _draw_point(panel, place, value, _COLOURS[base], _MARKERS[length])
    panel.set_xticks(range(len(_EMBEDDERS)), list(_EMBEDDERS.values()))
    panel.tick_params(axis="x", length=0)
    panel.grid(visible=False, axis="x")


def _split(embedding: str) -> tuple[str, str]:
    """Return embedder and sentence length of an embedding's name."""
    for length in LENGTHS:
        if embedding.endswith(f"_{length}"):
            return embedding.removesuffix(f"_{length}"), length
    return embedding, ""


def _draw_axis(panel: Axes, part: pd.DataFrame, bases: list[str], axis: str) -> None:
    """Draw one panel; numbers lie on a scale, names side by side."""
    values = list(dict.fromkeys(part.value.astype(str)))
    numbers = all(value.isdigit() for value in values)
    for number, base in enumerate(bases):
        of_base = part[part.base == base]
        places = [
            _place(value, axis) if numbers else values.index(value)
            for value in of_base.value.astype(str)
        ]
        shift = 0.0 if numbers else 0.14 * (number - (len(bases) - 1) / 2)
        for place, value in zip(places, of_base.itertuples(), strict=True):
            _draw_point(panel, place + shift, value, _COLOURS[number], "o")
        if numbers:
            panel.plot(places, of_base["mean"], color=_COLOURS[number], linewidth=0.8)
    if axis == CELLS:
        panel.set_xscale("log")
        panel.set_xticks([_place(value, axis) for value in values])
        panel.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        panel.xaxis.set_minor_locator(NullLocator())
        panel.xaxis.set_minor_formatter(NullFormatter())
    elif numbers:
        panel.set_xticks([int(value) for value in values])
    else:
        panel.set_xticks(range(len(values)), values)
        panel.set_xlim(-0.5, len(values) - 0.5)


def _place(value: str, axis: str) -> float:
    return int(value) / ALL_CELLS if axis == CELLS else float(value)


def _draw_point(panel: Axes, place: float, value: Any, colour: str, marker: str) -> None:
    spread = value.std if np.isfinite(value.std) else 0.0
    panel.errorbar(
        place,
        value.mean,
        yerr=spread,
        color=colour,
        marker=marker,
        markersize=4,
        linewidth=0.9,
        linestyle="",
    )
