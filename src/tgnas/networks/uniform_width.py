"""Any cell in NAS-Bench-201's skeleton: every vertex has all channels and sums what reaches it.

NAS-Bench-101 divides the channels among a cell's vertices, other spaces do not. Built this way its
cells are as wide as those: what a zero-cost proxy says of them holds there too. No benchmark
trained these networks.
"""

from torch import nn

from tgnas.cell import Cell
from tgnas.errors import InvalidCellError
from tgnas.networks.layers import OPERATORS as OF_NASBENCH201
from tgnas.networks.nasbench201 import Network
from tgnas.spaces.nasbench201 import CHANNELS, REPEATS, STAGES

OPERATORS = {
    **OF_NASBENCH201,
    "max_pool_3x3": lambda _: nn.MaxPool2d(3, stride=1, padding=1),
}


def build_network(
    cell: Cell, classes: int, channels: int = CHANNELS, repeats: int = REPEATS
) -> Network:
    """Return the network of a cell with torch's default initialisation.

    Raises:
        InvalidCellError: an operator that no such network has.
    """
    unknown = set(cell.operators[1:-1]) - {*OPERATORS}
    if unknown:
        raise InvalidCellError(
            f"no network whose vertices sum has {', '.join(sorted(unknown))}; its operators are "
            f"{', '.join(OPERATORS)}"
        )
    return Network([cell] * (STAGES * repeats), classes, channels, OPERATORS)
