"""GraSP: how much the gradient's norm falls where single weights are taken away.

Wang et al., "Picking Winning Tickets Before Training by Preserving Gradient Flow", ICLR 2020:
S = -w x H g, summed over the network by Abdelfattah et al., "Zero-Cost Proxies for Lightweight
NAS", ICLR 2021, equation 1. Higher is taken to predict better, as in the latter's code.
"""

import re

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from tgnas.errors import UnfitNetworkError
from tgnas.methods.card import NetworkCard
from tgnas.methods.contracts import Batch
from tgnas.methods.network_proxies._network import gradients, loss_gradients, weights_of

CARD = NetworkCard(
    title="GraSP",
    reference="Wang et al., ICLR 2020; Abdelfattah et al., ICLR 2021, equation 1",
    needs="weights, images, labels, backward",
    cost="second order",
    requires=("layers with weights",),
)


def score(network: nn.Module, batch: Batch, generator: torch.Generator) -> float:
    """Return minus the sum over weights of weight x (Hessian x gradient).

    Raises:
        UnfitNetworkError: torch has no second derivative of what the network does.
    """
    del generator  # deterministic
    try:
        with sdpa_kernel(SDPBackend.MATH):  # fused attention has no second derivative
            return _bend(network, batch)
    except RuntimeError as error:
        missing = re.match(r"derivative for (aten::)?(\w+?)(_backward)? is not impl", str(error))
        if not missing:
            raise
        raise UnfitNetworkError(f"torch has no second derivative of {missing[2]}") from error


def _bend(network: nn.Module, batch: Batch) -> float:
    weights = weights_of(network)
    slopes = loss_gradients(network, batch.images, batch.labels, create_graph=True)
    product = torch.stack([(slope.detach() * slope).sum() for slope in slopes]).sum()
    pairs = zip(weights, gradients(product, weights), strict=True)
    return -float(sum((weight.detach() * bend).sum() for weight, bend in pairs))
