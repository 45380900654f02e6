"""Any cell in NAS-Bench-201's skeleton: every vertex has all channels and sums what reaches it.

NAS-Bench-101 divides the channels among a cell's vertices, other spaces do not. Built this way its
cells are as wide as those: what a zero-cost proxy says of them holds there too. Operators of DARTS
are as in its search form, with learned scales. No benchmark trained these networks.
"""

from collections.abc import Callable

from torch import nn

from tgnas.cell import Cell
from tgnas.errors import InvalidCellError
from tgnas.networks.darts import OPERATORS as OF_DARTS
from tgnas.networks.layers import OPERATORS as OF_NASBENCH201
from tgnas.networks.nasbench201 import Network
from tgnas.spaces.nasbench201 import CHANNELS, REPEATS, STAGES


def _of_darts(name: str) -> Callable[[int], nn.Module]:
    return lambda width: OF_DARTS[name](width, 1, True)


OPERATORS = {name: _of_darts(name) for name in OF_DARTS} | dict(OF_NASBENCH201)


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
