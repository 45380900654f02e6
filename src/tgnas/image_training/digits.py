"""scikit-learn's digits as training, validation and test images.

The 1,797 images of 8 x 8 pixels in ten classes are the test part of "Optical Recognition of
Handwritten Digits" (Alpaydin and Kaynak, UCI Machine Learning Repository, 1998, CC BY 4.0); they
come with scikit-learn.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float, Int64
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import Tensor

from tgnas.errors import ConfigError, number_of
from tgnas.image_training.data import Batch, ImagesInMemory
from tgnas.image_training.images import CLASSES
from tgnas.image_training.processes import Process
from tgnas.image_training.recipe import Recipe

SIDE, CHANNELS = 8, 3
BRIGHTEST = 16  # the value of a white pixel
IMAGES = 1797


@dataclass(frozen=True, eq=False)
class Digits(ImagesInMemory):
    """Digits, normalised by mean and deviation of the training pixels; they are not augmented.

    The validation images are neither trained on nor among the test images.
    """

    validation: tuple[Float[Tensor, "K 3 8 8"], Int64[Tensor, " K"]]
    largest_test_batch = IMAGES

    def train_batches(self, seed: int, epoch: int, batch: int) -> Iterator[Batch]:
        """Yield this process's part of each batch of an epoch.

        The orders of all epochs are drawn one after the other from one generator.
        """
        generator = torch.Generator().manual_seed(seed)
        for _ in range(epoch + 1):
            order = torch.randperm(self.train_size, generator=generator)
        for places in map(self.own, order.to(self.process.device).split(batch)):
            if len(places):
                yield self.pixels[0][places], self.labels[0][places]

    def validated(self) -> "Digits":
        """Return the same task with the validation images in place of the test images."""
        images, labels = self.validation
        return replace(self, pixels=(self.pixels[0], images), labels=(self.labels[0], labels))


def open_digits(recipe: Recipe, process: Process) -> Digits:
    """Return the splits that a recipe draws; the one grey channel is repeated.

    Raises:
        ConfigError: too few images are left for a split.
    """
    train, validation = recipe.train_images or 0, recipe.validation_images
    test = IMAGES - train - validation
    if min(train, validation, test) < CLASSES:
        raise ConfigError(
            f"{number_of(train, 'training image')} and "
            f"{number_of(validation, 'validation image')} leave {test:,} of {IMAGES:,} to test "
            f"with; each split needs at least {CLASSES}"
        )
    pixels, labels = load_digits(return_X_y=True)
    rest, trained = _drawn(np.arange(len(labels)), labels, train, recipe.split_seed)
    tested, validated = _drawn(rest, labels, validation, recipe.split_seed)
    grey = (pixels / BRIGHTEST).reshape(-1, 1, SIDE, SIDE)
    normal = (grey - grey[trained].mean()) / grey[trained].std()
    images = torch.from_numpy(normal.astype(np.float32)).repeat(1, CHANNELS, 1, 1)
    whole = images, torch.from_numpy(labels.astype(np.int64))
    pixels, classes = (
        [values[rows].to(process.device) for rows in (trained, tested, validated)]
        for values in whole
    )
    pairs = (pixels[0], pixels[1]), (classes[0], classes[1])
    return Digits(*pairs, process, "scikit-learn's digits", (pixels[2], classes[2]))


def _drawn(
    rows: Int64[np.ndarray, " N"], labels: np.ndarray, size: int, seed: int
) -> tuple[Int64[np.ndarray, " M"], Int64[np.ndarray, " size"]]:
    """Return the rows that are left and the rows that are drawn, both in ascending order."""
    left, drawn = train_test_split(rows, test_size=size, stratify=labels[rows], random_state=seed)
    return np.sort(left), np.sort(drawn)
