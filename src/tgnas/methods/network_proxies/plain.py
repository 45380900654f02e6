"""Plain: SNIP without the absolute value.

Abdelfattah et al., "Zero-Cost Proxies for Lightweight NAS", ICLR 2021, released code. Where
normalisation makes the loss blind to a layer's scale, weight and gradient are orthogonal and
nothing but rounding and the last layers is left: a proxy of little worth, kept for the comparison.
Higher is taken to predict better, as there.
"""

import torch
from torch import nn

from tgnas.methods.card import NetworkCard
from tgnas.methods.contracts import Batch
from tgnas.methods.network_proxies._network import saliencies

CARD = NetworkCard(
    title="plain",
    reference="Abdelfattah et al., ICLR 2021, released code",
    needs="weights, images, labels, backward",
    cost="backward",
    requires=("layers with weights",),
)


def score(network: nn.Module, batch: Batch, generator: torch.Generator) -> float:
    """Return the sum over weights of weight x gradient."""
    del generator  # deterministic
    products = saliencies(network, batch.images, batch.labels)
    return float(sum(product.sum() for product in products))
