"""NASGraph: the average degree of the graph of a network's channels.

Huang et al., "Graph is All You Need? Lightweight Data-agnostic Neural Architecture Search without
Training", AutoML 2024 workshop (arXiv 2405.01306). Nodes are the channels that layers give;
channel i of a layer is joined to channel j of a layer that hears it if an image of ones in channel
i alone makes channel j's rectified output anything but 0. Higher predicts better.
"""

from collections.abc import Callable
from functools import partial

import torch
from jaxtyping import Bool
from torch import Tensor, nn

from tgnas.errors import UnfitNetworkError
from tgnas.methods.card import NetworkCard
from tgnas.methods.contracts import Batch
from tgnas.methods.network_proxies._network import initialise
from tgnas.networks.nasbench201 import CellModule, Network, ReductionBlock

CARD = NetworkCard(
    title="NASGraph",
    reference="Huang et al., arXiv 2405.01306, and released code",
    needs="weights",
    cost="forward",
    requires=("a network of NAS-Bench-201",),
    spaces=("nasbench201",),
    certain=False,
    deviations=(
        "one cell of each stage, the paper's surrogate NASGraph(16, 1, 3)",
        "with batch normalisation and standard normal weights, the released code's defaults; "
        "whether the paper's numbers are so is not known",
    ),
)


@torch.no_grad()
def score(network: nn.Module, batch: Batch, generator: torch.Generator) -> float:
    """Return twice the edges over the nodes that have one; NaN without an edge.

    Raises:
        UnfitNetworkError: the network is not one of NAS-Bench-201.
    """
    if not isinstance(network, Network):
        raise UnfitNetworkError("it is not a network of NAS-Bench-201, whose layers alone it knows")
    initialise(network, generator, kaiming=False)
    graph = _ChannelGraph()
    side, width = batch.images.shape[-1], len(network.stem[0].get_parameter("weight"))
    linked = partial(_linked, batch.images)
    stem = graph.add([graph.source(3)], linked(network.stem, 3, side, rectify=True))
    here, first = [stem], True
    for block in network.stages:
        if isinstance(block, ReductionBlock):
            wide, half = 2 * width, side // 2
            shortcut = graph.add(here, linked(block.shortcut, width, side, rectify=True))
            one = graph.add(here, linked(_without_relu(block.main[0]), width, side, rectify=True))
            two = graph.add([one], linked(_without_relu(block.main[1]), wide, half, rectify=True))
            here, first, width, side = [two, shortcut], True, wide, half
        elif first and isinstance(block, CellModule):
            of_cell = partial(linked, width=width, side=side)
            here, first = _add_cell(graph, block, here, of_cell), False
    graph.add(here, linked(network.last[0], width, side, rectify=False))
    return graph.average_degree()


def _add_cell(
    graph: "_ChannelGraph", cell: CellModule, into: list[int], linked: Callable[..., Tensor]
) -> list[int]:
    """Add a cell's operators, linked as they are; return the layers that its output sums."""
    layers = [into]
    for operator, sources in zip(cell.operators, cell.sources[:-1], strict=True):
        parents = [layer for source in sources for layer in layers[source]]
        weighted = isinstance(operator, nn.Sequential)
        module = _without_relu(operator) if weighted else operator
        layers.append([graph.add(parents, linked(module, rectify=weighted))])
    return [layer for source in cell.sources[-1] for layer in layers[source]]


def _without_relu(convolution: nn.Module) -> nn.Module:
    """Return convolution and normalisation: the graph rectifies what a layer gives, not takes."""
    return nn.Sequential(*list(convolution.children())[1:])


def _linked(
    images: Tensor, module: nn.Module, width: int, side: int, *, rectify: bool
) -> Bool[Tensor, "channels others"]:
    """Tell which of a layer's `width` channels reach which of its output's.

    The layer lies where the images lie.
    """
    one = images.new_zeros(width, width, side, side)
    one[torch.arange(width), torch.arange(width)] = 1
    outputs = module(one)
    return (outputs.relu() if rectify else outputs).sum((2, 3)).cpu() != 0


class _ChannelGraph:
    """Layers by number, and which of their channels have an edge."""

    def __init__(self) -> None:
        self.touched: list[Tensor] = []
        self.edges = 0

    def source(self, channels: int) -> int:
        """Add a layer that hears nothing; return its number."""
        self.touched.append(torch.zeros(channels, dtype=torch.bool))
        return len(self.touched) - 1

    def add(self, parents: list[int], linked: Bool[Tensor, "channels others"]) -> int:
        """Add a layer that hears the parents; return its number."""
        for parent in parents:
            self.touched[parent] |= linked.any(1)
        self.edges += len(parents) * int(linked.sum())
        self.touched.append(linked.any(0) & bool(parents))
        return len(self.touched) - 1

    def average_degree(self) -> float:
        """Return twice the edges over the nodes."""
        nodes = sum(int(layer.sum()) for layer in self.touched)
        return 2 * self.edges / nodes if nodes else float("nan")
