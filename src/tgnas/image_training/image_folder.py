"""ImageNet, or any folder laid out like it: ``train/CLASS/image`` and ``val/CLASS/image``.

The folder is the user's. Training images are cropped at random places and sizes to 224 x 224
pixels, half of them mirrored, their colours changed as DARTS does; of a test image it is the middle
of its 256 pixels. Workers decode; what they draw is a function of the seed, the epoch and the
image, so that neither their number nor an interruption changes anything.
"""

import hashlib
import logging
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Int64, UInt8
from PIL import Image, ImageEnhance
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from tgnas.errors import ConfigError, CorruptTableError, ResourceError, number_of
from tgnas.files import readable
from tgnas.image_training.data import Batch, Task
from tgnas.image_training.images import balanced_indices, normalise
from tgnas.image_training.processes import Process
from tgnas.training.seeds import generator_of

LOG = logging.getLogger(__name__)
SIDE, RESIZED = 224, 256  # pixels
SUFFIXES = {".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"}
BYTE, WORD = 255, 65_535  # the brightest pixel of 8 and of 16 bits
# Of ImageNet's training images, as every code base has them.
MEANS, DEVIATIONS = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
AREAS, RATIOS, TRIES = (0.08, 1.0), (3 / 4, 4 / 3), 10  # of a random crop (Szegedy et al., 2015)
JITTER, HUE = 0.4, 0.2  # of brightness, contrast and saturation; of the hue
TEST_BATCH = 250
# A training image's place in the list with what its random numbers depend on; a test image's place.
Key = tuple[int, int, int] | int


@dataclass(frozen=True, slots=True)
class Listing:
    """The files of one split's images, and the numbers of their classes."""

    paths: list[Path]
    labels: Int64[np.ndarray, " N"]
    left_out: Counter[tuple[str, str]] = field(default_factory=Counter)  # no images, by their kind

    def drawn(self, size: int | None, generator: np.random.Generator) -> "Listing":
        """Return that many of them, drawn at random, classes balanced; all where it is None."""
        if size is None:
            return self
        places = balanced_indices(self.labels, size, generator)
        return Listing([self.paths[place] for place in places], self.labels[places])


def list_folder(folder: Path) -> tuple[Listing, Listing, list[str]]:
    """Return the training images, the test images and the names of the classes.

    Files and folders whose names begin with a dot are left out.

    Raises:
        UnreadableFileError: there is no such folder.
        ResourceError: it is not laid out as it must be; says what is missing.
    """
    form = "ImageNet's form is train/CLASS/image.jpg and val/CLASS/image.jpg"
    if not folder.is_dir():
        readable(folder)
        raise ResourceError(f"{folder} is not a folder of images; {form}")
    classes: dict[str, list[str]] = {}
    for split in ("train", "val"):
        if not (folder / split).is_dir():
            raise ResourceError(f"{folder} has no folder {split!r}; {form}")
        classes[split] = sorted(
            path.name for path in (folder / split).iterdir() if path.is_dir() and not _hidden(path)
        )
        if not classes[split]:
            raise ResourceError(f"{folder / split} has no folder of a class; {form}")
    if one_sided := sorted(set(classes["train"]) ^ set(classes["val"])):
        raise ResourceError(f"{folder}: class {one_sided[0]!r} is in one of train and val only")
    names = classes["train"]
    return _listed(folder / "train", names), _listed(folder / "val", names), names


def _listed(split: Path, classes: list[str]) -> Listing:
    paths: list[Path] = []
    labels: list[int] = []
    left_out = Counter(
        ("hidden folder", "") if path.is_dir() else ("file", " beside the classes")
        for path in split.iterdir()
        if not path.is_dir() or _hidden(path)
    )
    for label, name in enumerate(classes):
        inside = sorted((split / name).iterdir())
        images = [p for p in inside if p.suffix.lower() in SUFFIXES and not _hidden(p)]
        left_out.update(_kind(path) for path in set(inside).difference(images))
        if not images:
            kinds = ", ".join(sorted(SUFFIXES))
            raise ResourceError(f"{split / name} has no image; known kinds are {kinds}")
        paths += images
        labels += [label] * len(images)
    return Listing(paths, np.array(labels, dtype=np.int64), left_out)


def _hidden(path: Path) -> bool:
    return path.name.startswith(".")


def _kind(path: Path) -> tuple[str, str]:
    """Return what a file or folder within a class is: the word that is counted, and the rest."""
    if path.is_dir():
        return "folder", " within a class"
    if _hidden(path):
        return "hidden file", ""
    return "file", f" {path.suffix.lower() or 'without an ending'}"


@dataclass(frozen=True, eq=False)
class _Decoded(Dataset):
    """The images of a listing as bytes, a key of three numbers augmented, a single one not."""

    listing: Listing

    def __getitem__(self, key: Key) -> tuple[UInt8[Tensor, "3 224 224"], int]:
        place = key if isinstance(key, int) else key[-1]
        path = self.listing.paths[place]
        try:
            with Image.open(path) as opened:
                image = in_colour(opened)
        except (OSError, Image.DecompressionBombError, ValueError) as error:
            raise CorruptTableError(f"{path} is not an image: {error}") from error
        drawn = None if isinstance(key, int) else np.random.default_rng(key)
        image = augmented(image, drawn) if drawn else middle(image)
        pixels = torch.from_numpy(np.array(image)).permute(2, 0, 1)
        return pixels, int(self.listing.labels[place])


@dataclass(eq=False)
class ImageFolder(Task):
    """An image folder, decoded by workers as it is needed."""

    train: Listing
    test: Listing
    classes: int
    process: Process
    workers: int  # processes that decode; 0 decodes in this one
    source: str

    def __post_init__(self) -> None:
        self.labels = self.train.labels, self.test.labels
        self._train_keys: list[list[Key]] = []
        self._test_keys: list[list[Key]] = []
        self._train, self._test = (
            DataLoader(
                _Decoded(listing),
                batch_sampler=keys,
                num_workers=self.workers,
                persistent_workers=self.workers > 0,
                pin_memory=self.process.device.type == "cuda",
            )
            for listing, keys in ((self.train, self._train_keys), (self.test, self._test_keys))
        )

    def train_batches(self, seed: int, epoch: int, batch: int) -> Iterator[Batch]:
        """Yield this process's part of each batch of an epoch, augmented, on its device."""
        order = torch.randperm(self.train_size, generator=generator_of(seed, epoch))
        parts = [self.own(places).tolist() for places in order.split(batch)]
        self._train_keys[:] = [[(seed, epoch, place) for place in part] for part in parts if part]
        yield from self._moved(self._train)

    def test_batches(self) -> Iterator[Batch]:
        """Yield this process's part of the test images."""
        self._test_keys[:] = [part.tolist() for part in self.own_test_places(TEST_BATCH)]
        yield from self._moved(self._test)

    def digest(self) -> str:
        """Return a hash of the names and labels of all images; their content is not read."""
        digest = hashlib.sha256()
        for listing in (self.train, self.test):
            for path in listing.paths:
                digest.update(f"{path.parent.name}/{path.name}\n".encode())
            digest.update(listing.labels.data)
        return digest.hexdigest()

    def _moved(self, loader: DataLoader) -> Iterator[Batch]:
        device = self.process.device
        means, deviations = (torch.tensor(v, device=device) for v in (MEANS, DEVIATIONS))
        try:
            for pixels, labels in loader:
                placed = pixels.to(device, non_blocking=True)
                yield normalise(placed, means, deviations), labels.to(device, non_blocking=True)
        except CorruptTableError as error:  # a worker's has its whole traceback as its text
            line = str(error).strip().splitlines()[-1]
            raise CorruptTableError(line.removeprefix("tgnas.errors.CorruptTableError: ")) from None


def open_folder(
    folder: Path, sizes: tuple[int | None, int | None], process: Process, workers: int, seed: int
) -> ImageFolder:
    """Return the images of a folder, or a class-balanced draw of each split.

    Raises:
        ConfigError: fewer images than are asked for.
        ResourceError: the folder is not laid out as it must be.
    """
    train, test, classes = list_folder(folder)
    if len(classes) < 2:
        raise ConfigError(f"{folder} has one class, {classes[0]!r}; there is nothing to learn")
    for split, listing in (("train", train), ("val", test)):
        if listing.left_out and process.writes:
            kinds = ", ".join(
                number_of(n, one) + rest for (one, rest), n in sorted(listing.left_out.items())
            )
            LOG.warning("%s: left out: %s", folder / split, kinds)
    draw = np.random.default_rng(seed)
    drawn = [listing.drawn(size, draw) for listing, size in zip((train, test), sizes, strict=True)]
    source = f"image folder of {number_of(len(classes), 'class')}"
    return ImageFolder(drawn[0], drawn[1], len(classes), process, workers, source)


def in_colour(image: Image.Image) -> Image.Image:
    """Return an image as RGB of 8 bits: what has 16 bits or real numbers is scaled.

    Raises:
        ValueError: its numbers are of no known scale, which is 0 to 65535 of whole numbers and 0 to
            1, or 0 to 255, of real ones.
    """
    if not image.mode.startswith("I") and image.mode != "F":
        return image.convert("RGB")
    pixels = np.asarray(image, dtype=np.float64)
    low, high = float(pixels.min()), float(pixels.max())
    top = (1 if high <= 1 else BYTE) if image.mode == "F" else WORD
    if not (low >= 0 and high <= top):  # NaN is neither
        raise ValueError(
            f"its pixels go from {low:g} to {high:g}; known are 0 to {WORD} of whole numbers, and "
            f"0 to 1 or 0 to {BYTE} of real ones"
        )
    return Image.fromarray(np.rint(pixels * (BYTE / top)).astype(np.uint8)).convert("RGB")


def middle(image: Image.Image) -> Image.Image:
    """Return the middle 224 x 224 pixels of an image whose shorter side is made 256."""
    scale = RESIZED / min(image.size)
    width, height = (max(RESIZED, round(side * scale)) for side in image.size)
    left, top = (width - SIDE) // 2, (height - SIDE) // 2
    resized = image.resize((width, height), Image.Resampling.BILINEAR)
    return resized.crop((left, top, left + SIDE, top + SIDE))


def augmented(image: Image.Image, generator: np.random.Generator) -> Image.Image:
    """Return a random crop of 224 x 224 pixels, perhaps mirrored, its colours changed."""
    box = crop_box(image.size, generator)
    image = image.resize((SIDE, SIDE), Image.Resampling.BILINEAR, box=box)
    if generator.random() < 0.5:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    enhancers = (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color)
    for place in generator.permutation(len(enhancers) + 1):
        if place < len(enhancers):
            image = enhancers[place](image).enhance(generator.uniform(1 - JITTER, 1 + JITTER))
        else:
            image = _turned(image, generator.uniform(-HUE, HUE))
    return image


def crop_box(size: tuple[int, int], generator: np.random.Generator) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of a random window of an image of (width, height)."""
    width, height = size
    for _ in range(TRIES):
        area = width * height * generator.uniform(*AREAS)
        ratio = math.exp(generator.uniform(*np.log(RATIOS)))
        wide, high = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
        if 0 < wide <= width and 0 < high <= height:
            left = int(generator.integers(width - wide + 1))
            top = int(generator.integers(height - high + 1))
            return left, top, left + wide, top + high
    side = min(size)
    left, top = (width - side) // 2, (height - side) // 2
    return left, top, left + side, top + side


def _turned(image: Image.Image, share: float) -> Image.Image:
    """Return the image with its hue turned by that share of the circle."""
    hue, saturation, value = image.convert("HSV").split()
    turned = hue.point([(level + round(share * 256)) % 256 for level in range(256)])
    return Image.merge("HSV", (turned, saturation, value)).convert("RGB")
