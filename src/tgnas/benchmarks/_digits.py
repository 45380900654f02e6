"""Trainings of our own on digits, as they come with the package: a table and its card.

There are two: ``digits_bench``, and ``digits_long``, some of its networks trained for longer
(``_blocks`` reads a third in the same way, of other networks and images). One row for each
architecture; columns are described in docs/digits-bench.md. Accuracies are in percent, one column
for each seed; benchmarks hold their mean.
"""

import hashlib
import json
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from tgnas.benchmarks.base import build_table
from tgnas.errors import CorruptTableError
from tgnas.resources.seals import read_parquet
from tgnas.spaces.space import open_space

DATASET, SPLITS = "digits", ("validation", "test")
FOLDER = resources.files("tgnas") / "data"
BENCH, LONG = "digits_bench", "digits_long"


def read_table(name: str = BENCH) -> pd.DataFrame:
    """Return a table that comes with the package."""
    with resources.as_file(FOLDER / f"{name}.parquet") as path:
        return read_parquet(path).to_pandas()


def read_card(name: str = BENCH) -> dict[str, Any]:
    """Return the card of a table."""
    return json.loads((FOLDER / f"{name}.json").read_text())


def table_digest(name: str = BENCH) -> str:
    """Return the sha256 of a table's file."""
    return hashlib.sha256((FOLDER / f"{name}.parquet").read_bytes()).hexdigest()


def of_seeds(table: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return what every seed's training gave: columns 0, 1, ..."""
    return table.filter(regex=f"^{column}/[0-9]+$").rename(columns=lambda n: n.split("/")[1])


def build_of(space: str, _: Sequence[Path] = (), *, name: str = BENCH) -> pa.Table:
    """Return the part of a table that is of one space, as a benchmark's table.

    Raises:
        CorruptTableError: the table has no architecture of that space.
    """
    whole = read_table(name)
    table, epochs = whole[whole.space == space], read_card(name)["recipe"]["epochs"]
    if table.empty:
        raise CorruptTableError(f"the table of {name} holds no architecture of {space}")
    means: dict[str, np.ndarray] = {}
    for kind in ("accuracy", "loss"):
        for split in SPLITS:
            values = of_seeds(table, f"{split}_{kind}").to_numpy(dtype=np.float64)
            means[f"{kind}/{DATASET}/{split}/{epochs}"] = values.mean(axis=1)
    costs = {
        f"parameters/{DATASET}": table.parameters.to_numpy(dtype=np.int64),
        f"flops/{DATASET}": table.flops.to_numpy(dtype=np.float64) / 1e6,
    }
    strings = table.architecture.tolist()
    opened = open_space(space)
    return build_table(opened, opened.architectures(strings), strings, means | costs)
