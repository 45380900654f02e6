"""The files of TransNAS-Bench-101 (Duan et al., CVPR 2021), which both of its spaces share.

NASGraph's CSV files give every metric of a task and no architecture; GenNAS-Zero's JSON files list
architectures with one validation metric. Rows 0..3255 of a CSV file are the macro space and the
last 4,096 the micro one; its authors' JSON names are swapped (``micro_*.json`` lists the macro
space), which ``config/resources.tsv`` puts right. One macro architecture is missing from the JSON
files. Architectures are joined to rows by value, on all seven tasks at once.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd
import pyarrow as pa

from tgnas.benchmarks.base import build_table
from tgnas.costs.layers import count_flops, count_parameters
from tgnas.datasets import dataset_facts
from tgnas.errors import CorruptTableError, are, number_of
from tgnas.spaces.space import Space

# Task -> its metric; higher is better. top1 and mIoU are in percent, ssim (at most 1)
# is structural similarity, and neg_loss is the negative mean squared error.
METRICS = MappingProxyType(
    {
        "class_scene": "top1",
        "class_object": "top1",
        "jigsaw": "top1",
        "room_layout": "neg_loss",
        "segmentsemantic": "mIoU",
        "normal": "ssim",
        "autoencoder": "ssim",
    }
)
# Each task's own number of epochs: 25 of scene, object and room, 10 of jigsaw, 30 of the others
# (configs/train_from_scratch in yawen-d/TransNASBench).
EPOCHS = "full"
SPLITS = MappingProxyType({"validation": "valid", "test": "test"})
COUNTED = ("class_scene", "class_object", "room_layout")  # tasks that end in a linear layer
MACRO, MICRO = 3256, 4096  # rows of the CSV files, in this order


def sources(kind: str) -> tuple[str, ...]:
    """Return the files of one space: the CSV file of each task, then the JSON file of each."""
    tables = [f"transnas/{task}.csv" for task in METRICS]
    return (*tables, *(f"transnas/{kind}_{task}.json" for task in METRICS))


def table_of(space: Space, files: Sequence[Path], rows: slice) -> pa.Table:
    """Return a space's table of the files of ``sources``, in the order of the CSV files.

    Args:
        space: whose architectures they are.
        files: the CSV and JSON files.
        rows: those of the space in the CSV files.

    Raises:
        CorruptTableError: files disagree on the architectures, or a value on its row.
    """
    values, listed = files[: len(METRICS)], files[len(METRICS) :]
    tables = [_rows(path).iloc[rows] for path in values]
    named = [json.loads(path.read_text()) for path in listed]
    for path, pairs in zip(listed, named, strict=True):
        if [name for name, _ in pairs] != [name for name, _ in named[0]]:
            raise CorruptTableError(f"{path} lists other architectures than {listed[0]}")
    stored = np.array(
        [t[f"valid_{metric}"] for t, metric in zip(tables, METRICS.values(), strict=True)]
    )
    strings = in_rows(
        space,
        [name for name, _ in named[0]],
        np.array([[value for _, value in pairs] for pairs in named]),
        stored,
        str(listed[0].parent),
    )
    architectures = space.architectures(strings)
    columns = {}
    for (task, metric), table in zip(METRICS.items(), tables, strict=True):
        for split, prefix in SPLITS.items():
            columns[f"accuracy/{task}/{split}/{EPOCHS}"] = table[f"{prefix}_{metric}"].to_numpy()
    for task in COUNTED:
        facts = dataset_facts(task)
        columns[f"parameters/{task}"] = count_parameters(architectures, facts.classes)
        columns[f"flops/{task}"] = count_flops(architectures, facts.classes, facts.image_size)
    return build_table(space, architectures, strings, columns)


def in_rows(
    space: Space, names: Sequence[str], values: np.ndarray, stored: np.ndarray, where: str
) -> list[str]:
    """Return the architecture of each of N rows, of which the names may lack one.

    Args:
        space: it has N architectures.
        names: N of them, or all but one, in the order of the rows.
        values: of T tasks, shape (T, names).
        stored: of the rows, shape (T, N).
        where: the names' folder, for messages.

    Raises:
        CorruptTableError: the names are not N or N - 1 different architectures of the space, a
            value is not that of its row, or the row of the missing architecture cannot be told.
    """
    everything = space.format(space.enumerate())
    missing = sorted(set(everything) - set(names))
    strange = sorted(set(names) - set(everything))
    complete = len(names) + len(missing) == len(everything) == stored.shape[1]
    if strange or not complete or len(missing) > 1:
        raise CorruptTableError(
            f"{where}: the files list {number_of(len(names), 'architecture')} for "
            f"{number_of(stored.shape[1], 'row')}; of {space.name} {len(missing):,} "
            f"{are(len(missing))} missing, and {len(strange):,} {are(len(strange))} none of it"
        )
    if not missing:
        wrong = np.argwhere((values != stored).T)
        if len(wrong):
            row, task = wrong[0]
            raise CorruptTableError(
                f"{where}: {list(METRICS)[task]} of {names[row]} is {values[task, row]}, and "
                f"{stored[task, row]} in row {row}"
            )
        return list(names)
    # Rows before the missing one agree as they stand, rows behind it moved by one.
    front = np.cumprod((values == stored[:, :-1]).all(axis=0))
    behind = np.cumprod((values == stored[:, 1:]).all(axis=0)[::-1])[::-1]
    fits = np.append(1, front) * np.append(behind, 1)
    places = np.flatnonzero(fits)
    if len(places) != 1:
        raise CorruptTableError(
            f"{where}: {missing[0]} is missing, and {len(places)} rows could be its; allowed is 1"
        )
    place = int(places[0])
    return [*names[:place], missing[0], *names[place:]]


def _rows(path: Path) -> pd.DataFrame:
    table = pd.read_csv(path)
    if table.get("file_id", pd.Series()).tolist() != list(range(MACRO + MICRO)):
        raise CorruptTableError(f"{path} has not {MACRO + MICRO} numbered rows")
    return table
