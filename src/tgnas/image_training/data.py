"""The images of a training, batch by batch: what the loop needs of them, and CIFAR-10 on a device.

An epoch's order and augmentation are a function of the seed and of the epoch's number alone.
Several processes share a batch: each takes every world-th image of it, so that all of them together
see what one alone would see.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float, Int64, UInt8
from torch import Tensor

from tgnas.image_training.images import CLASSES, Images, augment, channel_statistics, normalise
from tgnas.image_training.processes import Process
from tgnas.training.seeds import generator_of

TEST_BATCH = 500
Batch = tuple[Float[Tensor, "B 3 H W"], Int64[Tensor, " B"]]


@runtime_checkable
class Data(Protocol):
    """Training and test images with labels 0..C-1.

    Attributes:
        source: what they are, for tables.
        classes: C.
        train_size: number of training images.
        test_size: number of test images.
    """

    @property
    def source(self) -> str: ...  # noqa: D102
    @property
    def classes(self) -> int: ...  # noqa: D102
    @property
    def train_size(self) -> int: ...  # noqa: D102
    @property
    def test_size(self) -> int: ...  # noqa: D102

    def train_batches(self, seed: int, epoch: int, batch: int) -> Iterator[Batch]:
        """Yield this process's part of each batch of an epoch, augmented, on its device."""

    def test_batches(self) -> Iterator[Batch]:
        """Yield this process's part of the test images."""

    def digest(self) -> str:
        """Return a hash of all that the images of a training depend on."""


def own(values: Tensor, process: Process) -> Tensor:
    """Return this process's part of a batch.

    All processes get equally many, so that the mean of their gradients is that of the batch; the
    last batch of an epoch is cut by up to world - 1 images for it.
    """
    size = len(values) // process.world * process.world
    return values[:size][process.rank :: process.world]


@dataclass(frozen=True, eq=False)
class DeviceImages:
    """CIFAR-10 on the device as bytes, cropped, mirrored and cut out there.

    Attributes:
        pixels: images of both splits.
        labels: their classes.
        means: of each channel over the training images.
        deviations: likewise.
        cutout: side of the square that a training image loses; 0 is none.
        process: whose part is yielded.
        source: which file they come from.
    """

    pixels: tuple[UInt8[Tensor, "N 3 H W"], UInt8[Tensor, "M 3 H W"]]
    labels: tuple[Int64[Tensor, " N"], Int64[Tensor, " M"]]
    means: Float[Tensor, "3"]
    deviations: Float[Tensor, "3"]
    cutout: int
    process: Process
    source: str
    classes: int = CLASSES

    @property
    def train_size(self) -> int:
        """Number of training images."""
        return len(self.labels[0])

    @property
    def test_size(self) -> int:
        """Number of test images."""
        return len(self.labels[1])

    def train_batches(self, seed: int, epoch: int, batch: int) -> Iterator[Batch]:
        """Yield this process's part of each batch of an epoch, augmented.

        Random numbers are drawn on the CPU for the whole batch, so that they depend neither on the
        device nor on the number of processes.
        """
        generator = generator_of(seed, epoch)
        pixels, labels = self.pixels[0], self.labels[0]
        order = torch.randperm(len(pixels), generator=generator).to(pixels.device)
        for places in order.split(batch):
            cropped = own(augment(pixels[places], generator), self.process)
            images = normalise(cropped, self.means, self.deviations)
            if self.cutout:
                centres = torch.randint(pixels.shape[-1], (len(places), 2), generator=generator)
                images = cut_out(images, own(centres, self.process).to(images.device), self.cutout)
            if len(images):
                yield images, labels[own(places, self.process)]

    def test_batches(self) -> Iterator[Batch]:
        """Yield this process's part of the test images."""
        pixels, labels = self.pixels[1], self.labels[1]
        whole = torch.arange(self.test_size, device=pixels.device)
        for places in whole[self.process.rank :: self.process.world].split(TEST_BATCH):
            yield normalise(pixels[places], self.means, self.deviations), labels[places]

    def digest(self) -> str:
        """Return a hash of the pixels, the labels and the cutout."""
        digest = hashlib.sha256(str(self.cutout).encode())
        for values in (*self.pixels, *self.labels):
            digest.update(values.cpu().contiguous().numpy().data)
        return digest.hexdigest()


def on_device(images: Images, process: Process, cutout: int = 0) -> DeviceImages:
    """Return the images on the process's device, normalised by the training images alone."""
    means, deviations = (v.to(process.device) for v in channel_statistics(images.train))

    def moved(train: np.ndarray, test: np.ndarray) -> tuple[Tensor, Tensor]:
        first, second = (torch.from_numpy(part).to(process.device) for part in (train, test))
        return first, second

    return DeviceImages(
        moved(images.train, images.test),
        moved(images.train_labels, images.test_labels),
        means,
        deviations,
        cutout,
        process,
        images.source,
    )


def cut_out(
    images: Float[Tensor, "B 3 H W"], centres: Int64[Tensor, "B 2"], side: int
) -> Float[Tensor, "B 3 H W"]:
    """Return the images with a square around each centre set to 0, the mean of what is normalised.

    Squares are cut at the border (DeVries and Taylor, 2017).
    """

    def inside(centre: Tensor, size: int) -> Tensor:
        offsets = torch.arange(size, device=images.device) - centre[:, None] + side // 2
        return (offsets >= 0) & (offsets < side)

    rows, columns = inside(centres[:, 0], images.shape[2]), inside(centres[:, 1], images.shape[3])
    return images.masked_fill((rows[:, :, None] & columns[:, None, :])[:, None], 0.0)
