"""Networks of genotypes: normal cells, and a reduction cell after each third of them.

The skeleton of DARTS (Liu et al., ICLR 2019): a cell first maps the outputs of the two cells before
it to its own width; cells D // 3 and 2 D // 3 of D, counted from 0, halve the side and double the
channels.

Parameters and FLOPs agree with NAS-Bench-Suite-Zero on all 1,218 genotypes of NAS-Bench-301 that it
publishes, and parameters with NDS on all 238 networks that we have of its spaces DARTS and ENAS.
"""

import numpy as np
from jaxtyping import Float64, Int64

from tgnas.costs.operators import coefficients, summed, work_at_width
from tgnas.costs.rows import Row, Shape, reduced
from tgnas.costs.work import Work
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.skeleton import Skeleton

REDUCTION = 2  # how much a reduction cell divides the side by, and multiplies the channels by


def genotype_rows(
    architectures: Architectures,
    table: Float64[np.ndarray, "256 A"],
    skeleton: Skeleton,
    width: Int64[np.ndarray, " _"],
    depth: Int64[np.ndarray, " _"],
    stem: list[Shape],
) -> tuple[list[Row], Work, Shape]:
    """Return the layers, no work between them, and what the last puts out."""
    kinds, scale = architectures.cells_per_architecture, skeleton.keys.scale
    kept = [coefficients(table, scale=scale), coefficients(table, REDUCTION, scale)]
    computed = [_puts_out(architectures, skeleton, kind) for kind in range(kinds)]
    # The two cells before, the last one behind; there is only one where the stem has one part.
    before = (stem[-2], stem[-1]) if len(stem) > 1 else (stem[-1], stem[-1])
    rows, shape = [], Shape(width, stem[-1].side)
    for kind, stride, repeats in _runs(depth, kinds):
        came = shape
        if stride > 1:
            shape = Shape(came.channels * REDUCTION, reduced(came.side, stride))
        cells = architectures.cells[kind::kinds]
        inner = work_at_width(summed(kept[0], cells.operators), shape.channels, shape.side, scale)
        if stride > 1:
            halves = np.any(cells.adjacency()[:, : skeleton.inputs], axis=1)
            terms = [summed(kept[0], cells.operators, ~halves)]
            terms.append(summed(kept[1], cells.operators, halves))
            parts = [work_at_width(some, shape.channels, shape.side, scale) for some in terms]
            inner = parts[0] + parts[1]
        out = Shape(computed[kind] * shape.channels, shape.side)
        taken, before = _taken(before, out, repeats)
        # What comes in is mapped before the cell reduces it.
        mapped = _mapped(taken, Shape(shape.channels, came.side), skeleton.inputs)
        rows.append(
            Row(
                kind,
                taken[1][0].channels,
                shape,
                np.array([stride]),
                repeats,
                inner.times(repeats) + mapped,
            )
        )
    return rows, Work(), before[1]


def _runs(
    depth: Int64[np.ndarray, " _"], kinds: int
) -> list[tuple[int, int, Int64[np.ndarray, " _"]]]:
    """Return kind, stride and number of the cells that follow each other; the last kind reduces."""
    first, second = depth // 3, 2 * depth // 3
    normal = max(kinds - 1, 1)
    runs = []
    for length in (first, second - first - 1, depth - second - 1):
        for kind in range(normal):
            share = length * (kind + 1) // normal - length * kind // normal
            runs.append((kind, 1, np.maximum(share, 0)))
        runs.append((kinds - 1, REDUCTION, np.ones_like(depth)))
    return runs[:-1]


def _puts_out(
    architectures: Architectures, skeleton: Skeleton, kind: int
) -> Int64[np.ndarray, " _"]:
    """Return how many nodes the output of a kind of cell concatenates."""
    cells = architectures.cells[kind :: architectures.cells_per_architecture]
    row = np.arange(len(cells))
    feeds = cells.adjacency()[row, :, cells.sizes - 1]
    return feeds[:, skeleton.inputs : -1 : skeleton.pairs].sum(axis=1)


Taken = list[tuple[Shape, Int64[np.ndarray, " _"]]]  # what cells take in, and how often


def _taken(
    before: tuple[Shape, Shape], out: Shape, repeats: Int64[np.ndarray, " _"]
) -> tuple[Taken, tuple[Shape, Shape]]:
    """Return what the cells of a run take from the two before each, and the two at its end."""
    older, last = before
    one, more = repeats >= 1, repeats > 1
    # The first takes both of the cells before, the second one of them, the others none.
    own = more + 2 * np.maximum(repeats - 2, 0)
    taken = [(older, one.astype(np.int64)), (last, one + more.astype(np.int64)), (out, own)]
    fourth = Shape(*(np.where(one, new, old) for new, old in zip(last, older, strict=True)))
    third = Shape(*(np.where(more, new, old) for new, old in zip(out, fourth, strict=True)))
    return taken, (third, Shape(*(np.where(one, *pair) for pair in zip(out, last, strict=True))))


def _mapped(taken: Taken, shape: Shape, inputs: int) -> Work:
    """Return the work of the 1x1 convolutions that map what comes in to a cell's width."""
    work = Work()
    for (channels, side), times in taken:
        elements = shape.channels * shape.side**2
        work += Work(
            parameters=channels * shape.channels + 2 * shape.channels,
            multiply_adds=channels * elements,
            scaled=elements,
            relus=channels * side**2,
        ).times(times)
    return work.times(inputs / 2) if inputs != 2 else work
