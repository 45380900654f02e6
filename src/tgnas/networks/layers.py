"""Layers that several search spaces share; every module of a cell keeps the shape of its input."""

from collections.abc import Callable
from types import MappingProxyType
from typing import TypeVar

from jaxtyping import Float
from torch import Tensor, nn

from tgnas.cell import Cell
from tgnas.spaces.architectures import of_cells
from tgnas.spaces.space import Space

Network = TypeVar("Network", bound=nn.Module)


class Zero(nn.Module):
    """Zeros in the shape of the input, through which a gradient of zero flows back."""

    def forward(self, images: Float[Tensor, "B D H W"]) -> Float[Tensor, "B D H W"]:
        """Return zeros."""
        return images.mul(0.0)


def convolution(kernel: int, source: int, target: int, stride: int = 1) -> nn.Sequential:
    """Return ReLU, convolution from `source` to `target` channels, batch normalisation."""
    return nn.Sequential(nn.ReLU(), *normalised(kernel, source, target, stride))


def normalised(
    kernel: int, source: int, target: int, stride: int = 1, *, groups: int = 1
) -> list[nn.Module]:
    """Return a convolution without bias and its batch normalisation."""
    padding = kernel // 2
    layer = nn.Conv2d(source, target, kernel, stride, padding, groups=groups, bias=False)
    return [layer, nn.BatchNorm2d(target)]


def global_pool() -> list[nn.Module]:
    """Return the mean over the pixels of each channel."""
    return [nn.AdaptiveAvgPool2d(1), nn.Flatten()]


# Operator -> function of the channels. As in NAS-Bench-201, padding does not count into an average.
OPERATORS: MappingProxyType[str, Callable[[int], nn.Module]] = MappingProxyType(
    {
        "zero": lambda _: Zero(),
        "identity": lambda _: nn.Identity(),
        "conv_1x1": lambda width: convolution(1, width, width),
        "conv_3x3": lambda width: convolution(3, width, width),
        "avg_pool_3x3": lambda _: nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False),
    }
)


class StackedNetwork(nn.Module):
    """What an image passes through in turn: stem, stages, last layers, classifier."""

    stem: nn.Sequential
    stages: nn.Sequential
    last: nn.Sequential
    classifier: nn.Linear

    def forward(self, images: Float[Tensor, "B 3 H W"]) -> Float[Tensor, "B C"]:
        """Return the logits."""
        return self.classifier(self.last(self.stages(self.stem(images))))


def network_of(
    space: Space, network: Callable[..., Network], cell: Cell, classes: int, *sizes: int
) -> Network:
    """Return the network of a cell with torch's default initialisation.

    Raises:
        InvalidCellError: the cell is not one of this space.
    """
    space.format(of_cells(cell))  # refuses what is not a cell of this space
    return network(cell, classes, *sizes)
