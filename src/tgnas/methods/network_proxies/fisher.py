"""Fisher: how much the loss changes where single channels are taken away.

Theis et al., "Faster gaze prediction with dense networks and Fisher pruning", 2018; Turner et al.,
"BlockSwap", ICLR 2020; summed over the network by Abdelfattah et al., "Zero-Cost Proxies for
Lightweight NAS", ICLR 2021, equation 2. Higher predicts better.
"""

import torch
from torch import nn
from torch.nn import functional

from tgnas.methods.card import NetworkCard
from tgnas.methods.contracts import Batch
from tgnas.methods.network_proxies._network import (
    gradients,
    seen_in,
    weighted_layers,
    weights_for_one,
)

CARD = NetworkCard(
    title="Fisher",
    reference="Turner et al., ICLR 2020; Abdelfattah et al., ICLR 2021, equation 2, and code",
    needs="weights, images, labels, backward",
    cost="backward",
    requires=("layers with weights",),
    deviations=(
        "as in the code of Abdelfattah et al., a channel counts as often as it has weights",
    ),
)


def score(network: nn.Module, batch: Batch, generator: torch.Generator) -> float:
    """Return the sum over channels of half the mean squared product of output and gradient."""
    del generator  # deterministic
    layers = weighted_layers(network)
    logits, seen = seen_in(network, layers, batch.images, lambda layer, _, output: (layer, output))
    loss, total = functional.cross_entropy(logits, batch.labels), 0.0
    slopes = gradients(loss, [output for _, output in seen])
    for (layer, output), slope in zip(seen, slopes, strict=True):
        product = output.detach() * slope
        if isinstance(layer, nn.Linear):  # whose channels come last, behind places or tokens
            product = product.movedim(-1, 1)
        effect = product.flatten(2).sum(2) if product.dim() > 2 else product
        channels = effect.square().mean(0) / 2
        total += float(channels.sum()) * weights_for_one(layer)
    return total
