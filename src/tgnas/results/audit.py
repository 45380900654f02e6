"""What each reporting practice of the published protocol adds to the number that it reports."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from tgnas.errors import number_of
from tgnas.evaluation.audit import HONEST, MEASURES, PRACTICES, RELEASED, audit_protocol
from tgnas.results import _style as style
from tgnas.results._catalogue import Plan
from tgnas.results._tables import SHORT, Block, Entry, Number, Shown

TITLE = "What each reporting practice adds"
SECTION = "The published protocol, audited"
CAPTION = """
What each reporting practice of the published protocol adds to the reported number, for {title} on
all 15,625 architectures of NAS-Bench-201: mean ± standard deviation over {seeds:seed}, or one seed
(difference to the first row). Only the first row is a zero-shot result: all others choose seed,
epoch or each measure's own epoch by the test labels of their column's data set. How the epoch of
the authors' file of predictions was chosen is not recorded; their script keeps the one of the best
test tau. One checkpoint gives tau and rho but in the rows of own epochs. The released pruning has
no row: nothing of it runs on NAS-Bench-201. In the DARTS space it returns one cell whatever the
scores are (docs/deviations.md).
"""
FIGURE_CAPTION = """
What each reporting practice of the published protocol adds: Kendall's tau (filled) and Spearman's
rho (open) of {title} on all 15,625 architectures of NAS-Bench-201, one panel for each data set.
Blue is what is reported here, the last epoch's mean over {seeds:seed}; numbers to the right are
that mean (first row) and what a practice adds to it, tau above rho. Pale bars are ranges over
seeds: the left end of the first is the worst seed. Red rows choose seed or epoch by the test labels
and are no zero-shot results.
"""
COLUMNS = {
    "dataset": "data set of the accuracies, whose test labels a practice chooses by",
    "measure": "`kendall_tau` or `spearman_rho`",
    "practice": "what is reported; `honest` is the mean over seeds at the last epoch",
    "value": "what the practice reports",
    "std": "standard deviation over seeds; empty for one seed",
    "low": "worst of the seeds",
    "high": "best of the seeds",
    "seeds": "how many seeds the value is of",
    "adds": "value less the honest one",
}
NAMES = {"kendall_tau": "Kendall tau", "spearman_rho": "Spearman rho"}
OFFSETS = {"kendall_tau": -0.22, "spearman_rho": 0.22}  # of a practice's two marks, in rows
# The figure's rows; the worst seed is the left end of the first one's bar.
ROWS = {
    HONEST: "last epoch: mean",
    "best_seed": "best seed",
    "leaked_epoch": "epoch of best tau: mean",
    "leaked_epoch_best_seed": "best seed",
    "own_epochs": "an epoch for each: mean",
    "own_epochs_best_seed": "best seeds",
    RELEASED: "authors' dump",
}
KINDS = {"predictor": "zero-shot", "leaked": "saw test labels", "stored": "authors' file"}


def params(plan: Plan) -> dict[str, Any]:
    """Return who is audited, whose predictions were released, and the number of seeds."""
    names = plan.config.headline
    about = {"title": plan.titles()[names.published], "seeds": plan.config.seeds}
    return about | {"released_by": names.released}


def inputs(plan: Plan) -> dict[str, Any]:
    """Return the measures of every epoch, and those of the released predictions."""
    names = plan.config.headline
    return {
        "epochs": f"<results>/audit/{names.published}.csv",
        "released": "<results>/measures/nasbench201.csv",
    }


def table(epochs: pd.DataFrame, released: pd.DataFrame, released_by: str) -> pd.DataFrame:
    """Return what each practice reports of each data set and measure."""
    return audit_protocol(epochs, released[released.method == released_by])


def show(frame: pd.DataFrame) -> list[Block]:
    """Return one row per practice: each data set's tau and rho, and what it adds to both."""
    rows, marks = [], []
    for practice, part in frame.groupby("practice", sort=False):
        row: dict[str, Entry] = {"what is reported": PRACTICES[str(practice)]}
        for measure in MEASURES:
            for of in part[part.measure == measure].itertuples():
                known = practice != HONEST and np.isfinite(of.adds)
                rest = f"{of.adds:+.3f}" if known else ""
                row[f"{SHORT[measure]} {of.dataset}"] = Number(of.value, std=of.std, rest=rest)
        rows.append(row)
        marks.append({HONEST: "", RELEASED: "unrecorded"}.get(str(practice), "leaked"))
    return [
        Shown(rows, marks=marks),
    ]


def figure(frame: pd.DataFrame) -> Figure:
    """Return how far each practice moves the reported tau and rho from the honest ones.

    One panel per data set, one row per practice; the line is what the practice adds, the pale bar
    the range over seeds of a mean.
    """
    datasets = frame.dataset.unique()
    with style.styled():
        drawn = Figure(figsize=(style.NARROW, 0.75 + 1.75 * len(datasets)))
        panels = drawn.subplots(len(datasets), 1, sharex=True, squeeze=False)[:, 0]
        for panel, dataset in zip(panels, datasets, strict=True):
            for measure in MEASURES:
                of = frame[(frame.dataset == dataset) & (frame.measure == measure)]
                _draw_measure(panel, of.set_index("practice"), measure)
            _draw_number(panel, -0.9, "adds")
            panel.set_title(style.dataset_title(dataset))
            panel.set_yticks(range(len(ROWS)), list(ROWS.values()))
            panel.set_ylim(len(ROWS) - 0.45, -0.55)
            panel.grid(visible=False, axis="y")
            panel.tick_params(axis="y", length=0)
        shown = frame[["value", "low", "high"]].to_numpy()
        least, most = np.nanmin(shown, initial=0), np.nanmax(shown, initial=0.1)
        panels[-1].set_xlim(least - 0.02, most + 0.03)
        panels[-1].set_xlabel("Rank correlation\n(higher is better)")
        drawn.get_layout_engine().set(w_pad=0.06)  # type: ignore[union-attr, call-arg]
        keys = _keys(int(frame.seeds.max()))
        drawn.legend(handles=keys, ncols=2, loc="outside lower center")
    return drawn


def _draw_measure(panel: Axes, of: pd.DataFrame, measure: str) -> None:
    honest = of.value[HONEST]
    if np.isfinite(honest):
        panel.axvline(honest, color=style.BLUE, linewidth=0.7, linestyle=":")
    for row, practice in enumerate(ROWS):
        place, colour, value = row + OFFSETS[measure], _colour(practice), of.value[practice]
        if not np.isfinite(value):
            panel.text(0.01, place, f"{NAMES[measure]} undefined", fontsize=6, va="center")
            continue
        spread = (of.low[practice], of.high[practice])
        if np.isfinite(spread).all():
            panel.plot(spread, (place, place), color=colour, **style.pale(4))
        panel.plot((honest, value), (place, place), color=colour, linewidth=0.8)
        panel.plot(value, place, **_mark(measure, colour))
        text = f"{value:.3f}" if practice == HONEST else f"{of.adds[practice]:+.3f}"
        _draw_number(panel, place, text)


def _draw_number(panel: Axes, place: float, text: str) -> None:
    """Write to the right of the panel; `place` is in rows."""
    across = panel.get_yaxis_transform()
    panel.text(1.2, place, text, transform=across, fontsize=6, va="center", ha="right")


def _colour(practice: str) -> str:
    return style.FAMILY_COLOURS[{HONEST: "predictor", RELEASED: "stored"}.get(practice, "leaked")]


def _mark(measure: str, colour: str) -> dict[str, Any]:
    face = colour if measure == "kendall_tau" else "white"
    look = {"linestyle": "", "marker": "o", "markersize": 3.5, "markeredgewidth": 0.8}
    return {**look, "color": colour, "markerfacecolor": face}


def _keys(seeds: int) -> list[Line2D]:
    over = f"range over {number_of(seeds, 'seed')}"
    return [
        *(Line2D([], [], **_mark(name, style.GREY), label=NAMES[name]) for name in MEASURES),
        Line2D([], [], color=style.GREY, **style.pale(4), label=over),
        *(
            Line2D([], [], color=style.FAMILY_COLOURS[family], lw=1.5, label=label)
            for family, label in KINDS.items()
        ),
    ]
