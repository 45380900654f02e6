"""The chosen architecture, trained on images; beside it the benchmark's accuracy of the same."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from tgnas.benchmarks.base import Benchmark
from tgnas.results._catalogue import Plan
from tgnas.results._tables import Block, Code, facts

TITLE = "What was trained, on what"
SECTION = "The chosen architecture, trained"
PLACE = 1
CAPTION = """
The chosen architecture, trained on CIFAR-10 with the recipe of NAS-Bench-201: epochs, images and
their source, device and seconds, beside the benchmark's accuracy of the same architecture after 200
epochs on all images. A short run says so in its label and is no estimate of the full recipe's
accuracy.
"""
# Of every training on images; short_trainings has the same.
TRAINED = {
    "seed": "of weights, images and their order",
    "dataset": "data set of the images",
    "image_source": "which copy of the images",
    "recipe": "the name of the recipe that is followed, or changed",
    "label": "`full recipe`, `short CPU run`, or what else it was",
    "parameters": "of the network",
    "device": "on which it ran",
    "epochs": "passes over the training images",
    "batch": "images per step",
    "train_images": "how many it learned from",
    "test_images": "how many it was tested on",
    "test_accuracy": "after the last epoch, percent",
    "test_top5": "share of test images whose class is among the five likeliest, percent",
    "seconds": "wall time of the training",
    "tabular_accuracy": "the benchmark's test accuracy of the same architecture, percent",
    "tabular_epochs": "training epochs behind that",
}
COLUMNS = {"architecture": "what was trained"} | TRAINED


def params(plan: Plan) -> dict[str, Any]:
    """Return how the benchmark's accuracy is measured."""
    return {"labels": {key: plan.labels()[key] for key in ("split", "epochs")}}


def inputs() -> dict[str, Any]:
    """Return what the training ended with."""
    result = "<results>/final_training/short/result.json"
    return {"benchmark": "<benchmark_tables>/nasbench201.arrow", "result": result}


def table(benchmark: Benchmark, result: dict[str, Any], labels: dict[str, Any]) -> pd.DataFrame:
    """Return the facts of the training in one row."""
    known = accuracies(benchmark, labels)[result["architecture"]]
    return pd.DataFrame([result | {"tabular_accuracy": known, "tabular_epochs": labels["epochs"]}])


def accuracies(benchmark: Benchmark, labels: dict[str, Any]) -> Mapping[str, float]:
    """Return the benchmark's test accuracy on CIFAR-10 of every architecture string."""
    known = benchmark.accuracy(dataset="cifar10", **labels)
    return dict(zip(benchmark.strings, known, strict=True))


def show(frame: pd.DataFrame) -> list[Block]:
    """Return the facts as a list."""
    values = frame.iloc[0].to_dict()
    return [facts(values | {"architecture": Code(values["architecture"])})]
