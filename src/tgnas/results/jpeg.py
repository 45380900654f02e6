"""What training on JPEGs costs: the same cells on the same images, lossless and not."""

from typing import Any

import pandas as pd

from tgnas.results import jpeg_trainings
from tgnas.results._catalogue import Plan
from tgnas.results._tables import Block, Number, Shown, facts

TITLE = "What training on JPEGs costs"
SECTION = "Short trainings"
PLACE = 1
CAPTION = """
The same cells trained on the same images twice, without loss and as JPEGs: mean test accuracy with
its standard deviation over cells and seeds, and what is lost against lossless images, pair by pair
(mean, standard deviation, least, most). Held-out images of the 4,000 that are at hand without loss.
A few short trainings cannot show what JPEGs cost at full training: 3 to 4 points
(docs/final-training.md).
"""
FACTS = ("epochs", "channels", "layers", "train_images", "test_images", "jpegs")
NUMBERS = {
    "accuracy": "mean test accuracy, percent",
    "accuracy_std": "standard deviation over the pairs",
    "lost": "mean of what is lost against lossless images, percentage points",
    "lost_std": "standard deviation of that over the pairs",
    "lost_min": "the least that a pair lost",
    "lost_max": "the most that a pair lost",
}
COLUMNS = {
    "trained_on": "`lossless` or `jpeg`",
    "tested_on": "which copy of the held-out images",
    "pairs": "cells times seeds",
    **NUMBERS,
    **{name: jpeg_trainings.COLUMNS[name] for name in FACTS},
}


def params(plan: Plan) -> dict[str, Any]:
    """Return how many cells and seeds there are."""
    copies = plan.config.study("jpeg_copies")
    return {"cells": len(copies.cells), "seeds": copies.seeds}


def inputs() -> dict[str, Any]:
    """Return the trainings."""
    return {"trainings": "<results>/tables/jpeg_trainings.csv"}


def table(trainings: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each pair of copies, trained and tested on."""
    from tgnas.evaluation.short_trainings import common, cost_of_jpegs  # their imports are slow

    shared = common(trainings.to_dict("records"), FACTS)
    return cost_of_jpegs(trainings).assign(**shared)


def show(frame: pd.DataFrame, cells: int, seeds: int) -> list[Block]:
    """Return what the trainings have in common, then what JPEGs cost."""
    shared = {name: frame[name].iloc[0] for name in FACTS} | {"cells": cells, "seeds": seeds}
    rows = [
        {
            "trained_on": row.trained_on,
            "tested_on": row.tested_on,
            "pairs": str(row.pairs),
            **{name: Number(row[name], ".2f") for name in NUMBERS},
        }
        for _, row in frame.iterrows()
    ]
    return [facts(shared), Shown(rows)]
