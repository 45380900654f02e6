"""NAS-Bench-201 architectures as torch modules; see ``tgnas.costs.nasbench201``."""

from tgnas.cell import Cell
from tgnas.costs import nasbench201
from tgnas.costs.nasbench201 import CHANNELS, REPEATS, Network


def build_network(
    cell: Cell, classes: int, channels: int = CHANNELS, repeats: int = REPEATS
) -> Network:
    """Return the network of a cell with torch's default initialisation.

    Args:
        cell: of this space.
        classes: number of logits.
        channels: C, of the stem.
        repeats: N, cells in a stage.

    Raises:
        InvalidCellError: the cell is not one of this space.
    """
    return nasbench201.build_network(cell, classes, channels, repeats)
