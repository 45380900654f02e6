"""The summed norms of the loss gradient.

Abdelfattah et al., "Zero-Cost Proxies for Lightweight NAS", ICLR 2021, section 3.2. Higher predicts
better.
"""

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from tgnas.methods.network_proxies._card import NetworkCard
from tgnas.methods.network_proxies._network import loss_gradients

CARD = NetworkCard(
    title="grad-norm",
    reference="Abdelfattah et al., ICLR 2021, section 3.2",
    needs="weights, images, labels, backward",
    cost="backward",
)


def score_network(
    network: nn.Module,
    images: Float[Tensor, "B 3 H W"],
    labels: Int64[Tensor, " B"],
    generator: torch.Generator,
) -> float:
    """Return the sum over layers of the weight gradient's Euclidean norm."""
    del generator  # deterministic
    return float(sum(gradient.norm() for gradient in loss_gradients(network, images, labels)))
