"""What predicted weights are worth: accuracy on unseen graphs, ranking, initialisation."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from tgnas.benchmarks.base import Benchmark
from tgnas.results import _style as style
from tgnas.results._catalogue import Plan
from tgnas.results._tables import Block, Entry, Number, Shown

TITLE = "Predicted weights"
SECTION = "Predicted weights"
PAGE = "hypernetworks"
MADE_BY = "others"
CAPTION = """
GHN-2 and two ablations, each trained once (seed {seed}) for {epochs:epoch} on {images} and on
{graphs:,} random graphs of {space}. Test accuracy in percent of the weights that they predict of
{unseen} unseen graphs of each split, of which none computes what one does that was learned from,
mean ± standard deviation over graphs; batch normalisations work on the statistics of the test
batch, those of Kaiming's weights too. Differences are paired by graph, with bootstrap intervals
of 95 percent over graphs. Trainings: {trained} of the in-distribution graphs, {short:epoch} of one
recipe but for the learning rate, which each start has of {rates}, by the mean validation accuracy
of all epochs of {tuned} other graphs; from predicted weights as they are, {as_they_are} of the
graphs. "Handed over": predicted kernels before a normalisation are given the size of Kaiming's. The
normalisations of all starts have the statistics of a pass over the training images. Epoch 0 is
before the first step, and what is not reached counts one epoch more than all. Cells: {cells} of
NAS-Bench-201, their networks with predicted weights; the labels of the benchmark were not read
before. Published: DeepNets-1M, as its authors' code prints it; ours are smaller on purpose.
"""
FIGURE_TITLE = "Predicted weights: unseen graphs, and trainings that start from them"
FIGURE_CAPTION = """
Left: test accuracy of predicted weights of {unseen} unseen graphs of each split, without training,
mean and 95 % bootstrap interval; the broken line is chance. Right: test accuracy of trainings from
each start with the learning rate that is best for it, mean and 95 % bootstrap interval over graphs;
epoch 0 is before the first step.
"""
METHODS = {
    "ghn2": "GHN-2",
    "without_virtual_edges": "without virtual edges",
    "mlp_decoder": "MLP decoder",
    "kaiming": "Kaiming, untrained",
}
STARTS = {
    "kaiming": "Kaiming's",
    "handed_over": "predicted, handed over",
    "predicted": "predicted, as they are",
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
CHANCE = 10.0  # percent


def params(plan: Plan) -> dict[str, Any]:
    """Return the sizes of the study."""
    own, starts = (plan.config.study(name) for name in ("hypernetworks", "initialisation"))
    recipe = own.recipe
    return {
        "seed": own.seed,
        "epochs": own.hypernetwork.epochs,
        "graphs": own.hypernetwork.graphs,
        "images": f"{recipe.train_images or 'all'} training images of {recipe.dataset}",
        "space": "tgnas.networks.random_graphs",
        "unseen": own.unseen,
        "trained": starts.trained,
        "as_they_are": starts.as_they_are,
        "tuned": starts.tuned,
        "rates": ", ".join(f"{rate:g}" for rate in starts.rates),
        "short": starts.recipe.epochs,
        "cells": own.cells,
        "label": {key: plan.labels()[key] for key in ("split", "epochs")},
    }


def inputs(plan: Plan) -> dict[str, Any]:
    """Return the rows of all parts and the benchmark."""
    return {
        "rows": plan.config.study_files("hypernetworks"),
        "starts": plan.config.study_files("initialisation"),
        "benchmark": "<benchmark_tables>/nasbench201.arrow",
    }


def table(
    rows: Sequence[pd.DataFrame],
    starts: Sequence[pd.DataFrame],
    benchmark: Benchmark,
    label: Mapping[str, Any],
) -> pd.DataFrame:
    """Return one row for each number of the tables."""
    every, trained = (pd.concat(parts, ignore_index=True) for parts in (rows, starts))
    numbers = [*_accuracies(every), *_statistics(every), *_ranked(every, trained)]
    numbers += [*_cells(every, benchmark, label), *_starts(trained)]
    return pd.DataFrame(numbers, columns=list(COLUMNS))


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
        form = "+.3f" if " less " in one.name else ".3f"
        value = Number(one.mean, form, np.nan, (one.low, one.high))
        measured.append({"ranking": one.name, "graphs": Number(one.graphs, ".0f"), "KT": value})
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
        Shown(measured, "Ranking by predicted weights"),
        Shown(list(_shown_starts(frame)), "Trainings from predicted and from Kaiming's weights"),
        Shown(list(_shown_speed(frame)), "Epochs until an accuracy is reached"),
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
        rows.append(chance | {"mean": CHANCE})
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


def _ranked(every: pd.DataFrame, trained: pd.DataFrame) -> list[dict[str, Any]]:
    """Return how predicted weights' accuracy ranks graphs that are trained alone."""
    ends = trained[(trained.measure == "trained") & (trained.start == "kaiming")]
    alone = ends[ends.epoch == ends.epoch.max()].set_index(["graph", "architecture"]).value
    of = every[every.split == "in distribution"].set_index(["graph", "architecture"])
    scores = {
        "predicted weights' accuracy": of[(of.measure == "accuracy") & (of.method == "ghn2")],
        "untrained weights' accuracy": of[(of.measure == "accuracy") & (of.method == "kaiming")],
        "#params": of[of.measure == "parameters"],
    }
    values = {name: rows.value.loc[alone.index] for name, rows in scores.items()}
    return list(_taus(values, alone, "with accuracy trained alone"))


def _starts(trained: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Yield accuracies by epoch and epochs until an accuracy, each beside those from Kaiming's."""
    part = trained[trained.measure == "trained"]
    rates = part.groupby("start").rate.first()
    by_start = {
        start: part[part.start == start].pivot_table("value", "graph", "epoch") for start in STARTS
    }
    kaiming = by_start["kaiming"]
    last = kaiming.columns.max()
    for start, accuracies in by_start.items():
        other = kaiming.loc[accuracies.index]
        rate = {"block": "start", "name": start, "split": "learning rate"}
        yield rate | {"graphs": len(accuracies), "mean": rates[start]}
        for epoch in accuracies.columns:
            yield _row("start", start, f"epoch {epoch}", accuracies[epoch])
            if start != "kaiming":
                less = accuracies[epoch] - other[epoch]
                yield _row("start", f"{start} less kaiming", f"epoch {epoch}", less)
        targets = {f"{least:.0f} %": pd.Series(least, accuracies.index) for least in REACHED}
        targets["what Kaiming's ends with"] = other[last]
        for target, least in targets.items():
            epochs = _epochs(accuracies, least)
            yield _row("epochs", start, target, epochs)
            yield _row("reached", start, target, epochs <= last)
            if start != "kaiming":
                yield _row("saved", start, target, _epochs(other, least) - epochs)


def _epochs(histories: pd.DataFrame, least: pd.Series) -> np.ndarray:
    """Return the epochs until an accuracy is reached; one more than all where it is not."""
    reached = histories.ge(least, axis=0).to_numpy()
    first = histories.columns.to_numpy()[reached.argmax(axis=1)]
    return np.where(reached.any(axis=1), first, histories.columns.max() + 1).astype(float)


def _shown_starts(frame: pd.DataFrame) -> Iterator[dict[str, Entry]]:
    part = frame[frame.block == "start"]
    for name, rows in part.groupby("name", sort=False):
        of = rows.set_index("split")
        start, _, less = str(name).partition(" less ")
        title = f"{STARTS[start]}, less {STARTS[less]}" if less else STARTS[start]
        row: dict[str, Entry] = {"start": title, "graphs": Number(of.graphs.max(), ".0f")}
        if not less:
            row["learning rate"] = Number(of["mean"]["learning rate"], "g")
        for epoch in of.index.drop("learning rate", errors="ignore"):
            one = of.loc[epoch]
            row[epoch] = (
                Number(one["mean"], "+.1f", interval=(one.low, one.high))
                if less
                else Number(one["mean"], ".1f", one["std"])
            )
        yield row


def _shown_speed(frame: pd.DataFrame) -> Iterator[dict[str, Entry]]:
    by = frame.set_index(["block", "name", "split"]).sort_index()
    for start, title in STARTS.items():
        for target in frame[(frame.block == "epochs") & (frame.name == start)].split:
            row: dict[str, Entry] = {"start": title, "test accuracy": target}
            one, share = by.loc[("epochs", start, target)], by.loc[("reached", start, target)]
            row["graphs that reach it"] = Number(100 * share["mean"], ".0f", unit=" %")
            row["epochs"] = Number(one["mean"], ".2f", one["std"])
            if ("saved", start, target) in by.index:
                saved = by.loc[("saved", start, target)]
                ends = saved.low, saved.high
                row["epochs saved"] = Number(saved["mean"], "+.2f", interval=ends)
            yield row


def _cells(
    every: pd.DataFrame, benchmark: Benchmark, label: Mapping[str, Any]
) -> list[dict[str, Any]]:
    cells = every[every.split == "nasbench201"]
    wide = cells.pivot_table(index="architecture", columns="method", values="value")
    accuracy = pd.Series(benchmark.accuracy(dataset="cifar10", **label), benchmark.strings)
    true = accuracy[wide.index]
    scores = {
        "predicted weights' accuracy": wide["ghn2"],
        "#params": wide["parameters"],
        "untrained weights' accuracy": wide["kaiming"],
    }
    return list(_taus(scores, true, "of cells with NAS-Bench-201's CIFAR-10 accuracy"))


def _taus(
    scores: Mapping[str, pd.Series], accuracies: pd.Series, about: str
) -> Iterator[dict[str, Any]]:
    """Yield Kendall's tau of each score, and less that of #params, with bootstrap intervals.

    The resamples of graphs are the same for every score. The first of them is no resample: all.
    """
    from tgnas.evaluation.ranking import kendall_tau  # its import is slow

    true, count = accuracies.to_numpy(dtype=float), len(accuracies)
    draws = np.random.default_rng(0).integers(count, size=(RESAMPLES // 4, count))
    taus = {
        name: np.array(
            [kendall_tau(values[rows], true[rows]) for rows in (np.arange(count), *draws)]
        )
        for name, values in ((name, of.to_numpy(dtype=float)) for name, of in scores.items())
    }
    less = {
        f"{name} less #params,": taus[name] - taus["#params"]
        for name in scores
        if name != "#params"
    }
    for name, (whole, *others) in (taus | less).items():
        low, high = np.quantile(others, [0.025, 0.975])
        row = {"block": "measures", "name": f"{name} {about}", "split": "", "graphs": count}
        yield row | {"mean": whole, "low": low, "high": high}


def figure(frame: pd.DataFrame) -> Figure:
    """Return accuracies by split beside chance, and trainings by their start."""
    colours = (style.BLUE, style.SKY, style.PURPLE, style.GREY)
    with style.styled():
        drawn = Figure(figsize=(style.WIDE, 3.2))
        left, right = drawn.subplots(1, 2, width_ratios=(3, 2))
        part = frame[frame.block == "accuracy"]
        splits = list(dict.fromkeys(part.split))
        for place, (method, colour, marker) in enumerate(
            zip(METHODS, colours, "oDsv", strict=True)
        ):
            of = part[part.name == method].set_index("split").loc[splits]
            left.errorbar(
                np.arange(len(splits)) + 0.16 * (place - 1.5), of["mean"],
                style.reach(of["mean"], of.low, of.high), fmt=marker, color=colour,
                label=METHODS[method], linestyle="",
            )  # fmt: skip
        left.axhline(CHANCE, color=style.BLACK, linestyle="--", label="chance")
        left.set_xticks(range(len(splits)), [split.replace(" ", "\n") for split in splits])
        left.set_ylabel("Test accuracy, not trained (%)")
        left.set_ylim(0, 100)
        part = frame[(frame.block == "start") & frame.split.str.startswith("epoch ")]
        for (start, title), colour, marker in zip(
            STARTS.items(), (style.GREY, style.BLUE, style.ORANGE), "vo^", strict=True
        ):
            of = part[part.name == start]
            epochs = of.split.str.removeprefix("epoch ").astype(int)
            right.errorbar(
                epochs, of["mean"], style.reach(of["mean"], of.low, of.high),
                fmt=f"-{marker}", color=colour, label=f"start: {title}",
            )  # fmt: skip
        right.set_xlabel("Epoch of training")
        right.set_ylabel("Test accuracy (%)")
        drawn.legend(**style.BELOW, ncols=4)
    return drawn
