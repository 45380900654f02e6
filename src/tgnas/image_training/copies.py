"""The same images lossless and as JPEGs, to measure what training on JPEGs costs.

4,000 training images of CIFAR-10 are at hand without loss but without labels. Each is looked up in
a labelled copy of the data set, which gives its label; where that copy is of JPEGs, its JPEG too.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int64, UInt8
from PIL import Image
from sklearn.neighbors import NearestNeighbors

from tgnas.errors import CorruptTableError
from tgnas.files import claimed
from tgnas.image_training.data import on_device
from tgnas.image_training.final import build
from tgnas.image_training.images import CLASSES, JPEG, SIDE, Images, balanced_indices
from tgnas.image_training.loop import measure, train
from tgnas.image_training.processes import Process
from tgnas.image_training.recipe import Recipe

QUALITY = 75  # of the JPEG copy, and of what is made where there is none
TALLEST = 10_000  # images of one file
BLOCK = 4  # pixels that are averaged before images are compared
# A JPEG's mean squared error per byte, and how much nearer than the next image it must be. The
# copy's images lie at about 65 (PSNR 30 dB).
FARTHEST, CLEARLY = 1000.0, 2.0


@dataclass(frozen=True, eq=False)
class Copies:
    """The same images with their labels twice: as they are, and as JPEGs from some source."""

    lossless: UInt8[np.ndarray, "N 3 32 32"]
    jpeg: UInt8[np.ndarray, "N 3 32 32"]
    labels: Int64[np.ndarray, " N"]
    source: str

    def split(self, test_images: int, seed: int) -> dict[str, Images]:
        """Return both copies, the same images of each held out as test images, classes balanced."""
        tested = balanced_indices(self.labels, test_images, np.random.default_rng(seed))
        trained, both = np.setdiff1d(np.arange(len(self.labels)), tested), {}
        for name, pixels in (("lossless", self.lossless), ("jpeg", self.jpeg)):
            first = pixels[trained], self.labels[trained]
            both[name] = Images(*first, pixels[tested], self.labels[tested], name)
        return both


def read_mosaics(paths: Sequence[Path]) -> UInt8[np.ndarray, "N 3 32 32"]:
    """Return the images of PNG files in which each row of 1,024 pixels is an image.

    Raises:
        CorruptTableError: a file is not such a PNG.
    """
    parts = []
    for path in paths:
        try:
            with Image.open(path, formats=["PNG"]) as opened:
                if opened.width != SIDE * SIDE or opened.height > TALLEST:
                    raise ValueError(
                        f"{opened.width} by {opened.height} pixels; {SIDE * SIDE} by at most "
                        f"{TALLEST} are expected"
                    )
                pixels = np.asarray(opened.convert("RGB"))
        except (OSError, ValueError, Image.DecompressionBombError) as error:
            raise CorruptTableError(f"{path}: {error}") from error
        parts.append(pixels.reshape(-1, SIDE, SIDE, 3).transpose(0, 3, 1, 2))
    return np.ascontiguousarray(np.concatenate(parts))


def match(lossless: UInt8[np.ndarray, "N 3 32 32"], images: Images) -> Copies:
    """Return lossless images with their labels and JPEGs, from a copy that has them too.

    Where the copy is lossless itself, JPEGs are made here, of the same quality.

    Raises:
        CorruptTableError: an image is not in the copy, or which it is there is not clear.
    """
    places = nearest(lossless, images.train)
    labels = images.train_labels[places]
    if images.source == JPEG:
        return Copies(lossless, images.train[places], labels, JPEG)
    encoded = np.stack([_as_jpeg(image) for image in lossless])
    return Copies(lossless, encoded, labels, f"encoded here, quality {QUALITY}")


def nearest(
    images: UInt8[np.ndarray, "N 3 H W"], known: UInt8[np.ndarray, "M 3 H W"]
) -> Int64[np.ndarray, " N"]:
    """Return the place of each image's own copy among the known ones.

    Raises:
        CorruptTableError: an image has no copy, or one as near as another, or two have the same.
    """
    index = NearestNeighbors(n_neighbors=2, algorithm="brute").fit(_coarse(known))
    two = index.kneighbors(_coarse(images), return_distance=False)
    errors = np.empty(two.shape, dtype=np.float32)
    for row, image in enumerate(images):
        differences = known[two[row]] - image.astype(np.float32)
        errors[row] = (differences**2).mean(axis=(1, 2, 3))
    best = errors.argmin(axis=1, keepdims=True)
    near, far = errors.min(axis=1), errors.max(axis=1)
    unclear = np.flatnonzero((near > FARTHEST) | (far <= CLEARLY * near))
    if len(unclear):
        raise CorruptTableError(f"image {unclear[0]} has no clear copy in the data set")
    places = np.take_along_axis(two, best, axis=1)[:, 0]
    if len(np.unique(places)) < len(places):
        raise CorruptTableError("two images have the same copy in the data set")
    return places


def train_on_both(
    architecture: str,
    copies: Copies,
    recipe: Recipe,
    *,
    test_images: int,
    seed: int,
    folder: Path,
    process: Process,
) -> list[dict[str, Any]]:
    """Train the same network on either copy; return the accuracies on held-out images in percent.

    Split, initial weights, order and augmentation are the same for both. Each is tested on the
    copy that it was trained on, and on the lossless one.
    """
    rows = []
    both = copies.split(test_images, seed)
    for name, images in both.items():
        network = build(architecture, recipe, CLASSES, seed)
        data = on_device(images, process, recipe.cutout)
        checkpoint = folder / f"{name}.pt"
        folder.mkdir(parents=True, exist_ok=True)
        with claimed(checkpoint):
            history = train(
                network, data, recipe, checkpoint=checkpoint, seed=seed, process=process
            )
        accuracies = {name: history[-1].test_accuracy}
        if name != "lossless":
            clean = replace(images, test=both["lossless"].test)
            measures = measure(network, on_device(clean, process), recipe, process)
            accuracies["lossless"] = measures.accuracy
        common = {"architecture": architecture, "seed": seed, "jpegs": copies.source}
        common |= {"epochs": recipe.epochs, "channels": recipe.channels, "layers": recipe.layers}
        common |= {"train_images": len(images.train), "test_images": len(images.test)}
        common |= {"trained_on": name}
        last = {"seconds": sum(epoch.seconds for epoch in history)}
        for tested, value in accuracies.items():
            rows.append(common | {"tested_on": tested, "accuracy": value} | last)
    return rows


def _coarse(images: UInt8[np.ndarray, "N 3 H W"]) -> Float[np.ndarray, "N features"]:
    """Return the images with blocks of pixels averaged, one row each."""
    count, channels, height, width = images.shape
    blocks = images.reshape(count, channels, height // BLOCK, BLOCK, width // BLOCK, BLOCK)
    return blocks.mean(axis=(3, 5), dtype=np.float32).reshape(count, -1)


def _as_jpeg(image: UInt8[np.ndarray, "3 H W"]) -> UInt8[np.ndarray, "3 H W"]:
    stream = io.BytesIO()
    Image.fromarray(image.transpose(1, 2, 0)).save(stream, "JPEG", quality=QUALITY)
    with Image.open(stream) as opened:
        return np.asarray(opened).transpose(2, 0, 1)
