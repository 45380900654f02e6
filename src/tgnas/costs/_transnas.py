"""What TransNAS-Bench-101's networks have in common (Duan et al., CVPR 2021, Section 3).

Two convolutions of stride 2 make the stem; each module is two blocks, of which the first changes
the shape; global average pooling and a linear layer make the decoder of scene and object
classification and of room layout (lib/models in yawen-d/TransNASBench). Convolutions have no bias
and a batch normalisation behind them. Decoders of other tasks are not counted: they add the same to
all networks that end in one shape.
"""

from typing import TypeVar

import numpy as np

CHANNELS = 64  # of the first module's input
Numbers = TypeVar("Numbers", int, np.ndarray)


def stem_parameters() -> int:
    """Return the parameters of the stem."""
    half = CHANNELS // 2
    return convolution(3, 3, half) + convolution(3, half, CHANNELS)


def stem_flops(image_size: int) -> int:
    """Return the multiplications of the stem."""
    half, side = CHANNELS // 2, image_size // 2
    return 9 * 3 * half * side**2 + 9 * half * CHANNELS * (side // 2) ** 2


def convolution(kernel: int, source: Numbers, target: Numbers) -> Numbers:
    """Return the parameters of a convolution and its affine batch normalisation."""
    return kernel**2 * source * target + 2 * target
