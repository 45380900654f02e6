"""The network of NAS-Bench-301 around a genotype (Zela et al., ICLR 2022): its size and cost.

The skeleton of DARTS for CIFAR-10: a 3x3 convolution to 3 C channels, 8 cells of which the third
and the sixth are reductions that double the channels, global average pooling, a dense layer; C is
32. A cell first maps the outputs of the two cells before it to its own width. Batch normalisations
have scale and shift there and in the stem, none inside of a cell; there is no auxiliary head.

Parameters and FLOPs agree with NAS-Bench-Suite-Zero on all 1,218 genotypes that it publishes.
"""

import numpy as np
from jaxtyping import Float64, Int64

from tgnas.costs.operators import global_pool_flops
from tgnas.operators import CODES
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.darts import LAYERS, NODES, REDUCTIONS

CHANNELS = 32
STEM = 3  # channels of the stem, in units of C
POOLS = ("max_pool_3x3", "avg_pool_3x3")
# Operator -> how many times a depth-wise and a 1x1 convolution follow each other, and the kernel.
CONVOLUTIONS = {
    "sep_conv_3x3": (2, 3),
    "sep_conv_5x5": (2, 5),
    "dil_conv_3x3": (1, 3),
    "dil_conv_5x5": (1, 5),
}


def count_parameters(architectures: Architectures, classes: int = 10) -> Int64[np.ndarray, " N"]:
    """Return the trainable parameters of each architecture's network."""
    cells = architectures.cells
    operators = cells.operators[:, 2:-1]
    shrinks = cells.adjacency()[:, :2, 2:-1].any(axis=1) & (operators == CODES["identity"])
    width, stem = CHANNELS, STEM * CHANNELS
    before, last = stem, stem
    total = np.full(len(architectures), 3 * 3 * 3 * stem + 2 * stem, dtype=np.int64)
    for layer in range(LAYERS):
        kind = int(layer in REDUCTIONS)
        width *= 2**kind
        total += (before + last) * width + 2 * 2 * width
        total += _weights(width)[operators[kind::2]].sum(axis=1)
        # An identity that halves the side length is a 1x1 convolution.
        total += kind * width**2 * shrinks[kind::2].sum(axis=1)
        before, last = last, NODES * width
    return total + last * classes + classes


def count_flops(
    architectures: Architectures, classes: int, image_size: int
) -> Float64[np.ndarray, " N"]:
    """Return the floating-point operations of one forward pass of one image, in millions.

    Counted as for NAS-Bench-201; an element of a normalisation without scale and shift costs one.
    """
    cells = architectures.cells
    operators = cells.operators[:, 2:-1]
    halved = np.any(cells.adjacency()[:, :2, 2:-1], axis=1)
    width, side = CHANNELS, image_size
    stem = STEM * CHANNELS
    # Channels and side length of the two cells before.
    before, last = (stem, side), (stem, side)
    total = np.full(len(architectures), (9 * 3 + 2) * stem * side**2, dtype=np.int64)
    for layer in range(LAYERS):
        kind = int(layer in REDUCTIONS)
        width *= 2**kind
        for channels, length in (before, last):
            # ReLU, a 1x1 convolution (in two strided halves after a reduction), normalisation.
            total += channels * length**2 + (channels + 2) * width * side**2
        part = operators[kind::2]
        kept, strided = (_operations(width, side >> kind, stride) for stride in (1, 2))
        total += np.where(halved[kind::2] & bool(kind), strided[part], kept[part]).sum(axis=1)
        side >>= kind
        before, last = last, (NODES * width, side)
    total += global_pool_flops(last[0], side) + last[0] * classes
    return total / 1e6


def _operations(width: int, side: int, stride: int) -> Int64[np.ndarray, " codes"]:
    """Return the operations of each operator, by its code; `side` is of what it gives."""
    area, source = side**2, (side * stride) ** 2
    cost = np.zeros(len(CODES), dtype=np.int64)
    for name in POOLS:
        cost[CODES[name]] = (9 + 1) * width * area
    if stride == 2:
        cost[CODES["identity"]] = width * source + (width + 1) * width * area
    for name, (times, kernel) in CONVOLUTIONS.items():
        # ReLU of what comes in, depth-wise and 1x1 convolution, normalisation.
        behind = (kernel**2 + width + 1) * width * area
        cost[CODES[name]] = width * source + behind + (times - 1) * (width * area + behind)
    return cost


def _weights(width: int) -> Int64[np.ndarray, " codes"]:
    """Return the parameters of each operator, by its code."""
    weights = np.zeros(len(CODES), dtype=np.int64)
    for name, (times, kernel) in CONVOLUTIONS.items():
        weights[CODES[name]] = times * (kernel**2 * width + width**2)
    return weights
