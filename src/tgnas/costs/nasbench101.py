"""NAS-Bench-101 cells as networks (Ying et al. 2019, section 2): their size and cost.

The skeleton: a 3x3 convolution to 128 channels, 3 stacks of 3 cells, channels doubled at the
head of the second and third stack, global average pooling, a dense layer. Every convolution is
without bias and followed by a batch normalisation with scale and shift.

Parameters agree with the benchmark on all 423,624 cells; nobody publishes their FLOPs.
"""

import numpy as np
from jaxtyping import Bool, Float64, Int64

from tgnas.costs.operators import global_pool_flops
from tgnas.operators import CODES
from tgnas.spaces.architectures import Architectures

STEM_CHANNELS = 128
STACKS = 3
CELLS_PER_STACK = 3


def vertex_channels(
    adjacency: Bool[np.ndarray, "N V V"], sizes: Int64[np.ndarray, " N"], into: int, out: int
) -> Int64[np.ndarray, "N V"]:
    """Return the channels that each vertex computes in a cell that maps `into` to `out` channels.

    Inner vertices that feed the output share its channels evenly, the first ones taking what is
    left over; any other vertex has as many as its largest successor
    (google-research/nasbench, lib/model_builder.py: compute_vertex_channels).
    """
    count, vertices = adjacency.shape[:2]
    row, last = np.arange(count), sizes - 1
    channels = np.zeros((count, vertices), dtype=np.int64)
    feeds = adjacency[row, :, last]
    feeds[:, 0] = False
    share, left = np.divmod(out, np.maximum(feeds.sum(axis=1), 1))
    extra = feeds & (np.cumsum(feeds, axis=1) <= left[:, None])
    channels[feeds] = np.broadcast_to(share[:, None], feeds.shape)[feeds]
    channels += extra
    channels[:, 0] = into
    channels[row, last] = out
    for vertex in range(vertices - 2, 0, -1):
        later = np.where(adjacency[:, vertex, :], channels, 0)
        later[row, last] = 0
        inherits = ~feeds[:, vertex] & (vertex < last)
        channels[inherits, vertex] = later[inherits].max(axis=1)
    return channels


def count_parameters(architectures: Architectures, classes: int = 10) -> Int64[np.ndarray, " N"]:
    """Return the trainable parameters of each architecture's network."""
    cells = architectures.cells
    adjacency, sizes = cells.adjacency(), cells.sizes
    stem = 3 * 3 * 3 * STEM_CHANNELS + 2 * STEM_CHANNELS
    total = np.full(len(cells), stem, dtype=np.int64)
    into = STEM_CHANNELS
    for stack in range(STACKS):
        out = STEM_CHANNELS * 2**stack
        for _ in range(CELLS_PER_STACK):
            total += _cell_parameters(cells.operators, adjacency, sizes, into, out)
            into = out
    return total + into * classes + classes


def count_flops(
    architectures: Architectures, classes: int, image_size: int
) -> Float64[np.ndarray, " N"]:
    """Return the floating-point operations of one forward pass of one image, in millions.

    Counted as for NAS-Bench-201: a multiplication with its addition is one, two for a normalised
    element, one for a ReLU, k*k for an element of a k x k pool.
    """
    cells = architectures.cells
    adjacency, sizes = cells.adjacency(), cells.sizes
    into, side = STEM_CHANNELS, image_size
    total = np.full(len(cells), (9 * 3 + 3) * into * side**2, dtype=np.int64)
    for stack in range(STACKS):
        out = STEM_CHANNELS * 2**stack
        if stack:
            side //= 2
            total += 4 * into * side**2
        for _ in range(CELLS_PER_STACK):
            total += side**2 * _cell_operations(cells.operators, adjacency, sizes, into, out)
            into = out
    return (total + global_pool_flops(into, side) + into * classes) / 1e6


def _cell_operations(
    operators: np.ndarray, adjacency: np.ndarray, sizes: np.ndarray, into: int, out: int
) -> np.ndarray:
    """Return the operations of one cell for each pixel."""
    channels = vertex_channels(adjacency, sizes, into, out)
    square = channels**2
    cost = np.where(operators == CODES["conv_3x3"], 9 * square + 3 * channels, 0)
    cost += np.where(operators == CODES["conv_1x1"], square + 3 * channels, 0)
    cost += np.where(operators == CODES["max_pool_3x3"], 9 * channels, 0)
    cost += np.where(adjacency[:, 0, :], (into + 3) * channels, 0)
    return cost.sum(axis=1)


def _cell_parameters(
    operators: np.ndarray, adjacency: np.ndarray, sizes: np.ndarray, into: int, out: int
) -> np.ndarray:
    """Return the parameters of one cell: its operators and its projections of the input."""
    channels = vertex_channels(adjacency, sizes, into, out)
    square, norm = channels**2, 2 * channels
    parameters = np.where(operators == CODES["conv_3x3"], 9 * square + norm, 0)
    parameters += np.where(operators == CODES["conv_1x1"], square + norm, 0)
    # An edge from the input is a 1x1 convolution to its target's channels, the output's included.
    parameters += np.where(adjacency[:, 0, :], into * channels + norm, 0)
    return parameters.sum(axis=1)
