"""The summed norms of the initial weights: depth and width seen through the initialisation.

Abdelfattah et al., "Zero-Cost Proxies for Lightweight NAS", ICLR 2021, the benchmark's baseline.
Higher predicts better.
"""

import torch
from torch import nn

from tgnas.methods.card import NetworkCard
from tgnas.methods.contracts import Batch
from tgnas.methods.network_proxies._network import weights_of

CARD = NetworkCard(
    title="L2 norm",
    reference="Abdelfattah et al., ICLR 2021, released code",
    needs="weights",
    cost="counting",
    requires=("layers with weights",),
)


@torch.no_grad()
def score(network: nn.Module, batch: Batch, generator: torch.Generator) -> float:
    """Return the sum over layers of the weights' Euclidean norm."""
    del batch, generator  # of no influence
    return float(sum(weight.norm() for weight in weights_of(network)))
