"""Synaptic saliency of feed-forward layers: |weight x gradient|, added up.

Serianni and Kalita (ACL 2023, section 3.2), after Tanaka et al. (NeurIPS 2020). ``as_published`` is
the gradient of the sum of all outputs, which is 0 but for rounding where the last layer is a
normalisation; ``random_signs`` that of their sum with random signs, which is our own.
Normalised, they are divided by the number of weight matrices.
"""

import torch
from torch import nn

from tgnas.methods.card import NetworkCard
from tgnas.methods.contracts import Tokens
from tgnas.methods.sequence_proxies._sequences import (
    REFERENCE,
    both_gradients,
    dense_weights,
    feeds_of,
)

COMPONENTS = (
    "as_published",
    "random_signs",
    "as_published_normalised",
    "random_signs_normalised",
)

CARD = NetworkCard(
    title="synaptic saliency",
    reference=REFERENCE,
    needs="weights, noise, tokens, backward",
    cost="backward",
    spaces=("flexibert",),
    requires=("feed-forward layers",),
    deviations=("a second component whose direction is drawn: the published gradient is rounding",),
)


def score(network: nn.Module, batch: Tokens, generator: torch.Generator) -> tuple[float, ...]:
    """Return the saliency by both gradients, then the mean over the weight matrices."""
    weights = dense_weights(feeds_of(network))
    sums = [
        float(sum((w.detach() * g).abs().sum() for w, g in zip(weights, found, strict=True)))
        for found in both_gradients(network, batch.tokens, weights, generator)
    ]
    return (*sums, *(one / len(weights) for one in sums))
