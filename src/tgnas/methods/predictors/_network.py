"""A message-passing network with the choices in which paper, code and our configurations differ.

A layer is relu(norm([h, A h, A^T h] W + b)), added to h or not, where A is the graph's aggregation
matrix after its normalisation. ``_gcn.py`` holds the one configuration of
the authors' code in a faster form.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional

from tgnas.encodings.graphs import Graphs
from tgnas.methods.predictors._settings import Settings

EPSILON = 1e-5


@dataclass(frozen=True, eq=False)
class Inputs:
    """Graphs as the network reads them.

    Attributes:
        operators: code of every vertex.
        messages: what vertex v hears in K ways, each a row that weighs all vertices: rows
            v K to v K + K - 1. The ways are itself, along and against the edges, or along alone.
        degrees: logarithms of in- and out-degree; None where they are no features.
        there: which vertices count.
        last: the vertex that is read out alone.
    """

    operators: Int[Tensor, "B V"]
    messages: Float[Tensor, "B KV V"]
    degrees: Float[Tensor, "B V 2"] | None
    there: Bool[Tensor, "B V"]
    last: Int[Tensor, " B"]

    def select(self, index: Int[Tensor, " b"]) -> "Inputs":
        """Return the graphs of a batch."""
        return Inputs(
            self.operators.index_select(0, index),
            self.messages.index_select(0, index),
            None if self.degrees is None else self.degrees.index_select(0, index),
            self.there.index_select(0, index),
            self.last.index_select(0, index),
        )

    def to(self, device: torch.device) -> "Inputs":
        """Return the graphs on a device."""
        degrees = None if self.degrees is None else self.degrees.to(device)
        return Inputs(
            self.operators.to(device),
            self.messages.to(device),
            degrees,
            self.there.to(device),
            self.last.to(device),
        )


class Network(nn.Module):
    """Scores graphs; parameters are drawn by ``initialise``.

    Args:
        features: feature of every operator code, (256, D).
        settings: the configuration.
    """

    features: Tensor

    def __init__(self, features: np.ndarray, settings: Settings) -> None:
        super().__init__()
        self.settings = settings
        self.register_buffer("features", torch.from_numpy(features), persistent=False)
        width, inputs = settings.width, features.shape[1] + 2 * settings.degrees
        embeds = settings.bidirectional or settings.residual
        self.embed = nn.Linear(inputs, width) if embeds else None
        heard = [width if embeds else inputs, *[width] * (settings.layers - 1)]
        self.ways = 3 if settings.bidirectional else 1
        self.mixes = nn.ModuleList(nn.Linear(self.ways * size, width) for size in heard)
        self.norms = nn.ModuleList(_Norm(settings.norm, width) for _ in heard)
        hidden = [
            layer
            for _ in range(settings.head_layers)
            for layer in (nn.Linear(width, width), nn.ReLU())
        ]
        self.head = nn.Sequential(*hidden, nn.Linear(width, 1))

    def initialise(self, generator: torch.Generator) -> None:
        """Draw weights and biases from U(-1/sqrt(fan in), 1/sqrt(fan in)), as torch's Linear.

        The fan in of what mixes messages is that of one way; its biases start at zero.
        """
        mixes = set(self.mixes)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                ways = self.ways if module in mixes else 1
                bound = (module.in_features / ways) ** -0.5
                with torch.no_grad():
                    module.weight.uniform_(-bound, bound, generator=generator)
                    if module in mixes:
                        module.bias.zero_()
                    else:
                        module.bias.uniform_(-bound, bound, generator=generator)

    def prepare(self, graphs: Graphs) -> Inputs:
        """Return encoded cells in the form that ``forward`` reads and ``select`` cuts."""
        operators = torch.from_numpy(graphs.operators.astype(np.int32))
        raw = torch.from_numpy(graphs.aggregation)
        settings, there = self.settings, torch.from_numpy(graphs.counted)
        degrees = torch.stack([raw.sum(2), raw.sum(1)], 2).log1p() if settings.degrees else None
        last = there.shape[1] - 1 - there.flip(1).int().argmax(1)
        messages = normalised(raw, settings.normalisation)
        if settings.bidirectional:
            count, vertices, _ = raw.shape
            own = torch.eye(vertices).expand(count, vertices, vertices)
            against = normalised(raw.transpose(1, 2), settings.normalisation)
            messages = torch.stack([own, messages, against], 2).flatten(1, 2)
        return Inputs(operators, messages, degrees, there, last)

    def forward(self, inputs: Inputs) -> Float[Tensor, " B"]:
        """Return one score per graph."""
        return self.head(self.read(inputs)).squeeze(1)

    def read(self, inputs: Inputs) -> Float[Tensor, "B W"]:
        """Return the channels that the head makes a score of."""
        hidden = None if self.embed is None else self._looked_up(self.embed, inputs)
        for mix, norm in zip(self.mixes, self.norms, strict=True):
            assert isinstance(mix, nn.Linear)
            if hidden is None:  # one way alone: what is sent is worked out once per operator
                passed = torch.bmm(inputs.messages, self._looked_up(mix, inputs, bias=False))
                passed = passed + mix.bias
            else:
                heard = torch.bmm(inputs.messages, hidden)
                passed = mix(heard.view(*hidden.shape[:2], -1))
            # Vertices that do not count are in nobody's sum, so what they hold is no matter.
            passed = torch.relu(norm(passed, inputs.there))
            hidden = hidden + passed if self.settings.residual and hidden is not None else passed
        assert hidden is not None  # there is a layer
        if self.settings.readout == "last":
            read = hidden[torch.arange(len(hidden), device=hidden.device), inputs.last]
        else:
            counted = inputs.there.unsqueeze(1).to(hidden.dtype)
            read = torch.bmm(counted, hidden).squeeze(1)
            if self.settings.readout == "mean":
                read = read / counted.sum(2)
        return read

    def _looked_up(
        self, linear: nn.Linear, inputs: Inputs, *, bias: bool = True
    ) -> Float[Tensor, "B V W"]:
        """Return a linear map of the vertices' features, worked out once for each operator."""
        text = self.features.shape[1]
        added = linear.bias if bias else None
        table = functional.linear(self.features, linear.weight[:, :text], added)
        mapped = functional.embedding(inputs.operators, table)
        if inputs.degrees is not None:
            mapped = mapped + functional.linear(inputs.degrees, linear.weight[:, text:])
        return mapped


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
        output = torch.zeros_like(values)
        output[there] = self.whole(values[there])
        return output

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
