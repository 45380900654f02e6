"""Recipes: how an architecture is trained, read from a file and checked before any image is.

The files of ``config/recipes`` are those of NAS-Bench-201, of DARTS on CIFAR-10, of the paper on
ImageNet, and of digits-bench.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path
from typing import Any

import yaml

from tgnas.errors import ConfigError, UnknownNameError

DATASETS = {
    "nasbench101": ("cifar10", "digits"),
    "nasbench201": ("cifar10", "digits"),
    "darts": ("cifar10", "imagenet"),
}
PRECISIONS = ("bfloat16", "float32")
RANGES: tuple[tuple[tuple[str, ...], Callable[[float], bool], str], ...] = (
    (("channels", "layers", "epochs", "test_images"), lambda value: value >= 1, "at least 1"),
    (("batch", "train_images"), lambda value: value >= 2, "at least 2"),
    (("warm_up", "cutout", "validation_images", "split_seed"), lambda v: v >= 0, "at least 0"),
    (("momentum", "label_smoothing", "drop_path"), lambda v: 0 <= v < 1, "from 0 to below 1"),
    (("weight_decay", "clip", "auxiliary"), lambda value: 0 <= value < math.inf, "0 or more"),
    (("learning_rate",), lambda value: 0 < value < math.inf, "above 0"),
)


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that a training depends on but the architecture, the images and the seed.

    Attributes:
        name: how tables call it.
        space: the search space that the architecture is of.
        dataset: cifar10, digits (scikit-learn's), or imagenet: an image folder.
        channels: C of the network.
        layers: cells of the network (darts), or of each of its three stages (the others).
        epochs: passes over the training images.
        batch: images of a step, of all processes together; an epoch's last step may have fewer.
        learning_rate: the highest; a cosine takes it to 0, changing with each step.
        momentum: of SGD.
        nesterov: whether the momentum is Nesterov's.
        weight_decay: of every parameter.
        warm_up: epochs in which the rate first rises along a line; the cosine begins after them.
        label_smoothing: of the training loss.
        clip: largest norm of the gradient; 0 leaves it as it is.
        auxiliary: weight of the second classifier's loss; 0 is without one.
        drop_path: the probability of dropping a path, which grows along a line from 0 to this.
        cutout: side of the square that each training image loses, in pixels; 0 is none.
        precision: of a GPU's forward pass; a CPU always computes in float32.
        fused: whether a CPU takes SGD's step in one pass over the weights, which rounds otherwise.
        train_images: how many, drawn at random, classes balanced; None is all.
        test_images: likewise; of digits, all that are left.
        validation_images: of digits; the other data sets have none.
        split_seed: of the draw of digits; the others are drawn by the training's seed.
        changed: what differs from the recipe's file.

    Raises:
        ConfigError: a value that is not allowed.
        UnknownNameError: a space, a data set or a precision that there is not.
    """

    name: str
    space: str
    dataset: str
    channels: int
    layers: int
    epochs: int
    batch: int
    learning_rate: float
    momentum: float
    nesterov: bool
    weight_decay: float
    warm_up: int = 0
    label_smoothing: float = 0.0
    clip: float = 0.0
    auxiliary: float = 0.0
    drop_path: float = 0.0
    cutout: int = 0
    precision: str = "bfloat16"
    fused: bool = False
    train_images: int | None = None
    test_images: int | None = None
    validation_images: int = 0
    split_seed: int = 0
    changed: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for kind, name, known in (
            ("space of a recipe", self.space, DATASETS),
            (f"data set of {self.space} networks", self.dataset, DATASETS.get(self.space, ())),
            ("precision", self.precision, PRECISIONS),
        ):
            if name not in known:
                raise UnknownNameError(kind, name, known)
        for names, is_allowed, allowed in RANGES:
            for name in names:
                value = getattr(self, name)
                if value is not None and not is_allowed(value):
                    raise ConfigError(f"{name} must be {allowed}, not {value}")
        if self.nesterov and self.momentum == 0:
            raise ConfigError("nesterov needs a momentum above 0")
        if self.warm_up >= self.epochs:
            raise ConfigError(f"warm_up must be below the {self.epochs} epochs, not {self.warm_up}")
        if self.space != "darts" and (self.auxiliary or self.drop_path):
            raise ConfigError("auxiliary and drop_path are for networks of the darts space")

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
        return {k: v for k, v in asdict(self).items() if k not in ("name", "changed")}

    def label(self, device: str) -> str:
        """Return "full recipe" where nothing is changed, else e.g. "short CPU run"."""
        if not self.changed:
            return "full recipe"
        if {"epochs", "train_images"} & set(self.changed):
            return f"short {'GPU' if device == 'cuda' else device.upper()} run"
        return f"changed recipe ({', '.join(self.changed)})"


def read_recipe(path: Path, changes: Mapping[str, Any] | None = None) -> Recipe:
    """Return the recipe of a file, with some values changed.

    Raises:
        ConfigError: the file cannot be read, lacks a key, or a value is not allowed.
        UnknownNameError: a key that recipes do not have.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"{path}: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict):
        raise ConfigError(f"{path} is not a recipe: a file of keys and values is expected")
    changes = {} if changes is None else changes
    known = {field.name: field for field in fields(Recipe) if field.name != "changed"}
    for key in (*content, *changes):
        if key not in known:
            raise UnknownNameError(f"key of recipe {path}", str(key), known)
    given = {**content, **changes}
    changed = tuple(sorted(key for key in changes if changes[key] != content.get(key)))
    missing = [k for k, f in known.items() if f.default is MISSING and k not in given]
    if missing:
        raise ConfigError(f"{path} lacks {', '.join(missing)}")
    try:
        return Recipe(**{k: _typed(k, known[k].type, v) for k, v in given.items()}, changed=changed)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error


def _typed(name: str, kind: Any, value: Any) -> Any:
    """Return a value of a key's type; a whole number is a float where one is meant."""
    if kind is float and type(value) is int:
        return float(value)
    # A bool is an int to Python, but not here.
    if isinstance(value, bool) != (kind is bool) or not isinstance(value, kind):
        wanted = getattr(kind, "__name__", str(kind))
        raise ConfigError(f"{name} must be of type {wanted}, not {value!r}")
    return value
