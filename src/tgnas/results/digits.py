"""The find of a search on digits, trained: its place among digits-bench, as table and figure."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float64
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from tgnas.benchmarks.base import Benchmark
from tgnas.results import style

BINS = 40


def place_among(
    facts: Mapping[str, Any], target: Benchmark, ranking: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the facts with the found architecture's place among the benchmark's.

    The place is 1 where no other architecture has a higher accuracy. `tabular_accuracy` is what
    the benchmark holds of the found architecture itself; NaN where it does not hold it.
    """
    fidelity = {name: ranking[name] for name in ("split", "epochs")}
    accuracies = target.accuracy(dataset=ranking["datasets"][0], **fidelity)
    itself = np.array(target.strings) == facts["architecture"]
    others = accuracies[~itself]
    return dict(facts) | {
        "place": int((others > facts["test_accuracy"]).sum()) + 1,
        "among": len(others) + 1,
        "best_accuracy": float(others.max()),
        "median_accuracy": float(np.median(others)),
        "tabular_accuracy": float(accuracies[itself][0]) if itself.any() else float("nan"),
    }


def search_markdown(facts: Mapping[str, Any]) -> str:
    """Return the facts as a list."""
    shown = dict(facts) | {
        name: f"{facts[name]:.2f}"
        for name in ("test_accuracy", "best_accuracy", "median_accuracy", "tabular_accuracy")
    }
    shown["architecture"] = "`" + facts["architecture"].replace("|", "\\|") + "`"
    shown["test_accuracy_of_seeds"] = ", ".join(f"{a:.2f}" for a in facts["test_accuracy_of_seeds"])
    shown["score"] = f"{facts['score']:.4f}"
    if np.isnan(facts["tabular_accuracy"]):
        shown["tabular_accuracy"] = "not in digits-bench"
    table = pd.DataFrame(shown.items(), columns=["fact", "value"])
    return table.to_markdown(index=False, disable_numparse=True) + "\n"


def draw_search(
    history: pd.DataFrame, accuracies: Float64[np.ndarray, " N"], facts: Mapping[str, Any]
) -> Figure:
    """Return the test accuracy over the epochs, and the find among all architectures.

    Args:
        history: columns seed, epoch, test_accuracy.
        accuracies: of the benchmark's architectures, percent.
        facts: the row of the table.
    """
    with style.styled():
        figure = Figure(figsize=(style.WIDE, 2.4))
        curves, counts = figure.subplots(1, 2)
        for seed, run in history.groupby("seed"):
            curves.plot(run.epoch, run.test_accuracy, marker=".", label=f"seed {seed}")
        curves.set(xlabel="Epoch", ylabel="Test accuracy on digits\n(%, higher is better)")
        curves.xaxis.set_major_locator(MaxNLocator(5, integer=True, min_n_ticks=1))
        curves.legend()
        # Few architectures do not learn at all; the panel shows where the others stand.
        low = float(np.quantile(accuracies, 0.05))
        counts.hist(accuracies, bins=BINS, range=(low, float(accuracies.max())), color=style.SKY)
        place = f"found: place {facts['place']:,} among {facts['among']:,}"
        counts.axvline(facts["test_accuracy"], color=style.VERMILLION, label=place)
        counts.set(xlabel="Test accuracy on digits (%, higher is better)", ylabel="Architectures")
        counts.legend()
    return figure
