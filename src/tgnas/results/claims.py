"""Every number that was reported beside the one that this run reproduced."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from tgnas.results import _style as style
from tgnas.results._catalogue import REPORTED, Plan
from tgnas.results._tables import Block, Entry, Number, Shown, count

TITLE = "Every reported number"
SECTION = "Reported and reproduced"
CAPTION = """
Every number that was reported beside the one that this run reproduced: the paper's own claims, and
what others measured on public files or published elsewhere. n: architectures of a
ranking, runs of a search. A bar that reaches its end is a difference of 0.1 of a correlation, or of
5 points of accuracy; to the left less was reproduced than reported. Sources stand in
config/reported.csv.
"""
COLUMNS = {
    "table": "which table the number is of",
    "method": "id of the method, or scorer/searcher",
    "dataset": "data set of the accuracies",
    "measure": "what was measured",
    "reported": "the reported number",
    "reproduced": "ours",
    "difference": "reproduced less reported",
    "n": "how many architectures, or runs, it is of",
    "seeds": "how many seeds the mean is of",
    "source": "who reported it, and where",
}
MEASURES = {
    "kendall_tau": "Kendall's tau",
    "spearman_rho": "Spearman's rho",
    "accuracy": "test accuracy (%)",
    "seconds": "seconds of a search",
}
PAPER = "TG-NAS v1"  # how the source of a claim of the paper's own begins
# What fills the bar of a difference; seconds have none.
FULL = {"kendall_tau": 0.1, "spearman_rho": 0.1, "accuracy": 5.0}


def params(plan: Plan) -> dict[str, Any]:
    """Return how tables call the methods."""
    return {"titles": plan.titles()}


def inputs() -> dict[str, Any]:
    """Return the tables that claims are about."""
    ranking = "<results>/tables/ranking_nasbench201.csv"
    return {"ranking": ranking, "search": "<results>/tables/search.csv", "reported": REPORTED}


def table(ranking: pd.DataFrame, search: pd.DataFrame, reported: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each claim of which this run has a number."""
    rows = []
    for claim in reported.itertuples(index=False):
        of = _of_search(claim, search) if claim.table == "search" else _of_ranking(claim, ranking)
        if of is not None:
            value, n, seeds = of
            difference = value - claim.reported
            own = {"reproduced": value, "difference": difference, "n": n, "seeds": seeds}
            rows.append(claim._asdict() | own)
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _of_search(claim: Any, search: pd.DataFrame) -> tuple[float, int, int] | None:
    """Return value, runs and seeds of what a claim is about; None where there is no such row."""
    ours = search[search.runs.notna()]
    rows = ours[ours.scorer + "/" + ours.searcher == claim.method]
    column = "seconds" if claim.measure == "seconds" else f"{claim.dataset} mean"
    if rows.empty or column not in rows:
        return None
    return float(rows[column].iloc[0]), int(rows.runs.iloc[0]), int(rows.seeds.iloc[0])


def _of_ranking(claim: Any, ranking: pd.DataFrame) -> tuple[float, int, int] | None:
    """Return value, architectures and seeds of what a claim is about, or None."""
    rows = ranking[
        (ranking.method == claim.method)
        & (ranking.dataset == claim.dataset)
        & (ranking.population == "all")
        & (ranking.subset == ("top" if claim.measure.endswith("_top") else "all"))
        & (ranking.measure == claim.measure.removesuffix("_top"))
    ]
    if rows.empty:
        return None
    row = rows.iloc[0]
    return float(row["mean"]), int(row.architectures), int(row.seeds)


def show(frame: pd.DataFrame, titles: Mapping[str, str]) -> list[Block]:
    """Return the claims in words, the paper's own first."""
    own = frame.source.str.startswith(PAPER)
    parts = {"Claimed by the paper": frame[own], "Reported or measured by others": frame[~own]}
    return [
        Shown([_row(claim, titles) for claim in part.itertuples(index=False)], heading)
        for heading, part in parts.items()
        if len(part)
    ]


def _row(claim: Any, titles: Mapping[str, str]) -> dict[str, Entry]:
    base = claim.measure.removesuffix("_top")
    scorer, _, searcher = claim.method.partition("/")
    title = titles.get(scorer, scorer)
    form = ".3f" if base in ("kendall_tau", "spearman_rho") else ".2f"
    inside = " inside the true top" if claim.measure.endswith("_top") else ""
    bar = float(np.clip(claim.difference / FULL[base], -1, 1)) if base in FULL else None
    return {
        "what": f"{title}: {searcher.replace('_', ' ')} search" if searcher else title,
        "measure": MEASURES.get(base, base.replace("_", " ")) + inside,
        "data set": "" if pd.isna(claim.dataset) else style.dataset_title(claim.dataset),
        "reported": Number(claim.reported, form),
        "reproduced": Number(claim.reproduced, form),
        "difference": Number(claim.difference, f"+{form}", bar=bar),
        "n": count(claim.n),
        "seeds": count(claim.seeds),
        "source": claim.source,
    }
