"""What searches find by the scorers that the config's headline names: one searcher of each."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from tgnas.results._catalogue import Plan
from tgnas.results._tables import Block, Shown
from tgnas.results.search import entries, mark

TITLE = "What searches find"
SECTION = "Reported and reproduced"
CAPTION = """
Test accuracy in percent of the one architecture that a search returns: by {searcher} where it was
run, else by the scorer's only searcher.
"""
MADE_BY = "readme"
COLUMNS = {
    "scorer": "who scores; `published` rows are others' numbers",
    "searcher": "a file of tgnas.methods.searchers, or the name of what was published",
    "seeds": "seeds of the scorer",
    "runs": "runs of all seeds together",
    "queries": "mean number of scored architectures, repeated ones counted again",
    "distinct": "mean number of different ones among them",
    "seconds": "mean wall time of a run",
    "DATASET mean": "mean over runs of the incumbent's test accuracy, percent",
    "DATASET std": "its standard deviation over runs",
    "reported": "accuracy on the first data set that others reported",
    "difference": "mean on the first data set less reported",
}


def params(plan: Plan) -> dict[str, Any]:
    """Return scorers, searcher and data sets."""
    names = plan.config.headline
    return {
        "scorers": list(names.scorers),
        "searcher": names.searcher,
        "datasets": plan.labels()["datasets"],
        "titles": plan.all_titles,
    }


def inputs() -> dict[str, Any]:
    """Return the table of searches."""
    return {"search": "<results>/tables/search.csv"}


def table(
    search: pd.DataFrame, scorers: Sequence[str], searcher: str, datasets: Sequence[str]
) -> pd.DataFrame:
    """Return the rows of one searcher for each scorer: the named one, else all that it has."""
    kept = search[search.scorer.isin(scorers)]
    named = kept.groupby("scorer", sort=False).searcher.transform(
        lambda all_: searcher in set(all_)
    )
    kept = kept[~named | (kept.searcher == searcher)]
    own = [f"{name} {part}" for name in datasets for part in ("mean", "std")]
    first = ["scorer", "searcher", "seeds", "runs", "queries", "distinct", "seconds"]
    return kept[[*first, *own, "reported", "difference"]]


def show(frame: pd.DataFrame, datasets: Sequence[str], titles: Mapping[str, str]) -> list[Block]:
    """Return one row for each scorer."""
    rows = [entries(row, datasets, titles) for _, row in frame.iterrows()]
    return [Shown(rows, marks=[mark(scorer) for scorer in frame.scorer])]
