"""How predicted weights are handed over to a training, which GHN-2's paper does not say.

A hypernetwork learns in front of batch normalisations that work on the statistics of each batch, so
the scale of a kernel before one means nothing to it: the package's predicts kernels of about a
fifth of the size that He et al. draw (ICCV 2015), which a step of SGD turns some twenty-five times
as far. And the running statistics of a new normalisation, mean 0 and variance 1, are far from those
of its channels.
"""

from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor, nn

from tgnas.methods.contracts import State
from tgnas.networks.computational_graph import KINDS, ComputationalGraph, graph_of

NORM = KINDS.index("norm")
CONVOLUTIONS = frozenset(KINDS.index(kind) for kind in KINDS if "conv" in kind)


def scaled(network: nn.Module, state: State) -> State:
    """Return parameters whose kernels before a normalisation are as large as Kaiming's.

    Each such kernel has the root mean square that He et al. draw, sqrt(2 / fan-in). On the
    statistics of a batch the network computes what it did, but for the normalisations' epsilon.
    Other parameters stay.
    """
    changed = dict(state)
    for name in before_a_normalisation(graph_of(network)):
        kernel = state[name]
        size = kernel.square().mean().sqrt()
        if size > 0:
            changed[name] = kernel * ((2 / kernel[0].numel()) ** 0.5 / size)
    return changed


def before_a_normalisation(graph: ComputationalGraph) -> list[str]:
    """Return the names of kernels of which a normalisation alone hears, through kernels at most.

    ReLU and pools between them keep a positive factor as it is.
    """
    undone = np.zeros(len(graph), dtype=bool)
    for vertex in reversed(range(len(graph))):
        heard_by = np.flatnonzero(graph.edges[vertex])
        if graph.kinds[vertex] in CONVOLUTIONS and len(heard_by) == 1:
            undone[vertex] = graph.kinds[heard_by[0]] == NORM or undone[heard_by[0]]
    return [graph.names[vertex] for vertex in np.flatnonzero(undone)]


def set_statistics(network: nn.Module, batches: Iterable[tuple[Tensor, Tensor]]) -> None:
    """Set the running statistics of batch normalisations to their means over batches of images."""
    norms = [part for part in network.modules() if isinstance(part, nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the mean of all batches
    network.train()
    with torch.no_grad():
        for images, _ in batches:
            network(images)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
