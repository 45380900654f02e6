"""NAS-Bench-201 architectures as torch modules (Dong and Yang, ICLR 2020, section 2.1).

A stem of width C, three stages of N cells of width C, 2C and 4C with a residual block of stride 2
between them, and a classifier. The cell is an operator-on-node graph: "input", six edge operators
in the order 0->1, 0->2, 1->2, 0->3, 1->3, 2->3, "output".
"""

from collections.abc import Callable, Mapping, Sequence
from functools import reduce

import torch
from jaxtyping import Float
from torch import Tensor, nn

from tgnas.cell import Cell
from tgnas.networks.layers import (
    OPERATORS,
    StackedNetwork,
    convolution,
    global_pool,
    normalised,
)
from tgnas.spaces.architectures import Architectures, of_cells
from tgnas.spaces.nasbench201 import CHANNELS, REPEATS, SPACE, STAGES

Operators = Mapping[str, Callable[[int], nn.Module]]


class CellModule(nn.Module):
    """One cell at one width: a vertex receives the sum of what its predecessors give."""

    def __init__(self, cell: Cell, width: int, operators: Operators = OPERATORS) -> None:
        super().__init__()
        self.edges = cell.edges
        self.operators = nn.ModuleList(operators[name](width) for name in cell.operators[1:-1])
        last = len(cell.operators) - 1
        self.sources = [[i for i, j in cell.edges if j == v] for v in range(1, last + 1)]

    def forward(self, images: Float[Tensor, "B D H W"]) -> Float[Tensor, "B D H W"]:
        """Return what reaches the output vertex."""
        outputs = [images]
        for operator, sources in zip(self.operators, self.sources[:-1], strict=True):
            outputs.append(operator(reduce(torch.add, [outputs[source] for source in sources])))
        return reduce(torch.add, [outputs[source] for source in self.sources[-1]])

    def extra_repr(self) -> str:
        """Return the edges, so that two different cells never look alike."""
        return f"edges={self.edges}"


class ReductionBlock(nn.Module):
    """The residual block between two stages: half the side length, other width."""

    def __init__(self, narrow: int, wide: int) -> None:
        super().__init__()
        self.main = nn.Sequential(
            convolution(3, narrow, wide, stride=2), convolution(3, wide, wide)
        )
        self.shortcut = nn.Sequential(nn.AvgPool2d(2), nn.Conv2d(narrow, wide, 1, bias=False))

    def forward(self, images: Float[Tensor, "B D H W"]) -> Float[Tensor, "B E H//2 W//2"]:
        """Return the sum of the two convolutions and of the shortcut."""
        return self.shortcut(images) + self.main(images)


class Network(StackedNetwork):
    """Stem, stages of cells with reduction blocks between them, classifier."""

    def __init__(
        self,
        cells: Sequence[Cell],
        classes: int,
        channels: int,
        operators: Operators = OPERATORS,
    ) -> None:
        super().__init__()
        repeats = len(cells) // STAGES
        widths = [channels << stage for stage in range(STAGES)]
        self.stem = nn.Sequential(*normalised(3, 3, channels))
        layers: list[nn.Module] = []
        for stage, width in enumerate(widths):
            if stage:
                layers.append(ReductionBlock(widths[stage - 1], width))
            own = cells[stage * repeats : (stage + 1) * repeats]
            layers += [CellModule(cell, width, operators) for cell in own]
        self.stages = nn.Sequential(*layers)
        self.last = nn.Sequential(nn.BatchNorm2d(widths[-1]), nn.ReLU(), *global_pool())
        self.classifier = nn.Linear(widths[-1], classes)


def build_network(
    cell: Cell, classes: int, channels: int = CHANNELS, repeats: int = REPEATS
) -> Network:
    """Return the network of a cell with torch's default initialisation.

    Raises:
        InvalidCellError: the cell is not one of this space.
    """
    return build_network_of_cells([cell] * (STAGES * repeats), classes, channels)


def build_network_of_cells(
    cells: Sequence[Cell], classes: int, channels: int = CHANNELS
) -> Network:
    """Return the network of a cell for each place, in order, equally many for each stage.

    Raises:
        InvalidCellError: a cell is not one of this space.
        ValueError: the stages would differ in their number of cells.
    """
    if not cells or len(cells) % STAGES:
        raise ValueError(f"{len(cells)} cells for {STAGES} stages: each must have equally many")
    SPACE.format(Architectures.concatenate(map(of_cells, dict.fromkeys(cells))))  # refuses others
    return Network(cells, classes, channels)
