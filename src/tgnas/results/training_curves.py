"""A predictor's training, and for audit how its ranking of the target changed meanwhile."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter, StrMethodFormatter

from tgnas.results import _style as style
from tgnas.results._catalogue import Plan

TITLE = "Training of the predictor, and its audit"
SECTION = "Ranking NAS-Bench-201"
PLACE = 1
CAPTION = """
Left: training loss on NAS-Bench-101, one line for each of {seeds:seed}. Right, for audit only:
Kendall's tau on NAS-Bench-201 after every epoch, mean and range over seeds. Nothing was chosen by
these curves but the leaked rows, whose epochs are marked; what is reported is the last epoch.
"""
BLUE, RED = style.FAMILY_COLOURS["predictor"], style.FAMILY_COLOURS["leaked"]
EDGE: dict[str, Any] = {"linestyle": "", "markeredgecolor": "white", "markeredgewidth": 0.4}
LAST: dict[str, Any] = EDGE | {"marker": "o", "color": BLUE}
LEAKED: dict[str, Any] = EDGE | {"marker": "X", "color": RED}


def params(plan: Plan) -> dict[str, Any]:
    """Return the number of seeds, and whose labels a leaked epoch maximises tau on."""
    dataset = plan.config.ranking.leaked_dataset
    return {"seeds": plan.config.seeds, "leaked_dataset": dataset}


def figure_inputs(plan: Plan) -> dict[str, Any]:
    """Return the histories of all seeds, and tau after every epoch."""
    predictor = plan.config.search.predictor
    folder = f"<results>/predictors/{predictor}"
    histories = [f"{folder}/seed{seed}/history.csv" for seed in range(plan.config.seeds)]
    return {"histories": histories, "taus": f"<results>/audit/{predictor}.csv"}


def figure(histories: Sequence[pd.DataFrame], taus: pd.DataFrame, leaked_dataset: str) -> Figure:
    """Return the loss of every seed, and the audit of Kendall's tau over the epochs.

    Args:
        histories: of each seed, columns epoch, loss.
        taus: columns seed, epoch, dataset, kendall_tau; one panel per data set.
        leaked_dataset: whose test labels would have chosen the epoch that is marked.
    """
    seen = taus[taus.dataset == leaked_dataset].set_index("epoch")
    leaked = seen.groupby("seed").kendall_tau.idxmax().rename("epoch").reset_index()
    datasets = taus.dataset.unique()
    with style.styled():
        drawn = Figure(figsize=(style.WIDE, 2.6))
        parts = drawn.subfigures(1, 2, width_ratios=(1.15, len(datasets)), squeeze=False)
        left, right = parts[0]
        left.suptitle("Training (NAS-Bench-101)")
        right.suptitle("Audit only (NAS-Bench-201 test labels): these curves choose nothing")
        loss = left.subplots()
        for seed in histories:
            loss.plot(seed.epoch, seed.loss, color=BLUE, linewidth=0.7, alpha=0.8)
        loss.set(yscale="log", xlabel="Epoch", ylabel="Training loss (MSE, lower is better)")
        loss.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        loss.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        loss.yaxis.set_minor_formatter(NullFormatter())
        loss.set_title("one line per seed")
        panels = np.atleast_1d(right.subplots(1, len(datasets), sharex=True, sharey=True))
        for panel, dataset in zip(panels, datasets, strict=True):
            part = taus[taus.dataset == dataset]
            _draw_audit(panel, part, part.merge(leaked, on=["seed", "epoch"]))
            panel.set_title(style.dataset_title(dataset))
        panels[0].set_ylabel(style.TAU)
        for panel in (loss, *panels):
            ticks = MaxNLocator(4, integer=True, min_n_ticks=1, steps=(1, 2, 5, 10))
            panel.xaxis.set_major_locator(ticks)
        keys = [
            Line2D([], [], color=BLUE, label="mean over seeds"),
            Patch(color=BLUE, alpha=0.25, linewidth=0, label="range over seeds"),
            Line2D([], [], **LAST, label="last epoch (used)"),
            Line2D([], [], **LEAKED, label="leaked epoch of each seed"),
        ]
        drawn.legend(handles=keys, ncols=4, **style.BELOW)
    return drawn


def _draw_audit(panel: Axes, part: pd.DataFrame, leaked: pd.DataFrame) -> None:
    epochs = part.groupby("epoch").kendall_tau
    middle = epochs.mean()
    panel.axhline(0, color=style.BLACK, linewidth=0.8)
    area: dict[str, Any] = {"color": BLUE, "alpha": 0.25, "linewidth": 0}
    panel.fill_between(middle.index, epochs.min(), epochs.max(), **area)
    panel.plot(middle.index, middle, color=BLUE)
    panel.plot(middle.index[-1], middle.iloc[-1], **LAST, clip_on=False, zorder=3)
    panel.plot(leaked.epoch, leaked.kendall_tau, **LEAKED, clip_on=False)
    panel.set_xlabel("Epoch")
