"""What proxies look at in a network of tokens: hidden states, mixers, feed-forward layers.

As Serianni and Kalita (ACL 2023, arXiv 2306.00288) take them. Hooks are removed here; all else the
harness restores.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
import torch
from jaxtyping import Float, Float64, Int64
from torch import Tensor, nn

from tgnas.networks.recurrent import RecurrentLayer
from tgnas.networks.transformer import MIXERS, FeedForward

SMALL = 1e-5  # k of the score of a correlation matrix
REFERENCE = "Serianni and Kalita, ACL 2023 (arXiv 2306.00288), and released code"
BOTH = ("as_published", "random_signs")  # the gradients of ``both_gradients``
BOTH_AND_MEANS = (*BOTH, "as_published_normalised", "random_signs_normalised")
DRAWN = "a second component whose direction is drawn: the published gradient is rounding"


def mixers_of(network: nn.Module) -> list[nn.Module]:
    """Return the mixers of tokens, in the order of the network's definition."""
    return [part for part in network.modules() if isinstance(part, MIXERS)]


def feeds_of(network: nn.Module) -> list[nn.Module]:
    """Return the feed-forward networks, in the order of the network's definition."""
    return [part for part in network.modules() if isinstance(part, FeedForward)]


def recurrent_of(network: nn.Module) -> list[nn.Module]:
    """Return the recurrent layers, in the order of the network's definition."""
    return [part for part in network.modules() if isinstance(part, RecurrentLayer)]


def places_of(network: nn.Module) -> list[nn.Module]:
    """Return the embedding of places; none where there is none."""
    return [part for name, part in network.named_children() if name == "places"]


# What a card can require of a network -> what there is of it.
FOUND: Mapping[str, Callable[[nn.Module], Sequence[nn.Module]]] = MappingProxyType(
    {
        "recurrent layers": recurrent_of,
        "mixers of tokens": mixers_of,
        "feed-forward layers": feeds_of,
        "embeddings of places": places_of,
    }
)


def dense_weights(parts: Iterable[nn.Module]) -> list[Tensor]:
    """Return the weight of each dense layer within some modules."""
    return [
        layer.weight for part in parts for layer in part.modules() if isinstance(layer, nn.Linear)
    ]


def outputs_of(
    network: nn.Module, watched: Sequence[nn.Module], tokens: Int64[Tensor, "B T"]
) -> list[Tensor]:
    """Return what modules put out in one forward pass, in its order, without gradients."""
    seen: list[Tensor] = []
    handles = [
        module.register_forward_hook(lambda _module, _given, output: seen.append(output.detach()))
        for module in watched
    ]
    try:
        with torch.no_grad():
            network(tokens)
    finally:
        for handle in handles:
            handle.remove()
    return seen


def both_gradients(
    network: nn.Module,
    tokens: Int64[Tensor, "B T"],
    inputs: Sequence[Tensor],
    generator: torch.Generator,
) -> tuple[list[Tensor], list[Tensor]]:
    """Return the gradients of the sum of all outputs, and of their sum with random signs.

    The first is what the released code takes. The last layer is a normalisation, whose outputs'
    sum is a constant: that gradient is 0 but for rounding. With signs it is not.
    """
    outputs = network(tokens)
    signs = torch.randint(0, 2, outputs.shape, generator=generator).to(outputs) * 2 - 1
    both = [
        list(
            torch.autograd.grad(
                outputs, inputs, way, retain_graph=True, materialize_grads=True, allow_unused=True
            )
        )
        for way in (torch.ones_like(outputs), signs)
    ]
    return both[0], both[1]


def place_gradients(
    network: nn.Module, tokens: Int64[Tensor, "B T"], generator: torch.Generator
) -> list[Float64[np.ndarray, "C P"]]:
    """Return both gradients to the embedding of places: a row for each of its channels."""
    (places,) = places_of(network)
    gradients = both_gradients(network, tokens, [places.get_parameter("weight")], generator)
    return [gradient.T.double().numpy(force=True) for (gradient,) in gradients]


def saliencies(
    network: nn.Module,
    tokens: Int64[Tensor, "B T"],
    weights: Sequence[Tensor],
    generator: torch.Generator,
) -> tuple[float, ...]:
    """Return the sum of |weight x gradient| by both gradients, then the mean over the weights."""
    sums = [
        float(sum((w.detach() * g).abs().sum() for w, g in zip(weights, gradients, strict=True)))
        for gradients in both_gradients(network, tokens, weights, generator)
    ]
    return (*sums, *(one / len(weights) for one in sums))


def correlation_score(rows: Float64[np.ndarray, "R S"]) -> float:
    """Return -sum(log(v + k) + 1 / (v + k)) over the eigenvalues v of the rows' correlations.

    NaN where a row is constant and has none; negative eigenvalues, which are rounding, are 0.
    """
    if not (rows.std(axis=1) > 0).all() or not np.isfinite(rows).all():
        return float("nan")
    values = np.linalg.eigvalsh(np.corrcoef(rows)).clip(0)
    return -float((np.log(values + SMALL) + 1 / (values + SMALL)).sum())


def nuclear(matrix: Float[Tensor, "R C"]) -> float:
    """Return the sum of a matrix's singular values."""
    return float(torch.linalg.matrix_norm(matrix.detach(), ord="nuc"))


def reached(network: nn.Module, tokens: Int64[Tensor, "B T"]) -> bool:
    """Tell whether an output depends on the tokens' embeddings; the network is left evaluating."""
    seen: list[Tensor] = []
    embedding = network.get_submodule("embedding")
    handle = embedding.register_forward_hook(lambda _module, _given, output: seen.append(output))
    try:
        outputs = network.eval()(tokens)
    finally:
        handle.remove()
    # Weighted, for what ends in a normalisation has a constant sum.
    ways = torch.arange(1, outputs.shape[-1] + 1).to(outputs).expand_as(outputs)
    (gradient,) = torch.autograd.grad(
        outputs, seen, ways, allow_unused=True, materialize_grads=True
    )
    return bool((gradient != 0).any())
