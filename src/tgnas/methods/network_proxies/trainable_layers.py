"""The number of layers that have weights: a trivial baseline.

Convolutions and dense layers, dead ones included. Higher predicts better.
"""

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from tgnas.methods.network_proxies._card import NetworkCard
from tgnas.methods.network_proxies._network import weighted_layers

CARD = NetworkCard(title="#layers", reference="counted", needs="nothing", cost="counting")


def score_network(
    network: nn.Module,
    images: Float[Tensor, "B 3 H W"],
    labels: Int64[Tensor, " B"],
    generator: torch.Generator,
) -> float:
    """Return the number of convolutions and dense layers."""
    del images, labels, generator  # of no influence
    return float(len(weighted_layers(network)))
