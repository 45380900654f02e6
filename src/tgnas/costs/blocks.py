"""Sequences of blocks from the image to the classifier: NAS-Bench-Macro, lists of channels.

What a block makes of the channels and the resolution is an attribute of its operator, or the
skeleton's where a stage begins. Parameters and FLOPs agree with NAS-Bench-Macro on all 6,561
architectures.
"""

import numpy as np
from jaxtyping import Bool, Float64, Int64

from tgnas.cell import Cells
from tgnas.costs.operators import attribute, work_of
from tgnas.costs.rows import Row, Shape, reduced
from tgnas.costs.work import Work, convolution
from tgnas.operators import CODES, PADDING
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.skeleton import NetworkKeys, Skeleton

WIDENS = 2  # what begins a stage doubles the channels and halves the side


def block_rows(
    architectures: Architectures,
    table: Float64[np.ndarray, "256 A"],
    skeleton: Skeleton,
    width: Int64[np.ndarray, " _"],
    stem: list[Shape],
) -> tuple[list[Row], Work, Shape]:
    """Return a layer for each block, the work of the head, and what goes into the classifier.

    The first of listed stages widens the network's width, whatever the stem puts out.
    """
    cells = architectures.cells
    codes, last = cells.operators[:, 1:-1], _last_heard(cells)
    count = len(codes)
    shape = Shape(*(np.broadcast_to(part, count) for part in stem[-1]))
    strides, widen, widths = _of_stages(skeleton, codes.shape[1])
    listed = not isinstance(skeleton.keys.stages, int)
    attributes, rows, shapes = table[codes], [], [shape]
    for block in range(codes.shape[1]):
        code, of = codes[:, block], attributes[:, block]
        there = (code != PADDING) & (code != CODES["output"])
        stride = np.where(there, attribute(of, "stride") * strides[block], 1).astype(np.int64)
        own = attribute(of, "width")
        fixed = np.where(own > 0, own, widths[block])
        factor = np.where(there, attribute(of, "widen") * widen[block], 1)
        before = _at(shapes, last[:, block + 1])
        unit = width if listed and block == 0 else before.channels
        wide = np.where(fixed * there > 0, fixed, np.rint(unit * factor))
        shape = Shape(wide.astype(np.int64), reduced(before.side, stride))
        passes = _passes(code)
        changed = (before.channels != shape.channels) | (stride > 1)
        work = work_of(of, passes, *(before.channels, *shape, stride)).times(there)
        repeats = (there & (~passes | changed)).astype(np.int64)
        rows.append(Row(-1, before.channels, shape, stride, repeats, work))
        shapes.append(shape)
    return rows, *_head(skeleton.keys, _at(shapes, last[:, -1]))


def _last_heard(cells: Cells) -> Int64[np.ndarray, "N V"]:
    """Return the last vertex that each hears, whose shape is that of all; of none the one before.

    What stands behind the output so has the output's shape, and the output that of its sources.
    """
    edges, place = cells.adjacency(), np.arange(cells.vertices)
    heard = np.where(edges, place[:, None], -1).max(axis=1)
    return np.where(heard < 0, np.maximum(place - 1, 0), heard)


def _at(shapes: list[Shape], vertex: Int64[np.ndarray, " N"]) -> Shape:
    """Return the shape that a vertex of each network puts out."""
    rows = np.arange(len(vertex))
    channels, side = (np.stack(parts, axis=1) for parts in zip(*shapes, strict=True))
    return Shape(channels[rows, vertex], side[rows, vertex])


def _passes(code: np.ndarray) -> Bool[np.ndarray, " _"]:
    """Tell where a block passes on what comes in; one that is left out does so, too."""
    return (code == CODES["identity"]) | (code == CODES["zero"])


def _of_stages(skeleton: Skeleton, length: int) -> tuple[list[int], list[float], list[int]]:
    """Return the stride, the widening and, where it is fixed, the width of every block."""
    strides, widen, widths = [1] * length, [1.0] * length, [0] * length
    stages, place = skeleton.keys.stages, 0
    if isinstance(stages, int):
        for begin in skeleton.begins:
            strides[begin - 1], widen[begin - 1] = WIDENS, float(WIDENS)
        return strides, widen, widths
    for stage in stages:
        if place < length:
            strides[place], widen[place] = stage.stride, stage.widen
            widths[place] = stage.width or 0
        place += stage.cells
    return strides, widen, widths


def _head(keys: NetworkKeys, shape: Shape) -> tuple[Work, Shape]:
    if not keys.head:
        return Work(), shape
    after = Shape(np.array([keys.head]), shape.side)
    return convolution(1, shape.channels, after.channels, shape.side), after
