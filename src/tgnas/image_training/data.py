"""What a network learns from images: batches and their loss; images that lie on the device.

An epoch's order and augmentation are a function of the seed and of the epoch's number alone.
Several processes share a batch: each takes every world-th image of it, so that all of them together
see what one alone would see.
"""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int64, UInt8
from torch import Tensor
from torch.nn import functional

from tgnas.image_training.images import CLASSES, Images, augment, channel_statistics, normalise
from tgnas.image_training.processes import Process
from tgnas.training.seeds import generator_of

TEST_BATCH = 500
Batch = tuple[Float[Tensor, "B 3 H W"], Int64[Tensor, " B"]]


class Task(ABC):
    """Training and test images with labels 0..C-1, and the loss of a batch of them.

    Attributes:
        source: what the images are, for tables.
        classes: C.
        process: whose part of a batch is yielded.
    """

    source: str
    classes: int
    process: Process

    @property
    @abstractmethod
    def train_size(self) -> int:
        """Number of training images."""

    @property
    @abstractmethod
    def test_size(self) -> int:
        """Number of test images."""

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
class DeviceImages(Task):
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
            cropped = self.own(augment(pixels[places], generator))
            images = normalise(cropped, self.means, self.deviations)
            if self.cutout:
                centres = torch.randint(pixels.shape[-1], (len(places), 2), generator=generator)
                images = cut_out(images, self.own(centres).to(images.device), self.cutout)
            if len(images):
                yield images, labels[self.own(places)]

    def test_batches(self) -> Iterator[Batch]:
        """Yield this process's part of the test images."""
        pixels, labels = self.pixels[1], self.labels[1]
        for places in self.own_test_places(TEST_BATCH):
            placed = places.to(pixels.device)
            yield normalise(pixels[placed], self.means, self.deviations), labels[placed]

    def digest(self) -> str:
        """Return a hash of the pixels, the labels and the cutout."""
        digest = hashlib.sha256(str(self.cutout).encode())
        for values in (*self.pixels, *self.labels):
            digest.update(values.cpu().contiguous().numpy().data)
        return digest.hexdigest()


def on_device(images: Images, process: Process, cutout: int = 0) -> DeviceImages:
    """Return the images on the process's device, normalised by the training images alone."""
    means, deviations = (v.to(process.device) for v in channel_statistics(images.train))
    arrays = (images.train, images.test, images.train_labels, images.test_labels)
    train, test, *labels = (torch.from_numpy(part).to(process.device) for part in arrays)
    placed = (labels[0], labels[1])
    return DeviceImages((train, test), placed, means, deviations, cutout, process, images.source)


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
