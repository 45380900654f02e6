"""What is wrong with recipes of NAS-Bench-NLP, by kind."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tgnas.benchmarks.base import Benchmark
from tgnas.results._tables import Block, Entry, Shown, count

TITLE = "Recipes of NAS-Bench-NLP that failed, by kind"
SECTION = "Any space"
MADE_BY = "others"
PAGE = "sequences"
PLACE = 4
UNREAD = ("recipes",)  # its reader takes a path
CAPTION = """
All 14,322 logs: what is wrong with the recipe itself, as our reader would refuse it, and how its
training ended, as the log says. A recipe whose training failed is read and scored like any other.
"""
COLUMNS = {
    "about": "`recipe`, `training` or `label`",
    "kind": "what is counted",
    "logs": "how many",
    "share": "of all",
}


def inputs() -> dict[str, Any]:
    """Return the logs and the benchmark."""
    return {
        "benchmark": "<benchmark_tables>/nasbench_nlp.arrow",
        "recipes": "<resources>/nasbench_nlp/recipes.parquet",
    }


def table(benchmark: Benchmark, recipes: Path) -> pd.DataFrame:
    """Return one row for each kind."""
    from tgnas.benchmarks.nasbench_nlp import read_recipes  # their imports are slow
    from tgnas.spaces.nasbench_nlp import FAULTS, SPACE, fault_of

    logs = read_recipes(recipes)
    parsed = SPACE.read(logs.recepie.tolist())
    faults = [fault_of(error) for error in parsed.errors.values()]
    rows = [("recipe", kind, faults.count(kind)) for kind in (*FAULTS, "other")]
    distinct = len(parsed.architectures.distinct()[0])
    rows.append(("recipe", "the cell of an earlier log", len(logs) - distinct))
    statuses = logs.status.value_counts()
    rows += [("training", str(status), int(number)) for status, number in statuses.items()]
    loss = benchmark.accuracy(dataset="ptb", split="test", epochs="last")
    rows.append(("label", "a stored loss", int(np.isfinite(loss).sum())))
    frame = pd.DataFrame(rows, columns=["about", "kind", "logs"])
    return frame.assign(share=frame.logs / len(logs))


def show(frame: pd.DataFrame) -> list[Block]:
    """Return the counts."""
    rows: list[dict[str, Entry]] = [
        {
            "about": row.about,
            "kind": row.kind,
            "logs": count(row.logs),
            "share": f"{row.share:.1%}",
        }
        for row in frame.itertuples()
    ]
    return [Shown(rows)]
