"""What predicted weights are worth: accuracy on unseen graphs, ranking, initialisation."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from tgnas.benchmarks.base import Benchmark
from tgnas.results._catalogue import Plan
from tgnas.results._tables import Block, Entry, Number, Shown

TITLE = "Predicted weights"
SECTION = "Predicted weights"
PAGE = "hypernetworks"
MADE_BY = "others"
CAPTION = """
GHN-2 and two ablations, each trained once (seed {seed}) for {epochs} epochs on {images} and on
{graphs:,} random graphs of {space}. Test accuracy in percent of the weights that they predict of
{unseen} unseen graphs of each split, mean ± standard deviation over graphs; batch normalisations
work on the statistics of the test batch. Differences are paired by graph, with bootstrap intervals
of 95 percent over graphs. "Trained": {trained} of the in-distribution graphs, trained for
{short} epochs by one recipe from predicted and from Kaiming's weights. Cells: {cells} of
NAS-Bench-201, their networks with predicted weights; the labels of the benchmark were not read
before. Published: DeepNets-1M, as its authors' code prints it; ours are smaller on purpose.
"""
METHODS = {
    "ghn2": "GHN-2",
    "without_virtual_edges": "without virtual edges",
    "mlp_decoder": "MLP decoder",
    "kaiming": "Kaiming, untrained",
}
COLUMNS = {
    "block": "which table the row stands in",
    "name": "method, split or measure",
    "split": "split of the graphs, or nothing",
    "graphs": "how many graphs or cells",
    "mean": "mean, or Kendall's tau",
    "std": "standard deviation over graphs",
    "low": "lower end of the interval of 95 percent",
    "high": "its upper end",
    "published": "mean of DeepNets-1M's split",
    "published_std": "its standard deviation",
}
REACHED = (80.0, 90.0)  # test accuracies, percent, that trainings are timed to
RESAMPLES = 2000


def params(plan: Plan) -> dict[str, Any]:
    """Return the sizes of the study."""
    own = plan.config.study("hypernetworks")
    recipe = own.recipe
    return {
        "seed": own.seed,
        "epochs": own.hypernetwork.epochs,
        "graphs": own.hypernetwork.graphs,
        "images": f"{recipe.train_images or 'all'} training images of {recipe.dataset}",
        "space": "tgnas.networks.random_graphs",
        "unseen": own.unseen,
        "trained": own.trained,
        "short": recipe.epochs,
        "cells": own.cells,
        "label": {key: plan.labels()[key] for key in ("split", "epochs")},
    }


def inputs(plan: Plan) -> dict[str, Any]:
    """Return the rows of all parts and the benchmark."""
    return {
        "rows": plan.config.study_files("hypernetworks"),
        "benchmark": "<benchmark_tables>/nasbench201.arrow",
    }


def table(
    rows: Sequence[pd.DataFrame], benchmark: Benchmark, label: Mapping[str, Any], short: int
) -> pd.DataFrame:
    """Return one row for each number of the three tables."""
    every = pd.concat(rows, ignore_index=True)
    found = [*_accuracies(every), *_statistics(every), *_trained(every, short)]
    found += _cells(every, benchmark, label)
    return pd.DataFrame(found, columns=list(COLUMNS))


def show(frame: pd.DataFrame) -> list[Block]:
    """Return a table of accuracies, of trainings and rankings, and of the graphs."""
    by = frame.set_index(["block", "name", "split"])
    splits = list(dict.fromkeys(frame[frame.block == "graphs"].split))
    accuracies: list[dict[str, Entry]] = []
    for name in dict.fromkeys(frame[frame.block == "accuracy"].name):
        row: dict[str, Entry] = {"weights": METHODS.get(name, name)}
        for split in splits:
            one = by.loc[("accuracy", name, split)]
            ends = (one.low, one.high) if "less" in name else None
            row[split] = Number(one["mean"], ".1f", one["std"], ends)
        accuracies.append(row)
    measured: list[dict[str, Entry]] = []
    for one in frame[frame.block == "measures"].itertuples():
        digits = ".3f" if one.name.startswith("KT") else ".2f"
        value = Number(one.mean, digits, np.nan, (one.low, one.high))
        measured.append({"measure": one.name, "graphs": Number(one.graphs, ".0f"), "value": value})
    graphs: list[dict[str, Entry]] = []
    for split in splits:
        row = {"split": split}
        for name in ("vertices", "degree", "path", "parameters"):
            one = by.loc[("graphs", name, split)]
            form = ",.0f" if name == "parameters" else ".1f"
            row[name] = Number(one["mean"], form, one["std"])
            if np.isfinite(one.published):
                row[f"{name}, published"] = Number(one.published, ".1f", one.published_std)
        graphs.append(row)
    return [
        Shown(accuracies, "Test accuracy of predicted weights on unseen graphs"),
        Shown(measured, "Ranking and initialisation"),
        Shown(graphs, "The graphs beside DeepNets-1M"),
    ]


def _row(block: str, name: str, split: str, values: Any, **more: float) -> dict[str, Any]:
    values = np.asarray(values, dtype=float)
    low, high = _interval(values)
    row = {"block": block, "name": name, "split": split, "graphs": len(values)}
    return row | {"mean": values.mean(), "std": values.std(ddof=1), "low": low, "high": high} | more


def _interval(values: np.ndarray) -> tuple[float, float]:
    """Return the bootstrap interval of the mean."""
    draws = np.random.default_rng(0).integers(len(values), size=(RESAMPLES, len(values)))
    low, high = np.quantile(values[draws].mean(axis=1), [0.025, 0.975])
    return float(low), float(high)


def _accuracies(every: pd.DataFrame) -> list[dict[str, Any]]:
    part = every[every.measure == "accuracy"]
    wide = part.pivot_table(index=["split", "graph"], columns="method", values="value", sort=False)
    rows = []
    for split in dict.fromkeys(part.split):
        one = wide.loc[split]
        rows += [_row("accuracy", name, split, one[name]) for name in METHODS]
        chance = {"block": "accuracy", "name": "chance", "split": split, "graphs": len(one)}
        rows.append(chance | {"mean": 10.0})
        for name in list(METHODS)[1:]:
            about = f"GHN-2 less {METHODS[name]}"
            rows.append(_row("accuracy", about, split, one["ghn2"] - one[name]) | {"std": np.nan})
    return rows


def _statistics(every: pd.DataFrame) -> list[dict[str, Any]]:
    from tgnas.networks.random_graphs import SPLITS  # its import is slow

    rows = []
    for (split, name), values in every[every.method == "graphs"].groupby(
        ["split", "measure"], sort=False
    ):
        known = dict(zip(("vertices", "degree", "path"), SPLITS[split].published, strict=True))
        mean, std = known.get(name, (np.nan, np.nan))
        row = _row("graphs", name, split, values.value)
        rows.append(row | {"published": mean, "published_std": std})
    return rows


def _trained(every: pd.DataFrame, short: int) -> list[dict[str, Any]]:
    part = every[every.measure == "trained"]
    kaiming, ghn = (
        part[part.method == name].pivot_table(index="graph", columns="epoch", values="value")
        for name in ("kaiming", "ghn2")
    )
    untrained = every[
        (every.measure == "accuracy")
        & (every.method == "ghn2")
        & (every.split == "in distribution")
    ].set_index("graph")["value"][kaiming.index]
    counted = every[(every.measure == "parameters") & (every.split == "in distribution")].set_index(
        "graph"
    )["value"][kaiming.index]
    alone = kaiming[short]
    rows = [
        _tau("KT of predicted weights' accuracy with trained accuracy", untrained, alone),
        _tau("KT of #params with trained accuracy", counted, alone),
    ]
    for start, name in ((kaiming, "Kaiming"), (ghn, "predicted")):
        about = f"accuracy after {{}} of {short} epochs from {name} weights"
        rows += [_row("measures", about.format(e), "", start[e]) for e in (1, short)]
    for epoch in (1, short):
        about = f"accuracy gained by predicted weights after {epoch} of {short} epochs"
        rows.append(_row("measures", about, "", ghn[epoch] - kaiming[epoch]))
    for least in REACHED:
        about = f"epochs saved by predicted weights to {least:.0f} percent (at most {short})"
        rows.append(_row("measures", about, "", _epochs(kaiming, least) - _epochs(ghn, least)))
        for start, name in ((kaiming, "Kaiming"), (ghn, "predicted")):
            reached = (start >= least).any(axis=1).to_numpy()
            about = f"share of graphs that reach {least:.0f} percent from {name} weights"
            rows.append(_row("measures", about, "", reached))
    return rows


def _epochs(histories: pd.DataFrame, least: float) -> np.ndarray:
    """Return the epochs until an accuracy is reached; one more than all where it is not."""
    reached = (histories >= least).to_numpy()
    first = reached.argmax(axis=1) + 1
    return np.where(reached.any(axis=1), first, reached.shape[1] + 1).astype(float)


def _cells(
    every: pd.DataFrame, benchmark: Benchmark, label: Mapping[str, Any]
) -> list[dict[str, Any]]:
    cells = every[every.split == "nasbench201"]
    wide = cells.pivot_table(index="architecture", columns="method", values="value")
    accuracy = pd.Series(benchmark.accuracy(dataset="cifar10", **label), benchmark.strings)
    true = accuracy[wide.index]
    names = {
        "ghn2": "predicted weights' accuracy",
        "parameters": "#params",
        "kaiming": "untrained weights' accuracy",
    }
    return [
        _tau(f"KT of {about} with NAS-Bench-201's CIFAR-10 accuracy", wide[name], true)
        for name, about in names.items()
    ]


def _tau(name: str, scores: pd.Series, accuracies: pd.Series) -> dict[str, Any]:
    """Return Kendall's tau with its bootstrap interval."""
    from tgnas.evaluation.ranking import kendall_tau  # its import is slow

    first, second = scores.to_numpy(dtype=float), accuracies.to_numpy(dtype=float)
    generator, count = np.random.default_rng(0), len(first)
    draws = generator.integers(count, size=(RESAMPLES // 4, count))
    taus = [kendall_tau(first[rows], second[rows]) for rows in draws]
    low, high = np.quantile(taus, [0.025, 0.975])
    row = {"block": "measures", "name": name, "split": "", "graphs": count}
    return row | {"mean": kendall_tau(first, second), "low": low, "high": high}
