"""What a network learns from images: batches and their loss; images that are held in memory.

An epoch's order and augmentation are a function of the seed and of the epoch's number alone.
Several processes share a batch: each takes every world-th image of it, so that all of them together
see what one alone would see.
"""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import torch
from jaxtyping import Float, Int64, Num
from torch import Tensor
from torch.nn import functional

from tgnas.image_training.images import CLASSES, Images, augment, channel_statistics, normalise
from tgnas.image_training.processes import Process
from tgnas.training.seeds import generator_of

Batch = tuple[Float[Tensor, "B 3 H W"], Int64[Tensor, " B"]]


class Task(ABC):
    """Training and test images with labels 0..C-1, and the loss of a batch of them."""

    source: str  # what the images are, for tables
    classes: int  # C
    labels: tuple[Any, Any]  # of the training and of the test images
    process: Process  # whose part of a batch is yielded

    @property
    def train_size(self) -> int:
        """Number of training images."""
        return len(self.labels[0])

    @property
    def test_size(self) -> int:
        """Number of test images."""
        return len(self.labels[1])

    @abstractmethod
    def train_batches(self, seed: int, epoch: int, batch: int) -> Iterator[Batch]:
        """Yield this process's part of each batch of an epoch, augmented, on its device."""

    @abstractmethod
    def test_batches(self) -> Iterator[Batch]:
        """Yield this process's part of the test images."""

    @abstractmethod
    def digest(self) -> str:
        """Return a hash of all that the images of a training depend on."""

    def loss(
        self,
        logits: Float[Tensor, "B C"],
        labels: Int64[Tensor, " B"],
        *,
        smoothing: float = 0.0,
        reduction: str = "mean",
    ) -> Float[Tensor, ""]:
        """Return the cross entropy of a batch, its mean or its sum."""
        return functional.cross_entropy(
            logits, labels, label_smoothing=smoothing, reduction=reduction
        )

    def own(self, values: Tensor) -> Tensor:
        """Return this process's part of a training batch.

        All processes get equally many, so that the mean of their gradients is that of the batch;
        the last batch of an epoch is cut by up to world - 1 images for it.
        """
        size = len(values) // self.process.world * self.process.world
        return values[:size][self.process.rank :: self.process.world]

    def own_test_places(self, size: int) -> tuple[Tensor, ...]:
        """Return this process's places of test images, in batches of at most `size`."""
        places = torch.arange(self.test_size)[self.process.rank :: self.process.world]
        return places.split(size) if len(places) else ()


@dataclass(frozen=True, eq=False)
class ImagesInMemory(Task):
    """Images that lie on the process's device, those of a split in one tensor."""

    pixels: tuple[Num[Tensor, "N 3 H W"], Num[Tensor, "M 3 H W"]]
    labels: tuple[Int64[Tensor, " N"], Int64[Tensor, " M"]]
    process: Process
    source: str
    classes = CLASSES
    largest_test_batch = 500

    def test_batches(self) -> Iterator[Batch]:
        """Yield this process's part of the test images."""
        for places in self.own_test_places(self.largest_test_batch):
            placed = places.to(self.process.device)
            yield self.normalised(self.pixels[1][placed]), self.labels[1][placed]

    def normalised(self, images: Num[Tensor, "B 3 H W"]) -> Float[Tensor, "B 3 H W"]:
        """Return the images as networks take them."""
        return images

    def digest(self) -> str:
        """Return a hash of the pixels and the labels."""
        digest = hashlib.sha256()
        for values in (*self.pixels, *self.labels):
            digest.update(values.cpu().contiguous().numpy().data)
        return digest.hexdigest()


@dataclass(frozen=True, eq=False)
class DeviceImages(ImagesInMemory):
    """CIFAR-10 as bytes, cropped, mirrored and cut out on the device."""

    means: Float[Tensor, "3"]  # of each channel over the training images
    deviations: Float[Tensor, "3"]
    cutout: int  # side of the square that a training image loses; 0 is none

    def train_batches(self, seed: int, epoch: int, batch: int) -> Iterator[Batch]:
        """Yield this process's part of each batch of an epoch, augmented.

        Random numbers are drawn on the CPU for the whole batch, so that they depend neither on the
        device nor on the number of processes.
        """
        generator = generator_of(seed, epoch)
        pixels, labels = self.pixels[0], self.labels[0]
        order = torch.randperm(len(pixels), generator=generator).to(pixels.device)
        for places in order.split(batch):
            images = self.normalised(self.own(augment(pixels[places], generator)))
            if self.cutout:
                centres = torch.randint(pixels.shape[-1], (len(places), 2), generator=generator)
                images = cut_out(images, self.own(centres).to(images.device), self.cutout)
            if len(images):
                yield images, labels[self.own(places)]

    def validated(self) -> "DeviceImages":
        """Return the task that learns from every second training image and is tested on the others.

        Classes stay balanced where they stand in blocks; the test images are not touched.
        """
        (pixels, _), (labels, _) = self.pixels, self.labels
        halves = (pixels[::2], pixels[1::2]), (labels[::2], labels[1::2])
        return replace(self, pixels=halves[0], labels=halves[1])

    def normalised(self, images: Num[Tensor, "B 3 H W"]) -> Float[Tensor, "B 3 H W"]:
        """Return the images, normalised by the training images."""
        return normalise(images, self.means, self.deviations)

    def digest(self) -> str:
        """Return a hash of the pixels, the labels and the cutout."""
        return f"{super().digest()}, cutout {self.cutout}"


def on_device(images: Images, process: Process, cutout: int = 0) -> DeviceImages:
    """Return the images on the process's device, normalised by the training images alone."""
    means, deviations = (v.to(process.device) for v in channel_statistics(images.train))
    arrays = (images.train, images.test, images.train_labels, images.test_labels)
    train, test, classes, others = (torch.from_numpy(part).to(process.device) for part in arrays)
    pixels, labels = (train, test), (classes, others)
    return DeviceImages(pixels, labels, process, images.source, means, deviations, cutout)


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
