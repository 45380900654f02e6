"""NAS-Bench-101 cells as torch modules (Ying et al., ICML 2019, section 2).

The skeleton is that of ``tgnas.costs.cells``; a 2 x 2 max pool of stride 2 stands before
the second and the third stack. Within a cell (google-research/nasbench, lib/model_builder.py):

- what the cell takes in reaches a vertex through a 1x1 convolution to the vertex's channels;
- an inner vertex adds what reaches it, cut to its own channels where a predecessor has one more;
- the output is the concatenation of the inner vertices that feed it, plus the projected input if
  an edge goes straight from input to output.
"""

from collections.abc import Callable
from functools import reduce
from types import MappingProxyType

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from tgnas.cell import Cell
from tgnas.costs.cells import vertex_channels
from tgnas.networks.layers import StackedNetwork, global_pool, network_of, normalised
from tgnas.spaces.nasbench101 import CELLS_PER_STACK, SPACE, STACKS, STEM_CHANNELS


def convolution(kernel: int, source: int, target: int) -> nn.Sequential:
    """Return convolution without bias, batch normalisation, ReLU; the side length stays."""
    return nn.Sequential(*normalised(kernel, source, target), nn.ReLU())


OPERATORS: MappingProxyType[str, Callable[[int], nn.Module]] = MappingProxyType(
    {
        "conv_3x3": lambda width: convolution(3, width, width),
        "conv_1x1": lambda width: convolution(1, width, width),
        "max_pool_3x3": lambda _: nn.MaxPool2d(3, stride=1, padding=1),
    }
)


class CellModule(nn.Module):
    """One cell that maps `into` to `out` channels."""

    def __init__(self, cell: Cell, into: int, out: int) -> None:
        super().__init__()
        size = len(cell.operators)
        widths = vertex_channels(cell.adjacency()[None], np.array([size]), into, out)[0].tolist()
        self.edges, self.widths = cell.edges, widths
        self.operators = nn.ModuleList(
            OPERATORS[name](width)
            for name, width in zip(cell.operators[1:-1], widths[1:-1], strict=True)
        )
        self.projections = nn.ModuleDict(
            {str(j): convolution(1, into, widths[j]) for i, j in cell.edges if i == 0}
        )
        self.sources = [[i for i, j in cell.edges if j == v and i] for v in range(size)]

    def forward(self, images: Float[Tensor, "B D H W"]) -> Float[Tensor, "B E H W"]:
        """Return what reaches the output vertex."""
        outputs = [images]
        for vertex, operator in enumerate(self.operators, start=1):
            width = self.widths[vertex]
            parts = [outputs[source][:, :width] for source in self.sources[vertex]]
            outputs.append(operator(reduce(torch.add, self._projected(vertex, images) + parts)))
        last = len(outputs)
        inner = [outputs[source] for source in self.sources[last]]
        joined = [torch.cat(inner, dim=1)] if inner else []
        return reduce(torch.add, self._projected(last, images) + joined)

    def _projected(self, vertex: int, images: Float[Tensor, "B D H W"]) -> list[Tensor]:
        """Return the projection of the cell's input to a vertex, if an edge leads there."""
        return [self.projections[str(vertex)](images)] if str(vertex) in self.projections else []

    def extra_repr(self) -> str:
        """Return the edges, so that two different cells never look alike."""
        return f"edges={self.edges}"


class Network(StackedNetwork):
    """Stem, stacks of cells with a max pool between them, classifier."""

    def __init__(self, cell: Cell, classes: int, channels: int, repeats: int) -> None:
        super().__init__()
        self.stem = convolution(3, 3, channels)
        stages: list[nn.Module] = []
        into = channels
        for stack in range(STACKS):
            out = channels * 2**stack
            for repeat in range(repeats):
                module: nn.Module = CellModule(cell, into, out)
                if stack and not repeat:
                    module = nn.Sequential(nn.MaxPool2d(2), module)
                stages.append(module)
                into = out
        self.stages = nn.Sequential(*stages)
        self.last = nn.Sequential(*global_pool())
        self.classifier = nn.Linear(into, classes)


def build_network(
    cell: Cell, classes: int, channels: int = STEM_CHANNELS, repeats: int = CELLS_PER_STACK
) -> Network:
    """Return the network of a cell with torch's default initialisation.

    Deviates: batch normalisation has torch's momentum; the benchmark's is .997 in TensorFlow's
    sense, .003 in torch's.

    Raises:
        InvalidCellError: the cell is not one of this space.
    """
    return network_of(SPACE, Network, cell, classes, channels, repeats)
