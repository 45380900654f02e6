"""The figures: each function lays out a table that is given and computes no measure.

Every one returns a figure that ``tgnas.reporting.style.save`` writes.
"""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator, StrMethodFormatter

from tgnas.reporting import style

TAU = "Kendall tau (higher is better)"
UNDEFINED = "undefined: constant scores"
_OFFSET = 0.17  # between the two points of a method, in rows
_BELOW: Mapping[str, Any] = {"loc": "outside lower center", "handletextpad": 0.5}


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
            panel.set_xlabel("Measured test accuracy (%)")
        panels[0].set_ylabel("Predicted accuracy (%)")
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
        Line2D([], [], color=style.GREY, alpha=0.3, lw=5, label="± std over seeds"),
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
        loss.set_title("one line per seed")
        panels = np.atleast_1d(right.subplots(1, len(datasets), sharex=True, sharey=True))
        for panel, dataset in zip(panels, datasets, strict=True):
            part = taus[taus.dataset == dataset]
            _draw_audit(panel, part, part.merge(leaked, on=["seed", "epoch"]), method)
            panel.set_title(style.dataset_title(dataset))
        panels[0].set_ylabel(TAU)
        for panel in (loss, *panels):
            panel.xaxis.set_major_locator(MaxNLocator(4, integer=True, min_n_ticks=1))
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

    The lines are medians, the bands ranges over all runs. Exhaustive search, whose order means
    nothing, is one point at its end.

    Args:
        progress: what ``tgnas.evaluation.search.progress_table`` returns.
        levels: accuracies (percent) for dashed lines, by their name.
        dataset: of the accuracies.
    """
    with style.styled():
        figure = Figure(figsize=(style.WIDE, 2.9))
        panels = figure.subplots(1, 2)
        for panel, value in zip(panels, ("rank", "accuracy"), strict=True):
            for searcher, part in progress.groupby("searcher", sort=False):
                _draw_progress(panel, str(searcher), part, value)
            panel.set_xscale("log")
            panel.set_xlabel("Architectures scored")
        panels[0].set(yscale="log", ylabel="Rank by score (1 is best)")
        panels[0].invert_yaxis()
        panels[0].yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
        panels[1].set_ylabel(f"{style.dataset_title(dataset)} test accuracy (%)")
        # Bands reach down to networks that learn nothing; the medians are what is to be seen.
        panels[1].set_ylim(progress.accuracy.min() - 1, max(levels.values()) + 0.8)
        for name, level in _merged(levels).items():
            _draw_level(panels[1], name, level)
        handles, labels = panels[0].get_legend_handles_labels()
        band = Patch(color=style.GREY, alpha=0.3, linewidth=0, label="range over seeds and runs")
        figure.legend(
            handles=[*handles, band], labels=[*labels, band.get_label()], ncols=3, **_BELOW
        )
    return figure


def _draw_progress(panel: Axes, searcher: str, part: pd.DataFrame, value: str) -> None:
    name = searcher.replace("_", " ")
    label = f"{name} ({part.seeds.iloc[0]} seeds, {part.runs.iloc[0]} runs)"
    if searcher == "exhaustive":
        last = part.iloc[-1]
        low, high = last[value] - last[f"{value}_low"], last[f"{value}_high"] - last[value]
        at = (last["queries"], last[value])
        looks: dict[str, Any] = {"fmt": "*", "markersize": 8, "color": style.BLACK, "zorder": 3}
        panel.errorbar(*at, yerr=[[low], [high]], label=label, clip_on=False, **looks)
        return
    colour, line = style.SEARCHER_LINES.get(searcher, style.OTHER_LINE)
    panel.step(part.queries, part[value], where="post", color=colour, linestyle=line, label=label)
    band = (part[f"{value}_low"], part[f"{value}_high"])
    panel.fill_between(part.queries, *band, step="post", color=colour, alpha=0.15, linewidth=0)


def _merged(levels: Mapping[str, float]) -> dict[str, float]:
    """Return the levels with those of one value under one name."""
    names: dict[float, list[str]] = {}
    for name, level in levels.items():
        names.setdefault(round(level, 2), []).append(name)
    return {" and ".join(several): level for level, several in names.items()}


def _draw_level(panel: Axes, name: str, level: float) -> None:
    """Draw a named horizontal line."""
    panel.axhline(level, color=style.GREEN, linewidth=0.8, linestyle=(0, (4, 2)))
    panel.annotate(
        f"{name}: {level:.2f}",
        (0, level),
        xycoords=("axes fraction", "data"),
        xytext=(2, 1.5),
        textcoords="offset points",
        va="bottom",
        fontsize=6,
    )


def draw_final_training(history: pd.DataFrame, facts: Mapping[str, Any]) -> Figure:
    """Return loss and accuracy over the epochs of the found network's training.

    Args:
        history: columns epoch, train_loss, train_accuracy, test_accuracy.
        facts: the row of the table of the final training.
    """
    marker = "." if len(history) <= 20 else ""
    train: dict[str, Any] = {"color": style.ORANGE, "linestyle": "--", "marker": marker}
    test: dict[str, Any] = {"color": style.BLUE, "linestyle": "-", "marker": marker}
    with style.styled():
        figure = Figure(figsize=(style.NARROW, 3.6))
        loss, accuracy = figure.subplots(2, 1, sharex=True, height_ratios=(1, 1.6))
        figure.suptitle(_training_title(facts))
        loss.plot(history.epoch, history.train_loss, **train)
        loss.set_ylabel("Training loss")
        accuracy.plot(history.epoch, history.train_accuracy, **train, label="training images")
        accuracy.plot(history.epoch, history.test_accuracy, **test, label="test images")
        tabular = (
            f"NAS-Bench-201, {facts['tabular_epochs']} epochs: {facts['tabular_accuracy']:.2f}"
        )
        line: dict[str, Any] = {"color": style.BLACK, "linestyle": ":", "linewidth": 1}
        accuracy.axhline(facts["tabular_accuracy"], **line, label=tabular)
        accuracy.set(xlabel="Epoch", ylabel="CIFAR-10 accuracy (%)", ylim=(0, 100))
        accuracy.xaxis.set_major_locator(MaxNLocator(5, integer=True, min_n_ticks=1))
        figure.legend(ncols=2, **_BELOW)
    return figure


def _training_title(facts: Mapping[str, Any]) -> str:
    epochs, images = facts["epochs"], facts["train_images"]
    lines = (
        f"{facts['label']}: {epochs} epochs of {images:,} images",
        f"CIFAR-10, {facts['image_source']}",
        f"{facts['device']}",
    )
    return "\n".join(lines)
