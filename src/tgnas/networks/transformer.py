"""FlexiBERT's encoders as Serianni and Kalita (ACL 2023) built them on ELECTRA (Tuli et al., 2023).

Embeddings of 128 channels, projected to the hidden size; in each layer a mixer of tokens, then a
feed-forward network. Attention and dynamic span convolutions end in a dense layer, the residual sum
and a normalisation; linear transforms in none of them. Half of a dynamic span convolution's heads
(at least one) are attention and as many channels are convolved with kernels made of the tokens, as
in ConvBERT. Weights are normal with deviation 0.02.

Deviates: the discrete cosine transform is a product with its matrix.
"""

import math
from collections.abc import Mapping
from typing import Any

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn import functional

from tgnas.costs.tokens import EMBEDDED, PLACES, SEGMENTS, TOKENS
from tgnas.spaces.flexibert import SPACE, layers_of

DEVIATION, EPSILON, DROPOUT = 0.02, 1e-12, 0.1


def split(values: Float[Tensor, "B T D"], heads: int) -> Float[Tensor, "B H T d"]:
    """Return the channels of each head."""
    return values.unflatten(-1, (heads, -1)).transpose(1, 2)


class Closing(nn.Module):
    """A dense layer, the residual sum and the normalisation."""

    def __init__(self, input_size: int, hidden: int) -> None:
        super().__init__()
        self.dense = nn.Linear(input_size, hidden)
        self.dropout = nn.Dropout(DROPOUT)
        self.norm = nn.LayerNorm(hidden, EPSILON)

    def forward(
        self, values: Float[Tensor, "B T D"], before: Float[Tensor, "B T H"]
    ) -> Float[Tensor, "B T H"]:
        """Return the normalised sum with what came before."""
        return self.norm(self.dropout(self.dense(values)) + before)


class Attention(nn.Module):
    """Self-attention; by weighted multiplication the query is multiplied by one more matrix."""

    def __init__(self, hidden: int, heads: int, *, weighted: bool) -> None:
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value = (nn.Linear(hidden, hidden) for _ in range(3))
        self.weight = nn.Linear(hidden, hidden, bias=False) if weighted else None
        self.softmax, self.dropout = nn.Softmax(dim=-1), nn.Dropout(DROPOUT)
        self.closing = Closing(hidden, hidden)

    def forward(self, states: Float[Tensor, "B T H"]) -> Float[Tensor, "B T H"]:
        """Return the layer's output."""
        query = self.query(states)
        if self.weight is not None:
            query = self.weight(query)
        key, value = split(self.key(states), self.heads), split(self.value(states), self.heads)
        context = attend(split(query, self.heads), key, value, self.softmax, self.dropout)
        return self.closing(context.transpose(1, 2).flatten(2), states)

    @property
    def projections(self) -> list[nn.Linear]:
        """The linear maps whose outputs are what heads work with."""
        own = [self.query, self.key, self.value]
        return own if self.weight is None else [*own, self.weight]


def attend(
    query: Float[Tensor, "B H T d"],
    key: Float[Tensor, "B H T d"],
    value: Float[Tensor, "B H T d"],
    softmax: nn.Module,
    dropout: nn.Module,
) -> Float[Tensor, "B H T d"]:
    """Return the attention of each head."""
    scores = query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1])
    return dropout(softmax(scores)) @ value


class Transform(nn.Module):
    """A linear map and a transform of each head over places and channels; the real part."""

    def __init__(self, hidden: int, heads: int, *, cosine: bool) -> None:
        super().__init__()
        self.heads, self.cosine = heads, cosine
        self.input = nn.Linear(hidden, hidden)
        self.softmax = nn.Softmax(dim=-1)  # of no effect on the output; a metric looks at it

    def forward(self, states: Float[Tensor, "B T H"]) -> Float[Tensor, "B T H"]:
        """Return the transform."""
        values = split(self.input(states), self.heads)
        if self.cosine:
            left, right = (cosines(size, values) for size in values.shape[-2:])
            values = left @ values @ right.T
        else:
            values = torch.fft.fft2(values).real
        self.softmax(values.detach())
        return values.transpose(1, 2).flatten(2)

    @property
    def projections(self) -> list[nn.Linear]:
        """As of ``Attention``."""
        return [self.input]


def cosines(size: int, like: Tensor) -> Float[Tensor, "N N"]:
    """Return the matrix of the discrete cosine transform of the second kind, not normalised."""
    places = torch.arange(size, dtype=torch.float64)
    angles = math.pi / size * (places + 0.5) * places[:, None]
    return (2 * torch.cos(angles)).to(like)


class SpanConvolution(nn.Module):
    """Attention on half of the channels, and a convolution by kernels made of the tokens."""

    def __init__(self, hidden: int, heads: int, kernel: int) -> None:
        super().__init__()
        self.heads, self.kernel = max(1, heads // 2), kernel
        half = self.heads * (hidden // heads)
        self.query, self.key, self.value = (nn.Linear(hidden, half) for _ in range(3))
        self.depthwise = nn.Conv1d(
            hidden, hidden, kernel, padding=kernel // 2, groups=hidden, bias=False
        )
        self.pointwise = nn.Conv1d(hidden, half, 1)
        self.kernels = nn.Linear(half, self.heads * kernel)
        self.spans = nn.Linear(hidden, half)
        self.softmax, self.dropout = nn.Softmax(dim=-1), nn.Dropout(DROPOUT)
        self.closing = Closing(hidden, hidden)

    def forward(self, states: Float[Tensor, "B T H"]) -> Float[Tensor, "B T H"]:
        """Return the layer's output."""
        query = self.query(states)
        key, value = split(self.key(states), self.heads), split(self.value(states), self.heads)
        attended = attend(split(query, self.heads), key, value, self.softmax, self.dropout)
        keys = self.pointwise(self.depthwise(states.transpose(1, 2))).transpose(1, 2)
        kernels = self.kernels(keys * query).unflatten(-1, (self.heads, self.kernel)).softmax(-1)
        side = self.kernel // 2
        padded = functional.pad(self.spans(states), (0, 0, side, side))
        spans = padded.unfold(1, self.kernel, 1).unflatten(2, (self.heads, -1))
        convolved = (spans @ kernels.unsqueeze(-1)).squeeze(-1)
        return self.closing(
            torch.cat([attended.transpose(1, 2), convolved], dim=2).flatten(2), states
        )

    @property
    def projections(self) -> list[nn.Linear]:
        """As of ``Attention``."""
        return [self.query, self.key, self.value]


class FeedForward(nn.Module):
    """Hidden layers with a Gaussian error linear unit behind each, then the closing."""

    def __init__(self, hidden: int, width: int, layers: int) -> None:
        super().__init__()
        sizes = [hidden, *[width] * layers]
        self.dense = nn.ModuleList(nn.Linear(sizes[i], width) for i in range(layers))
        self.activation = nn.GELU()
        self.closing = Closing(width, hidden)

    def forward(self, states: Float[Tensor, "B T H"]) -> Float[Tensor, "B T H"]:
        """Return the layer's output."""
        values = states
        for dense in self.dense:
            values = self.activation(dense(values))
        return self.closing(values, states)


MIXERS = (Attention, Transform, SpanConvolution)


def mixer(kind: str, heads: int, hidden: int) -> nn.Module:
    """Return a mixer of tokens of a kind, as the space spells it."""
    family, _, what = kind.partition("-")
    if family == "SA":
        return Attention(hidden, heads, weighted=what == "WMA")
    if family == "LT":
        return Transform(hidden, heads, cosine=what == "DCT")
    return SpanConvolution(hidden, heads, int(what))


class TransformerNetwork(nn.Module):
    """An encoder without a head: what it gives is a vector of each token."""

    def __init__(self, layers: list[tuple[str, int, int, int]], hidden: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(TOKENS, EMBEDDED, padding_idx=0)
        self.places = nn.Embedding(PLACES, EMBEDDED)
        self.segments = nn.Embedding(SEGMENTS, EMBEDDED)
        self.norm, self.dropout = nn.LayerNorm(EMBEDDED, EPSILON), nn.Dropout(DROPOUT)
        self.project = nn.Linear(EMBEDDED, hidden) if hidden != EMBEDDED else nn.Identity()
        parts: list[nn.Module] = []
        for kind, heads, width, count in layers:
            parts += [mixer(kind, heads, hidden), FeedForward(hidden, width, count)]
        self.layers = nn.Sequential(*parts)
        self.apply(_initialise)

    def forward(self, tokens: Int64[Tensor, "B T"]) -> Float[Tensor, "B T H"]:
        """Return the last layer's output."""
        places = self.places.weight[: tokens.shape[1]]
        values = self.embedding(tokens) + self.segments.weight[0] + places
        return self.layers(self.project(self.dropout(self.norm(values))))


@torch.no_grad()
def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Linear | nn.Embedding | nn.Conv1d):
        module.weight.normal_(0, DEVIATION)
    if isinstance(module, nn.Embedding) and module.padding_idx is not None:
        module.weight[module.padding_idx] = 0
    if isinstance(module, nn.Linear | nn.Conv1d) and module.bias is not None:
        module.bias.zero_()


def transformer_network(
    member: Mapping[str, Any], hidden: int | None = None, width: int | None = None
) -> TransformerNetwork:
    """Return the encoder of an architecture's object.

    Args:
        member: as ``Space.object_of`` gives it.
        hidden: the hidden size; the architecture's own by default.
        width: of every feed-forward network; the architecture's own by default.
    """
    plain = SPACE.object_of(member)
    layers = [(k, h, width or own, count) for k, h, own, count in layers_of(plain)]
    return TransformerNetwork(layers, hidden or int(plain["width"]))
