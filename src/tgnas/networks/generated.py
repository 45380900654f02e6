"""Drawn graphs of 3x3 convolutions as torch modules (NAGO, arXiv 2004.01395, section 3).

A vertex is the weighted sum of what it hears, a 3x3 convolution, a batch normalisation and a ReLU.
The weights are sigmoids of one number for each edge. Stages have C, 2C and 4C channels, and each
halves the side of the one before; what a vertex of a later stage hears of an earlier one goes
through an average pool and a 1x1 convolution with its normalisation, one for each vertex and stage.
C is the most that keeps the bound on parameters.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import torch
from jaxtyping import Float
from torch import Tensor, nn

from tgnas.errors import ConfigError
from tgnas.networks.layers import global_pool, normalised
from tgnas.spaces.architectures import Architectures

PIXEL = 4  # bytes of a number
MEBIBYTE = 1 << 20
MOST = 4_000_000  # parameters, as by the authors
WIDEST = 512  # C at most


@dataclass(frozen=True)
class Drawn:
    """A drawn graph, as a network needs it.

    Attributes:
        sources: the vertices that each vertex hears; the first is the image, the last the output.
        stage: of every vertex.
    """

    sources: tuple[tuple[int, ...], ...]
    stage: tuple[int, ...]

    @classmethod
    def of(cls, architecture: Architectures) -> "Drawn":
        """Return the graph of the one architecture, which has an attribute `stage`."""
        [edges], [stage] = architecture.cells.adjacency(), architecture.attributes["stage"]
        sources = tuple(tuple(column.nonzero()[0].tolist()) for column in edges.T)
        return cls(sources, tuple(stage.tolist()))

    def crossings(self) -> set[tuple[int, int]]:
        """Return every vertex with each later stage that hears it."""
        return {
            (source, self.stage[vertex])
            for vertex, heard in enumerate(self.sources)
            for source in heard
            if self.stage[source] < self.stage[vertex]
        }

    def parameters(self, channels: int, classes: int) -> int:
        """Return the parameters of the network of C channels."""
        width = [channels << stage for stage in range(3)]
        inner = self.stage[1:-1]
        count = sum(9 * width[stage] ** 2 + 2 * width[stage] for stage in inner)
        count += sum(map(len, self.sources))
        count += sum(width[self.stage[v]] * width[to] + 2 * width[to] for v, to in self.crossings())
        return count + 27 * channels + 2 * channels + (width[2] + 1) * classes

    def memory(self, channels: int, side: int) -> float:
        """Return the MiB that the outputs of all convolutions take, of one image."""
        maps = [*self.stage[:-1], *(to for _, to in self.crossings())]
        numbers = sum((channels << stage) * ceil(side / (1 << stage)) ** 2 for stage in maps)
        return numbers * PIXEL / MEBIBYTE


def widest(drawn: Drawn, classes: int, parameters: int = MOST) -> int:
    """Return the greatest C whose network keeps a bound on parameters.

    Raises:
        ConfigError: not even C = 1 does.
    """
    for channels in range(1, WIDEST + 1):
        if drawn.parameters(channels, classes) > parameters:
            break
    else:
        return WIDEST
    if channels == 1:
        needed = drawn.parameters(1, classes)
        raise ConfigError(
            f"a graph of {len(drawn.stage)} vertices has {needed:,} parameters at "
            f"least; allowed are {parameters:,}"
        )
    return channels - 1


class Merged(nn.Module):
    """The weighted sum of what a vertex hears, then what it does with it."""

    def __init__(self, sources: Sequence[int], layers: Sequence[nn.Module]) -> None:
        super().__init__()
        self.sources = list(sources)
        self.weights = nn.Parameter(torch.zeros(len(self.sources)))
        self.layers = nn.Sequential(*layers)

    def forward(self, heard: Sequence[Float[Tensor, "B D H W"]]) -> Float[Tensor, "B E ..."]:
        """Return the output of one vertex."""
        weights = torch.sigmoid(self.weights)
        summed = heard[0] * weights[0]
        for place in range(1, len(heard)):
            summed = torch.addcmul(summed, heard[place], weights[place])
        return self.layers(summed)


class Network(nn.Module):
    """Stem, the graph of convolutions, classifier."""

    def __init__(self, drawn: Drawn, classes: int, channels: int) -> None:
        super().__init__()
        width = [channels << stage for stage in range(3)]
        self.drawn, self.channels = drawn, channels
        self.stem = nn.Sequential(*normalised(3, 3, channels), nn.ReLU())
        self.vertices = nn.ModuleList(
            Merged(heard, [*normalised(3, width[stage], width[stage]), nn.ReLU()])
            for heard, stage in zip(drawn.sources[1:-1], drawn.stage[1:-1], strict=True)
        )
        self.crossings = nn.ModuleDict(
            {
                f"{vertex}:{to}": nn.Sequential(
                    nn.AvgPool2d(1 << (to - drawn.stage[vertex]), ceil_mode=True),
                    *normalised(1, width[drawn.stage[vertex]], width[to]),
                )
                for vertex, to in sorted(drawn.crossings())
            }
        )
        self.last = Merged(drawn.sources[-1], global_pool())
        self.classifier = nn.Linear(width[2], classes)

    def forward(self, images: Float[Tensor, "B 3 H W"]) -> Float[Tensor, "B C"]:
        """Return the logits."""
        outputs: dict[tuple[int, int], Tensor] = {(0, 0): self.stem(images)}
        stage = self.drawn.stage

        def heard(vertex: int, sources: Sequence[int]) -> list[Tensor]:
            to = stage[vertex]
            for source in sources:
                if (source, to) not in outputs:
                    crossing = self.crossings[f"{source}:{to}"]
                    outputs[source, to] = crossing(outputs[source, stage[source]])
            return [outputs[source, to] for source in sources]

        for place, merged in enumerate(self.vertices, start=1):
            assert isinstance(merged, Merged)
            outputs[place, stage[place]] = merged(heard(place, merged.sources))
        return self.classifier(self.last(heard(len(stage) - 1, self.last.sources)))


def network_of_graph(architecture: Architectures, classes: int, parameters: int = MOST) -> Network:
    """Return the network of a drawn architecture, as wide as its parameters may be.

    Args:
        architecture: one that a generator has drawn.
        classes: number of logits.
        parameters: the most that the network may have.

    Raises:
        ConfigError: not even one channel keeps the bound.
    """
    drawn = Drawn.of(architecture)
    return Network(drawn, classes, widest(drawn, classes, parameters))
