"""Image data sets as arrays: read, cut to a class-balanced subset, augmented batch by batch.

CIFAR-10 and CIFAR-100 (Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009):
50,000 training and 10,000 test images of 32 x 32 pixels. CIFAR-10 comes from the official archive
or, where no network is, from a JPEG copy of it; results tell which, for the copy is lossy.
ImageNet16-120 (Dong and Yang, ICLR 2020; Chrabaszcz et al., arXiv 1707.08819): the first 120
classes of ImageNet at 16 x 16 pixels. The last two are read from the user's own copies.
"""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow
import torch
from jaxtyping import Float, Int64, UInt8
from PIL import Image
from pyarrow import parquet
from torch import Tensor
from torch.nn import functional

from tgnas.datasets import dataset_facts
from tgnas.errors import ConfigError, CorruptTableError, UnknownNameError, number_of
from tgnas.files import readable, sha256_of
from tgnas.resources import archives, unpickle
from tgnas.resources.archives import files_of_tar

CLASSES = 10
SIDE = 32
MOST_IMAGES = 60_000
PADDING = 4  # pixels on each side of a random crop, as NAS-Bench-201 trains
OFFICIAL = "official archive (lossless)"
# What it costs was measured with published recipes (docs/final-training.md).
JPEG = "JPEG quality 75 copy (lossy: 3 to 4 points less at full training)"
TRAIN_BATCHES = tuple(f"data_batch_{number}" for number in range(1, 6))
# Bytes -> sha256 of the two files of CIFAR-10: what is as large as one of them must be it.
KNOWN = MappingProxyType(
    {
        170_498_071: "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
        18_128_625: "9d7315f60f3a3046f7ab2c3dcbfd32634ed4335623fa8c62364aa42fc464ccd1",
    }
)
# What a file that does not hold images makes its readers raise.
FAULTS = (CorruptTableError, *archives.FAULTS, pyarrow.ArrowException, OSError, *unpickle.FAULTS)


class Batches(NamedTuple):
    """The official files of a data set."""

    train: tuple[str, ...]
    test: str
    labels: str  # the field of labels
    first: int = 0  # the label of the first class; labels past the last are of classes left out


BATCHES = MappingProxyType(
    {
        "cifar10": Batches(TRAIN_BATCHES, "test_batch", "labels"),
        "cifar100": Batches(("train",), "test", "fine_labels"),
        "ImageNet16-120": Batches(
            tuple(f"train_data_batch_{number}" for number in range(1, 11)), "val_data", "labels", 1
        ),
    }
)


@dataclass(frozen=True, eq=False)
class Images:
    """Training and test images with labels 0, 1, ...; which file they come from, how lossy."""

    train: UInt8[np.ndarray, "N 3 H W"]
    train_labels: Int64[np.ndarray, " N"]
    test: UInt8[np.ndarray, "M 3 H W"]
    test_labels: Int64[np.ndarray, " M"]
    source: str

    def subset(self, train: int, test: int, generator: np.random.Generator) -> "Images":
        """Return that many images of each split, drawn at random, classes balanced.

        Raises:
            ConfigError: fewer images than asked for, or none asked for.
        """
        kept = balanced_indices(self.train_labels, train, generator)
        tested = balanced_indices(self.test_labels, test, generator)
        first = self.train[kept], self.train_labels[kept]
        return Images(*first, self.test[tested], self.test_labels[tested], self.source)


def load_cifar10(path: Path, drawn: tuple[int, int] | None = None, seed: int = 0) -> Images:
    """Return CIFAR-10 from ``cifar-10-python.tar.gz`` or from the JPEG parquet file.

    As many training and test images are `drawn` as ``Images.subset`` draws, all where it is None;
    of the JPEG copy only those are decoded.

    Raises:
        ConfigError: fewer images than asked for, or none asked for.
        UnreadableFileError: there is no such file.
        CorruptTableError: the file is neither, or is damaged, or its pickles ask for code.
    """
    readable(path)
    expected = KNOWN.get(path.stat().st_size)
    if expected and (digest := sha256_of(path)) != expected:
        raise CorruptTableError(f"{path} is damaged: sha256 {expected} expected, {digest} found")
    with path.open("rb") as stream:
        start = stream.read(4)
    with _faults_named(path):
        if start.startswith(b"\x1f\x8b"):
            images = _read_batches(path, "cifar10")
            return images.subset(*drawn, np.random.default_rng(seed)) if drawn else images
        if start == b"PAR1":
            return _read_parquet(path, drawn or (None, None), np.random.default_rng(seed))
    raise CorruptTableError(f"{path} is neither a gzipped archive nor a parquet file")


def load_images(dataset: str, path: Path) -> Images:
    """Return a data set from the user's copy of its official files, an archive or a folder.

    Raises:
        UnreadableFileError: there is no such file.
        CorruptTableError: a file is missing, damaged, or its pickles ask for code.
        UnknownNameError: it is not known how the data set is laid out.
    """
    if dataset not in BATCHES:
        raise UnknownNameError("data set", dataset, BATCHES)
    if not path.is_dir():
        readable(path)
    with _faults_named(path):
        return _read_batches(path, dataset)


@contextmanager
def _faults_named(path: Path) -> Iterator[None]:
    """Turn whatever a file that is not one of images raises into one line that names it."""
    try:
        yield
    except FAULTS as error:
        reason = " ".join(str(error).split())
        raise CorruptTableError(f"{path}: {type(error).__name__}: {reason}") from error


def balanced_indices(
    labels: Int64[np.ndarray, " N"], size: int, generator: np.random.Generator
) -> Int64[np.ndarray, " size"]:
    """Return `size` distinct random places, in ascending order, the classes as equal as can be.

    Raises:
        ConfigError: `size` is not from 1 to N.
    """
    if not 1 <= size <= len(labels):
        raise ConfigError(f"{number_of(size, 'image')} asked for; the set has {len(labels)}")
    order = generator.permutation(len(labels))
    turn = np.empty(len(labels), dtype=np.int64)  # an image is its class's turn-th
    for label in np.unique(labels):
        members = order[labels[order] == label]
        turn[members] = np.arange(len(members))
    return np.sort(order[np.argsort(turn[order], kind="stable")[:size]])


def channel_statistics(
    images: UInt8[np.ndarray, "N 3 H W"],
) -> tuple[Float[Tensor, "3"], Float[Tensor, "3"]]:
    """Return mean and standard deviation of each channel, in units of the full range [0, 1]."""
    counts = np.zeros((3, 256), dtype=np.int64)
    for part in np.array_split(images, len(images) // 5000 + 1):
        counts += [np.bincount(part[:, channel].ravel(), minlength=256) for channel in range(3)]
    shares = counts / counts.sum(axis=1, keepdims=True)
    levels = np.arange(256) / 255
    means = shares @ levels
    deviations = np.sqrt(shares @ levels**2 - means**2)
    return torch.tensor(means, dtype=torch.float32), torch.tensor(deviations, dtype=torch.float32)


def normalise(
    images: UInt8[Tensor, "B 3 H W"], means: Float[Tensor, "3"], deviations: Float[Tensor, "3"]
) -> Float[Tensor, "B 3 H W"]:
    """Return the images with each channel scaled to mean 0 and deviation 1 of the whole set."""
    return (images / 255 - means[:, None, None]) / deviations[:, None, None]


def augment(
    images: UInt8[Tensor, "B 3 H W"], generator: torch.Generator
) -> UInt8[Tensor, "B 3 H W"]:
    """Return a random crop of each image, padded with black, half of them mirrored.

    The random numbers come from the generator's device, so one on the CPU gives the same crops
    whatever device the images are on.
    """
    batch, channels, height, width = images.shape

    def draw(end: int) -> Int64[Tensor, " B"]:
        place = generator.device
        return torch.randint(end, (batch,), generator=generator, device=place).to(images.device)

    top, left, mirrored = draw(2 * PADDING + 1), draw(2 * PADDING + 1), draw(2).bool()
    rows = top[:, None] + torch.arange(height, device=images.device)
    columns = torch.arange(width, device=images.device).expand(batch, -1)
    columns = left[:, None] + torch.where(mirrored[:, None], width - 1 - columns, columns)
    padded = functional.pad(images, (PADDING,) * 4)
    image = torch.arange(batch, device=images.device)[:, None, None, None]
    channel = torch.arange(channels, device=images.device)[None, :, None, None]
    return padded[image, channel, rows[:, None, :, None], columns[:, None, None, :]]


def _files(path: Path) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """Yield the names of a folder's or an archive's files, and what reads each into memory."""
    if path.is_dir():
        yield from ((file.name, file.read_bytes) for file in sorted(path.rglob("*")))
        return
    yield from files_of_tar(path)


def _read_batches(path: Path, dataset: str) -> Images:
    """Return the images of a data set's official files."""
    layout = BATCHES[dataset]
    wanted = {*layout.train, layout.test}
    batches = {name: _read_batch(read(), dataset) for name, read in _files(path) if name in wanted}
    train = zip(*(batches[name] for name in layout.train), strict=True)
    images, labels = (np.concatenate(parts) for parts in train)
    return Images(images, labels, *batches[layout.test], OFFICIAL)


def _read_batch(data: bytes, dataset: str) -> tuple[np.ndarray, np.ndarray]:
    """Return images (N, 3, H, W) and labels (N,) of one pickled batch."""
    layout, facts = BATCHES[dataset], dataset_facts(dataset)
    fields = unpickle.load_image_batch(data)
    images = fields["data"].reshape(-1, 3, facts.image_size, facts.image_size)
    if images.dtype != np.uint8:
        raise ValueError(f"images of type {images.dtype} where uint8 is expected")
    labels = np.asarray(fields[layout.labels], dtype=np.int64) - layout.first
    if layout.first:  # ImageNet's batches hold its other 880 classes too
        kept = labels < facts.classes
        images, labels = images[kept], labels[kept]
    return images.copy(), _checked(labels, len(images), facts.classes)


def _read_parquet(
    path: Path, drawn: tuple[int | None, int | None], generator: np.random.Generator
) -> Images:
    """Return the images of the JPEG copy, or those that are drawn of it."""
    about = parquet.ParquetFile(path).metadata
    sizes = [about.row_group(group).total_byte_size for group in range(about.num_row_groups)]
    if about.num_rows > MOST_IMAGES or sum(sizes) > archives.LARGEST_FILE:
        raise ValueError(f"{number_of(about.num_rows, 'image')} of {number_of(sum(sizes), 'byte')}")
    table = pd.read_parquet(path, columns=["split", "label", "jpeg"])
    splits = []
    for split, size in zip(("train", "test"), drawn, strict=True):
        rows = table[table.split == split]
        labels = _checked(rows.label, len(rows))
        if size is not None:
            kept = balanced_indices(labels, size, generator)
            rows, labels = rows.iloc[kept], labels[kept]
        images = np.empty((len(rows), 3, SIDE, SIDE), dtype=np.uint8)
        for place, data in enumerate(rows.jpeg):
            images[place] = _decoded(data)
        splits.append((images, labels))
    train, test = splits
    return Images(*train, *test, JPEG)


def _decoded(data: bytes) -> UInt8[np.ndarray, "3 32 32"]:
    """Return the pixels of a JPEG."""
    with Image.open(io.BytesIO(data), formats=["JPEG"]) as image:
        if image.size != (SIDE, SIDE) or image.mode != "RGB":
            raise ValueError(f"image of size {image.size} and mode {image.mode}")
        return np.asarray(image).transpose(2, 0, 1)


def _checked(labels: Any, size: int, classes: int = CLASSES) -> Int64[np.ndarray, " N"]:
    """Return labels as an array after checking their number and range."""
    checked = np.asarray(labels, dtype=np.int64)
    if size == 0 or checked.shape != (size,) or checked.min() < 0 or checked.max() >= classes:
        raise ValueError(f"{number_of(size, 'image')} with labels 0..{classes - 1} expected")
    return checked
