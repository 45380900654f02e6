"""What every searcher finds on NAS-Bench-201 by every scorer."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from tgnas.results._catalogue import REPORTED, Plan
from tgnas.results._tables import Block, Entry, Number, Shown, mean_of, runs_of

TITLE = "What every searcher finds"
SECTION = "Search"
CAPTION = """
Test accuracy in percent, mean and standard deviation over runs: of the one architecture that a run
returns, which no label has chosen, and of the one among its {top} best-scored that has the highest
validation accuracy. Only `validation` and the oracles have labels of the target for scores:
`validation` searches among architectures that it trains; an oracle scores by the test accuracy of
the data set that it is named after, which is the ceiling of a searcher and no result. Seconds are a
search's own; those of the predictors include their scoring, all other scores are looked up.
`published` rows are others' numbers.
"""
COLUMNS = {
    "scorer": "who scores; `published` rows are others' numbers",
    "searcher": "a file of tgnas.methods.searchers, or the name of what was published",
    "seeds": "seeds of the scorer",
    "runs": "runs of all seeds together",
    "architecture": "the most frequent incumbent",
    "share": "share of the runs that gave it",
    "queries": "mean number of scored architectures, repeated ones counted again",
    "distinct": "mean number of different ones among them",
    "seconds": "mean wall time of a run; predictors score live, all other scores are looked up",
    "DATASET mean": "mean over runs of the incumbent's test accuracy, percent",
    "DATASET std": "its standard deviation over runs",
    "DATASET top mean": (
        "the same of the one of a run's best-scored (`search.top`) that has the highest validation "
        "accuracy"
    ),
    "DATASET top std": "its standard deviation over runs",
    "reported": "accuracy on the first data set that others reported",
    "difference": "mean on the first data set less reported",
}
PUBLISHED = "published"  # a scorer: others' searches


def params(plan: Plan) -> dict[str, Any]:
    """Return data sets, and among how many validation accuracy chooses."""
    datasets, top = plan.labels()["datasets"], plan.config.search.top
    return {"datasets": datasets, "top": top, "titles": plan.all_titles}


def inputs() -> dict[str, Any]:
    """Return the incumbents of all runs."""
    return {"incumbents": "<results>/tables/incumbents.csv", "reported": REPORTED}


def table(
    incumbents: pd.DataFrame, datasets: Sequence[str], reported: pd.DataFrame
) -> pd.DataFrame:
    """Return one row per scorer and searcher, then one for each search that others published."""
    rows = []
    for (scorer, searcher), runs in incumbents.groupby(["scorer", "searcher"], sort=False):
        counts = runs.architecture.value_counts()
        row: dict[str, Any] = {
            "scorer": scorer,
            "searcher": searcher,
            "seeds": runs.seed.nunique(),
            "runs": len(runs),
            "architecture": counts.index[0],
            "share": counts.iloc[0] / len(runs),
            "queries": runs.queries.mean(),
            "distinct": runs.distinct.mean(),
            "seconds": runs.seconds.mean(),
        }
        for dataset in datasets:
            for column in (dataset, f"{dataset} top"):
                row[f"{column} mean"] = runs[column].mean()
                row[f"{column} std"] = runs[column].std()
        rows.append(row)
    ours = pd.DataFrame(rows)
    claims = reported[(reported.table == "search") & (reported.measure == "accuracy")]
    known = claims[claims.dataset == datasets[0]].set_index("method").reported
    ours["reported"] = (ours.scorer + "/" + ours.searcher).map(known)
    ours["difference"] = ours[f"{datasets[0]} mean"] - ours.reported
    published = claims[claims.method.str.startswith(f"{PUBLISHED}/")].pivot_table(
        "reported", "method", "dataset", sort=False
    )
    others = published.reindex(columns=datasets).add_suffix(" mean").reset_index()
    others[["scorer", "searcher"]] = others.pop("method").str.split("/", n=1, expand=True)
    whole = {"seeds": "Int64", "runs": "Int64"}  # none where others published
    return pd.concat([ours, others], ignore_index=True).astype(whole)


def show(
    frame: pd.DataFrame, datasets: Sequence[str], titles: Mapping[str, str], top: int
) -> list[Block]:
    """Return test accuracy (percent) of the incumbents, queries, seconds."""
    rows = [entries(row, datasets, titles, top) for _, row in frame.iterrows()]
    shown = Shown(rows, marks=[mark(scorer) for scorer in frame.scorer])
    better = {name: 1 for name in shown.columns if name.startswith(tuple(datasets))}
    return [
        Shown(rows, better=better, marks=shown.marks),
    ]


def mark(scorer: str) -> str:
    """Return why a scorer's rows are no results among results, as a word."""
    if scorer.startswith("oracle_"):
        return "oracle"
    return {"validation": "trained", PUBLISHED: "published"}.get(scorer, "")


def entries(
    row: pd.Series, datasets: Sequence[str], titles: Mapping[str, str], top: int | None = None
) -> dict[str, Entry]:
    """Return a row as tables show it, with the best of the top ones where `top` is given."""
    shown: dict[str, Entry] = {
        "scored by": titles.get(row["scorer"], row["scorer"]),
        "searcher": row["searcher"].replace("_", " "),
    }
    known = [name for name in datasets if np.isfinite(row[f"{name} mean"])]
    if row["scorer"] == PUBLISHED:
        return shown | {name: Number(row[f"{name} mean"], ".2f") for name in known}
    shown |= {
        "seeds x runs": runs_of(row),
        "queries (distinct)": Number(row["queries"], ".0f", rest=f"{row['distinct']:.0f}"),
        "seconds": Number(row["seconds"]),
    }
    shown |= {name: mean_of(row, name, 2) for name in datasets}
    if top is not None:
        tops = {f"{name}, best of top {top}": mean_of(row, f"{name} top", 2) for name in datasets}
        shown |= tops
    if np.isfinite(row["reported"]):
        shown[f"reported {datasets[0]}"] = Number(row["reported"], ".2f")
        shown["difference"] = Number(row["difference"], "+.2f")
    return shown
