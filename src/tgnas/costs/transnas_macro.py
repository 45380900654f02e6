"""The size of TransNAS-Bench-101's macro networks (Duan et al., CVPR 2021).

A module is two residual blocks of two 3x3 convolutions; the first has a 1x1 convolution beside it
where the shape changes.
"""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Bool, Float64, Int64

from tgnas.costs._transnas import CHANNELS, convolution, stem_flops, stem_parameters
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.space import built_in

SPACE = built_in("transnas_macro")
DATASET = "class_scene"  # whose images and classes its networks are counted with by default
DOUBLES, HALVES = ("2", "4"), ("3", "4")
Module = tuple[
    Int64[np.ndarray, " N"], Int64[np.ndarray, " N"], Int64[np.ndarray, " N"],
    Bool[np.ndarray, " N"], Bool[np.ndarray, " N"],
]  # fmt: skip


def count_parameters(architectures: Architectures, classes: int) -> Int64[np.ndarray, " N"]:
    """Return the trainable parameters of each architecture's network with a linear decoder.

    Raises:
        InvalidCellError: an architecture is not one of the space.
    """
    total = np.full(len(architectures), stem_parameters(), dtype=np.int64)
    out = np.full(len(architectures), CHANNELS)
    for into, out, _, there, changes in _modules(architectures, 0):
        module = convolution(3, into, out) + 3 * convolution(3, out, out)
        total += there * (module + changes * convolution(1, into, out))
    return total + (out + 1) * classes


def count_flops(
    architectures: Architectures, classes: int, image_size: int
) -> Float64[np.ndarray, " N"]:
    """Return the multiply-adds of one forward pass of one image, in millions.

    Those of convolutions and of the linear decoder.

    Raises:
        InvalidCellError: an architecture is not one of the space.
    """
    total = np.full(len(architectures), stem_flops(image_size), dtype=np.int64)
    out = np.full(len(architectures), CHANNELS)
    for into, out, side, there, changes in _modules(architectures, image_size // 4):
        module = 9 * into * out + 27 * out**2 + changes * into * out
        total += there * module * side**2
    return (total + out * classes) / 1e6


def _modules(architectures: Architectures, side: int) -> Iterator[Module]:
    """Yield of each module its channels in and out, side length, if it is there, if it changes."""
    SPACE.format(architectures)  # refuses what is no member of the space
    into, sides = (np.full(len(architectures), value) for value in (CHANNELS, side))
    code = SPACE.operators
    for codes in architectures.cells.operators[:, 1 : SPACE.form.vertices - 1].T:
        doubles = np.isin(codes, [code[digit] for digit in DOUBLES])
        halves = np.isin(codes, [code[digit] for digit in HALVES])
        out, sides = into << doubles, sides >> halves
        there = np.isin(codes, list(code.values()))
        yield into, out, sides, there, doubles | halves
        into = out
