"""The architectures of NAS-Bench-201 in little space, for the page's table of them."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.stats import rankdata

from tgnas.benchmarks.base import Benchmark
from tgnas.operators import NAMES
from tgnas.results._style import dataset_title
from tgnas.spaces.nasbench201 import EDGES, SPACE

# How the page calls an operator: at an edge, and in a square.
SHOWN = {
    "zero": ("none", "\N{MIDDLE DOT}"),
    "identity": ("skip", "s"),
    "conv_1x1": ("conv 1\N{MULTIPLICATION SIGN}1", "1"),
    "conv_3x3": ("conv 3\N{MULTIPLICATION SIGN}3", "3"),
    "avg_pool_3x3": ("avg pool", "p"),
}


@dataclass(frozen=True, slots=True)
class Scored:
    """One method's scores.

    Attributes:
        title: how tables call it.
        family: as in the sheet of experiments.
        first: whether its ranks are a column from the beginning.
        scores: one row for each seed; higher is better.
    """

    title: str
    family: str
    first: bool
    scores: Float[np.ndarray, "S N"]


def pack_architectures(
    benchmark: Benchmark, label: Mapping[str, Any], methods: Sequence[Scored]
) -> dict[str, Any]:
    """Return what the page shows of every architecture, ready for JSON.

    Keys: count; operators (the benchmark's name, title, letter); edges; choices (a digit for each
    edge of each architecture, an index of operators); measured (for each data set: title, values
    in hundredths of a percent); parameters; methods (title, family, first, seeds, and ranks: the
    mean over seeds of the rank among all architectures, 1 for the highest score). Columns of
    numbers are base64 of little-endian unsigned integers, 0 for what is unknown.

    Args:
        benchmark: NAS-Bench-201.
        label: datasets, split and epochs of the accuracies.
        methods: in the order of the columns.
    """
    choices = SPACE.choices_of(benchmark.architectures)
    split, epochs = label["split"], label["epochs"]
    measured = [
        {
            "title": dataset_title(dataset),
            "values": _column(
                100 * benchmark.accuracy(dataset=dataset, split=split, epochs=epochs), "<u2"
            ),
        }
        for dataset in label["datasets"]
    ]
    first = label["datasets"][0]
    return {
        "count": len(benchmark),
        "operators": [
            {"name": name, "title": SHOWN[NAMES[code]][0], "letter": SHOWN[NAMES[code]][1]}
            for name, code in SPACE.operators.items()
        ],
        "edges": [list(edge) for edge in EDGES],
        "choices": "".join(map(str, choices.ravel())),
        "measured": measured,
        "parameters": _column(benchmark.cost("parameters", dataset=first), "<u4"),
        "methods": [
            {
                "title": method.title,
                "family": method.family,
                "first": method.first,
                "seeds": len(method.scores),
                "ranks": _column(mean_ranks(method.scores), "<u2"),
            }
            for method in methods
        ],
    }


def mean_ranks(scores: Float[np.ndarray, "S N"]) -> Float[np.ndarray, " N"]:
    """Return the rank of every architecture, 1 for the highest score, as the mean over seeds.

    Equal scores share the mean of their ranks. A score that is not known has no rank: NaN.
    """
    return rankdata(-scores, axis=1, nan_policy="omit").mean(axis=0)


def _column(values: np.ndarray, kind: str) -> str:
    """Return rounded numbers as base64 of little-endian integers; 0 stands for NaN."""
    whole = np.rint(np.nan_to_num(np.asarray(values, dtype=np.float64))).astype(kind)
    return base64.b64encode(whole.tobytes()).decode()
