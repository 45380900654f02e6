"""Accuracy against latency, parameters and FLOPs: the fronts that searches find."""

from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from tgnas.results import _style as style
from tgnas.results._catalogue import Plan
from tgnas.results._tables import Block, Entry, Number, Shown
from tgnas.results.few_labels import mean_and_interval

TITLE = "Searches for accuracy and a cost"
SECTION = "A few labels of the target"
PLACE = 5
PAGE = "latency"
MADE_BY = "others"
CAPTION = """
Fronts of accuracy and a cost that searches of NAS-Bench-201 find ({seeds:seed}; latencies are
HW-NAS-Bench's), in percent of the hypervolume of the true front; mean ± standard deviation. A query
is a validation accuracy on CIFAR-10, by which a front is chosen; it is measured by test accuracies,
up to the highest cost and 10 % accuracy. MnasNet's controller is rewarded for accuracy and cost
at once; expected improvement fits a Gaussian process and queries what is expected to enlarge the
front the most, at most {least} times. Difference: from random search after as many queries, paired
by seed, [95% interval of the mean, t distribution]; p: Wilcoxon's signed-rank test of it, one-sided
(a p near 1 says that random search is better). All at the most queries of a row; the accuracy is
the test accuracy of the most accurate member.
"""
FIGURE_TITLE = "Fronts of accuracy and a cost"
FIGURE_CAPTION = """
What the front that is found lacks of the true front's hypervolume, in percent, against queries, on
two logarithmic axes; mean over {seeds:seed}.
"""
COLUMNS = {
    "cost": "what accuracy is traded for: a latency of HW-NAS-Bench, parameters or flops",
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
COSTS = {"parameters": "parameters", "flops": "FLOPs", "edgegpu_latency": "EdgeGPU latency"}
IN_FIGURE = TITLES | {"front_start": f"{TITLES['front']}, zero-shot start"}


def params(plan: Plan) -> dict[str, Any]:
    """Return what the caption quotes."""
    settings = plan.config.study("latency_searches")
    return {"seeds": settings.seeds, "least": settings.least}


def inputs(plan: Plan) -> dict[str, Any]:
    """Return the measures of all searches."""
    return {"measured": plan.config.study_files("latency_searches")}


def table(measured: list[pd.DataFrame]) -> pd.DataFrame:
    """Return a row for each cost, search and number of queries."""
    from scipy.stats import wilcoxon  # slow import

    every, rows = pd.concat(measured, ignore_index=True), []
    order = list(every.cost.unique())
    every = every.sort_values("cost", key=lambda costs: costs.map(order.index), kind="stable")
    for (cost, search, queries), part in every.groupby(["cost", "search", "queries"], sort=False):
        of_cost = every[every.cost == cost]
        same = of_cost[(of_cost.search == "random") & (of_cost.queries == queries)]
        gained = part.set_index("seed").hypervolume - same.set_index("seed").hypervolume
        told = search != "random" and gained.any()
        difference = mean_and_interval(100 * gained[:0] if search == "random" else 100 * gained)
        rows.append(
            {
                "cost": cost,
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
    """Return for each cost a row of each search, numbers of queries across."""
    blocks: list[Block] = []
    for cost, part in frame.groupby("cost", sort=False):
        rows: list[dict[str, Entry]] = []
        for search, lines in part.groupby("search", sort=False):
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
        better = {f"{queries} queries": 1 for queries in part.queries.unique()}
        blocks.append(Shown(rows, title=_title(str(cost)), better=better))
    return blocks


def _title(cost: str) -> str:
    """Return what a table and a panel of a cost are called."""
    return f"Accuracy and {COSTS.get(cost, cost.replace('_', ' '))}"


def figure(frame: pd.DataFrame) -> Figure:
    """Return a panel for each cost: what is lacking against queries."""
    colours = {"random": style.GREY, "soft": style.BLUE, "hard": style.VERMILLION}
    colours |= {"soft_start": style.BLUE, "front": style.PURPLE, "front_start": style.PURPLE}
    markers = dict(zip(frame.search.unique(), style.MARKERS, strict=False))
    costs = list(frame.cost.unique())
    with style.styled():
        drawn = Figure(figsize=(style.WIDE, 3.2))
        drawn.set_layout_engine("constrained")
        panels = drawn.subplots(1, len(costs), sharey=True, squeeze=False)[0]
        for panel, cost in zip(panels, costs, strict=True):
            part = frame[frame.cost == cost]
            for search, lines in part.groupby("search", sort=False):
                panel.plot(
                    lines.queries,
                    100 - lines.hypervolume,
                    marker=markers[search],
                    color=colours[str(search)],
                    linestyle="--" if str(search).endswith("start") else "-",
                    label=IN_FIGURE[str(search)],
                )
            panel.set_xscale("log")
            panel.set_xticks(part.queries.unique(), minor=False)
            panel.set_xticks([], minor=True)
            panel.xaxis.set_major_formatter("{x:g}")
            panel.set_yscale("log")
            panel.yaxis.set_major_formatter("{x:g}")
            panel.set_xlabel("Queries")
            panel.set_title(_title(cost))
        panels[0].set_ylabel("Missing hypervolume\n(%, lower is better)")
        handles, labels = panels[0].get_legend_handles_labels()
        drawn.legend(handles, labels, ncols=3, **style.BELOW)
    return drawn
