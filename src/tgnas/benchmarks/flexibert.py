"""FlexiBERT: 500 transformer encoders that Serianni and Kalita (ACL 2023) trained and scored.

``BERT_benchmark.json`` holds each encoder's hyperparameters and its scores on the eight tasks of
GLUE after 100,000 steps of pre-training; which split of GLUE is not stated, and the column says so.
``BERT_results_activation.csv`` holds 15 training-free metrics of each, ``proxy/NAME``.

All metrics were taken of networks of hidden size 256 with feed-forward networks of 1,024 units: the
code that took them reads neither from the architecture. The stored numbers of parameters prove it,
which are exactly those; ``parameters/glue`` are those of the architecture's own sizes.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from tgnas.benchmarks.base import build_table
from tgnas.costs.layers import count_parameters
from tgnas.costs.tokens import parameters_on_tokens
from tgnas.errors import CorruptTableError
from tgnas.spaces.flexibert import SPACE

SOURCES = ("flexibert/trained.json", "flexibert/metrics.csv")
TASKS = ("cola", "mnli", "mrpc", "qnli", "qqp", "rte", "sst", "sts")
GLUE = "accuracy/glue/unstated/last"
# How the metrics' file calls a metric -> how columns do.
METRIC_NAMES = {
    "Synaptic Diversity": "synaptic_diversity",
    "Synaptic Saliency": "synaptic_saliency",
    "Activation Distance": "activation_distance",
    "Jacobian Score": "jacobian_covariance",
    "Jacobian Score Normalized": "jacobian_cosine",
    "Head Importance": "head_importance",
    "Head Confidence": "head_confidence",
    "Head Softmax Confidence": "head_softmax_confidence",
    "Number of Parameters": "params_of_fixed_size",
}
_NORMALISED = {
    f"{name} Normalized": f"{column}_normalised"
    for name, column in METRIC_NAMES.items()
    if name not in ("Jacobian Score", "Jacobian Score Normalized", "Number of Parameters")
}


def build(sources: Sequence[Path]) -> pa.Table:
    """Return the benchmark's table, in the order of the files.

    Raises:
        CorruptTableError: a file is another one, or contradicts the other.
    """
    trained, metrics = (Path(source) for source in sources)
    try:
        runs = json.loads(trained.read_text())
        members = [_member(run["hparams"]["model_hparam_overrides"]) for run in runs]
        ids = [run["id"] for run in runs]
        scores = pd.DataFrame([run["scores"] for run in runs]).astype(float)
    except (ValueError, LookupError, TypeError) as error:
        raise CorruptTableError(f"{trained} is no file of trainings: {error}") from error
    stored = read_metrics(metrics)
    architectures = SPACE.architectures(members)
    same = {
        "number": stored["ID"].to_numpy() == ids,
        "GLUE score": np.isclose(stored["GLUE Score"], scores["glue"]),
        "mean of the tasks": np.isclose(scores[list(TASKS)].mean(axis=1), scores["glue"]),
        "number of parameters": stored["params_of_fixed_size"]
        == parameters_on_tokens(architectures, fixed=True),
    }
    for what, agrees in same.items():
        if not np.all(agrees):
            row = int(np.flatnonzero(~np.asarray(agrees))[0])
            raise CorruptTableError(f"{metrics}: row {row} has another {what} than {trained}")
    columns = {GLUE: scores["glue"].to_numpy()}
    columns |= {f"accuracy/{task}/unstated/last": scores[task].to_numpy() for task in TASKS}
    columns["parameters/glue"] = count_parameters(architectures)
    named = [*METRIC_NAMES.values(), *_NORMALISED.values()]
    columns |= {f"proxy/{name}": stored[name].to_numpy(dtype=np.float64) for name in named}
    return build_table(SPACE, architectures, SPACE.format(architectures), columns)


def read_metrics(path: Path) -> pd.DataFrame:
    """Return the metrics, one row for each encoder.

    Raises:
        CorruptTableError: it is no such file.
    """
    try:
        table = pd.read_csv(path)
        return table.rename(columns=METRIC_NAMES | _NORMALISED)[
            ["ID", "GLUE Score", *METRIC_NAMES.values(), *_NORMALISED.values()]
        ]
    except (ValueError, LookupError, OSError) as error:
        raise CorruptTableError(f"{path} is no file of metrics: {error}") from error


def _member(entry: Mapping[str, Any]) -> dict[str, Any]:
    layers = [
        [
            f"{one['operation_type']}-{one['operation_parameter']}-{one['num_operation_heads']}",
            f"{one['feed_forward_dimension']}x{one['num_feed_forward']}",
        ]
        for one in entry["nas_config"]["encoder_layers"]
    ]
    return {"layers": layers, "width": entry["hidden_size"]}
