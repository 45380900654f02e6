"""The size of NAS-Bench-Macro's networks without building them (Su et al., CVPR 2021).

Parameters and FLOPs agree with the benchmark on all 6,561 architectures.
"""

from types import MappingProxyType

import numpy as np
from jaxtyping import Float64, Int64

from tgnas.errors import InvalidCellError
from tgnas.operators import CODES
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.nasbench_macro import SPACE, STAGES

CHANNELS = 32  # of the stem
LAST = 1280  # channels before the classifier
# Operator -> expansion and kernel size of its inverted residual block.
BLOCKS = MappingProxyType(
    {
        "inverted_residual_3x3_expansion_3": (3, 3),
        "inverted_residual_5x5_expansion_6": (6, 5),
    }
)


def count_parameters(
    architectures: Architectures, classes: int, channels: int = CHANNELS
) -> Int64[np.ndarray, " N"]:
    """Return the trainable parameters of each architecture's network.

    Raises:
        InvalidCellError: an architecture is not one of NAS-Bench-Macro.
    """
    total = np.full(len(architectures), 3 * channels * 9 + 2 * channels, dtype=np.int64)
    width = channels
    for stride, codes in _blocks(architectures):
        cost = np.zeros(len(CODES), dtype=np.int64)
        for name, (expansion, kernel) in BLOCKS.items():
            hidden = width * expansion
            cost[CODES[name]] = hidden * (width + kernel**2 + width * stride)
            cost[CODES[name]] += 2 * (2 * hidden + width * stride)
        cost[CODES["identity"]] = 2 * width**2 + 2 * 2 * width if stride == 2 else 0
        total += cost[codes]
        width *= stride
    return total + width * LAST + 2 * LAST + (LAST + 1) * classes


def count_flops(
    architectures: Architectures, classes: int, image_size: int, channels: int = CHANNELS
) -> Float64[np.ndarray, " N"]:
    """Return the multiply-adds of one forward pass of one image, in millions.

    Those of convolutions and of the dense layer, as the benchmark counts them.

    Raises:
        InvalidCellError: a cell is not one of NAS-Bench-Macro.
    """
    total = np.full(len(architectures), 3 * channels * 9 * image_size**2, dtype=np.int64)
    width, side = channels, image_size
    for stride, codes in _blocks(architectures):
        before, side = side**2, -(-side // stride)
        cost = np.zeros(len(CODES), dtype=np.int64)
        for name, (expansion, kernel) in BLOCKS.items():
            hidden = width * expansion
            cost[CODES[name]] = hidden * width * before
            cost[CODES[name]] += hidden * (kernel**2 + width * stride) * side**2
        cost[CODES["identity"]] = 2 * width**2 * side**2 if stride == 2 else 0
        total += cost[codes]
        width *= stride
    return (total + width * LAST * side**2 + LAST * classes) / 1e6


def _blocks(architectures: Architectures) -> list[tuple[int, np.ndarray]]:
    """Return the stride of each of the eight blocks, and its N codes."""
    if architectures.cells.vertices != SPACE.form.vertices:
        raise InvalidCellError("nasbench_macro: a cell has not 8 blocks")
    SPACE.choices_of(architectures)  # refuses blocks that the space does not have
    codes = architectures.cells.operators[:, 1:-1].T
    return [(2 if place in STAGES else 1, row) for place, row in enumerate(codes, start=1)]
