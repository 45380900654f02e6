"""Loss and accuracy after every epoch of a training by a recipe."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from tgnas.errors import number_of
from tgnas.results import _style as style
from tgnas.results._catalogue import Plan

TITLE = "Loss and accuracy after every epoch"
SECTION = "The chosen architecture, trained"
CAPTION = """
Training of the chosen architecture on CIFAR-10: loss and accuracy after every epoch, and where it
is known the benchmark's accuracy of the same architecture after 200 epochs on all images. The title
says what was trained on what; one seed.
"""
SHORT = "short"  # the training that `all` makes; whole recipes need a GPU

MADE_BY = {SHORT: "all"}


def variants(plan: Plan) -> list[str]:
    """Return the trainings that the config names."""
    return list(plan.config.final_training.trainings)


def figure_inputs(variant: str) -> dict[str, Any]:
    """Return the history of a training and what it ended with."""
    folder = f"<results>/final_training/{variant}"
    facts = {"facts": "<results>/tables/final_training.csv"} if variant == SHORT else {}
    return {"history": f"{folder}/history.csv", "result": f"{folder}/result.json"} | facts


def figure(
    history: pd.DataFrame, result: Mapping[str, Any], facts: pd.DataFrame | None = None
) -> Figure:
    """Return the figure of a training."""
    return draw(history, result if facts is None else facts.iloc[0].to_dict())


def draw(history: pd.DataFrame, facts: Mapping[str, Any]) -> Figure:
    """Return loss and accuracy over the epochs of a training.

    Args:
        history: columns epoch, train_loss, train_accuracy, test_accuracy.
        facts: of the training; with the benchmark's accuracy where it has one.
    """
    marker = "." if len(history) <= 20 else ""
    train: dict[str, Any] = {"color": style.ORANGE, "linestyle": "--", "marker": marker}
    test: dict[str, Any] = {"color": style.BLUE, "linestyle": "-", "marker": marker}
    dataset = style.dataset_title(facts["dataset"])
    with style.styled():
        drawn = Figure(figsize=(style.NARROW, 3.6))
        loss, accuracy = drawn.subplots(2, 1, sharex=True, height_ratios=(1, 1.6))
        drawn.suptitle(
            f"{facts['recipe']}, {facts['label']}: {number_of(facts['epochs'], 'epoch')} of "
            f"{number_of(facts['train_images'], 'image')}\n{dataset}, {facts['image_source']}\n"
            f"{facts['device']}"
        )
        loss.plot(history.epoch, history.train_loss, **train)
        loss.set_ylabel("Training loss\n(lower is better)")
        accuracy.plot(history.epoch, history.train_accuracy, **train, label="training images")
        accuracy.plot(history.epoch, history.test_accuracy, **test, label="test images")
        if "tabular_accuracy" in facts:
            epochs, known = facts["tabular_epochs"], facts["tabular_accuracy"]
            line: dict[str, Any] = {"color": style.BLACK, "linestyle": ":", "linewidth": 1}
            label = f"NAS-Bench-201, {number_of(epochs, 'epoch')}: {known:.2f} %"
            accuracy.axhline(known, **line, label=label)
        ylabel = f"{dataset} accuracy\n(%, higher is better)"
        accuracy.set(xlabel="Epoch", ylabel=ylabel, ylim=(0, 100))
        accuracy.xaxis.set_major_locator(MaxNLocator(5, integer=True, min_n_ticks=1))
        drawn.legend(ncols=2, **style.BELOW)
    return drawn
