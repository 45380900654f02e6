"""The audit of the published protocol, as a table and as a figure."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from tgnas.evaluation.audit import DUMP, HABITS, HONEST, MEASURES
from tgnas.results import style
from tgnas.results.tables import number_text

SHORT = {"kendall_tau": "KT", "spearman_rho": "SPR"}
_TITLES = {"kendall_tau": "Kendall tau", "spearman_rho": "Spearman rho"}
_OFFSETS = {"kendall_tau": -0.22, "spearman_rho": 0.22}  # of a habit's two marks, in rows
# The figure's rows; the worst seed is the left end of the first one's bar.
_ROWS = {
    HONEST: "last epoch: mean",
    "best_seed": "best seed",
    "leaked_epoch": "epoch of best tau: mean",
    "leaked_epoch_best_seed": "best seed",
    "own_epochs": "an epoch for each: mean",
    "own_epochs_best_seed": "best seeds",
    DUMP: "authors' dump",
}
_PRUNING = (
    "The released pruning has no row: nothing of it runs on NAS-Bench-201. In the DARTS space it "
    "returns one cell whatever the scores are (docs/deviations.md)."
)


def audit_markdown(table: pd.DataFrame) -> str:
    """Return one row per habit: each data set's tau and rho, and what the habit adds to both."""
    rows = []
    for habit, part in table.groupby("habit", sort=False):
        row: dict[str, Any] = {"what is reported": HABITS[str(habit)]}
        for measure in MEASURES:
            for of in part[part.measure == measure].itertuples():
                text = number_text(of.value, of.std, 3)
                adds = "" if habit == HONEST or not np.isfinite(of.adds) else f" ({of.adds:+.3f})"
                row[f"{SHORT[measure]} {of.dataset}"] = text + adds
        rows.append(row)
    note = (
        f"Mean ± standard deviation over {_seeds(table)} seeds, or one seed (difference to the "
        "first row). Only the first row is a zero-shot result: all others choose by the test "
        "labels of their column's data set. How the dump's epoch was chosen is not recorded; the "
        "authors' script keeps the one of the best test tau. One checkpoint gives tau and rho but "
        "in the rows of own epochs. " + _PRUNING + "\n"
    )
    return f"{pd.DataFrame(rows).to_markdown(index=False)}\n\n{note}"


def draw_audit(table: pd.DataFrame) -> Figure:
    """Return how far each habit moves the reported tau and rho from the honest ones.

    One panel per data set, one row per habit; the line is what the habit adds, the pale bar the
    range over seeds of a mean.

    Args:
        table: what ``audit_protocol`` returns.
    """
    datasets = table.dataset.unique()
    with style.styled():
        figure = Figure(figsize=(style.NARROW, 0.75 + 1.75 * len(datasets)))
        panels = figure.subplots(len(datasets), 1, sharex=True, squeeze=False)[:, 0]
        for panel, dataset in zip(panels, datasets, strict=True):
            for measure in MEASURES:
                of = table[(table.dataset == dataset) & (table.measure == measure)]
                _draw_measure(panel, of.set_index("habit"), measure)
            _draw_number(panel, -0.9, "adds")
            panel.set_title(style.dataset_title(dataset))
            panel.set_yticks(range(len(_ROWS)), list(_ROWS.values()))
            panel.set_ylim(len(_ROWS) - 0.45, -0.55)
            panel.grid(visible=False, axis="y")
            panel.tick_params(axis="y", length=0)
        shown = table[["value", "low", "high"]].to_numpy()
        least, most = np.nanmin(shown, initial=0), np.nanmax(shown, initial=0.1)
        panels[-1].set_xlim(least - 0.02, most + 0.03)
        panels[-1].set_xlabel("Rank correlation\n(higher is better)")
        figure.get_layout_engine().set(w_pad=0.06)  # type: ignore[union-attr, call-arg]
        figure.legend(handles=_keys(_seeds(table)), ncols=2, loc="outside lower center")
    return figure


def _draw_measure(panel: Axes, of: pd.DataFrame, measure: str) -> None:
    honest = of.value[HONEST]
    if np.isfinite(honest):
        panel.axvline(honest, color=style.BLUE, linewidth=0.7, linestyle=":")
    for row, habit in enumerate(_ROWS):
        place, colour, value = row + _OFFSETS[measure], _colour(habit), of.value[habit]
        if not np.isfinite(value):
            panel.text(0.01, place, f"{_TITLES[measure]} undefined", fontsize=6, va="center")
            continue
        spread = (of.low[habit], of.high[habit])
        if np.isfinite(spread).all():
            bar: dict[str, Any] = {"alpha": 0.3, "linewidth": 4, "solid_capstyle": "butt"}
            panel.plot(spread, (place, place), color=colour, **bar)
        panel.plot((honest, value), (place, place), color=colour, linewidth=0.8)
        panel.plot(value, place, **_mark(measure, colour))
        text = f"{value:.3f}" if habit == HONEST else f"{of.adds[habit]:+.3f}"
        _draw_number(panel, place, text)


def _draw_number(panel: Axes, place: float, text: str) -> None:
    """Write to the right of the panel; `place` is in rows."""
    across = panel.get_yaxis_transform()
    panel.text(1.2, place, text, transform=across, fontsize=6, va="center", ha="right")


def _colour(habit: str) -> str:
    family = {HONEST: "predictor", DUMP: "stored"}.get(habit, "leaked")
    return style.FAMILY_COLOURS[family]


def _mark(measure: str, colour: str) -> dict[str, Any]:
    face = colour if measure == "kendall_tau" else "white"
    look = {"linestyle": "", "marker": "o", "markersize": 3.5, "markeredgewidth": 0.8}
    return {**look, "color": colour, "markerfacecolor": face}


def _seeds(table: pd.DataFrame) -> int:
    return int(table.seeds.max())


def _keys(seeds: int) -> list[Line2D]:
    bar: dict[str, Any] = {"alpha": 0.3, "linewidth": 4, "solid_capstyle": "butt"}
    families = {"predictor": "zero-shot", "leaked": "saw test labels", "stored": "authors' file"}
    return [
        *(Line2D([], [], **_mark(name, style.GREY), label=_TITLES[name]) for name in MEASURES),
        Line2D([], [], color=style.GREY, **bar, label=f"range over {seeds} seeds"),
        *(
            Line2D([], [], color=style.FAMILY_COLOURS[family], lw=1.5, label=label)
            for family, label in families.items()
        ),
    ]
