"""Recipes: how an architecture is trained, read from a file and checked before any image is.

The files of ``config/recipes`` are those of NAS-Bench-201, of DARTS on CIFAR-10, of the paper on
ImageNet, and of digits-bench.
"""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from tgnas.errors import ConfigError, UnknownInDataError, number_of
from tgnas.validation import Keys, count, key, read_keys, validated

DATASETS = {
    "nasbench101": ("cifar10", "digits"),
    "nasbench201": ("cifar10", "digits"),
    "darts": ("cifar10", "imagenet"),
}
Share = Annotated[float, Field(ge=0, lt=1)]
Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Recipe(Keys):
    """Everything that a training depends on but the architecture, the images and the seed."""

    name: str = key("How tables call it.")
    space: Literal["nasbench101", "nasbench201", "darts"] = key("That the architecture is of.")
    dataset: str = key("cifar10, digits (scikit-learn's), or imagenet: an image folder.")
    channels: int = count("C of the network.")
    layers: int = count(
        "Cells of the network (darts), or of each of its three stages (the others)."
    )
    epochs: int = count("Passes over the training images.")
    batch: int = count("Images of a step, of all processes; an epoch's last may have fewer.", 2)
    learning_rate: Annotated[float, Field(gt=0, allow_inf_nan=False)] = key(
        "The highest; a cosine takes it to 0, changing with each step."
    )
    momentum: Share = key("Of SGD.")
    nesterov: bool = key("Whether the momentum is Nesterov's.")
    weight_decay: Weight = key("Of every parameter.")
    warm_up: int = count(
        "Epochs in which the rate rises along a line before it falls.", 0, default=0
    )
    label_smoothing: Share = key("Of the training loss.", default=0.0)
    clip: Weight = key("Largest norm of the gradient; 0 leaves it as it is.", default=0.0)
    auxiliary: Weight = key("Of the second classifier's loss; 0 is without one.", default=0.0)
    drop_path: Share = key(
        "The probability of dropping a path, which grows along a line from 0 to this.", default=0.0
    )
    cutout: int = count("Side of the square that a training image loses, in pixels.", 0, default=0)
    precision: Literal["bfloat16", "float32"] = key(
        "Of a GPU's forward pass; a CPU always computes in float32.", default="bfloat16"
    )
    fused: bool = key(
        "Whether a CPU takes SGD's step in one pass over the weights, which rounds otherwise.",
        default=False,
    )
    train_images: int | None = count("Drawn at random, classes balanced; all.", 2, default=None)
    test_images: int | None = count("Likewise; of digits, all that are left.", default=None)
    validation_images: int = count("Of digits; the other data sets have none.", 0, default=0)
    split_seed: int = count("Of the draw of digits; others take the training's.", 0, default=0)
    _changed: tuple[str, ...] = ()

    def rate(self, epochs: float) -> float:
        """Return the learning rate after that many epochs, whole or not."""
        if epochs < self.warm_up:
            return self.learning_rate * epochs / self.warm_up
        share = (epochs - self.warm_up) / (self.epochs - self.warm_up)
        return self.learning_rate * (1 + math.cos(math.pi * share)) / 2

    def kept(self, epoch: int) -> float:
        """Return the probability of keeping a path in an epoch, the first being 0."""
        return 1 - self.drop_path * epoch / self.epochs

    def settings(self) -> dict[str, Any]:
        """Return all that a training depends on: what the recipe is called changes no result."""
        return self.model_dump(exclude={"name"})

    def label(self, device: str) -> str:
        """Return "full recipe" where nothing of the file is changed, else e.g. "short CPU run"."""
        if not self._changed:
            return "full recipe"
        if {"epochs", "train_images"} & set(self._changed):
            return f"short {'GPU' if device == 'cuda' else device.upper()} run"
        return f"changed recipe ({', '.join(self._changed)})"


def read_recipe(path: Path, changes: Mapping[str, Any] | None = None) -> Recipe:
    """Return the recipe of a file, with some values changed.

    Raises:
        ConfigError: the file cannot be read, lacks a key, or a value is not allowed.
        UnknownInDataError: a key, a space, a data set or a precision that there is not.
    """
    content, changes = read_keys(path), changes or {}
    recipe = validated(Recipe, {**content, **changes}, str(path), what="recipe")
    known = DATASETS[recipe.space]
    if recipe.dataset not in known:
        raise UnknownInDataError(f"data set of {recipe.space} networks", recipe.dataset, known)
    faults = {
        "nesterov needs a momentum above 0": recipe.nesterov and recipe.momentum == 0,
        f"warm_up must be below the {number_of(recipe.epochs, 'epoch')}": recipe.warm_up
        >= recipe.epochs,
        "auxiliary and drop_path are for networks of the darts space": recipe.space != "darts"
        and (recipe.auxiliary or recipe.drop_path),
    }
    for message, faulty in faults.items():
        if faulty:
            raise ConfigError(f"recipe: {path}: {message}")
    recipe._changed = tuple(sorted(k for k in changes if changes[k] != content.get(k)))
    return recipe
