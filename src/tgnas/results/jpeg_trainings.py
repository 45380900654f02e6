"""Trainings on the same images, lossless and as JPEGs."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from tgnas.results._catalogue import Plan
from tgnas.results._tables import Block, Code, Number, Shown

TITLE = "Trainings on lossless images and on JPEGs"
SECTION = "Short trainings"
MADE_BY = "others"
CAPTION = "One row for each training and copy of the images that it is tested on."
COLUMNS = {
    "architecture": "what was trained",
    "seed": "of split, weights and order",
    "jpegs": "where the JPEGs come from",
    "epochs": "passes over the training images",
    "channels": "C of the network",
    "layers": "cells in each stage",
    "train_images": "how many it learned from",
    "test_images": "how many were held out",
    "trained_on": "`lossless` or `jpeg`",
    "tested_on": "which copy of the held-out images",
    "accuracy": "test accuracy, percent",
    "seconds": "wall time of the training",
}


def inputs(plan: Plan) -> dict[str, Any]:
    """Return what the trainings ended with."""
    return {"parts": plan.config.study_files("jpeg_copies")}


def table(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return one row for each training and copy."""
    return pd.concat(parts)


def show(frame: pd.DataFrame) -> list[Block]:
    """Return the trainings."""
    rows = [
        {
            "architecture": Code(row.architecture),
            "seed": str(row.seed),
            "trained on": row.trained_on,
            "tested on": row.tested_on,
            "accuracy": Number(row.accuracy, ".2f"),
            "seconds": Number(row.seconds, ".1f"),
        }
        for row in frame.itertuples()
    ]
    return [Shown(rows)]
