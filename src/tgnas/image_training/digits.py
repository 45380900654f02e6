"""scikit-learn's digits as training, validation and test images.

The 1,797 images of 8 x 8 pixels in ten classes are the test part of "Optical Recognition of
Handwritten Digits" (Alpaydin and Kaynak, UCI Machine Learning Repository, 1998, CC BY 4.0); they
come with scikit-learn.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float, Int64
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import Tensor

from tgnas.errors import ConfigError
from tgnas.image_training.data import Batch, Task
from tgnas.image_training.images import CLASSES
from tgnas.image_training.processes import Process
from tgnas.image_training.recipe import Recipe

SIDE, CHANNELS = 8, 3
BRIGHTEST = 16  # the value of a white pixel
IMAGES = 1797


@dataclass(frozen=True, eq=False)
class Split:
    """Normalised images with labels 0..9."""

    images: Float[Tensor, "N 3 8 8"]
    labels: Int64[Tensor, " N"]


@dataclass(frozen=True, eq=False)
class Digits(Task):
    """The three splits, normalised by mean and deviation of the training pixels; not augmented.

    Attributes:
        train: what is trained on.
        validation: as many as the recipe says.
        test: the rest; tested in one batch.
        process: whose part is yielded.
    """

    train: Split
    validation: Split
    test: Split
    process: Process
    source: str = "scikit-learn's digits"
    classes: int = CLASSES

    @property
    def train_size(self) -> int:
        """Number of training images."""
        return len(self.train.labels)

    @property
    def test_size(self) -> int:
        """Number of test images."""
        return len(self.test.labels)

    def train_batches(self, seed: int, epoch: int, batch: int) -> Iterator[Batch]:
        """Yield this process's part of each batch of an epoch.

        The orders of all epochs are drawn one after the other from one generator.
        """
        generator = torch.Generator().manual_seed(seed)
        for _ in range(epoch + 1):
            order = torch.randperm(self.train_size, generator=generator)
        for places in map(self.own, order.split(batch)):
            if len(places):
                yield self._placed(self.train, places)

    def test_batches(self) -> Iterator[Batch]:
        """Yield this process's part of the test images."""
        for places in self.own_test_places(IMAGES):
            yield self._placed(self.test, places)

    def validated(self) -> "Digits":
        """Return the same task with the validation images in place of the test images."""
        return replace(self, test=self.validation)

    def digest(self) -> str:
        """Return a hash of the images and the labels."""
        digest = hashlib.sha256()
        for split in (self.train, self.test):
            digest.update(split.images.numpy().data)
            digest.update(split.labels.numpy().data)
        return digest.hexdigest()

    def _placed(self, split: Split, places: Tensor) -> Batch:
        device = self.process.device
        return split.images[places].to(device), split.labels[places].to(device)


def open_digits(recipe: Recipe, process: Process) -> Digits:
    """Return the splits that a recipe draws; the one grey channel is repeated.

    Raises:
        ConfigError: too few images are left for a split.
    """
    train, validation = recipe.train_images or 0, recipe.validation_images
    test = IMAGES - train - validation
    if min(train, validation, test) < CLASSES:
        raise ConfigError(
            f"{train} training and {validation} validation images leave {test} of {IMAGES} to test "
            f"with; each split needs at least {CLASSES}"
        )
    pixels, labels = load_digits(return_X_y=True)
    rest, trained = _drawn(np.arange(len(labels)), labels, train, recipe.split_seed)
    tested, validated = _drawn(rest, labels, validation, recipe.split_seed)
    grey = (pixels / BRIGHTEST).reshape(-1, 1, SIDE, SIDE)
    normal = (grey - grey[trained].mean()) / grey[trained].std()
    images = torch.from_numpy(normal.astype(np.float32)).repeat(1, CHANNELS, 1, 1)
    classes = torch.from_numpy(labels.astype(np.int64))
    first, second, third = (
        Split(images[rows], classes[rows]) for rows in (trained, validated, tested)
    )
    return Digits(first, second, third, process)


def _drawn(
    rows: Int64[np.ndarray, " N"], labels: np.ndarray, size: int, seed: int
) -> tuple[Int64[np.ndarray, " M"], Int64[np.ndarray, " size"]]:
    """Return the rows that are left and the rows that are drawn, both in ascending order."""
    left, drawn = train_test_split(rows, test_size=size, stratify=labels[rows], random_state=seed)
    return np.sort(left), np.sort(drawn)
