"""The network of NAS-Bench-301 around a genotype (Zela et al., ICLR 2022): its size.

The skeleton of DARTS for CIFAR-10: a 3x3 convolution to 3 C channels, 8 cells of which the third
and the sixth are reductions that double the channels, global average pooling, a dense layer; C is
32. A cell first maps the outputs of the two cells before it to its own width. Batch normalisations
have scale and shift there and in the stem, none inside of a cell; there is no auxiliary head.

Parameters agree with NAS-Bench-Suite-Zero on all 1,218 genotypes that it publishes.
"""

import numpy as np
from jaxtyping import Int64

from tgnas.cell import Cells
from tgnas.operators import CODES
from tgnas.spaces.darts import LAYERS, NODES, REDUCTIONS

CHANNELS = 32
# Operator -> how many times a depth-wise and a 1x1 convolution follow each other, and the kernel.
CONVOLUTIONS = {
    "sep_conv_3x3": (2, 3),
    "sep_conv_5x5": (2, 5),
    "dil_conv_3x3": (1, 3),
    "dil_conv_5x5": (1, 5),
}


def count_parameters(cells: Cells, classes: int = 10) -> Int64[np.ndarray, " N"]:
    """Return the trainable parameters of N networks, from their 2 N cells."""
    operators = cells.operators[:, 2:-1]
    shrinks = cells.adjacency()[:, :2, 2:-1].any(axis=1) & (operators == CODES["identity"])
    width, stem = CHANNELS, 3 * CHANNELS
    before, last = stem, stem
    total = np.full(len(cells) // 2, 3 * 3 * 3 * stem + 2 * stem, dtype=np.int64)
    for layer in range(LAYERS):
        kind = int(layer in REDUCTIONS)
        width *= 2**kind
        total += (before + last) * width + 2 * 2 * width
        total += _weights(width)[operators[kind::2]].sum(axis=1)
        # An identity that halves the side length is a 1x1 convolution.
        total += kind * width**2 * shrinks[kind::2].sum(axis=1)
        before, last = last, NODES * width
    return total + last * classes + classes


def _weights(width: int) -> Int64[np.ndarray, " codes"]:
    """Return the parameters of each operator, by its code."""
    weights = np.zeros(len(CODES), dtype=np.int64)
    for name, (times, kernel) in CONVOLUTIONS.items():
        weights[CODES[name]] = times * (kernel**2 * width + width**2)
    return weights
