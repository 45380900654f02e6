"""What searchers find that query a few labels of a benchmark: a table and a figure."""

from collections.abc import Mapping, Sequence
from textwrap import fill
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullFormatter

from tgnas.results import _style as style
from tgnas.results._catalogue import Plan
from tgnas.results._tables import Block, Entry, Number, Shown, significant
from tgnas.results.few_labels import looks_of, mean_and_interval

TITLE = "Searchers that query a few labels"
SECTION = "A few labels of the target"
PAGE = "few_labels"
CAPTION = """
Test accuracy (percent) of the architecture that a search would return after so many queries, mean ±
standard deviation over runs. A query is the validation accuracy of one architecture, as if it had
been trained (to the end, where the title of a table does not say for how many epochs); what is
returned is chosen by those labels alone, and its test accuracy after a whole training is reported
(on NB301 both are the surrogate's). To the best: after how many queries (median over runs) the
architecture with the highest test accuracy of all had been queried; `>` where it was not in most
runs. NB101 has the 30,001 cells whose validation accuracy is known. Days: of the trainings behind
all queries, where the benchmark knows them. Paired differences: points of accuracy after so many
queries, run by run of equal seeds, mean and 95 % interval (Student's t); of searches with a
zero-shot start less the same without it, of WeakNAS with a forest or an MLP less the same with
boosting, of all others less random search.
"""
FIGURE_TITLE = "Regret against queries"
FIGURE_CAPTION = """
Points of test accuracy that the best architecture of a benchmark has above the one that a search
would return, against queried labels; mean over runs, none drawn as .001. Dashed: the search starts
from a zero-shot predictor. Below, where the benchmark knows them, against days of training.
"""
COLUMNS = {
    "target": "the benchmark and its accuracy",
    "method": "id of the search, as in the config",
    "title": "how rendered tables call it",
    "starts": "whether it starts from the zero-shot predictor",
    "queries": "labels that were queried",
    "runs": "runs",
    "mean": "reported accuracy of what is returned, percent, mean over runs",
    "std": "its standard deviation",
    "regret": "points that the best architecture has more, mean over runs",
    "beside": "the search that it is compared with, run by run",
    "pairs": "runs of equal seeds that both have",
    "difference": "reported accuracy less that of the search beside it, mean over pairs",
    "low": "lower end of its 95 % interval",
    "high": "upper end of its 95 % interval",
    "days": "of the trainings so far, mean over runs; 0 where unknown",
    "found": "share of the runs that have queried the best architecture by then",
    "to the best": "median over runs of the queries until then; empty where most never did",
    "processor": "seconds of a whole search, its trainings aside",
}


def params(plan: Plan) -> dict[str, Any]:
    """Return what targets and searches are called."""
    section = plan.config.few_labels
    return {
        "targets": {name: section.targets[name].title for name in section.queried},
        "titles": {name: one.title for name, one in section.searchers.items()},
        "starting": [name for name, one in section.searchers.items() if one.needs_start],
        "beside": {name: one.beside for name, one in section.searchers.items() if one.beside},
        "order": plan.few_labels.queried(),
    }


def inputs(plan: Plan) -> dict[str, Any]:
    """Return the measures of all searches."""
    return {"measured": plan.few_labels.files(plan.few_labels.queried())}


def table(
    measured: Sequence[pd.DataFrame],
    order: Mapping[str, Sequence[str]],
    titles: Mapping[str, str],
    starting: Sequence[str],
    beside: Mapping[str, str],
) -> pd.DataFrame:
    """Return a row for each target, search and number of queries."""
    rows, tables = [], iter(measured)
    for target, methods in order.items():
        known = {method: next(tables).set_index(["queries", "seed"]) for method in methods}
        for method, frame in known.items():
            once = frame.groupby(level="seed").found.first()
            median = once.fillna(float("inf")).median()
            other = beside.get(method, methods[0])
            paired = frame.accuracy - known[other].accuracy if other in known else pd.Series()
            for queries, part in frame.groupby(level="queries"):
                pairs = paired[paired.index.get_level_values(0) == queries].dropna()
                difference, low, high = mean_and_interval(pairs)
                rows.append(
                    {
                        "target": target,
                        "method": method,
                        "title": titles[method],
                        "starts": method in starting,
                        "queries": queries,
                        "runs": len(part),
                        "mean": part.accuracy.mean(),
                        "std": part.accuracy.std(),
                        "regret": part.regret.mean(),
                        "beside": other if other != method else "",
                        "pairs": len(pairs),
                        "difference": difference,
                        "low": low,
                        "high": high,
                        "days": part.seconds.mean() / 86400,
                        "found": (part.found <= queries).mean(),
                        "to the best": median if median < float("inf") else float("nan"),
                        "processor": part.processor.mean(),
                    }
                )
    return pd.DataFrame(rows, columns=list(COLUMNS))


SHOWN = (20, 50, 100, 150, 200, 424)


def show(frame: pd.DataFrame, targets: Mapping[str, str]) -> list[Block]:
    """Return two tables for each target: accuracies and differences; numbers of queries across."""
    blocks: list[Block] = []
    full = {method: title for method, (title, _) in looks_of(frame).items()}
    known = sorted(frame.queries.unique())
    shown = [size for size in known if size in SHOWN] or known
    for target, part in frame.groupby("target", sort=False):
        rows: list[dict[str, Entry]] = []
        differences: list[dict[str, Entry]] = []
        for method, lines in part.groupby("method", sort=False):
            at = lines.set_index("queries")
            last = lines.iloc[-1]
            row: dict[str, Entry] = {"search": str(last.title), "runs": str(int(last.runs))}
            for size in (size for size in shown if size in at.index):
                row[f"{size} queries"] = Number(at.loc[size, "mean"], ".2f", at.loc[size, "std"])
            median = last["to the best"]
            # The median of an even number of runs can lie between two queries.
            row["to the best"] = (
                Number(median, ".0f" if median.is_integer() else ".1f")
                if np.isfinite(median)
                else f"> {int(last.queries)}"
            )
            row["found"] = Number(last.found, ".0%")
            if last.days:
                row["days"] = Number(last.days, ".1f")
            row["seconds"] = significant(last.processor)
            rows.append(row)
            other = full.get(str(last.beside), "")
            pair: dict[str, Entry] = {"search": full[str(method)], "less": other}
            pair["pairs"] = str(int(lines.pairs.max()))
            for size in (size for size in shown if size in at.index):
                line = at.loc[size]
                if np.isfinite([line.low, line.high]).all():
                    ends = (line.low, line.high)
                    pair[f"{size} queries"] = Number(line.difference, "+.2f", interval=ends)
            differences += [pair] if other and len(pair) > 3 else []
        better = {f"{size} queries": 1 for size in shown}
        name = targets.get(str(target), str(target))
        blocks.append(Shown(rows, title=name, better=better))
        if differences:
            blocks.append(Shown(differences, title=f"{name}, paired differences"))
    return blocks


def figure(frame: pd.DataFrame, targets: Mapping[str, str]) -> Figure:
    """Return a panel for each target, and one against days where these are known.

    A search of a larger budget is drawn as far as the others go.
    """
    frame = frame[frame.queries <= frame.groupby("method").queries.max().median()]
    looks = looks_of(frame)
    panels_of = [(target, "queries") for target in frame.target.unique()]
    timed = frame[frame.days > 0].target.unique()
    panels_of += [(target, "days") for target in timed]
    with style.styled():
        columns = 3
        rows = -(-len(panels_of) // columns)
        drawn = Figure(figsize=(style.WIDE, 1.4 + 2.3 * rows))
        panels = drawn.subplots(rows, columns, squeeze=False).ravel()
        for panel, (target, axis) in zip(panels, panels_of, strict=False):
            part = frame[frame.target == target]
            for method, lines in part.groupby("method", sort=False):
                panel.plot(lines[axis], lines.regret.clip(lower=1e-3), **looks[str(method)][1])
            panel.set_yscale("log")
            panel.yaxis.set_major_formatter("{x:g}")
            low, high = panel.get_ylim()
            panel.yaxis.set_minor_locator(LogLocator(subs=(2, 3, 5)))
            panel.yaxis.set_minor_formatter("{x:g}" if high < 30 * low else NullFormatter())
            title = targets.get(target, target)
            panel.set_title(fill(title if axis == "queries" else f"{title}, by days", 26))
            panel.set_xlabel("Queries" if axis == "queries" else "Days of training")
        for panel in panels[len(panels_of) :]:
            panel.set_axis_off()
        drawn.supylabel("Regret (points of accuracy, lower is better)")
        handles = [Line2D([], [], **look, label=title) for title, look in looks.values()]
        drawn.legend(handles=handles, ncols=2, **style.BELOW)
    return drawn
