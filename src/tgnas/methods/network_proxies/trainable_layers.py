"""The number of layers that have weights: a trivial baseline.

Convolutions and dense layers, dead ones included. Higher predicts better.
"""

import torch
from torch import nn

from tgnas.methods.card import NetworkCard
from tgnas.methods.contracts import Batch
from tgnas.methods.network_proxies._network import weighted_layers

CARD = NetworkCard(title="#layers", reference="counted", needs="nothing", cost="counting")


def score(network: nn.Module, batch: Batch, generator: torch.Generator) -> float:
    """Return the number of convolutions and dense layers."""
    del batch, generator  # of no influence
    return float(len(weighted_layers(network)))
