"""SNIP: how much the loss changes where single weights are taken away.

Lee et al., "SNIP: Single-shot Network Pruning based on Connection Sensitivity", ICLR 2019; summed
over the network by Abdelfattah et al., "Zero-Cost Proxies for Lightweight NAS", ICLR 2021, equation
1. Higher predicts better.
"""

import torch
from torch import nn

from tgnas.methods.card import NetworkCard
from tgnas.methods.contracts import Batch
from tgnas.methods.network_proxies._network import saliencies

CARD = NetworkCard(
    title="SNIP",
    reference="Lee et al., ICLR 2019; Abdelfattah et al., ICLR 2021, equation 1",
    needs="weights, images, labels, backward",
    cost="backward",
    requires=("layers with weights",),
)


def score(network: nn.Module, batch: Batch, generator: torch.Generator) -> float:
    """Return the sum over weights of |weight x gradient|."""
    del generator  # deterministic
    products = saliencies(network, batch.images, batch.labels)
    return float(sum(product.abs().sum() for product in products))
