"""The size and the cost of NAS-Bench-201's network around a cell.

Dong and Yang, "NAS-Bench-201: Extending the Scope of Reproducible Neural Architecture Search",
ICLR 2020, Section 2.1: a stem of width C, three stages of N cells of width C, 2C and 4C with a
residual block of stride 2 between them, and a classifier. The cell is an operator-on-node graph:
"input", six edge operators in the order 0->1, 0->2, 1->2, 0->3, 1->3, 2->3, "output".

Parameters agree with the benchmark on all 15,625 architectures and three data sets, FLOPs with
NAS-Bench-Suite-Zero on every row it publishes.
"""

from itertools import pairwise

import numpy as np
from jaxtyping import Float, Int64

from tgnas.costs.operators import KERNELS, POOLS, global_pool_flops
from tgnas.errors import InvalidCellError
from tgnas.operators import CODES, NAMES
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.nasbench201 import SPACE

CHANNELS = 16  # C of the benchmark
REPEATS = 5  # N of the benchmark: cells in a stage
STAGES = 3
EDGES = 6  # operators of a cell


def stage_widths(channels: int) -> list[int]:
    """Return the channels of each stage."""
    return [channels << stage for stage in range(STAGES)]


def count_parameters(
    architectures: Architectures, classes: int, channels: int = CHANNELS, repeats: int = REPEATS
) -> Int64[np.ndarray, " N"]:
    """Return the trainable parameters of each architecture's network.

    Raises:
        InvalidCellError: an architecture is not one of NAS-Bench-201.
    """
    widths = stage_widths(channels)
    cost = np.zeros(len(NAMES), dtype=np.int64)
    for name, kernel in KERNELS.items():
        cost[CODES[name]] = repeats * sum(_normalised(kernel, width, width) for width in widths)
    skeleton = _normalised(3, 3, channels)
    for narrow, wide in pairwise(widths):
        skeleton += _normalised(3, narrow, wide) + _normalised(3, wide, wide) + narrow * wide
    skeleton += 2 * widths[-1] + (widths[-1] + 1) * classes
    return skeleton + cost[_edge_operators(architectures)].sum(axis=1)


def count_flops(
    architectures: Architectures,
    classes: int,
    image_size: int,
    channels: int = CHANNELS,
    repeats: int = REPEATS,
) -> Float[np.ndarray, " N"]:
    """Return the floating-point operations of one forward pass of one image, in millions.

    Counted as NAS-Bench-Suite-Zero does: a multiplication with its addition is one, no bias, two
    for a batch-normalised element, one for a ReLU, k*k for an element of a k x k pool.

    Raises:
        InvalidCellError: a cell is not one of NAS-Bench-201.
    """
    widths = stage_widths(channels)
    sides = [image_size >> stage for stage in range(STAGES)]
    sizes = [width * side**2 for width, side in zip(widths, sides, strict=True)]  # elements
    cost = np.zeros(len(NAMES), dtype=np.int64)
    for name, kernel in KERNELS.items():
        pairs = zip(widths, sizes, strict=True)
        cost[CODES[name]] = repeats * sum((kernel**2 * width + 3) * size for width, size in pairs)
    for name, kernel in POOLS.items():
        cost[CODES[name]] = repeats * kernel**2 * sum(sizes)
    skeleton = (9 * 3 + 2) * sizes[0]
    for stage in range(STAGES - 1):
        skeleton += _reduction_flops(widths[stage], widths[stage + 1], sides[stage + 1])
    skeleton += 3 * sizes[-1] + widths[-1] * classes
    skeleton += global_pool_flops(widths[-1], sides[-1])
    return (skeleton + cost[_edge_operators(architectures)].sum(axis=1)) / 1e6


def _normalised(kernel: int, source: int, target: int) -> int:
    """Return the parameters of a convolution without bias and its affine batch norm."""
    return kernel**2 * source * target + 2 * target


def _reduction_flops(narrow: int, wide: int, side: int) -> int:
    """Return the operations of a residual block of stride 2 that ends at that side length."""
    area = side**2
    main = 4 * narrow + (9 * narrow + 2) * wide + wide + (9 * wide + 2) * wide  # ReLU, conv, BN
    shortcut = 4 * narrow + narrow * wide  # 2 x 2 pool, conv
    return (main + shortcut) * area


def _edge_operators(architectures: Architectures) -> np.ndarray:
    """Return the codes of the six edge operators, shape (N, 6)."""
    cells = architectures.cells
    codes = cells.operators[:, 1 : 1 + EDGES]
    known = np.isin(codes, list(SPACE.operators.values())).all(axis=1)
    bad = np.flatnonzero(~known | (cells.sizes != EDGES + 2))
    if len(bad):
        raise InvalidCellError(
            f"cell {bad[0]} is not a NAS-Bench-201 cell: it needs 'input', {EDGES} of "
            f"{', '.join(SPACE.operators)}, 'output'"
        )
    return codes
