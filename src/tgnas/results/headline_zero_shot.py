"""Kendall's tau of the methods that README names, on the benchmarks that the weights rank."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from tgnas.results._catalogue import Plan
from tgnas.results._tables import Block, Entry, Shown, mean_of
from tgnas.results.zero_shot import COLUMNS as WHOLE
from tgnas.results.zero_shot import leading, place_name

TITLE = "Kendall's tau of the main methods on twelve benchmarks"
SECTION = "Reported and reproduced"
PAGE = "zero_shot"
CAPTION = """
Kendall's tau of the weights that come with the package, of counting and of stored proxies where
they are known, on one architecture of each live pattern; TransNAS-Bench-101 by validation metric.
"""
MADE_BY = "readme"
COLUMNS = {name: meaning for name, meaning in WHOLE.items() if name != "reported"}


def params(plan: Plan) -> dict[str, Any]:
    """Return the methods."""
    config = plan.config.zero_shot
    return {"methods": list(config.readme or config.headline)}


def inputs() -> dict[str, Any]:
    """Return the whole table."""
    return {"ranked": "<results>/tables/zero_shot.csv"}


def table(ranked: pd.DataFrame, methods: Sequence[str]) -> pd.DataFrame:
    """Return the rows of the methods, on distinct architectures."""
    rows = leading(ranked)
    return rows[rows.method.isin(methods)][list(COLUMNS)]


def show(frame: pd.DataFrame, methods: Sequence[str]) -> list[Block]:
    """Return one row for each title, a column for each benchmark; a proxy has ids of each."""
    places = dict.fromkeys(place_name(row) for row in frame.itertuples())
    taus: dict[str, dict[str, Entry]] = {}
    for method in methods:
        for row in frame[frame.method == method].itertuples():
            taus.setdefault(str(row.title), {})[place_name(row)] = mean_of(row._asdict())
    return [
        Shown(
            [
                {"Kendall tau": title} | {place: of.get(place, "-") for place in places}
                for title, of in taus.items()
            ]
        )
    ]
