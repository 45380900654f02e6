"""Stages of equal cells whose operators stand on nodes or on edges: NAS-Bench-101 and -201.

Parameters agree with NAS-Bench-101 on all 423,624 cells and with NAS-Bench-201 on all 15,625
architectures and three data sets; FLOPs with NAS-Bench-Suite-Zero on every row that it publishes of
NAS-Bench-201. Nobody publishes those of NAS-Bench-101.
"""

import numpy as np
from jaxtyping import Bool, Float64, Int64

from tgnas.cell import Cells
from tgnas.costs.operators import coefficients, summed, work_at_width, work_of
from tgnas.costs.rows import Row, Shape, Stage, reduced, stages_of
from tgnas.costs.work import Work, convolution
from tgnas.operators import CODES
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.skeleton import NetworkKeys


def cell_rows(
    architectures: Architectures,
    table: Float64[np.ndarray, "256 A"],
    keys: NetworkKeys,
    width: Int64[np.ndarray, " _"],
    depth: Int64[np.ndarray, " _"],
    stem: list[Shape],
) -> tuple[list[Row], Work, Shape]:
    """Return the layers, the work of what stands between them, and what the last puts out."""
    rows, links, shape = [], Work(), stem[-1]
    stages = stages_of(keys, width, depth)
    count = architectures.cells_per_architecture
    for stage in stages:
        before = shape
        shape = Shape(stage.width, reduced(before.side, stage.stride))
        changes = stage.stride > 1 or not np.array_equal(before.channels, stage.width)
        if changes and keys.between == "residual_block":
            links += _residual_block(before, shape, stage.stride)
            before = shape
        elif changes and keys.between == "pool":
            links += Work(pooled=(stage.stride**2) * before.channels * shape.side**2)
        # Several kinds of cell share a stage by their weights.
        for kind, share in enumerate(architectures.cell_weights):
            cells = architectures.cells[kind::count]
            repeats = stage.repeats if count == 1 else np.rint(share * stage.repeats).astype(int)
            strided = changes and keys.between == "cell"
            work = _run(
                cells,
                table,
                keys,
                before,
                Stage(stage.width, stage.stride if strided else 1, repeats),
                shape,
            )
            stride = np.array([stage.stride])
            rows.append(Row(kind, before.channels, shape, stride, repeats, work))
    if keys.between == "residual_block":
        elements = shape.channels * shape.side**2
        links += Work(parameters=2 * shape.channels, scaled=elements, relus=elements)
    return rows, links, shape


def _run(
    cells: Cells,
    table: Float64[np.ndarray, "256 A"],
    keys: NetworkKeys,
    before: Shape,
    stage: Stage,
    shape: Shape,
) -> Work:
    """Return the work of a run of equal cells, of which the first may change the shape."""
    if keys.concatenated:
        first, later = (
            _concatenated(cells, table, keys, into, shape)
            for into in (before.channels, shape.channels)
        )
        return first + later.times(stage.repeats - 1)
    same = summed(coefficients(table, scale=keys.scale), cells.operators)
    every = work_at_width(same, shape.channels, shape.side, keys.scale)
    if stage.stride == 1 and np.array_equal(before.channels, shape.channels):
        return every.times(stage.repeats)
    behind = cells.adjacency()[:, 0, :]
    kept = summed(coefficients(table, scale=keys.scale), cells.operators, ~behind)
    changed = work_of(
        table[cells.operators],
        cells.operators == CODES["identity"],
        before.channels[:, None],
        shape.channels[:, None],
        shape.side[:, None],
        np.array([[stage.stride]]),
    ).times(behind)
    first = work_at_width(kept, shape.channels, shape.side, keys.scale) + changed.summed()
    return first + every.times(stage.repeats - 1)


def _concatenated(
    cells: Cells,
    table: Float64[np.ndarray, "256 A"],
    keys: NetworkKeys,
    into: Int64[np.ndarray, " _"],
    shape: Shape,
) -> Work:
    """Return the work of one cell whose nodes share the channels that it puts out."""
    adjacency = cells.adjacency()
    channels = vertex_channels(adjacency, cells.sizes, into, shape.channels)
    terms = coefficients(table, scale=keys.scale)
    by_vertex = type(terms)(*(column[cells.operators] for column in terms))
    work = work_at_width(by_vertex, channels, shape.side[:, None], keys.scale)
    # An edge from the input is a 1x1 convolution to its target's channels, the output's included.
    projected = convolution(1, into[:, None], channels, shape.side[:, None], keys.scale)
    projected += Work(relus=channels * shape.side[:, None] ** 2)
    return (work + projected.times(adjacency[:, 0, :])).summed()


def vertex_channels(
    adjacency: Bool[np.ndarray, "N V V"],
    sizes: Int64[np.ndarray, " _"],
    into: Int64[np.ndarray, " _"] | int,
    out: Int64[np.ndarray, " _"] | int,
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


def _residual_block(before: Shape, after: Shape, stride: int) -> Work:
    """Return the work of two 3x3 convolutions with a shortcut, as in NAS-Bench-201."""
    narrow, wide, side = before.channels, after.channels, after.side
    came = narrow * (side * stride) ** 2
    work = convolution(3, narrow, wide, side, relus=came)
    work += convolution(3, wide, wide, side, relus=wide * side**2)
    shortcut = narrow * wide
    return work + Work(shortcut, shortcut * side**2, pooled=came)
