"""Does wording change a ranking? Tau of the universal predictor with paraphrased operators."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from tgnas.results._catalogue import Plan
from tgnas.results._tables import Block, Entry, Number, Shown

TITLE = "What wording changes"
SECTION = "Any space"
PAGE = "universal"
MADE_BY = "others"
PLACE = 3
CAPTION = """
Kendall's tau of the shipped universal predictor with the accuracies, where operators are described
as usual and in other words: five sets each, `first` and `second`, committed before any was read.
The reading of descriptions was mended after each had been measured, so that these rows show that
what was found is mended; what each changed before is told beside the table. The predictor has
learned labels of some of these benchmarks: what counts is how far tau moves. Same: the lowest tau
of a ranking with the usual one.
"""
USUAL = "usual"
COLUMNS = {
    "benchmark": "whose architectures are ranked",
    "dataset": "data set of the accuracies",
    "words": "usual, or the file of descriptions",
    "number": "which of its sets",
    "architectures": "how many are ranked",
    "kendall_tau": "with the accuracies",
    "same": "Kendall's tau with the usual ranking",
}


def params(plan: Plan) -> dict[str, Any]:
    """Return the files of descriptions."""
    return {"paraphrases": list(plan.config.study("wording").paraphrases)}


def inputs(plan: Plan) -> dict[str, Any]:
    """Return the rows."""
    return {"parts": plan.config.study_files("wording")}


def table(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return one row for each benchmark and set of descriptions."""
    return pd.concat(parts, ignore_index=True)[list(COLUMNS)]


def show(frame: pd.DataFrame) -> list[Block]:
    """Return a row for each benchmark: the usual tau, and the range of tau in other words."""
    rows: list[dict[str, Entry]] = []
    for benchmark, part in frame.groupby("benchmark", sort=False):
        usual = part[part.words == USUAL].iloc[0]
        row: dict[str, Entry] = {
            "benchmark": str(benchmark).replace("_", " "),
            "architectures": f"{usual.architectures:,}",
            "usual words": Number(usual.kendall_tau),
        }
        for words, of in part[part.words != USUAL].groupby("words", sort=False):
            change = (of.kendall_tau - usual.kendall_tau).abs().max()
            row[f"{words}: largest change"] = Number(change)
            row[f"{words}: same"] = Number(of.same.min())
        rows.append(row)
    return [Shown(rows)]
