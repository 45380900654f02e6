"""Accuracy against latency: MnasNet's reward and random search by the fronts that they find."""

from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from tgnas.results import _style as style
from tgnas.results._catalogue import Plan
from tgnas.results._tables import Block, Entry, Number, Shown

TITLE = "Searches for accuracy and latency"
SECTION = "A few labels of the target"
PLACE = 5
MADE_BY = "others"
CAPTION = """
Fronts of accuracy and cost that searches of NAS-Bench-201 find ({seeds} seeds; cost: {cost} of
HW-NAS-Bench), in percent of the hypervolume of the true front; mean ± standard deviation. A query
is a validation accuracy on CIFAR-10, by which a front is chosen; it is measured by test accuracies.
p: Wilcoxon's signed-rank test against random search, paired by seed, one-sided, at the most
queries.
"""
FIGURE_CAPTION = """
Hypervolume of the front that is found, in percent of the true front's, against queries; mean over
{seeds} seeds.
"""
COLUMNS = {
    "search": "random, or MnasNet's reward: soft, hard, soft_start (from zero-shot scores)",
    "queries": "labels that were queried",
    "runs": "seeds",
    "hypervolume": "percent of the true front's, mean",
    "std": "its standard deviation",
    "accuracy": "test accuracy of the most accurate member, percent, mean",
    "p": "Wilcoxon against random search, one-sided; empty for random search",
    "processor": "seconds of a whole search, mean",
}
TITLES = {
    "random": "random search",
    "soft": "MnasNet, soft",
    "hard": "MnasNet, hard",
    "soft_start": "MnasNet, soft, zero-shot start",
}


def params(plan: Plan) -> dict[str, Any]:
    """Return what the caption quotes."""
    settings = plan.config.study("latency_searches")
    return {"seeds": settings.seeds, "cost": settings.cost}


def inputs(plan: Plan) -> dict[str, Any]:
    """Return the measures of all searches."""
    return {"measured": plan.config.study_files("latency_searches")}


def table(measured: list[pd.DataFrame]) -> pd.DataFrame:
    """Return a row for each search and number of queries."""
    from scipy.stats import wilcoxon  # slow import

    every, rows = pd.concat(measured, ignore_index=True), []
    for (search, queries), part in every.groupby(["search", "queries"], sort=False):
        same = every[(every.search == "random") & (every.queries == queries)]
        pair = part.set_index("seed").hypervolume, same.set_index("seed").hypervolume
        gained = (pair[0] - pair[1]).to_numpy()
        told = search != "random" and gained.any()
        rows.append(
            {
                "search": search,
                "queries": queries,
                "runs": len(part),
                "hypervolume": 100 * part.hypervolume.mean(),
                "std": 100 * part.hypervolume.std(),
                "accuracy": part.accuracy.mean(),
                "p": wilcoxon(gained, alternative="greater").pvalue if told else float("nan"),
                "processor": part.processor.mean(),
            }
        )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def show(frame: pd.DataFrame) -> list[Block]:
    """Return a row for each search, numbers of queries across."""
    rows: list[dict[str, Entry]] = []
    for search, lines in frame.groupby("search", sort=False):
        last = lines.iloc[-1]
        row: dict[str, Entry] = {"search": TITLES[str(search)]}
        for _, line in lines.iterrows():
            row[f"{line.queries} queries"] = Number(line.hypervolume, ".2f", line["std"])
        row["accuracy"] = Number(last.accuracy, ".2f")
        row["p"] = Number(last.p, ".1e") if last.p == last.p else ""
        row["seconds"] = Number(last.processor, ".1f")
        rows.append(row)
    better = {f"{queries} queries": 1 for queries in frame.queries.unique()}
    return [Shown(rows, better=better)]


def figure(frame: pd.DataFrame) -> Figure:
    """Return the hypervolumes against queries."""
    colours = (style.GREY, style.BLUE, style.ORANGE, style.GREEN)
    with style.styled():
        drawn = Figure(figsize=(style.NARROW, 0.8 * style.NARROW))
        drawn.set_layout_engine("constrained")
        panel = drawn.subplots()
        for colour, (search, lines) in zip(
            colours, frame.groupby("search", sort=False), strict=True
        ):
            panel.plot(
                lines.queries,
                lines.hypervolume,
                marker="o",
                color=colour,
                label=TITLES[str(search)],
            )
        panel.set_xscale("log")
        panel.set_xlabel("Queries")
        panel.set_ylabel("Hypervolume (% of the true front's)")
        panel.legend()
    return drawn
