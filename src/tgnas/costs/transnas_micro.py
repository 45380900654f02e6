"""The size of TransNAS-Bench-101's network around a cell (Duan et al., CVPR 2021).

Five modules of two cells: the first, third and fifth module double the channels and halve the
resolution, on the edges that leave node 0 of their first cell. There even an identity has weights:
a 1x1 convolution in two halves.
"""

import numpy as np
from jaxtyping import Float64, Int64

from tgnas.costs._transnas import CHANNELS, stem_flops, stem_parameters
from tgnas.costs.operators import KERNELS
from tgnas.errors import InvalidCellError
from tgnas.operators import CODES
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.nasbench201 import EDGES
from tgnas.spaces.space import built_in

SPACE = built_in("transnas_micro")
DATASET = "class_scene"  # whose images and classes its networks are counted with by default
MODULES = "41414"  # 4 doubles the channels and halves the resolution
LAST = CHANNELS << MODULES.count("4")
FROM_INPUT = np.array([source == 0 for source, _ in EDGES])


def count_parameters(architectures: Architectures, classes: int) -> Int64[np.ndarray, " N"]:
    """Return the trainable parameters of each architecture's network with a linear decoder.

    Raises:
        InvalidCellError: an architecture is not one of the space.
    """
    kernel, weighted = _operators(architectures)
    total = np.full(len(architectures), stem_parameters() + (LAST + 1) * classes, dtype=np.int64)
    for into, out, _, changes in _cells(0):
        convolved = np.where(changes & FROM_INPUT, weighted, kernel)
        source = np.where(FROM_INPUT, into, out)
        total += (convolved**2 * source * out + 2 * out * (convolved > 0)).sum(axis=1)
    return total


def count_flops(
    architectures: Architectures, classes: int, image_size: int
) -> Float64[np.ndarray, " N"]:
    """Return the multiply-adds of one forward pass of one image, in millions.

    Those of convolutions and of the linear decoder.

    Raises:
        InvalidCellError: an architecture is not one of the space.
    """
    kernel, weighted = _operators(architectures)
    total = np.full(len(architectures), stem_flops(image_size) + LAST * classes, dtype=np.int64)
    for into, out, side, changes in _cells(image_size // 4):
        convolved = np.where(changes & FROM_INPUT, weighted, kernel)
        source = np.where(FROM_INPUT, into, out)
        total += (convolved**2 * source * out).sum(axis=1) * side**2
    return total / 1e6


def _cells(side: int) -> list[tuple[int, int, int, bool]]:
    """Return of each cell its channels in and out, its side length, and if it changes shape."""
    cells, channels = [], CHANNELS
    for module in MODULES:
        changes, out = module == "4", channels * 2 if module == "4" else channels
        side = side // 2 if changes else side
        cells += [(channels, out, side, changes), (out, out, side, False)]
        channels = out
    return cells


def _operators(
    architectures: Architectures,
) -> tuple[Int64[np.ndarray, "N 6"], Int64[np.ndarray, "N 6"]]:
    """Return the kernel size of each edge's convolution, and that where the shape changes."""
    if architectures.cells.vertices != SPACE.form.vertices:
        raise InvalidCellError("transnas_micro: a cell has not 6 edges")
    SPACE.choices_of(architectures)  # refuses operators that the space does not have
    codes = architectures.cells.operators[:, 1:-1]
    kernel = np.zeros(codes.shape, dtype=np.int64)
    for name, size in KERNELS.items():
        kernel[codes == CODES[name]] = size
    return kernel, np.where(codes == CODES["identity"], 1, kernel)
