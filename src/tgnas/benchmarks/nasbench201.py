"""NAS-Bench-201: 15,625 architectures, three data sets, 200 epochs.

Test accuracies are NATS-Bench's mean over the available seeds (FreeREA's files); architecture
strings and validation accuracies come from NASGraph's. On CIFAR-10 a validation accuracy exists
only for networks trained on half of the training images: data set ``cifar10-valid``, whose test
accuracy is kept too.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from tgnas.benchmarks.base import build_table
from tgnas.costs.layers import count_flops, count_parameters
from tgnas.datasets import dataset_facts
from tgnas.errors import CorruptTableError
from tgnas.spaces.nasbench201 import SPACE

EPOCHS = 200
# Data set -> what its validation accuracy was measured on.
VALIDATED = {"cifar10": "cifar10-valid", "cifar100": "cifar100", "ImageNet16-120": "ImageNet16-120"}
SOURCES = tuple(
    f"nasbench201/{pattern.format(dataset)}"
    for pattern in ("freerea_{}_accuracies.csv", "freerea_{}_params.csv", "nasgraph_{}.csv")
    for dataset in VALIDATED
)


def build(files: Sequence[Path]) -> pa.Table:
    """Return the benchmark's table of the files of ``SOURCES``, in official index order.

    Raises:
        CorruptTableError: the files disagree on an architecture or on a parameter count.
    """
    accuracies, parameters, nasgraph = files[:3], files[3:6], files[6:]
    strings = pd.read_csv(nasgraph[0])["arch str"].tolist()
    architectures = SPACE.architectures(strings)
    columns: dict[str, np.ndarray] = {}
    of_datasets = zip(VALIDATED.items(), accuracies, parameters, nasgraph, strict=True)
    for (dataset, validated), accuracy, stored, text in of_datasets:
        facts = dataset_facts(dataset)
        graph = pd.read_csv(text)
        if graph["arch str"].tolist() != strings:
            raise CorruptTableError(f"{text} lists other architectures than {nasgraph[0]}")
        counted = count_parameters(architectures, facts.classes)
        _check_parameters(stored, counted)
        columns[f"accuracy/{dataset}/test/{EPOCHS}"] = _column(accuracy, "accuracy")
        columns[f"accuracy/{validated}/validation/{EPOCHS}"] = graph[
            "validation accuracy"
        ].to_numpy()
        if validated != dataset:
            columns[f"accuracy/{validated}/test/{EPOCHS}"] = graph["test accuracy"].to_numpy()
        columns[f"parameters/{dataset}"] = counted
        columns[f"flops/{dataset}"] = count_flops(architectures, facts.classes, facts.image_size)
    return build_table(SPACE, architectures, strings, columns)


def _column(path: Path, name: str) -> np.ndarray:
    """Return a column of a FreeREA file, in the order of its index."""
    return pd.read_csv(path).sort_values("index")[name].to_numpy()


def _check_parameters(path: Path, counted: np.ndarray) -> None:
    stored = _column(path, "params")
    # ImageNet16-120's file counts weights, the other two millions of them.
    stored = np.rint(stored if stored.max() > 1e3 else stored * 1e6).astype(np.int64)
    if stored.shape != counted.shape or (stored != counted).any():
        raise CorruptTableError(f"{path}: parameter counts disagree with the architectures")
