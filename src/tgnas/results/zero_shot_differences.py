"""What the weights of the package add to counting: paired differences on twelve benchmarks."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from tgnas.results import differences as of_pairs
from tgnas.results._catalogue import Plan
from tgnas.results._tables import Block, Entry, Shown
from tgnas.results.zero_shot import params as params_of_ranking
from tgnas.results.zero_shot import place_name

TITLE = "What the weights of the package add to counting"
SECTION = "Reported and reproduced"
PAGE = "zero_shot"
PLACE = 2
CAPTION = """
How much higher Kendall's tau of one method is than that of another, with the {level:.0%} interval
of {resamples} paired resamples of live patterns; an interval without 0 tells the two apart. Of a
sample, whose cells are distinct, there is one population.
"""
COLUMNS = {
    "benchmark": "whose architectures are ranked",
    "dataset": "data set, or task, of the accuracies",
    "split": "split of the accuracies",
}
COLUMNS |= {name: meaning for name, meaning in of_pairs.COLUMNS.items() if name not in COLUMNS}


def params(plan: Plan) -> dict[str, Any]:
    """Return the pairs, what tables call the methods, and where they are measured."""
    own = params_of_ranking(plan)
    return {
        "pairs": [list(pair) for pair in plan.config.zero_shot.differences],
        "ranked": own["ranked"],
        "titles": own["titles"],
        "level": plan.config.ranking.level,
        "resamples": plan.config.ranking.resamples,
    }


def inputs(plan: Plan) -> dict[str, Any]:
    """Return measures and resampled taus of every benchmark and split."""
    return of_pairs.files_of(params_of_ranking(plan)["ranked"])


def table(
    measures: Sequence[pd.DataFrame],
    resampled: Sequence[pd.DataFrame],
    ranked: Mapping[str, Any],
    pairs: Sequence[Sequence[str]],
    level: float,
) -> pd.DataFrame:
    """Return one row for each benchmark, data set, split, population and pair that was measured."""
    from tgnas.evaluation.differences import differences

    parts = [
        differences(own, taus, [(one, other) for one, other in pairs], level).assign(
            benchmark=about["benchmark"], split=about["split"]
        )
        for own, taus, about in zip(measures, resampled, ranked.values(), strict=True)
    ]
    return pd.concat(parts, ignore_index=True)[list(COLUMNS)]


def show(frame: pd.DataFrame, titles: Mapping[str, str]) -> list[Block]:
    """Return a table for each population: a row for each benchmark, a column for each pair."""
    distinct = frame.groupby("benchmark").population.transform(lambda of: "unique" in set(of))
    parts = {
        "One architecture of each live pattern": frame[
            frame.population == np.where(distinct, "unique", "all")
        ],
        "All architectures": frame[distinct & (frame.population == "all")],
    }
    return [_shown(part, titles, title) for title, part in parts.items() if len(part)]


def _shown(part: pd.DataFrame, titles: Mapping[str, str], title: str) -> Shown:
    rows = []
    for _, of_place in part.groupby(["benchmark", "dataset", "split"], sort=False):
        first = of_place.iloc[0]
        row: dict[str, Entry] = {"benchmark": f"{place_name(first)}, {first.split}"}
        for _, of in of_place.iterrows():
            pair = f"{titles[str(of['first'])]}, less {titles[str(of['second'])]}"
            row[pair] = of_pairs.difference(of)
        rows.append(row)
    return Shown(rows, title)
