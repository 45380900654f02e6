"""A message-passing network with the choices in which paper, code and our configurations differ.

A layer is relu(norm(h W_own + A h W_in + A^T h W_out + b)), added to h or not, where A is the
graph's aggregation matrix after its normalisation. ``_gcn.py`` holds the one configuration of
the authors' code in a faster form.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional

from tgnas.encodings.graphs import Graphs

EPSILON = 1e-5


@dataclass(frozen=True, slots=True)
class Shape:
    """What a network is made of.

    Attributes:
        layers: rounds of message passing.
        width: hidden channels.
        normalisation: of the aggregation matrix: none, row (each vertex takes the mean) or
            symmetric (divided by the roots of both degrees).
        norm: of the hidden channels: none, batch (over all vertices of a batch), graph (over the
            vertices of each graph), layer (over the channels of each vertex).
        both_ways: messages along the edges and against them, and own weights for the vertex
            itself; otherwise along the edges alone.
        residual: a layer's output is added to its input.
        readout: last (the global node or the output), mean or sum over vertices.
        head: hidden layers between readout and score.
        degrees: the logarithm of in- and out-degree beside the sentence vector.
    """

    layers: int
    width: int
    normalisation: str
    norm: str
    both_ways: bool
    residual: bool
    readout: str
    head: int
    degrees: bool


CHOICES = {
    "normalisation": ("none", "row", "symmetric"),
    "norm": ("none", "batch", "graph", "layer"),
    "readout": ("last", "mean", "sum"),
}


@dataclass(frozen=True, eq=False)
class Inputs:
    """Graphs as the network reads them.

    Attributes:
        operators: code of every vertex.
        aggregation: row j weighs the vertices that vertex j sums over, normalised.
        against: the same for messages against the edges; None where there are none.
        degrees: logarithms of in- and out-degree; None where they are no features.
        there: which vertices count.
        last: the vertex that is read out alone.
    """

    operators: Int[Tensor, "B V"]
    aggregation: Float[Tensor, "B V V"]
    against: Float[Tensor, "B V V"] | None
    degrees: Float[Tensor, "B V 2"] | None
    there: Bool[Tensor, "B V"]
    last: Int[Tensor, " B"]

    def select(self, index: Int[Tensor, " b"]) -> "Inputs":
        """Return the graphs of a batch."""
        return Inputs(
            self.operators.index_select(0, index),
            self.aggregation.index_select(0, index),
            None if self.against is None else self.against.index_select(0, index),
            None if self.degrees is None else self.degrees.index_select(0, index),
            self.there.index_select(0, index),
            self.last.index_select(0, index),
        )


class Network(nn.Module):
    """Scores graphs; parameters are drawn by ``initialise``.

    Args:
        features: feature of every operator code, (256, D).
        shape: the configuration.
    """

    features: Tensor
    ways: Any  # a ModuleDict of ModuleLists, which know no type of what they hold

    def __init__(self, features: np.ndarray, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.register_buffer("features", torch.from_numpy(features), persistent=False)
        width, given = shape.width, features.shape[1] + 2 * shape.degrees
        embeds = shape.both_ways or shape.residual
        self.embed = nn.Linear(given, width) if embeds else None
        pairs = list(pairwise([width if embeds else given, *[width] * shape.layers]))
        ways = ("own", "along", "against") if shape.both_ways else ("along",)
        self.ways = nn.ModuleDict(
            {way: nn.ModuleList(nn.Linear(*pair, bias=False) for pair in pairs) for way in ways}
        )
        self.biases = nn.ParameterList(nn.Parameter(torch.zeros(width)) for _ in pairs)
        self.norms = nn.ModuleList(_Norm(shape.norm, width) for _ in range(shape.layers))
        hidden = [
            layer for _ in range(shape.head) for layer in (nn.Linear(width, width), nn.ReLU())
        ]
        self.head = nn.Sequential(*hidden, nn.Linear(width, 1))

    def initialise(self, generator: torch.Generator) -> None:
        """Draw weights and biases from U(-1/sqrt(fan in), 1/sqrt(fan in)), as torch's Linear.

        The biases behind an aggregation start at zero.
        """
        for module in self.modules():
            if isinstance(module, nn.Linear):
                bound = module.in_features**-0.5
                for parameter in module.parameters():
                    with torch.no_grad():
                        parameter.uniform_(-bound, bound, generator=generator)

    def prepare(self, graphs: Graphs) -> Inputs:
        """Return encoded cells in the form that ``forward`` reads and ``select`` cuts."""
        operators = torch.from_numpy(graphs.operators.astype(np.int32))
        raw = torch.from_numpy(graphs.aggregation)
        shape = self.shape
        there = torch.from_numpy(graphs.counted)
        degrees = torch.stack([raw.sum(2), raw.sum(1)], 2).log1p() if shape.degrees else None
        last = there.shape[1] - 1 - there.flip(1).int().argmax(1)
        against = normalised(raw.transpose(1, 2), shape.normalisation) if shape.both_ways else None
        along = normalised(raw, shape.normalisation)
        return Inputs(operators, along, against, degrees, there, last)

    def forward(self, inputs: Inputs) -> Float[Tensor, " B"]:
        """Return one score per graph."""
        shape, there = self.shape, inputs.there.unsqueeze(2)
        hidden = None if self.embed is None else self._looked_up(self.embed, inputs) * there
        for number, norm in enumerate(self.norms):
            passed = torch.relu(norm(self._passed(number, hidden, inputs), inputs.there)) * there
            hidden = hidden + passed if shape.residual and hidden is not None else passed
        assert hidden is not None  # there is a layer
        if shape.readout == "last":
            read = hidden[torch.arange(len(hidden)), inputs.last]
        else:
            read = hidden.sum(1)
            if shape.readout == "mean":
                read = read / there.sum(1)
        return self.head(read).squeeze(1)

    def _looked_up(self, linear: nn.Linear, inputs: Inputs) -> Float[Tensor, "B V W"]:
        """Return a linear map of the vertices' features, worked out once for each operator."""
        text = self.features.shape[1]
        table = functional.linear(self.features, linear.weight[:, :text], linear.bias)
        found = functional.embedding(inputs.operators, table)
        if inputs.degrees is not None:
            found = found + functional.linear(inputs.degrees, linear.weight[:, text:])
        return found

    def _passed(self, number: int, hidden: Tensor | None, inputs: Inputs) -> Float[Tensor, "B V W"]:
        """Return what a layer's messages sum to at every vertex."""

        def sent(way: str) -> Tensor:
            linear = self.ways[way][number]
            return self._looked_up(linear, inputs) if hidden is None else linear(hidden)

        passed = torch.bmm(inputs.aggregation, sent("along")) + self.biases[number]
        if inputs.against is not None:
            passed = passed + sent("own") + torch.bmm(inputs.against, sent("against"))
        return passed


class _Norm(nn.Module):
    """One normalisation with a learned scale and shift for each channel."""

    def __init__(self, kind: str, width: int) -> None:
        super().__init__()
        self.kind = kind
        of_kind: dict[str, Any] = {"batch": nn.BatchNorm1d, "layer": nn.LayerNorm}
        self.whole = of_kind.get(kind, nn.Identity)(width)
        if kind == "graph":
            self.scale = nn.Parameter(torch.ones(width))
            self.shift = nn.Parameter(torch.zeros(width))

    def forward(self, values: Float[Tensor, "B V W"], there: Bool[Tensor, "B V"]) -> Tensor:
        """Return the normalised values; vertices that do not count take no part."""
        if self.kind == "graph":
            return self._over_each_graph(values, there)
        if self.kind != "batch":
            return self.whole(values)
        found = torch.zeros_like(values)
        found[there] = self.whole(values[there])
        return found

    def _over_each_graph(self, values: Tensor, there: Tensor) -> Tensor:
        counted = there.unsqueeze(2)
        number = counted.sum(1, keepdim=True)
        mean = (values * counted).sum(1, keepdim=True) / number
        centred = (values - mean) * counted
        variance = centred.square().sum(1, keepdim=True) / number
        return centred * torch.rsqrt(variance + EPSILON) * self.scale + self.shift


def normalised(aggregation: Float[Tensor, "N V V"], kind: str) -> Float[Tensor, "N V V"]:
    """Return aggregation matrices with row sums or both degrees divided out; zero rows stay."""
    if kind == "none":
        return aggregation
    rows = aggregation.sum(2, keepdim=True).clamp(min=1)
    if kind == "row":
        return aggregation / rows
    columns = aggregation.sum(1, keepdim=True).clamp(min=1)
    return aggregation / (rows * columns).sqrt()
