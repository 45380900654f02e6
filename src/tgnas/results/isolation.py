"""What each part of our network is worth on NAS-Bench-201: one part more in each row."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tgnas.results import _style as style
from tgnas.results._catalogue import Plan
from tgnas.results._tables import Block, Entry, Number, Shown, mean_of

TITLE = "What each part of our network is worth"
SECTION = "Ablations"
PLACE = 1
CAPTION = """
Kendall's tau on NAS-Bench-201 with one part more in each row, trained with the full settings of
each: mean ± standard deviation over {seeds:seed} (difference to the row that is named, with the
{level:.0%} interval of {resamples} paired resamples of live patterns and of seeds). Dead cells
last: architectures that connect nothing to their output score lowest, which needs no label.
"""
COLUMNS = {
    "method": "id of the predictor",
    "title": "the part that is added",
    "than": "the row that it is added to",
    "dataset": "data set of the accuracies",
    "population": "`unique`: one architecture for each live pattern; `all` architectures",
    "mean": "mean over seeds of Kendall's tau",
    "std": "its standard deviation over seeds",
    "low": "lower end of the bootstrap interval",
    "high": "its upper end",
    "difference": "to the mean of the row that it is added to",
    "difference_low": "lower end of its interval",
    "difference_high": "its upper end",
    "architectures": "how many are ranked",
}
DEAD = "+ dead cells last"


def params(plan: Plan) -> dict[str, Any]:
    """Return the steps with their titles, and how the ranking is measured."""
    return {
        "steps": dict(plan.config.isolation.steps),
        "ranking": plan.ranking(),
        "seeds": plan.config.seeds,
        "level": plan.config.ranking.level,
        "resamples": plan.config.ranking.resamples,
    }


def inputs(plan: Plan) -> dict[str, Any]:
    """Return the benchmark and the scores of every step's predictor."""
    return {
        "benchmark": "<benchmark_tables>/nasbench201.arrow",
        "scores": [
            f"<results>/scores/nasbench201/{name}.parquet" for name in params(plan)["steps"]
        ],
    }


def rows_of(steps: Mapping[str, str]) -> Iterator[tuple[str, str, bool, str]]:
    """Yield predictor, title, whether dead cells are last, and the title of the row before."""
    names, titles = list(steps), list(steps.values())
    yield names[0], titles[0], False, ""
    yield names[0], f"{titles[0]} {DEAD}", True, titles[0]
    for place in range(1, len(names)):
        yield names[place], titles[place], False, titles[place - 1]
    yield names[-1], DEAD, True, titles[-1]


def table(
    benchmark: Any, scores: Sequence[Path], steps: Mapping[str, str], ranking: Mapping[str, Any]
) -> pd.DataFrame:
    """Return one row for each step, data set and population."""
    from tgnas.evaluation.comparison import subsets_of
    from tgnas.evaluation.differences import connects_nothing, dead_last, taus_of
    from tgnas.scoring.tables import read_scores

    subsets, dead = subsets_of(benchmark, {}, whole=True), connects_nothing(benchmark)
    subsets = {name: subsets[name] for name in ("unique", "all")}
    known = {name: read_scores(path, benchmark) for name, path in zip(steps, scores, strict=True)}
    by_title: dict[str, Any] = {}
    rows = []
    for name, title, last, than in rows_of(steps):
        values = dead_last(known[name], dead) if last else known[name]
        by_title[title] = taus_of(benchmark, values, subsets, dict(ranking))
        for (dataset, population), taus in by_title[title].items():
            row: dict[str, Any] = {"method": name, "title": title, "than": than, "dataset": dataset}
            row |= {"population": population} | taus.row(ranking["level"])
            if than:
                row |= taus.less(by_title[than][dataset, population], ranking["level"])
            rows.append(row | {"architectures": len(subsets[population])})
    return pd.DataFrame(rows).reindex(columns=list(COLUMNS))


def show(frame: pd.DataFrame) -> list[Block]:
    """Return one table for each population, distinct architectures first."""
    blocks: list[Block] = []
    for population, heading in (("unique", "Distinct architectures"), ("all", "All architectures")):
        part = frame[frame.population == population]
        rows = []
        for title, step in part.groupby("title", sort=False):
            than = step.than.fillna("").iloc[0]
            row: dict[str, Entry] = {"part": str(title), "added to": than or "-"}
            for of in step.itertuples():
                row[f"KT {style.dataset_title(of.dataset)}"] = with_difference(of)
            rows.append(row)
        blocks.append(Shown(rows, f"{heading} ({part.architectures.max():,})"))
    return blocks


def with_difference(row: Any) -> Number:
    """Return a mean with its spread, and behind it the difference with its interval."""
    if not np.isfinite(row.difference):
        return mean_of(row._asdict())
    ends = (row.difference_low, row.difference_high)
    gained = Number(row.difference, "+.3f", interval=ends)
    return Number(row.mean, ".3f", row.std, rest=str(gained))
