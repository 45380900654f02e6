"""The summed norms of the loss gradient.

Abdelfattah et al., "Zero-Cost Proxies for Lightweight NAS", ICLR 2021, section 3.2. Higher predicts
better.
"""

import torch
from torch import nn

from tgnas.methods.card import NetworkCard
from tgnas.methods.contracts import Batch
from tgnas.methods.network_proxies._network import loss_gradients

CARD = NetworkCard(
    title="grad-norm",
    reference="Abdelfattah et al., ICLR 2021, section 3.2",
    needs="weights, images, labels, backward",
    cost="backward",
    requires=("layers with weights",),
)


def score(network: nn.Module, batch: Batch, generator: torch.Generator) -> float:
    """Return the sum over layers of the weight gradient's Euclidean norm."""
    del generator  # deterministic
    slopes = loss_gradients(network, batch.images, batch.labels)
    return float(sum(slope.norm() for slope in slopes))
