"""The graph convolutional network of the authors' code, with two interchangeable back ends.

``DenseGCN`` looks the first layer up (a vertex sums at most a handful of distinct operator
vectors, so their product with the weight is computed once per operator) and multiplies small
dense matrices; ``DglGCN`` runs DGL's GraphConv on one batched graph. Both have the same entries
in ``state_dict`` and give the same scores to 1e-5.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from tgnas.encodings.global_node import GLOBAL
from tgnas.encodings.graphs import Graphs
from tgnas.errors import ConfigError
from tgnas.operators import NAMES

aten = torch.ops.aten
EPSILON, MOMENTUM = 1e-5, 0.1  # torch's defaults of BatchNorm1d


class GraphConvolution(nn.Module):
    """Weight and bias of H' = A H W + b (Kipf and Welling 2017, without their normalisation)."""

    def __init__(self, into: int, out: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(into, out))
        self.bias = nn.Parameter(torch.zeros(out))


class GCN(nn.Module, ABC):
    """What both back ends share: the parameters, their names and their first values.

    Args:
        features: feature of every operator code, from ``encodings.global_node.node_features``.
        convolution: makes one layer's weight and bias from its two widths.
        layers: graph convolutions, each followed by batch normalisation and ReLU.
        width: hidden channels.
    """

    features: Tensor
    head: nn.Linear
    convolutions: Any  # ModuleLists, which know no type of what they hold
    norms: Any

    def __init__(
        self,
        features: np.ndarray,
        convolution: Callable[[int, int], nn.Module],
        layers: int,
        width: int,
    ) -> None:
        super().__init__()
        self.register_buffer("features", torch.from_numpy(features), persistent=False)
        sizes = [features.shape[1], *[width] * layers]
        self.convolutions = nn.ModuleList(map(convolution, sizes[:-1], sizes[1:]))
        self.norms = nn.ModuleList(nn.BatchNorm1d(width) for _ in range(layers))
        self.head = nn.Linear(width, 1)

    @abstractmethod
    def prepare(self, graphs: Graphs) -> Any:
        """Return encoded cells in the form that ``forward`` reads and ``select`` cuts."""

    def initialise(self, generator: torch.Generator) -> None:
        """Draw the parameters as the authors' code: weights U(-0.05, 0.05), biases U(-1/8, 1/8).

        The head is torch's Linear, whose own U(-1/sqrt(64), 1/sqrt(64)) are the same 1/8.
        """
        bound = self.head.in_features**-0.5
        with torch.no_grad():
            for convolution in self.convolutions:
                convolution.weight.uniform_(-0.05, 0.05, generator=generator)
                convolution.bias.uniform_(-bound, bound, generator=generator)
            self.head.weight.uniform_(-bound, bound, generator=generator)
            self.head.bias.uniform_(-bound, bound, generator=generator)


@dataclass(frozen=True, eq=False)
class DenseInputs:
    """Graphs as the dense back end reads them.

    Attributes:
        counts: how often each vertex sums each operator; the last column is the global node.
        aggregation: row j weighs the vertices that vertex j sums over.
    """

    counts: Float[Tensor, "B V O"]
    aggregation: Float[Tensor, "B V V"]

    def select(self, index: Int[Tensor, " b"]) -> "DenseInputs":
        """Return the graphs of a batch."""
        return DenseInputs(
            self.counts.index_select(0, index), self.aggregation.index_select(0, index)
        )

    def to(self, device: torch.device) -> "DenseInputs":
        """Return the graphs on a device."""
        return DenseInputs(self.counts.to(device), self.aggregation.to(device))


class _ConvolveNormaliseRelu(torch.autograd.Function):
    """relu(batch_norm(A H W + b)) of one layer in training, with its gradient in one piece.

    Doing the steps in one function keeps two arrays per layer instead of five and halves the
    calls; ``tests/test_gcn.py`` compares every gradient with torch's own. A bias before a batch
    normalisation cancels: it moves the running mean and its gradient is exactly zero (by
    automatic differentiation it is rounding noise).
    """

    @staticmethod
    def forward(
        ctx: Any,
        hidden: Tensor,
        weight: Tensor,
        bias: Tensor,
        aggregation: Tensor | None,
        scale: Tensor,
        shift: Tensor,
        running: tuple[Tensor, Tensor],
    ) -> Tensor:
        """Return the layer's output, (B * V, D); `running` mean and variance are updated."""
        summed = hidden @ weight
        if aggregation is not None:
            batch, vertices, _ = aggregation.shape
            summed = torch.bmm(aggregation, summed.view(batch, vertices, -1)).view(summed.shape)
        out, mean, inverse = torch.native_batch_norm(
            summed, scale, shift, *running, True, MOMENTUM, EPSILON
        )
        running[0].add_(bias, alpha=MOMENTUM)
        out.relu_()
        ctx.save_for_backward(hidden, weight, aggregation, summed, mean, inverse, scale, out)
        return out

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradients of hidden, weight, bias, scale and shift."""
        hidden, weight, aggregation, summed, mean, inverse, scale, out = ctx.saved_tensors
        gradient = aten.threshold_backward(gradients[0], out, 0)
        gradient, of_scale, of_shift = aten.native_batch_norm_backward(
            gradient, summed, scale, None, None, mean, inverse, True, EPSILON, [True, True, True]
        )
        if aggregation is not None:
            batch, vertices, _ = aggregation.shape
            back = aggregation.transpose(1, 2)
            gradient = torch.bmm(back, gradient.view(batch, vertices, -1)).view(gradient.shape)
        of_hidden = gradient @ weight.t() if ctx.needs_input_grad[0] else None
        return (
            of_hidden,
            hidden.t() @ gradient,
            torch.zeros_like(of_shift),
            None,
            of_scale,
            of_shift,
            None,
        )


class DenseGCN(GCN):
    """The network on small dense matrices; the default back end because it is faster.

    Args:
        features: as in ``GCN``.
        layers: as in ``GCN``.
        width: as in ``GCN``.
        operators: how many codes are operators'; padding needs none, as its feature is zero.
    """

    def __init__(
        self, features: np.ndarray, layers: int, width: int, operators: int = len(NAMES)
    ) -> None:
        self.codes = np.array([*range(operators), GLOBAL], dtype=np.uint8)
        super().__init__(features[self.codes], GraphConvolution, layers, width)

    def prepare(self, graphs: Graphs) -> DenseInputs:
        """Return encoded cells in the form that ``forward`` reads."""
        one_hot = torch.from_numpy(graphs.operators[:, :, None] == self.codes).float()
        aggregation = torch.from_numpy(graphs.aggregation)
        return DenseInputs(torch.bmm(aggregation, one_hot), aggregation)

    def forward(self, inputs: DenseInputs) -> Float[Tensor, " B"]:
        """Return one score per graph, read at the global node."""
        batch, vertices, operators = inputs.counts.shape
        hidden = inputs.counts.view(batch * vertices, operators)
        layer = self._layer_in_training if self.training else self._layer_in_scoring
        for number in range(len(self.convolutions)):
            hidden = layer(number, hidden, inputs.aggregation if number else None)
        return self.head(hidden.view(batch, vertices, -1)[:, -1]).squeeze(1)

    def _weight(self, number: int) -> Tensor:
        """Return a layer's weight; the first one is looked up: (O, width) instead of (D, width)."""
        weight = self.convolutions[number].weight
        return weight if number else self.features @ weight

    def _layer_in_training(self, number: int, hidden: Tensor, aggregation: Tensor | None) -> Tensor:
        norm = self.norms[number]
        return _ConvolveNormaliseRelu.apply(
            hidden,
            self._weight(number),
            self.convolutions[number].bias,
            aggregation,
            norm.weight,
            norm.bias,
            (norm.running_mean, norm.running_var),
        )

    def _layer_in_scoring(self, number: int, hidden: Tensor, aggregation: Tensor | None) -> Tensor:
        """Apply a layer with the normalisation folded into weight and bias."""
        norm = self.norms[number]
        scale = norm.weight * torch.rsqrt(norm.running_var + EPSILON)
        shift = norm.bias + (self.convolutions[number].bias - norm.running_mean) * scale
        hidden = hidden @ (self._weight(number) * scale)
        if aggregation is not None:
            batch, vertices, _ = aggregation.shape
            hidden = torch.bmm(aggregation, hidden.view(batch, vertices, -1)).view(hidden.shape)
        return (hidden + shift).relu_()


class DglInputs(Graphs):
    """Graphs as the DGL back end reads them."""

    def select(self, index: Int[Tensor, " b"]) -> "DglInputs":
        """Return the graphs of a batch."""
        rows = index.numpy()
        return DglInputs(self.operators[rows], self.aggregation[rows], self.counted[rows])


class DglGCN(GCN):
    """The network on a batched DGLGraph; arguments and entries are ``DenseGCN``'s."""

    def __init__(
        self, features: np.ndarray, layers: int, width: int, operators: int = len(NAMES)
    ) -> None:
        del operators  # every code is looked up
        try:
            from dgl.nn.pytorch import GraphConv  # noqa: PLC0415 - 1 s that dense saves
        except ImportError as error:
            raise ConfigError(
                "back end dgl needs the package dgl 1.1.3, which is made for Python 3.11; "
                "back_end: dense gives the same scores everywhere"
            ) from error

        super().__init__(features, partial(GraphConv, norm="none"), layers, width)

    def prepare(self, graphs: Graphs) -> "DglInputs":
        """Return the cells as they are: graphs are batched in ``forward``."""
        return DglInputs(graphs.operators, graphs.aggregation, graphs.counted)

    def forward(self, graphs: Graphs) -> Float[Tensor, " B"]:
        """Return one score per graph, read at the global node."""
        batch, vertices = graphs.operators.shape
        graph, weights = batched_graph(graphs)
        hidden = self.features[torch.from_numpy(graphs.operators.ravel()).long()]
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            hidden = torch.relu(norm(convolution(graph, hidden, edge_weight=weights)))
        return self.head(hidden.view(batch, vertices, -1)[:, -1]).squeeze(1)


def batched_graph(graphs: Graphs) -> tuple[Any, Tensor]:
    """Return one DGLGraph of all cells and the weight of each of its edges."""
    import dgl  # noqa: PLC0415 - see DglGCN

    batch, vertices = graphs.operators.shape
    row, target, source = np.nonzero(graphs.aggregation)
    graph = dgl.graph(
        (torch.from_numpy(row * vertices + source), torch.from_numpy(row * vertices + target)),
        num_nodes=batch * vertices,
    )
    graph.set_batch_num_nodes(torch.full((batch,), vertices))
    graph.set_batch_num_edges(torch.from_numpy(np.bincount(row, minlength=batch)))
    return graph, torch.from_numpy(graphs.aggregation[row, target, source])


BACK_ENDS: dict[str, type[DenseGCN | DglGCN]] = {"dense": DenseGCN, "dgl": DglGCN}
