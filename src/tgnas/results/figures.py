"""The figures: each function lays out a table that is given and computes no measure.

Every one returns a figure that ``tgnas.results.style.save`` writes.
"""

import textwrap
from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import (
    FixedLocator,
    LogLocator,
    MaxNLocator,
    NullFormatter,
    NullLocator,
    StrMethodFormatter,
)

from tgnas.results import style

TAU = "Kendall tau (higher is better)"
UNDEFINED = "undefined: constant scores"
_OFFSET = 0.17  # between the two points of a method, in rows
_BELOW: Mapping[str, Any] = {"loc": "outside lower center", "handletextpad": 0.5}
_LEVEL_LOOKS: tuple[dict[str, Any], ...] = (
    {"color": style.GREEN, "linewidth": 0.9, "linestyle": "--"},
    {"color": style.ORANGE, "linewidth": 0.9, "linestyle": "-."},
    {"color": style.PURPLE, "linewidth": 0.9, "linestyle": "-"},
)


def draw_predictions(predictions: pd.DataFrame, taus: Mapping[str, float]) -> Figure:
    """Return predicted against measured accuracy, one panel per data set, as a density.

    Args:
        predictions: columns dataset, measured and predicted, both in percent.
        taus: Kendall's tau of each data set; NaN where it is undefined.
    """
    with style.styled():
        figure = Figure(figsize=(style.WIDE, 2.6))
        panels = figure.subplots(1, len(taus), sharey=True, squeeze=False)[0]
        density = []
        for panel, (dataset, tau) in zip(panels, taus.items(), strict=True):
            part = predictions[predictions.dataset == dataset]
            density.append(_draw_density(panel, part))
            value = f"tau = {tau:.3f}" if np.isfinite(tau) else "tau undefined"
            panel.set_title(f"{style.dataset_title(dataset)}\nKendall {value}")
            panel.set_xlabel("Measured test accuracy\n(%, higher is better)")
        panels[0].set_ylabel("Predicted accuracy\n(%, higher is better)")
        most = max(cells.get_array().max() for cells in density)  # type: ignore[union-attr]
        norm = LogNorm(1, max(2, float(most)))
        for cells in density:
            cells.set_norm(norm)
        label = "Architectures per hexagon"
        figure.colorbar(density[0], ax=list(panels), label=label, pad=0.01, aspect=25)
    return figure


def _draw_density(panel: Axes, part: pd.DataFrame) -> PolyCollection:
    """Draw one panel's hexagons; the extent is padded, for constant scores have none."""
    low, high = part.predicted.min(), part.predicted.max()
    margin = max(0.02 * (high - low), 0.5)
    left, right = part.measured.min(), part.measured.max()
    extent = (left - 1, right + 1, low - margin, high + margin)
    return panel.hexbin(
        part.measured, part.predicted, gridsize=(45, 22), extent=extent, mincnt=1, linewidths=0.1
    )


def draw_rank_correlations(
    table: pd.DataFrame, families: Mapping[str, str], ranking: Mapping[str, Any]
) -> Figure:
    """Return Kendall's tau of every method: one row per method, one panel per data set.

    Filled markers stand for all architectures, open ones for the truly best share; a thin bar is
    the bootstrap interval over architectures, a pale thick one a standard deviation over seeds to
    either side.

    Args:
        table: what ``summarise_ranking`` returns.
        families: the family of each method, in the order of the rows.
        ranking: the config's section: datasets, top_share, level.
    """
    chosen = table[(table.measure == "kendall_tau") & (table.population == "all")]
    methods = [method for method in families if method in set(chosen.method)]
    with style.styled():
        figure = Figure(figsize=(style.WIDE, 1.1 + 0.34 * len(methods)))
        panels = figure.subplots(1, len(ranking["datasets"]), sharex=True, sharey=True)
        for panel, dataset in zip(np.atleast_1d(panels), ranking["datasets"], strict=True):
            panel.axvline(0, color=style.BLACK, linewidth=0.8)
            for _, row in chosen[chosen.dataset == dataset].iterrows():
                place = methods.index(row.method) + (_OFFSET if row.subset == "top" else -_OFFSET)
                _draw_tau(panel, row, place, families[row.method])
            panel.set_title(style.dataset_title(dataset))
            panel.set_xlabel(TAU)
            panel.grid(visible=False, axis="y")
            panel.tick_params(axis="y", length=0)
        first = chosen.drop_duplicates("method").set_index("method").loc[methods]
        labels = [_row_label(row) for _, row in first.iterrows()]
        np.atleast_1d(panels)[0].set_yticks(range(len(methods)), labels)
        np.atleast_1d(panels)[0].set_ylim(len(methods) - 0.5, -0.5)
        shown = [family for family in style.FAMILY_COLOURS if family in families.values()]
        figure.legend(handles=_correlation_keys(chosen, shown, ranking), ncols=4, **_BELOW)
    return figure


def _draw_tau(panel: Axes, row: pd.Series, place: float, family: str) -> None:
    colour = style.FAMILY_COLOURS[family]
    if not np.isfinite(row["mean"]):
        panel.text(0.01, place, UNDEFINED, color=colour, fontsize=6, va="center")
        return
    spread = (row["mean"] - row["std"], row["mean"] + row["std"])
    if np.isfinite(row["std"]):
        panel.plot(spread, (place, place), color=colour, alpha=0.3, lw=5, solid_capstyle="butt")
    panel.plot((row["low"], row["high"]), (place, place), color=colour, lw=1)
    panel.plot(
        row["mean"],
        place,
        marker=style.method_marker(row.method),
        color=colour,
        markerfacecolor="white" if row.subset == "top" else colour,
        markeredgewidth=0.8,
    )


def _row_label(row: pd.Series) -> str:
    text = "\n".join(textwrap.wrap(row.title, 30))
    return f"{text} ({row.seeds} seeds)" if row.seeds > 1 else text


def _correlation_keys(
    chosen: pd.DataFrame, families: Sequence[str], ranking: Mapping[str, Any]
) -> list[Line2D]:
    count = chosen.groupby("subset").architectures.first()
    grey: dict[str, Any] = {"color": style.GREY, "marker": "o", "linestyle": ""}
    top = f"inside the true top {ranking['top_share']:.0%} (n = {count['top']:,})"
    return [
        Line2D([], [], **grey, label=f"all (n = {count['all']:,})"),
        Line2D([], [], **grey, markerfacecolor="white", label=top),
        Line2D([], [], color=style.GREY, lw=1, label=f"{ranking['level']:.0%} bootstrap interval"),
        Line2D(
            [],
            [],
            color=style.GREY,
            alpha=0.3,
            lw=5,
            solid_capstyle="butt",
            label="± std over seeds",
        ),
        *(
            Line2D([], [], color=style.FAMILY_COLOURS[name], lw=3, label=style.FAMILY_TITLES[name])
            for name in families
        ),
    ]


def draw_training_curves(
    history: pd.DataFrame, taus: pd.DataFrame, leaked: pd.DataFrame, method: str
) -> Figure:
    """Return the loss of every seed, and the audit of Kendall's tau over the epochs.

    Args:
        history: columns seed, epoch, loss.
        taus: columns seed, epoch, dataset, kendall_tau; one panel per data set.
        leaked: columns seed, epoch: the epoch that each seed's test labels would have chosen.
        method: the predictor.
    """
    blue, red = style.FAMILY_COLOURS["predictor"], style.FAMILY_COLOURS["leaked"]
    datasets = taus.dataset.unique()
    with style.styled():
        figure = Figure(figsize=(style.WIDE, 2.6))
        parts = figure.subfigures(1, 2, width_ratios=(1.15, len(datasets)), squeeze=False)
        left, right = parts[0]
        left.suptitle("Training (NAS-Bench-101)")
        right.suptitle("Audit only (NAS-Bench-201 test labels): these curves choose nothing")
        loss = left.subplots()
        for _, seed in history.groupby("seed"):
            loss.plot(seed.epoch, seed.loss, color=blue, linewidth=0.7, alpha=0.8)
        loss.set(yscale="log", xlabel="Epoch", ylabel="Training loss (MSE, lower is better)")
        loss.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        loss.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        loss.yaxis.set_minor_formatter(NullFormatter())
        loss.set_title("one line per seed")
        panels = np.atleast_1d(right.subplots(1, len(datasets), sharex=True, sharey=True))
        for panel, dataset in zip(panels, datasets, strict=True):
            part = taus[taus.dataset == dataset]
            _draw_audit(panel, part, part.merge(leaked, on=["seed", "epoch"]), method)
            panel.set_title(style.dataset_title(dataset))
        panels[0].set_ylabel(TAU)
        for panel in (loss, *panels):
            ticks = MaxNLocator(4, integer=True, min_n_ticks=1, steps=(1, 2, 5, 10))
            panel.xaxis.set_major_locator(ticks)
        keys = [
            Line2D([], [], color=blue, label="mean over seeds"),
            Patch(color=blue, alpha=0.25, linewidth=0, label="range over seeds"),
            Line2D([], [], **_mark(method, blue), label="last epoch (used)"),
            Line2D([], [], **_mark(f"{method}_leaked", red), label="leaked epoch of each seed"),
        ]
        figure.legend(handles=keys, ncols=4, **_BELOW)
    return figure


def _draw_audit(panel: Axes, part: pd.DataFrame, leaked: pd.DataFrame, method: str) -> None:
    blue, red = style.FAMILY_COLOURS["predictor"], style.FAMILY_COLOURS["leaked"]
    epochs = part.groupby("epoch").kendall_tau
    middle = epochs.mean()
    panel.axhline(0, color=style.BLACK, linewidth=0.8)
    panel.fill_between(
        middle.index, epochs.min(), epochs.max(), color=blue, alpha=0.25, linewidth=0
    )
    panel.plot(middle.index, middle, color=blue)
    panel.plot(middle.index[-1], middle.iloc[-1], **_mark(method, blue), clip_on=False, zorder=3)
    panel.plot(leaked.epoch, leaked.kendall_tau, **_mark(f"{method}_leaked", red), clip_on=False)
    panel.set_xlabel("Epoch")


def _mark(method: str, colour: str) -> dict[str, Any]:
    return {
        "marker": style.method_marker(method),
        "color": colour,
        "linestyle": "",
        "markeredgecolor": "white",
        "markeredgewidth": 0.4,
    }


def draw_search_progress(
    progress: pd.DataFrame, levels: Mapping[str, float], dataset: str
) -> Figure:
    """Return the rank by score, and the true accuracy, of the best-scored architecture so far.

    One column of panels per searcher: the line is the median, the band the range over all runs.
    Random search's median stands in every column. Exhaustive search, whose order means nothing,
    is one point at its end.

    Args:
        progress: what ``tgnas.search.runs.progress_table`` returns.
        levels: accuracies (percent) for horizontal lines, by their name.
        dataset: of the accuracies.
    """
    parts = {str(name): part for name, part in progress.groupby("searcher", sort=False)}
    whole, random = parts.pop("exhaustive", None), parts.get("random")
    shown = _merged(levels)
    with style.styled():
        figure = Figure(figsize=(style.WIDE, 3.9))
        panels = figure.subplots(2, len(parts), sharex=True, sharey="row", squeeze=False)
        for (top, bottom), (searcher, part) in zip(panels.T, parts.items(), strict=True):
            name = "\n".join(textwrap.wrap(searcher.replace("_", " "), 14))
            top.set_title(f"{name}\n{_runs_label(part)}")
            for panel, value in ((top, "rank"), (bottom, "accuracy")):
                _draw_progress(panel, part, value)
                if random is not None and searcher != "random":
                    line: dict[str, Any] = {"color": style.BLACK, "linestyle": ":", "lw": 0.9}
                    panel.step(random.queries, random[value], where="post", **line)
                if whole is not None:
                    _draw_end(panel, whole.iloc[-1], value)
            for level, look in zip(shown.values(), cycle(_LEVEL_LOOKS), strict=False):
                bottom.axhline(level, **look)
            bottom.set_xlabel("Architectures\nscored")
        _scale_progress(panels, dataset)
        low, high = progress.accuracy_low.min() - 2, progress.accuracy_high.max()
        panels[1, 0].set_ylim(low, max(high, *shown.values()) + 0.4)
        figure.legend(handles=_progress_keys(shown, whole), ncols=3, **_BELOW)
    return figure


def _draw_progress(panel: Axes, part: pd.DataFrame, value: str) -> None:
    low, high = part[f"{value}_low"], part[f"{value}_high"]
    panel.fill_between(
        part.queries, low, high, step="post", color=style.BLUE, alpha=0.25, linewidth=0
    )
    panel.step(part.queries, part[value], where="post", color=style.BLUE)


def _draw_end(panel: Axes, last: pd.Series, value: str) -> None:
    """Draw exhaustive search: its end, with the range over seeds."""
    reach = [[last[value] - last[f"{value}_low"]], [last[f"{value}_high"] - last[value]]]
    looks: dict[str, Any] = {"fmt": "*", "markersize": 7, "color": style.BLUE, "linewidth": 0.9}
    panel.errorbar(last["queries"], last[value], yerr=reach, clip_on=False, zorder=3, **looks)


def _scale_progress(panels: np.ndarray, dataset: str) -> None:
    first, second = panels[:, 0]
    first.set(xscale="log", yscale="log")
    first.invert_yaxis()
    first.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    first.yaxis.set_minor_locator(NullLocator())
    first.set_ylabel("Rank by score\n(1 is best)")
    # Equal steps are equal factors of the error, for nearly all accuracies are near the best.
    scale = (lambda a: -np.log(100 - np.minimum(a, 99.9)), lambda b: 100 - np.exp(-b))
    second.set_yscale("function", functions=scale)
    second.yaxis.set_major_locator(FixedLocator((10, 50, 70, 80, 85, 90, 92, 94, 96, 98)))
    second.yaxis.set_major_formatter(StrMethodFormatter("{x:.0f}"))
    second.set_ylabel(f"{style.dataset_title(dataset)} accuracy\n(%, higher is better)")


def _progress_keys(levels: Mapping[str, float], whole: pd.DataFrame | None) -> list[Any]:
    blue = style.BLUE
    keys: list[Any] = [
        Line2D([], [], color=blue, label="median over seeds and runs"),
        Patch(color=blue, alpha=0.25, linewidth=0, label="range over seeds and runs"),
        Line2D([], [], color=style.BLACK, linestyle=":", lw=0.9, label="median of random search"),
    ]
    if whole is not None:
        label = f"exhaustive search ({_count(int(whole.seeds.iloc[0]), 'seed')})"
        star: dict[str, Any] = {"marker": "*", "markersize": 7, "linestyle": ""}
        keys.append(Line2D([], [], color=blue, label=label, **star))
    for (name, level), look in zip(levels.items(), cycle(_LEVEL_LOOKS), strict=False):
        keys.append(Line2D([], [], **look, label=f"{name}: {level:.2f} %"))
    return keys


def _merged(levels: Mapping[str, float]) -> dict[str, float]:
    """Return the levels, the lowest first, with those of one value under one name."""
    names: dict[float, list[str]] = {}
    for name, level in sorted(levels.items(), key=lambda item: item[1]):
        names.setdefault(round(level, 2), []).append(name)
    return {" and ".join(several): level for level, several in names.items()}


def _runs_label(part: pd.DataFrame) -> str:
    seeds, runs = int(part.seeds.iloc[0]), int(part.runs.iloc[0])
    return f"{_count(seeds, 'seed')} x {_count(runs // seeds, 'run')}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def draw_final_training(history: pd.DataFrame, facts: Mapping[str, Any]) -> Figure:
    """Return loss and accuracy over the epochs of the found network's training.

    Args:
        history: columns epoch, train_loss, train_accuracy, test_accuracy.
        facts: of the training; with the benchmark's accuracy where it has one.
    """
    marker = "." if len(history) <= 20 else ""
    train: dict[str, Any] = {"color": style.ORANGE, "linestyle": "--", "marker": marker}
    test: dict[str, Any] = {"color": style.BLUE, "linestyle": "-", "marker": marker}
    with style.styled():
        figure = Figure(figsize=(style.NARROW, 3.6))
        loss, accuracy = figure.subplots(2, 1, sharex=True, height_ratios=(1, 1.6))
        figure.suptitle(_training_title(facts))
        loss.plot(history.epoch, history.train_loss, **train)
        loss.set_ylabel("Training loss\n(lower is better)")
        accuracy.plot(history.epoch, history.train_accuracy, **train, label="training images")
        accuracy.plot(history.epoch, history.test_accuracy, **test, label="test images")
        if "tabular_accuracy" in facts:
            epochs, known = facts["tabular_epochs"], facts["tabular_accuracy"]
            line: dict[str, Any] = {"color": style.BLACK, "linestyle": ":", "linewidth": 1}
            label = f"NAS-Bench-201, {epochs} epochs: {known:.2f} %"
            accuracy.axhline(known, **line, label=label)
        dataset = style.dataset_title(facts["dataset"])
        ylabel = f"{dataset} accuracy\n(%, higher is better)"
        accuracy.set(xlabel="Epoch", ylabel=ylabel, ylim=(0, 100))
        accuracy.xaxis.set_major_locator(MaxNLocator(5, integer=True, min_n_ticks=1))
        figure.legend(ncols=2, **_BELOW)
    return figure


def _training_title(facts: Mapping[str, Any]) -> str:
    epochs, images = facts["epochs"], facts["train_images"]
    lines = (
        f"{facts['recipe']}, {facts['label']}: {epochs} epochs of {images:,} images",
        f"{style.dataset_title(facts['dataset'])}, {facts['image_source']}",
        f"{facts['device']}",
    )
    return "\n".join(lines)
