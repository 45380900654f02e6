"""What the layers of every kind of network have in common: shapes, the stem, stages."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Int64

from tgnas.costs.work import Number, Work, convolution
from tgnas.spaces.skeleton import NetworkKeys

COLOURS = 3  # channels of an image


class Shape(NamedTuple):
    """Channels and side of what a part of each of N networks puts out; of one where all agree."""

    channels: Int64[np.ndarray, " _"]
    side: Int64[np.ndarray, " _"]


@dataclass(frozen=True, slots=True)
class Row:
    """One layer of N networks; ``layers.Layers`` says what each field is.

    Attributes:
        cell: as there.
        inputs: as there.
        shape: channels and side of what goes out.
        stride: as there.
        repeats: as there.
        work: of all repeats.
    """

    cell: int
    inputs: Int64[np.ndarray, " _"]
    shape: Shape
    stride: Int64[np.ndarray, " _"]
    repeats: Int64[np.ndarray, " _"]
    work: Work


class Stage(NamedTuple):
    """Cells of one shape."""

    width: Int64[np.ndarray, " _"]
    stride: int
    repeats: Int64[np.ndarray, " _"]


def stem_of(
    keys: NetworkKeys, width: Int64[np.ndarray, " _"], side: Int64[np.ndarray, " _"]
) -> tuple[Work, list[Shape]]:
    """Return the work of the stem, and what each of its convolutions puts out.

    Where there is none, the first cell reads the image.
    """
    work, shapes = Work(), [Shape(np.array([COLOURS]), side)]
    for number, one in enumerate(keys.stem):
        before, _ = shapes[-1]
        side = reduced(side, one.stride)
        channels = (width * one.widen).astype(np.int64)
        # A ReLU stands between two convolutions, and where a cell's convolutions end with one.
        relus = before * shapes[-1].side ** 2 * (number > 0)
        relus = relus + keys.concatenated * channels * side**2
        work += convolution(one.kernel, before, channels, side, relus=relus)
        shapes.append(Shape(channels, side))
    return work, shapes[1:] or shapes


def stages_of(
    keys: NetworkKeys, width: Int64[np.ndarray, " _"], depth: Int64[np.ndarray, " _"]
) -> list[Stage]:
    """Return the stages of networks of a width and a depth."""
    if isinstance(keys.stages, int):
        ends = [depth * stage // keys.stages for stage in range(keys.stages + 1)]
        return [
            Stage(width << number, 2 if number else 1, ends[number + 1] - ends[number])
            for number in range(keys.stages)
        ]
    stages = []
    for stage in keys.stages:
        width = np.rint(width * stage.widen).astype(np.int64)
        if stage.width is not None:
            width = np.full_like(width, stage.width)
        stages.append(Stage(width, stage.stride, np.array([stage.cells])))
    return stages


def reduced(side: Int64[np.ndarray, "*rest"], stride: Number) -> Int64[np.ndarray, "*rest"]:
    """Return the side of what a stride leaves of a side."""
    return -(-side // stride)
