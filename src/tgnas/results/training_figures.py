"""The figure of short trainings."""

from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from tgnas.results import style

CROWDED = 1.2, 0.6  # percent between markers, across and up, that leave no room for a label


def draw_short_trainings(rows: pd.DataFrame) -> Figure:
    """Return the test accuracy of short trainings against the benchmark's, one marker for each.

    Args:
        rows: the table of short trainings.
    """
    first = rows.iloc[0]
    look: dict[str, Any] = {"color": style.BLUE, "marker": "o", "linestyle": ""}
    with style.styled():
        figure = Figure(figsize=(style.NARROW, 2.9))
        panel = figure.subplots()
        panel.plot(rows.tabular_accuracy, rows.test_accuracy, **look)
        for row in rows.itertuples():
            right = (rows.tabular_accuracy - row.tabular_accuracy).between(0, CROWDED[0])
            beside = (rows.test_accuracy - row.test_accuracy).abs() < CROWDED[1]
            crowded = (right & beside).sum() > 1  # itself, and another
            # A label leaves the room on its right to the next point.
            offset, side = ((-3, 3), "right") if crowded else ((3, 3), "left")
            panel.annotate(
                f"{100 * row.quantile:.0f}",
                (row.tabular_accuracy, row.test_accuracy),
                offset,
                textcoords="offset points",
                ha=side,
                color=style.GREY,
            )
        panel.set_xlabel(
            f"NAS-Bench-201 test accuracy, {first.tabular_epochs} epochs\n(%, higher is better)"
        )
        panel.set_ylabel("Test accuracy of our training\n(%, higher is better)")
        panel.margins(0.08)
        panel.set_title(
            f"{first.label}: {first.epochs} epochs of {first.train_images:,} images\n"
            f"{len(rows)} architectures, Kendall tau {first.kendall_tau:.2f}"
        )
    return figure
