"""The live part of an architecture: what lies on a path from an input to output without a zero.

What is dead cannot change the network's function, so architectures of one live pattern differ only
in name: ``live_pattern(architectures).distinct()`` finds them. NAS-Bench-201 has 9,445 live
patterns in 15,625 architectures.
"""

from dataclasses import replace

import numpy as np
from jaxtyping import Bool

from tgnas.cell import Cells, on_paths
from tgnas.operators import CODES, PADDING
from tgnas.spaces.architectures import Architectures


def live_vertices(cells: Cells) -> Bool[np.ndarray, "N V"]:
    """Tell which vertices lie on a path from an input to output; zero operators lie on none."""
    passes = cells.operators != CODES["zero"]
    return on_paths(cells.operators, cells.adjacency() & passes[:, :, None] & passes[:, None, :])


def is_dead(architectures: Architectures) -> Bool[np.ndarray, " N"]:
    """Tell of which architectures no network can learn: no input reaches a cell's output."""
    cells = architectures.cells
    reached = live_vertices(cells)[np.arange(len(cells)), cells.sizes - 1]
    return ~reached.reshape(len(architectures), -1).all(axis=1)


def live_pattern(architectures: Architectures) -> Architectures:
    """Return architectures with every dead inner vertex's operator set to zero; idempotent."""
    cells = architectures.cells
    inner = ~np.isin(cells.operators, [CODES["input"], CODES["output"], PADDING])
    dead = inner & ~live_vertices(cells)
    operators = np.where(dead, np.uint8(CODES["zero"]), cells.operators)
    return replace(architectures, cells=Cells(operators, cells.edges))
