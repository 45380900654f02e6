"""Which of two methods ranks better: paired differences of Kendall's tau with their intervals."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from tgnas.results import _style as style
from tgnas.results._catalogue import Plan
from tgnas.results._tables import Block, Entry, Number, Shown

TITLE = "Which of two methods ranks better"
SECTION = "Reported and reproduced"
PLACE = 1
CAPTION = """
How much higher Kendall's tau of the first method is than that of the second, with the {level:.0%}
interval of {resamples} paired resamples of live patterns and of seeds. An interval without 0 tells
the two apart; what README and docs say of better and worse is one of these rows.
"""
COLUMNS = {
    "benchmark": "whose architectures are ranked",
    "dataset": "data set of the accuracies",
    "population": "`unique`: one architecture for each live pattern; `all`; `common`: those that "
    "every method has a score of",
    "first": "id of a method",
    "second": "id of the method that it is compared with",
    "difference": "mean tau of the first less that of the second",
    "low": "lower end of its bootstrap interval (`ranking.level`)",
    "high": "its upper end",
    "architectures": "how many both are of",
}
POPULATIONS = {"unique": "distinct", "all": "all", "common": "where all have a score"}


def params(plan: Plan) -> dict[str, Any]:
    """Return the pairs of every benchmark, and what tables call the methods."""
    section = plan.config.differences
    return {
        "pairs": {name: [list(pair) for pair in pairs] for name, pairs in section.items()},
        "titles": plan.all_titles,
        "level": plan.config.ranking.level,
        "resamples": plan.config.ranking.resamples,
    }


def inputs(plan: Plan) -> dict[str, Any]:
    """Return measures and resampled taus of every benchmark."""
    return files_of(plan.config.differences)


def files_of(names: Iterable[str]) -> dict[str, list[str]]:
    """Return measures and resampled taus of populations."""
    return {
        "measures": [f"<results>/measures/{name}.csv" for name in names],
        "resampled": [f"<results>/measures/{name}_resampled.parquet" for name in names],
    }


def table(
    measures: Sequence[pd.DataFrame],
    resampled: Sequence[pd.DataFrame],
    pairs: Mapping[str, Sequence[Sequence[str]]],
    level: float,
) -> pd.DataFrame:
    """Return one row for each benchmark, data set, population and pair that was measured."""
    from tgnas.evaluation.differences import differences

    parts = [
        differences(own, taus, [(one, other) for one, other in pairs[name]], level).assign(
            benchmark=name
        )
        for name, own, taus in zip(pairs, measures, resampled, strict=True)
    ]
    return pd.concat(parts, ignore_index=True)[list(COLUMNS)]


def show(frame: pd.DataFrame, titles: Mapping[str, str]) -> list[Block]:
    """Return one table for each benchmark: a row for each pair, distinct architectures first."""
    blocks: list[Block] = []
    order = list(POPULATIONS)
    for benchmark, of_benchmark in frame.groupby("benchmark", sort=False):
        part = of_benchmark
        rows = []
        sizes = part.groupby("population").architectures.max()
        if sizes.get("all") == sizes.get("unique"):  # no two have one live pattern
            part = part[part.population != "all"]
        places = part[["dataset", "population"]].drop_duplicates()
        places = places.sort_values("population", key=lambda p: p.map(order.index), kind="stable")
        for (first, second), pair in part.groupby(["first", "second"], sort=False):
            row: dict[str, Entry] = {
                "first": titles.get(str(first), str(first)),
                "second": titles.get(str(second), str(second)),
            }
            for dataset, population in places.itertuples(index=False):
                here = pair[(pair.dataset == dataset) & (pair.population == population)]
                name = f"{style.dataset_title(dataset)}, {POPULATIONS[population]}"
                row[name] = difference(here.iloc[0]) if len(here) else "-"
            rows.append(row)
        blocks.append(Shown(rows, style.benchmark_name(str(benchmark))))
    return blocks


def difference(row: pd.Series) -> Number:
    """Return a difference with its interval."""
    return Number(row.difference, "+.3f", interval=(row.low, row.high))
