"""Any cell in NAS-Bench-201's skeleton: every vertex has all channels and sums what reaches it.

NAS-Bench-101 divides the channels among a cell's vertices, other spaces do not. Built this way its
cells are as wide as those: what a proxy of networks says of them holds there too. No benchmark
trained these networks.
"""

from collections.abc import Callable
from types import MappingProxyType

from torch import nn

from tgnas.cell import Cell
from tgnas.costs.nasbench201 import CHANNELS, REPEATS, CellModule, Network
from tgnas.costs.operators import OPERATORS
from tgnas.errors import InvalidCellError

# What NAS-Bench-201 lacks.
MORE: MappingProxyType[str, Callable[[], nn.Module]] = MappingProxyType(
    {"max_pool_3x3": lambda: nn.MaxPool2d(3, stride=1, padding=1)}
)


def build_network(
    cell: Cell, classes: int, channels: int = CHANNELS, repeats: int = REPEATS
) -> Network:
    """Return the network of a cell with torch's default initialisation.

    Args:
        cell: from one input to one output, each inner vertex on a path between them.
        classes: number of logits.
        channels: of the stem.
        repeats: cells in a stage.

    Raises:
        InvalidCellError: an operator that no such network has.
    """
    inner = cell.operators[1:-1]
    unknown = set(inner) - {*OPERATORS, *MORE}
    if unknown:
        raise InvalidCellError(
            f"no network whose vertices sum has {', '.join(sorted(unknown))}; its operators are "
            f"{', '.join((*OPERATORS, *MORE))}"
        )
    stand_ins = tuple("identity" if name in MORE else name for name in inner)
    network = Network(Cell(("input", *stand_ins, "output"), cell.edges), classes, channels, repeats)
    for module in network.modules():
        if isinstance(module, CellModule):
            for place, name in enumerate(inner):
                if name in MORE:
                    module.operators[place] = MORE[name]()
    return network
