"""Short trainings beside the benchmark's accuracies, and whether the ranks agree."""

import json
from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from tgnas.benchmarks.base import Benchmark
from tgnas.errors import number_of
from tgnas.results import _style as style
from tgnas.results._catalogue import Plan
from tgnas.results._tables import Block, Code, Entry, Number, Shown, count, facts
from tgnas.results.final_training import TRAINED, accuracies

TITLE = "Short trainings beside the benchmark"
SECTION = "Short trainings"
CAPTION = """
Architectures in the middle of equal shares of the benchmark's CIFAR-10 accuracies, each trained by
the same short recipe on a CPU, beside the benchmark's accuracy; Kendall's tau and Spearman's rho
between the two. The accuracies pick which architectures are trained and nothing else. One seed; a
scaled-down network and few images: an agreement of ranks, no estimate of the full recipe's
accuracy.
"""
FIGURE_CAPTION = """
Test accuracy of short trainings on a CPU against the benchmark's, one marker for each architecture;
the numbers are the percentiles of the benchmark's accuracy that the architectures stand at. One
seed.
"""
COLUMNS = {
    "architecture": "what was trained",
    "quantile": "where it stands among the benchmark's accuracies, from 0 to 1",
    **TRAINED,
    "architectures": "rows of the table",
    "kendall_tau": "between test accuracy and the benchmark's, of all rows",
    "spearman_rho": "likewise",
    "p_value": "of Kendall's test of independence",
}
COMMON = (
    *("epochs", "train_images", "test_images", "batch", "recipe", "label", "image_source", "seed"),
)
AGREEMENT = ("architectures", "kendall_tau", "spearman_rho", "p_value")
CROWDED = 1.2, 0.6  # percent between markers, across and up, that leave no room for a label


def params(plan: Plan) -> dict[str, Any]:
    """Return how the benchmark's accuracy is measured, and what is changed in the recipe."""
    labels = {key: plan.labels()[key] for key in ("split", "epochs")}
    return {"labels": labels, "change": plan.config.study("short_trainings").change}


def inputs(plan: Plan) -> dict[str, Any]:
    """Return the benchmark and what the trainings ended with."""
    return {
        "benchmark": "<benchmark_tables>/nasbench201.arrow",
        "parts": plan.config.study_files("short_trainings"),
    }


def table(
    benchmark: Benchmark, parts: Sequence[pd.DataFrame], labels: dict[str, Any]
) -> pd.DataFrame:
    """Return one row for each architecture."""
    from tgnas.evaluation.short_trainings import agreement  # its imports are slow

    known, rows = accuracies(benchmark, labels), pd.concat(parts)
    of_benchmark = [float(known[text]) for text in rows.architecture]
    rows = rows.assign(tabular_accuracy=of_benchmark, tabular_epochs=labels["epochs"])
    return rows.assign(**agreement(rows))


def show(frame: pd.DataFrame, change: dict[str, Any]) -> list[Block]:
    """Return what all trainings have in common and how the ranks agree; then the trainings."""
    from tgnas.evaluation.short_trainings import common  # its imports are slow

    rows = frame.to_dict("records")
    shared = common(rows, COMMON) | {"changed": json.dumps(change)} | common(rows, AGREEMENT)
    shown: list[dict[str, Entry]] = [
        {
            "quantile": Number(row.quantile, ".2f"),
            "architecture": Code(row.architecture),
            "parameters": count(row.parameters),
            "test_accuracy": Number(row.test_accuracy, ".2f"),
            "tabular_accuracy": Number(row.tabular_accuracy, ".2f"),
            "seconds": Number(row.seconds, ".2f"),
        }
        for row in frame.itertuples()
    ]
    return [facts(shared, digits=4), Shown(shown)]


def figure(frame: pd.DataFrame) -> Figure:
    """Return test accuracies against the benchmark's, one marker for each architecture."""
    first = frame.iloc[0]
    look: dict[str, Any] = {"color": style.BLUE, "marker": "o", "linestyle": ""}
    with style.styled():
        drawn = Figure(figsize=(style.NARROW, 2.9))
        panel = drawn.subplots()
        panel.plot(frame.tabular_accuracy, frame.test_accuracy, **look)
        for row in frame.itertuples():
            right = (frame.tabular_accuracy - row.tabular_accuracy).between(0, CROWDED[0])
            beside = (frame.test_accuracy - row.test_accuracy).abs() < CROWDED[1]
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
            f"NAS-Bench-201 test accuracy, "
            f"{number_of(first.tabular_epochs, 'epoch')}\n(%, higher is better)"
        )
        panel.set_ylabel("Test accuracy of our training\n(%, higher is better)")
        panel.margins(0.08)
        panel.set_title(
            f"{first.label}: {number_of(first.epochs, 'epoch')} of "
            f"{number_of(first.train_images, 'image')}\n"
            f"{number_of(len(frame), 'architecture')}, Kendall tau {first.kendall_tau:.2f}"
        )
    return drawn
