"""What the universal predictor adds to each count: paired differences, space by space."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from tgnas.encodings.counts import COUNTS
from tgnas.results import universal
from tgnas.results._catalogue import Plan
from tgnas.results._tables import Block, Entry, Number, Shown

TITLE = "The universal predictor less a count"
SECTION = "Any space"
PAGE = "universal"
MADE_BY = "others"
PLACE = 1
CAPTION = """
How much higher Kendall's tau of the universal predictor, mean over {seeds:seed}, is than that of a
count, or of the same predictor without what it has learned of zero-cost proxies (labels alone),
with {level:.0%} intervals of {resamples} resamples of live patterns, the same for both, and
of the predictor's seeds. An interval that holds 0 decides nothing (open). Three counts are fixed in
advance; the best count of a row is chosen by that very row's labels, which no one knows beforehand,
so that its differences are too low. The first rows say of how many rows the predictor is higher and
lower.
"""
FIXED = ("flops", "params", "effective_params", universal.ALONE)
BEST = "best"
COLUMNS = {
    **{name: universal.COLUMNS[name] for name in universal.KEYS},
    "less": f"what is subtracted: {', '.join(FIXED)}, or the row's best count ({BEST})",
    "count": f"that count, or {universal.ALONE}",
    "difference": "mean tau of the universal predictor less that one",
    "low": "lower end of its bootstrap interval (`ranking.level`)",
    "high": "its upper end",
    "verdict": "higher, lower, or open where the interval holds 0",
}


def params(plan: Plan) -> dict[str, Any]:
    """Return what the table of taus is made with, and the level of the intervals."""
    return universal.params(plan) | {"level": plan.config.ranking.level}


def inputs(plan: Plan) -> dict[str, Any]:
    """Return measures and resampled taus of every space."""
    measures = universal.inputs(plan)["measures"]
    resampled = [path.replace(".csv", "_resampled.parquet") for path in measures]
    return {"measures": measures, "resampled": resampled}


def table(
    measures: Sequence[pd.DataFrame],
    resampled: Sequence[pd.DataFrame],
    chosen_on: Mapping[str, bool],
    level: float,
) -> pd.DataFrame:
    """Return one row for each space, data set, population and count."""
    from tgnas.evaluation.differences import differences

    best = universal.with_best_count(universal.table(measures, chosen_on))
    parts = []
    for (space, chosen), own, taus in zip(chosen_on.items(), measures, resampled, strict=True):
        pairs = [("universal", other) for other in (*COUNTS, universal.ALONE)]
        compared = differences(own, taus, pairs, level).assign(space=space, chosen_on=chosen)
        named = best[best.space == space].set_index(["dataset", "population"]).method_count
        places = zip(compared.dataset, compared.population, strict=True)
        compared["count"] = compared["second"]
        leads = compared["count"].to_numpy() == [named.loc[place] for place in places]
        fixed = compared[compared["count"].isin(FIXED)]
        parts += [fixed.assign(less=fixed["count"]), compared[leads].assign(less=BEST)]
    frame = pd.concat(parts, ignore_index=True)
    frame["verdict"] = np.select([frame.low > 0, frame.high < 0], ["higher", "lower"], "open")
    return frame[list(COLUMNS)]


def show(frame: pd.DataFrame) -> list[Block]:
    """Return how often the predictor is higher, and a row for each space, task and population."""
    blocks: list[Block] = []
    for chosen, title in ((True, "Spaces of the choices"), (False, "Spaces of no choice")):
        part = frame[frame.chosen_on == chosen]
        blocks.append(Shown(_counted(part), f"{title}: higher, open, lower"))
        blocks.append(Shown(_rows(part), f"{title}: differences"))
    return blocks


def _title(less: str) -> str:
    return {BEST: "best count", universal.ALONE: "labels alone"}.get(less) or COUNTS[less]


def _counted(frame: pd.DataFrame) -> list[dict[str, Entry]]:
    """Return a row for each space: of how many of its rows the predictor is higher, open, lower."""
    rows = []
    for space, part in frame.groupby("space", sort=False):
        row: dict[str, Entry] = {"space": str(space).replace("_", " ")}
        for less in (BEST, *FIXED):
            verdicts = part[part.less == less].verdict
            if len(verdicts):
                counts = [int((verdicts == word).sum()) for word in ("higher", "open", "lower")]
                row[f"less {_title(less)}"] = " / ".join(map(str, counts))
        rows.append(row)
    return rows


def _rows(frame: pd.DataFrame) -> list[dict[str, Entry]]:
    rows = []
    for keys, part in frame.groupby(["space", "dataset", "population"], sort=False):
        space, task = (str(key).replace("_", " ") for key in keys[:2])
        row: dict[str, Entry] = {
            "space": space,
            "task": task + (" (distinct)" if keys[2] != "all" else ""),
        }
        of_count = part.set_index("less")
        row["best count"] = COUNTS[of_count.loc[BEST, "count"]]
        for less in (BEST, *FIXED):
            if less in of_count.index:
                of = of_count.loc[less]
                interval = (of.low, of.high)
                row[f"less {_title(less)}"] = Number(of.difference, "+.3f", interval=interval)
        rows.append(row)
    return rows
