"""Programs as torch modules: a stem, a graph of operators that change shapes, a classifier.

A vertex is the sum of what it hears and one operator. Every convolution is without bias and has a
batch normalisation behind it; those that are not called linear have a ReLU behind that.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from types import MappingProxyType

import torch
from jaxtyping import Float
from torch import Tensor, nn

from tgnas.networks.layers import global_pool, normalised
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.programs import CODE_OF, SPACE


class Context(nn.Module):
    """The mean over all pixels, added to every pixel."""

    def forward(self, images: Float[Tensor, "B D H W"]) -> Float[Tensor, "B D H W"]:
        """Return the sum."""
        return images + images.mean(dim=(2, 3), keepdim=True)


def _activated(
    kernel: int, source: int, target: int, stride: int = 1, groups: int = 1
) -> nn.Module:
    return nn.Sequential(*normalised(kernel, source, target, stride, groups=groups), nn.ReLU())


def _linear(kernel: int, source: int, target: int, groups: int = 1) -> nn.Module:
    return nn.Sequential(*normalised(kernel, source, target, groups=groups))


# Operator -> its module for so many channels that come in.
MODULES: Mapping[str, Callable[[int], nn.Module]] = MappingProxyType(
    {
        "conv3x3": lambda width: _activated(3, width, width),
        "conv1x1": lambda width: _activated(1, width, width),
        "dwconv3x3": lambda width: _activated(3, width, width, groups=width),
        "relu": lambda _: nn.ReLU(),
        "linear3x3": lambda width: _linear(3, width, width),
        "linear1x1": lambda width: _linear(1, width, width),
        "dwlinear3x3": lambda width: _linear(3, width, width, groups=width),
        "widen1x1": lambda width: _linear(1, width, 2 * width),
        "narrow1x1": lambda width: _linear(1, width, width // 2),
        "conv3x3_down": lambda width: _activated(3, width, 2 * width, stride=2),
        "avgpool2x2": lambda _: nn.AvgPool2d(2, ceil_mode=True),
        "context": lambda _: Context(),
    }
)
_NAME_OF = {code: name for name, code in CODE_OF.items()}


class Program(nn.Module):
    """The graph of a program."""

    def __init__(
        self, names: Sequence[str], sources: Sequence[Sequence[int]], channels: int
    ) -> None:
        super().__init__()
        self.sources = [list(heard) for heard in sources]
        width, modules = [channels], []
        for name, heard in zip(names, self.sources[1:], strict=False):
            modules.append(MODULES[name](width[heard[0]]))
            with torch.no_grad():
                shape = modules[-1].eval()(torch.zeros(1, width[heard[0]], 2, 2)).shape
            modules[-1].train()
            width.append(shape[1])
        self.operators = nn.ModuleList(modules)
        self.width = width[self.sources[-1][0]]

    def forward(self, images: Float[Tensor, "B D H W"]) -> Float[Tensor, "B E I J"]:
        """Return what the output vertex hears."""
        outputs = [images]
        for operator, heard in zip(self.operators, self.sources[1:], strict=False):
            outputs.append(operator(reduce(torch.add, [outputs[source] for source in heard])))
        return reduce(torch.add, [outputs[source] for source in self.sources[-1]])


class Network(nn.Module):
    """Stem, program, classifier."""

    def __init__(self, program: Program, channels: int, classes: int) -> None:
        super().__init__()
        self.stem = nn.Sequential(*normalised(3, 3, channels))
        self.program = program
        self.last = nn.Sequential(*global_pool())
        self.classifier = nn.Linear(program.width, classes)

    def forward(self, images: Float[Tensor, "B 3 H W"]) -> Float[Tensor, "B C"]:
        """Return the logits."""
        return self.classifier(self.last(self.program(self.stem(images))))


def program_of(architecture: Architectures, channels: int) -> Program:
    """Return the graph of the one architecture, for so many channels that come in."""
    cells = architecture.cells
    size, [edges] = int(cells.sizes[0]), cells.adjacency()
    sources = [edges[:vertex, vertex].nonzero()[0].tolist() for vertex in range(size)]
    names = [_NAME_OF[code] for code in cells.operators[0, 1 : size - 1].tolist()]
    return Program(names, sources, channels)


def network_of_program(
    architecture: str, classes: int, channels: int = SPACE.network.width
) -> Network:
    """Return the network of an architecture string with torch's default initialisation.

    Raises:
        InvalidCellError: the architecture is not in the space.
        UnknownNameError: nor is one of its operators.
    """
    return Network(program_of(SPACE.parse(architecture), channels), channels, classes)
