"""Facts of the image data sets that benchmarks train on."""

from dataclasses import dataclass
from types import MappingProxyType

from tgnas.errors import UnknownNameError


@dataclass(frozen=True, slots=True)
class ImageDataset:
    """What a network must know of a data set.

    Attributes:
        classes: number of labels, or of a regression's outputs.
        image_size: height and width of an image in pixels.
    """

    classes: int
    image_size: int


DATASETS = MappingProxyType(
    {
        "cifar10": ImageDataset(10, 32),
        "cifar100": ImageDataset(100, 32),
        "ImageNet16-120": ImageDataset(120, 16),
        # Tasks of TransNAS-Bench-101 that end in a linear layer; room_layout is a regression.
        "class_scene": ImageDataset(47, 256),
        "class_object": ImageDataset(75, 256),
        "room_layout": ImageDataset(9, 256),
        "imagenet": ImageDataset(1000, 224),
    }
)


def dataset_facts(name: str) -> ImageDataset:
    """Return the facts of a data set.

    Raises:
        UnknownNameError: there is no such data set.
    """
    if name not in DATASETS:
        raise UnknownNameError("data set", name, DATASETS)
    return DATASETS[name]
