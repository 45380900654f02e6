"""Our scores beside those that others stored of the same architectures."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tgnas.benchmarks.base import Benchmark
from tgnas.resources.seals import read_parquet
from tgnas.results._catalogue import Plan
from tgnas.results._tables import UNKNOWN, Block, Entry, Number, Shown, count

TITLE = "Beside the stored values"
SECTION = "Training-free proxies"
PAGE = "proxies"
MADE_BY = "proxies"
CAPTION = """
Spearman's rho between our scores and the values that NAS-Bench-Suite-Zero, FreeREA and NASLib
stored of the same architectures of the sample, the reason where it is low, and Kendall's tau of the
stored values themselves with test accuracy, on all architectures that they are stored for.
"""
COLUMNS = {
    "proxy": "ours",
    "component": "which part of it; empty for its score",
    "source": "who stored it",
    "column": "its name there",
    "spearman_rho": "of ours with the stored one, on the sample",
    "architectures": "how many that is of",
    "required": "what is wanted; empty where no agreement is",
    "reason": "why the ranks differ, where it is known",
    "tau_DATASET": (
        "Kendall's tau-b of the stored values with accuracy, on all architectures they are stored "
        "for"
    ),
    "stored": "how many those are",
}
SAMPLE = "nasbench201_sample"
UNREAD = ("sources",)  # their readers take paths


def params(plan: Plan) -> dict[str, Any]:
    """Return the accuracies that stored values are compared with."""
    return {"labels": plan.samples[SAMPLE]["labels"]}


def inputs(plan: Plan) -> dict[str, Any]:
    """Return the scores of the sample, and the files that others stored."""
    from tgnas.evaluation.agreement import COLUMNS as STORED  # its imports are slow

    return {
        "benchmark": "<benchmark_tables>/nasbench201.arrow",
        "sample": f"<results>/populations/{SAMPLE}.parquet",
        "scores": plan.scores_of_sample(SAMPLE),
        "sources": sorted({f"<resources>/{column.file}" for column in STORED}),
    }


def table(
    benchmark: Benchmark,
    sample: pd.DataFrame,
    scores: Sequence[Path],
    sources: Sequence[Path],
    labels: dict[str, Any],
) -> pd.DataFrame:
    """Return one row per stored column."""
    from tgnas.benchmarks.stored_scores import read_stored  # its imports are slow
    from tgnas.evaluation.agreement import COLUMNS as STORED
    from tgnas.evaluation.agreement import agreement

    files = {path.name: path for path in sources}
    columns = {
        one: read_stored(one.source, one.column, files[Path(one.file).name], benchmark)
        for one in STORED
    }
    tables = {path.stem: read_parquet(path).to_pandas() for path in scores}
    return agreement(benchmark, sample, tables, columns, labels)


def show(frame: pd.DataFrame, labels: dict[str, Any]) -> list[Block]:
    """Return how ours agree with what is stored, with the reason where they do not."""
    rows: list[dict[str, Entry]] = []
    for _, row in frame.fillna({"component": "", "reason": ""}).iterrows():
        rho, required = row["spearman_rho"], row["required"]
        low = np.isfinite(rho) and rho < 0.95
        shown: dict[str, Entry] = {
            "proxy": row["proxy"] + (f", {row['component']}" if row["component"] else ""),
            "stored by": row["source"],
            "as": row["column"],
            "SPR with ours": Number(rho) if np.isfinite(rho) else UNKNOWN,
            "architectures": count(row["architectures"]),
            "wanted": Number(required, ".2f") if np.isfinite(required) else UNKNOWN,
            "why lower": (row["reason"] or "not known") if low else "",
        }
        taus = {f"stored KT {name}": Number(row[f"tau_{name}"]) for name in labels["datasets"]}
        rows.append(shown | taus | {"stored for": count(row["stored"])})
    return [
        Shown(rows),
    ]
