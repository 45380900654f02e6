"""The live part of a cell: what lies on a path from an input to output that no zero cuts.

What is dead cannot change the network's function, so cells with one live pattern differ only in
name. NAS-Bench-201 has 9,445 live patterns in 15,625 architectures.
"""

import numpy as np
from jaxtyping import Bool

from tgnas.cell import Cells
from tgnas.operators import CODES, PADDING


def live_vertices(cells: Cells) -> Bool[np.ndarray, "N V"]:
    """Tell which vertices lie on a path from an input to output; zero operators lie on none."""
    adjacency = cells.adjacency()
    passes = (cells.operators != CODES["zero"]) & (cells.operators != PADDING)
    reached = cells.operators == CODES["input"]
    for vertex in range(1, cells.vertices):
        heard = np.any(adjacency[:, :, vertex] & reached, axis=1)
        reached[:, vertex] |= heard & passes[:, vertex]
    reaches = cells.operators == CODES["output"]
    for vertex in range(cells.vertices - 2, -1, -1):
        leads = np.any(adjacency[:, vertex, :] & reaches, axis=1)
        reaches[:, vertex] |= leads & passes[:, vertex]
    return reached & reaches


def live_pattern(cells: Cells) -> Cells:
    """Return the cells with every dead inner vertex's operator set to zero; idempotent."""
    inner = ~np.isin(cells.operators, [CODES["input"], CODES["output"], PADDING])
    dead = inner & ~live_vertices(cells)
    return Cells(np.where(dead, np.uint8(CODES["zero"]), cells.operators), cells.edges)


def first_of_each_pattern(cells: Cells, kinds: int = 1) -> np.ndarray:
    """Return the first architecture of each live pattern, ascending.

    Args:
        cells: N K cells.
        kinds: K, the cells of one architecture, which stand side by side.
    """
    pattern = live_pattern(cells)
    rows = np.concatenate([pattern.operators, pattern.edges], axis=1)
    rows = rows.reshape(len(cells) // kinds, -1)
    return np.sort(np.unique(rows, axis=0, return_index=True)[1])
