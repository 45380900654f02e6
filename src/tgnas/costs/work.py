"""What a part of a network holds and does, whatever is then called a FLOP.

Arrays are of N architectures, or of one where all agree.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

Number = np.ndarray | float | int
# How much a multiply-add, a normalised element (with and without scale and shift), an element of a
# ReLU, a pixel that a pool reads and a bias count.
COUNTED = {
    "multiply_adds": (1, 0, 0, 0, 0, 0),
    "suite_zero": (1, 2, 1, 1, 1, 0),
    "pycls": (1, 0, 0, 1, 1, 1),
}


@dataclass(frozen=True, slots=True)
class Work:
    """Trainable parameters, and operations by their kind, of one forward pass of one image.

    Attributes:
        parameters: trainable parameters.
        multiply_adds: of convolutions and dense layers.
        scaled: elements of normalisations that have a scale and a shift.
        normalised: elements of normalisations that have none.
        relus: elements of ReLUs.
        pooled: pixels that pools read.
        biases: additions of a bias.
    """

    parameters: Number = 0
    multiply_adds: Number = 0
    scaled: Number = 0
    normalised: Number = 0
    relus: Number = 0
    pooled: Number = 0
    biases: Number = 0

    def __iter__(self) -> Iterator[Number]:
        """Go through the parts in their order; ``astuple`` would copy each array."""
        return (getattr(self, name) for name in self.__slots__)

    def __add__(self, other: "Work") -> "Work":
        return Work(*(a + b for a, b in zip(self, other, strict=True)))

    def times(self, factor: Number) -> "Work":
        """Return the work of so many such parts."""
        return Work(*(value * factor for value in self))

    def summed(self) -> "Work":
        """Return the work of all parts that the last axis runs over."""
        return Work(*(np.sum(value, axis=-1) for value in self))

    def flops(self, counting: str) -> Number:
        """Return the operations, by what counts as one, a key of ``COUNTED``."""
        _, *operations = self
        return sum(
            weight * done for weight, done in zip(COUNTED[counting], operations, strict=True)
        )


def convolution(
    kernel: int,
    inputs: Number,
    outputs: Number,
    side: Number,
    scale: bool = True,
    relus: Number = 0,
) -> Work:
    """Return the work of a convolution without bias and of its normalisation.

    Args:
        kernel: its side.
        inputs: channels that come in.
        outputs: channels that go out.
        side: of what goes out.
        scale: whether the normalisation has a scale and a shift.
        relus: elements of a ReLU beside it.
    """
    weights, elements = kernel**2 * inputs * outputs, outputs * side**2
    return Work(
        parameters=weights + 2 * outputs * scale,
        multiply_adds=weights * side**2,
        scaled=elements * scale,
        normalised=elements * (not scale),
        relus=relus,
    )


def classifier(channels: Number, side: Number, classes: int, counting: str) -> Work:
    """Return the work of the pool over all pixels and of the dense layer behind it.

    NAS-Bench-Suite-Zero's counter takes the window of that pool to be one wider than the image: the
    only count that fits both image sizes of NAS-Bench-201, 32 and 16, and that of NAS-Bench-301.
    """
    window = side + 1 if counting == "suite_zero" else side
    return Work(
        parameters=channels * classes + classes,
        multiply_adds=channels * classes,
        pooled=channels * window**2,
        biases=classes,
    )
