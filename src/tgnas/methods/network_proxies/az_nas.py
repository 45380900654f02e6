"""AZ-NAS: four views of a network, joined by their ranks.

Lee and Ham, "AZ-NAS: Assembling Zero-Cost Proxies for Network Architecture Search", CVPR 2024,
section 3: expressivity (the entropy of a feature map's principal components, summed over cells),
progressivity (its least growth from cell to cell), trainability (how near to 1 the gain of a cell's
backward pass is) and complexity (multiply-adds); joined, they are the sum over components of
log(rank / N). Higher predicts better.
"""

from functools import partial
from itertools import pairwise

import numpy as np
import torch
from jaxtyping import Float, Float64
from torch import Tensor, nn
from torch.nn import functional

from tgnas.errors import UnfitNetworkError
from tgnas.methods.card import NetworkCard
from tgnas.methods.contracts import Batch
from tgnas.methods.network_proxies._network import (
    blocks_of,
    drawn_like,
    gradients,
    initialise,
    multiply_adds,
    noise_like,
    ranks,
    seen_in,
)

COMPONENTS = ("expressivity", "progressivity", "trainability", "complexity")

CARD = NetworkCard(
    title="AZ-NAS",
    reference="Lee and Ham, CVPR 2024, section 3, and released code",
    needs="noise, backward",
    cost="backward",
    requires=("blocks (stem and stages)",),
    deviations=(
        "complexity counts convolutions and dense layers, in millions of multiply-adds",
        "a component that is undefined ranks lowest, as in the released code, and is stored as NaN",
    ),
)


def score(
    network: nn.Module, batch: Batch, generator: torch.Generator
) -> tuple[float, float, float, float]:
    """Return expressivity, progressivity, trainability and complexity (millions).

    The network gives its blocks as ``stem`` and ``stages``.

    Raises:
        UnfitNetworkError: a block does not give a feature map.
    """
    initialise(network, generator, kaiming=True)
    noise = noise_like(batch.images, generator)
    features = seen_in(network, blocks_of(network), noise, lambda _b, _given, output: output)[1]
    if not all(isinstance(feature, Tensor) and feature.dim() == 4 for feature in features):
        raise UnfitNetworkError("a block of its stages gives no feature map (B, D, H, W)")
    entropies = np.array([entropy(feature.detach()) for feature in features])
    gains = [gain(before, after, generator) for before, after in pairwise(features)]
    return (
        float(entropies.sum()),
        float(np.diff(entropies).min()),
        float(np.mean(gains)),
        multiply_adds(network, batch.images),
    )


def aggregate(components: Float64[np.ndarray, "N 4"]) -> Float64[np.ndarray, " N"]:
    """Return the sum over components of log(rank / N) for N architectures."""
    size = len(components)
    return np.sum([np.log(ranks(column) / size) for column in components.T], axis=0)


def entropy(features: Float[Tensor, "B D H W"]) -> float:
    """Return the entropy of the shares of variance of the principal components of the channels."""
    rows = features.transpose(0, 1).flatten(1)
    rows = rows - rows.mean(1, keepdim=True)
    covariance = rows @ rows.T / rows.shape[1]
    if not covariance.isfinite().all():
        return float("nan")
    values = torch.linalg.eigvalsh(covariance).clamp(min=0)
    shares = values / values.sum()
    return -float((shares * (shares + 1e-8).log()).sum())


def gain(
    before: Float[Tensor, "B D H W"], after: Float[Tensor, "B E I J"], generator: torch.Generator
) -> float:
    """Return 2 - s - 1/s, at most 0, for the backward gain s of a block from `before` to `after`.

    The gain is the largest singular value of the map from random signs at the block's end to the
    gradient at its start, pixel by pixel. A block that changes no gradient gives minus infinity.

    Raises:
        UnfitNetworkError: the block does not divide height and width by one whole number.
    """
    signs = drawn_like(after, partial(Tensor.bernoulli_, generator=generator)).mul_(2).sub_(1)
    (back,) = gradients(after, [before], signs, retain_graph=True)
    if back.shape == signs.shape and torch.equal(back, signs):
        return -float("inf")
    if back.shape[2:] != signs.shape[2:]:
        times = back.shape[2] // signs.shape[2]
        if [*back.shape[2:]] != [side * times for side in signs.shape[2:]]:
            raise UnfitNetworkError(
                "a block of its stages does not divide height and width by a whole number: of "
                f"{tuple(before.shape)} it makes {tuple(after.shape)}"
            )
        back = functional.pixel_unshuffle(back, times)
    start, end = (part.transpose(0, 1).flatten(1) for part in (back, signs))
    transfer = start @ end.T / end.shape[1]
    if not transfer.isfinite().all():
        return float("nan")
    largest = float(torch.linalg.svdvals(transfer)[0])
    return 2 - largest - 1 / (largest + 1e-6)
