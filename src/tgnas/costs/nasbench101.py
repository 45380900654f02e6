"""NAS-Bench-101 cells as networks (Ying et al. 2019, section 2): their size and cost.

The skeleton: a 3x3 convolution to 128 channels, 3 stacks of 3 cells, channels doubled at the
head of the second and third stack, global average pooling, a dense layer. Every convolution is
without bias and followed by a batch normalisation with scale and shift.

Parameters agree with the benchmark on all 423,624 cells; nobody publishes their FLOPs.
"""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Bool, Float64, Int64

from tgnas.cell import Cells
from tgnas.costs.operators import global_pool_flops
from tgnas.operators import CODES
from tgnas.spaces.architectures import Architectures

STEM_CHANNELS = 128
STACKS = 3
CELLS_PER_STACK = 3
LAST_CHANNELS = STEM_CHANNELS << (STACKS - 1)


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
    cells, out = architectures.cells, LAST_CHANNELS
    three, one = (cells.operators == CODES[name] for name in ("conv_3x3", "conv_1x1"))
    # An edge from the input is a 1x1 convolution to its target's channels, the output's included.
    projected = cells.adjacency()[:, 0, :]
    stem = 3 * 3 * 3 * STEM_CHANNELS + 2 * STEM_CHANNELS
    total = np.full(len(cells), stem + out * classes + classes, dtype=np.int64)
    for _, into, channels in _channels_of_cells(cells):
        square, norm = channels**2, 2 * channels
        parameters = three * (9 * square + norm) + one * (square + norm)
        parameters += projected * (into * channels + norm)
        total += parameters.sum(axis=1)
    return total


def count_flops(
    architectures: Architectures, classes: int, image_size: int
) -> Float64[np.ndarray, " N"]:
    """Return the floating-point operations of one forward pass of one image, in millions.

    Counted as for NAS-Bench-201: a multiplication with its addition is one, two for a normalised
    element, one for a ReLU, k*k for an element of a k x k pool.
    """
    cells = architectures.cells
    names = ("conv_3x3", "conv_1x1", "max_pool_3x3")
    three, one, pool = (cells.operators == CODES[name] for name in names)
    projected = cells.adjacency()[:, 0, :]
    sides = [image_size >> stack for stack in range(STACKS)]
    skeleton = (9 * 3 + 3) * STEM_CHANNELS * image_size**2
    skeleton += sum(4 * (STEM_CHANNELS << k) * side**2 for k, side in enumerate(sides[1:]))
    skeleton += global_pool_flops(LAST_CHANNELS, sides[-1]) + LAST_CHANNELS * classes
    total = np.full(len(cells), skeleton, dtype=np.int64)
    for stack, into, channels in _channels_of_cells(cells):
        square, norm = channels**2, 3 * channels
        operations = three * (9 * square + norm) + one * (square + norm) + pool * 9 * channels
        operations += projected * (into + 3) * channels
        total += sides[stack] ** 2 * operations.sum(axis=1)
    return total / 1e6


def _channels_of_cells(cells: Cells) -> Iterator[tuple[int, int, Int64[np.ndarray, "N V"]]]:
    """Yield the stack, the channels that come in and those of the vertices of each cell in turn."""
    adjacency, into = cells.adjacency(), STEM_CHANNELS
    for stack in range(STACKS):
        out = STEM_CHANNELS << stack
        for _ in range(CELLS_PER_STACK):
            yield stack, into, vertex_channels(adjacency, cells.sizes, into, out)
            into = out
