"""Accuracy against latency: the fronts that MnasNet's reward and other searches find."""

from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from tgnas.results import _style as style
from tgnas.results._catalogue import Plan
from tgnas.results._tables import Block, Entry, Number, Shown
from tgnas.results.few_labels import mean_and_interval

TITLE = "Searches for accuracy and latency"
SECTION = "A few labels of the target"
PLACE = 5
PAGE = "latency"
MADE_BY = "others"
CAPTION = """
Fronts of accuracy and cost that searches of NAS-Bench-201 find ({seeds} seeds; cost: {cost} of
HW-NAS-Bench), in percent of the hypervolume of the true front; mean ± standard deviation. A query
is a validation accuracy on CIFAR-10, by which a front is chosen; it is measured by test accuracies,
up to the highest cost and 10 % accuracy. MnasNet's controller is rewarded for accuracy and latency
at once; expected improvement fits a Gaussian process and queries what is expected to enlarge the
front the most, at most {least} times. Difference: from random search after as many queries, paired
by seed, [95% interval of the mean, t distribution]; p: Wilcoxon's signed-rank test of it, one-sided
(a p near 1 says that random search is better). All at the most queries of a row; the accuracy is
the test accuracy of the most accurate member.
"""
FIGURE_TITLE = "Fronts of accuracy and latency"
FIGURE_CAPTION = """
What the front that is found lacks of the true front's hypervolume, in percent, against queries, on
two logarithmic axes; mean over {seeds} seeds.
"""
COLUMNS = {
    "search": "random; MnasNet's reward: soft, hard, soft_start; expected improvement: front, "
    "front_start; those of start begin with zero-shot scores",
    "queries": "labels that were queried",
    "runs": "seeds",
    "hypervolume": "percent of the true front's, mean",
    "std": "its standard deviation",
    "accuracy": "test accuracy of the most accurate member, percent, mean",
    "difference": "hypervolume less random search's after as many queries, points, paired",
    "low": "lower end of its 95% interval",
    "high": "its upper end",
    "p": "Wilcoxon against random search, one-sided; empty for random search",
    "processor": "seconds of a whole search, mean",
}
TITLES = {
    "random": "random search",
    "soft": "MnasNet, soft",
    "hard": "MnasNet, hard",
    "soft_start": "MnasNet, soft, zero-shot start",
    "front": "expected improvement of the front",
    "front_start": "the same, zero-shot start",
}
IN_FIGURE = TITLES | {"front_start": f"{TITLES['front']}, zero-shot start"}


def params(plan: Plan) -> dict[str, Any]:
    """Return what the caption quotes."""
    settings = plan.config.study("latency_searches")
    return {"seeds": settings.seeds, "cost": settings.cost, "least": settings.least}


def inputs(plan: Plan) -> dict[str, Any]:
    """Return the measures of all searches."""
    return {"measured": plan.config.study_files("latency_searches")}


def table(measured: list[pd.DataFrame]) -> pd.DataFrame:
    """Return a row for each search and number of queries."""
    from scipy.stats import wilcoxon  # slow import

    every, rows = pd.concat(measured, ignore_index=True), []
    for (search, queries), part in every.groupby(["search", "queries"], sort=False):
        same = every[(every.search == "random") & (every.queries == queries)]
        gained = part.set_index("seed").hypervolume - same.set_index("seed").hypervolume
        told = search != "random" and gained.any()
        difference = mean_and_interval(100 * gained[:0] if search == "random" else 100 * gained)
        rows.append(
            {
                "search": search,
                "queries": queries,
                "runs": len(part),
                "hypervolume": 100 * part.hypervolume.mean(),
                "std": 100 * part.hypervolume.std(),
                "accuracy": part.accuracy.mean(),
                **dict(zip(("difference", "low", "high"), difference, strict=True)),
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
        ends = None if search == "random" else (last.low, last.high)
        row["difference"] = Number(last.difference, "+.2f", interval=ends)
        row["p"] = Number(last.p, ".1g")
        row["seconds"] = Number(last.processor, ".1f")
        rows.append(row)
    better = {f"{queries} queries": 1 for queries in frame.queries.unique()}
    return [Shown(rows, better=better)]


def figure(frame: pd.DataFrame) -> Figure:
    """Return what is lacking against queries."""
    colours = {"random": style.GREY, "soft": style.BLUE, "hard": style.VERMILLION}
    colours |= {"soft_start": style.BLUE, "front": style.PURPLE, "front_start": style.PURPLE}
    with style.styled():
        drawn = Figure(figsize=(1.4 * style.NARROW, 1.2 * style.NARROW))
        drawn.set_layout_engine("constrained")
        panel = drawn.subplots()
        for (search, lines), marker in zip(
            frame.groupby("search", sort=False), style.MARKERS, strict=False
        ):
            panel.plot(
                lines.queries,
                100 - lines.hypervolume,
                marker=marker,
                color=colours[str(search)],
                linestyle="--" if str(search).endswith("start") else "-",
                label=IN_FIGURE[str(search)],
            )
        panel.set_xscale("log")
        panel.set_xticks(frame.queries.unique(), minor=False)
        panel.set_xticks([], minor=True)
        panel.xaxis.set_major_formatter("{x:g}")
        panel.set_yscale("log")
        panel.yaxis.set_major_formatter("{x:g}")
        panel.set_xlabel("Queries")
        panel.set_ylabel("Missing hypervolume (%, lower is better)")
        drawn.legend(ncols=1, **style.BELOW)
    return drawn
