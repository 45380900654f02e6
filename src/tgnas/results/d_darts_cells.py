"""Cells of D-DARTS with parameters of their own beside shared ones, at equal parameters."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from tgnas.results._catalogue import Plan
from tgnas.results._tables import Block, Code, Entry, Number, Shown, count
from tgnas.studies.d_darts_cells import OWN, SHARED

STUDY = "d_darts_cells"
TITLE = "D-DARTS: cells of their own at equal parameters"
SECTION = "Weight sharing"
PAGE = "supernets"
MADE_BY = "others"
PLACE = 3
CAPTION = """
What D-DARTS derives of the NAS-Bench-201 supernet of {supernet} cell a stage, a cell for each place
(own) or one for all (shared), trained alone on digits for {epochs:epoch} at the width that brings
the network closest to {parameters} parameters. Accuracy in percent on test images, of
{trainings:training} of each of {seeds:search}, mean and standard deviation over searches; "own -
shared": the difference of the searches with the same seed, likewise. In networks with more cells a
stage the derived ones are repeated.
"""
TITLES = {OWN: "own", SHARED: "shared"}
COLUMNS = {
    "kind": "own: parameters for each cell; shared: the same for all",
    "seed": "of the search",
    "layers": "cells of each stage of the trained network",
    "cells": "what was derived, the different cells in the order of the stages",
    "channels": "C of the trained network",
    "parameters": "of the trained network",
    "validation": "accuracy on validation images, percent, mean over trainings",
    "test": "accuracy on test images, percent, mean over trainings",
    "seconds": "of the search, wall time on one core",
}


def params(plan: Plan) -> dict[str, Any]:
    """Return what was searched and trained."""
    study = plan.config.study(STUDY)
    return {
        "supernet": study.search.get("layers", 8),
        "epochs": study.change.get("epochs", 6),
        "parameters": f"{study.parameters:,}",
        "trainings": study.trainings,
        "seeds": study.seeds,
    }


def inputs(plan: Plan) -> dict[str, Any]:
    """Return the rows of every search."""
    return {"searches": plan.config.study_files(STUDY)}


def table(searches: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return one row for each search and depth, its accuracies the means over trainings."""
    key = [name for name in COLUMNS if name not in ("validation", "test")]
    every = pd.concat(searches, ignore_index=True)
    means = every.groupby(key, sort=False, as_index=False)[["validation", "test"]].mean()
    return means[list(COLUMNS)]


def show(frame: pd.DataFrame) -> list[Block]:
    """Return the accuracies of each depth, then what was derived."""
    rows: list[dict[str, Entry]] = []
    for layers, part in frame.groupby("layers"):
        test = part.pivot(index="seed", columns="kind", values="test")
        row: dict[str, Entry] = {"cells a stage": str(layers)}
        for kind, title in TITLES.items():
            row[title] = _spread(test[kind])
            row[f"#params, {title}"] = count(part[part.kind == kind].parameters.mean())
        row["own - shared"] = _spread(test[OWN] - test[SHARED])
        rows.append(row)
    first = frame[frame.layers == frame.layers.min()]
    derived: list[dict[str, Entry]] = [
        {"cells": TITLES[row.kind], "seed": str(row.seed), "derived": Code(row.cells)}
        for row in first.itertuples()
    ]
    return [Shown(rows), Shown(derived)]


def _spread(values: pd.Series) -> Number:
    return Number(float(values.mean()), ".2f", std=float(values.std()))
