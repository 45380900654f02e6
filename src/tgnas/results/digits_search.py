"""The demo's search in NAS-Bench-201's space, its choice trained on digits."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from tgnas.benchmarks.base import Benchmark
from tgnas.results import _style as style
from tgnas.results._catalogue import Plan
from tgnas.results._tables import Block, Code, Number, facts

TITLE = "The architecture that the search chooses, trained"
SECTION = "Ranking digits-bench"
PLACE = 1
CAPTION = """
The architecture that the predictor scores best among all 15,625 of NAS-Bench-201, trained on digits
by the recipe of digits-bench ({labels[epochs]:epoch}) with its seeds, and its place among the
{drawn:,} architectures that digits-bench holds of that space. The predictor has seen accuracies of
NAS-Bench-101 cells alone.
"""
FIGURE_CAPTION = """
Left: test accuracy of the chosen architecture after each of {labels[epochs]:epoch} on digits, one
line for each seed. Right: mean test accuracy of the {drawn:,} NAS-Bench-201 architectures of
digits-bench (the worst 5 % lie to the left of the panel) and of the chosen one.
"""
COLUMNS = {
    "architecture": "the chosen one",
    "searcher": "a file of tgnas.methods.searchers",
    "score": "its score",
    "queries": "how many architectures were scored",
    "parameters": "trainable weights of its network",
    "flops": "multiplications with their addition for one image",
    "epochs": "passes over the training images",
    "train_images": "how many",
    "test_images": "how many",
    "seeds": "trainings",
    "test_accuracy": "percent, mean over seeds",
    "test_accuracy_of_seeds": "percent, each",
    "place": "where it stands among digits-bench's architectures by test accuracy; 1 is the best",
    "among": "how many they are, itself included",
    "best_accuracy": "the best of them",
    "median_accuracy": "their median",
    "tabular_accuracy": "its accuracy in digits-bench, where it is a part of it",
}
BINS = 40


def variants(plan: Plan) -> list[str]:
    """Return one where the config has the demo's section, else none."""
    return [""] if plan.config.demo else []


def params(plan: Plan) -> dict[str, Any]:
    """Return how accuracy is measured, and how many architectures digits-bench holds."""
    drawn = plan.config.digits_bench.architectures.drawn
    return {"labels": plan.labels("digits201"), "drawn": drawn}


def inputs() -> dict[str, Any]:
    """Return what the trainings ended with."""
    result = "<results>/digits/result.json"
    return {"benchmark": "<benchmark_tables>/digits201.arrow", "result": result}


def figure_inputs() -> dict[str, Any]:
    """Return the history of the trainings."""
    history = "<results>/digits/history.csv"
    return {"benchmark": "<benchmark_tables>/digits201.arrow", "history": history}


def _accuracies(benchmark: Benchmark, labels: Mapping[str, Any]) -> np.ndarray:
    fidelity = {key: labels[key] for key in ("split", "epochs")}
    return benchmark.accuracy(dataset=labels["datasets"][0], **fidelity)


def table(
    benchmark: Benchmark, result: Mapping[str, Any], labels: Mapping[str, Any]
) -> pd.DataFrame:
    """Return what was trained, with its place among the benchmark's architectures, in one row.

    The place is 1 where no other architecture has a higher accuracy.
    """
    accuracies = _accuracies(benchmark, labels)
    itself = np.array(benchmark.strings) == result["architecture"]
    others = accuracies[~itself]
    placed = {
        "place": int((others > result["test_accuracy"]).sum()) + 1,
        "among": len(others) + 1,
        "best_accuracy": float(others.max()),
        "median_accuracy": float(np.median(others)),
        "tabular_accuracy": float(accuracies[itself][0]) if itself.any() else float("nan"),
    }
    return pd.DataFrame([dict(result) | placed])


def show(frame: pd.DataFrame) -> list[Block]:
    """Return the facts as a list."""
    row = frame.iloc[0].to_dict()
    seeds = json.loads(str(row["test_accuracy_of_seeds"]))
    shown = row | {
        "architecture": Code(row["architecture"]),
        "test_accuracy_of_seeds": ", ".join(f"{accuracy:.2f}" for accuracy in seeds),
        "score": str(Number(row["score"], ".4f")),
    }
    if np.isnan(row["tabular_accuracy"]):
        shown["tabular_accuracy"] = "not in digits-bench"
    return [facts(shown)]


def figure(
    frame: pd.DataFrame, history: pd.DataFrame, benchmark: Benchmark, labels: Mapping[str, Any]
) -> Figure:
    """Return the test accuracy over the epochs, and the chosen one among all architectures.

    Args:
        frame: the table, of one row.
        history: columns seed, epoch, test_accuracy.
        benchmark: digits-bench.
        labels: of its accuracies.
    """
    row, accuracies = frame.iloc[0], _accuracies(benchmark, labels)
    with style.styled():
        drawn = Figure(figsize=(style.WIDE, 2.4))
        curves, counts = drawn.subplots(1, 2)
        for seed, run in history.groupby("seed"):
            curves.plot(run.epoch, run.test_accuracy, marker=".", label=f"seed {seed}")
        curves.set(xlabel="Epoch", ylabel="Test accuracy on digits\n(%, higher is better)")
        curves.xaxis.set_major_locator(MaxNLocator(5, integer=True, min_n_ticks=1))
        curves.legend()
        # Few architectures do not learn at all; the panel shows where the others stand.
        low = float(np.quantile(accuracies, 0.05))
        counts.hist(accuracies, bins=BINS, range=(low, float(accuracies.max())), color=style.SKY)
        place = f"chosen: place {row.place:,} among {row.among:,}"
        counts.axvline(row.test_accuracy, color=style.VERMILLION, label=place)
        counts.set(xlabel="Test accuracy on digits (%, higher is better)", ylabel="Architectures")
        counts.legend()
    return drawn
