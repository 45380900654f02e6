"""Small networks, trained on scikit-learn's digits by the recipe of digits-bench."""

from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import nn

from tgnas.errors import TrainingError
from tgnas.image_training.digits import Digits, open_digits
from tgnas.image_training.loop import measure, train
from tgnas.image_training.processes import Process
from tgnas.image_training.recipe import Recipe, read_recipe

ALONE = Process(0, 1, torch.device("cpu"))


class Accuracies(NamedTuple):
    """Percent of the images that a trained network puts into the right class."""

    validation: float
    test: float


def opened(recipe: Path, **changes: Any) -> tuple[Recipe, Digits]:
    """Return the recipe, with some values changed, and its images."""
    read = read_recipe(recipe, changes)
    return read, open_digits(read, ALONE)


def trained(network: nn.Module, digits: Digits, recipe: Recipe, seed: int) -> Accuracies:
    """Return the accuracies of a network after its training; those of a diverged one are 0."""
    try:
        train(network, digits, recipe, seed=seed, process=ALONE, test=False)
    except TrainingError:
        return Accuracies(0.0, 0.0)
    validation = measure(network, digits.validated(), recipe, ALONE).accuracy
    return Accuracies(validation, measure(network, digits, recipe, ALONE).accuracy)
