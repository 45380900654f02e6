"""The universal predictor on spaces that it has not learned, beside everything that counts."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from tgnas.encodings.counts import COUNTS
from tgnas.results import _style as style
from tgnas.results._catalogue import Plan
from tgnas.results._tables import OVER_SEEDS, Block, Number, Shown

TITLE = "The universal predictor, space by space"
SECTION = "Any space"
PAGE = "universal"
MADE_BY = "others"
CAPTION = """
Kendall's tau-b of the universal predictor, of shipped ones and of every count that varies in a
space, over all architectures, over one of each live pattern (distinct) and inside the truly best
tenth. Labels alone: the same predictor without what it has learned of zero-cost proxies, where that
counts. No row's predictor has learned a label of the space, nor of its architectures on another
task. Choices (what counts weigh, the network's shape, what it reads of an operator, then what it
learns of proxies) were made on the spaces of the first tables; they saw no label of those of the
second but, of all except TransNAS macro, labels of the same cells on other data. Mean ±
standard deviation over {seeds:seed} [95% bootstrap interval of the universal predictor's mean over
live patterns and seeds, {resamples} resamples]. Of a sequence of blocks and
of the counts no seed is drawn. Shipped predictors that have learned a space have no entry there.
The best count of a row is the one with the highest tau on that very row, which nobody knows
beforehand.
"""
FIGURE_TITLE = "The universal predictor against the best count"
FIGURE_CAPTION = """
Kendall's tau-b on spaces and tasks that the predictor has not learned, with 95% bootstrap
intervals; the best count is chosen by the labels of the row itself.
"""
ALONE = "labels_alone"  # the predictor without its networks of zero-cost proxies
COLUMNS = {
    "space": "benchmark",
    "dataset": "data set or task",
    "population": "all architectures, or one of each live pattern",
    "chosen_on": "whether choices were made on the space",
    "method": f"universal, the same by {ALONE}, a shipped predictor, or a count",
    "seeds": "trainings",
    "architectures": "how many are ranked",
    "kendall_tau": "mean over seeds",
    "std": "standard deviation over seeds",
    "low": "lower end of the interval of the mean",
    "high": "its upper end",
    "top_kendall_tau": "inside the truly best tenth, mean over seeds",
    "top_std": "its standard deviation",
}
KEYS = ["space", "dataset", "population", "chosen_on"]


def params(plan: Plan) -> dict[str, Any]:
    """Return seeds, resamples, and on which spaces choices were made."""
    spaces = plan.config.universal.spaces
    return {
        "seeds": plan.config.seeds,
        "resamples": plan.config.universal.resamples,
        "chosen_on": {name: space.chosen_on for name, space in spaces.items()},
    }


def inputs(plan: Plan) -> dict[str, Any]:
    """Return the measures of every space."""
    spaces = plan.config.universal.spaces
    return {"measures": [f"<results>/measures/universal/{name}.csv" for name in spaces]}


def table(measures: Sequence[pd.DataFrame], chosen_on: Mapping[str, bool]) -> pd.DataFrame:
    """Return one row for each space, data set, population and method."""
    parts = []
    for (space, chosen), measured in zip(chosen_on.items(), measures, strict=True):
        taus = measured[measured.name == "kendall_tau"]
        parts.append(taus.assign(space=space, chosen_on=chosen))
    every = pd.concat(parts)
    groups = [*KEYS, "method"]
    whole = every[every.subset == "all"].groupby(groups, sort=False)
    top = every[every.subset == "top"].groupby(groups, sort=False)
    frame = whole.agg(**OVER_SEEDS).rename(columns={"mean": "kendall_tau"})
    frame = frame.join(top.agg(top_kendall_tau=("value", "mean"), top_std=("value", "std")))
    return frame.reset_index()[list(COLUMNS)]


def with_best_count(frame: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each space, data set and population: the predictor and the best count."""
    counts = frame[frame.method.isin(COUNTS)].dropna(subset="kendall_tau")
    best = counts.sort_values("kendall_tau", ascending=False, kind="stable").drop_duplicates(KEYS)
    ours = frame[frame.method == "universal"]
    return ours.merge(best, on=KEYS, suffixes=("", "_count"))


def show(frame: pd.DataFrame) -> list[Block]:
    """Return the rows of a table, first where choices were made, then where none was."""
    blocks: list[Block] = []
    for chosen, title in ((True, "Spaces of the choices"), (False, "Spaces of no choice")):
        part = frame[frame.chosen_on == chosen]
        blocks.append(Shown(_rows(part, "kendall_tau", "std"), f"{title}: all"))
        blocks.append(Shown(_rows(part, "top_kendall_tau", "top_std"), f"{title}: the best tenth"))
    return blocks


def _rows(frame: pd.DataFrame, value: str, std: str) -> list[dict[str, Any]]:
    best = with_best_count(frame).set_index(KEYS)
    rows = []
    for keys, group in frame.groupby(KEYS, sort=False):
        of = group.set_index("method")
        ours, count = of.loc["universal"], best.loc[keys].method_count
        interval = (ours.low, ours.high) if value == "kendall_tau" else None
        row: dict[str, Any] = {
            "space": keys[0].replace("_", " "),
            "task": keys[1].replace("_", " "),
            "architectures": f"{ours.architectures:,}" + (" distinct" if keys[2] != "all" else ""),
            "universal": Number(ours[value], std=ours[std], interval=interval),
            "best count": Number(of.loc[count, value], rest=COUNTS[count]),
        }
        for name in of.index.drop("universal"):
            row[COUNTS.get(name, name.replace("_", " "))] = Number(
                of.loc[name, value], std=of.loc[name, std]
            )
        rows.append(row)
    return rows


def figure(frame: pd.DataFrame) -> Figure:
    """Return the predictor's tau and the best count's, row by row."""
    pairs = with_best_count(frame[frame.population == "all"])
    places = np.arange(len(pairs))[::-1]
    with style.styled():
        drawn = Figure(figsize=(style.WIDE, 1.0 + 0.2 * len(pairs)))
        panel = drawn.subplots()
        colours = {
            "universal": style.FAMILY_COLOURS["predictor"],
            "best count": style.FAMILY_COLOURS["proxy"],
        }
        for name, suffix, shift in (("universal", "", 0.12), ("best count", "_count", -0.12)):
            tau = pairs[f"kendall_tau{suffix}"]
            reach = style.reach(tau, pairs[f"low{suffix}"], pairs[f"high{suffix}"])
            panel.errorbar(
                tau, places + shift, xerr=reach, fmt="o", markersize=3,
                color=colours[name], label=name, linewidth=1,
            )  # fmt: skip
        labels = [
            f"{r.space.replace('_', ' ')}, {r.dataset.replace('_', ' ')}"
            for r in pairs.itertuples()
        ]
        panel.set_yticks(places, labels)
        panel.axvline(0, color=style.BLACK, linewidth=0.5)
        panel.set_xlabel("Kendall tau (higher is better)")
        panel.legend(loc="lower right")
        drawn.tight_layout()
    return drawn
