"""ZiCo: gradients that are large and alike over batches.

Li et al., "ZiCo: Zero-shot NAS via Inverse Coefficient of Variation on Gradients", ICLR 2023: the
sum over layers of log(sum over weights of mean |gradient| / deviation of the gradient). Higher
predicts better.
"""

import torch
from torch import nn

from tgnas.methods.card import NetworkCard
from tgnas.methods.contracts import Batch
from tgnas.methods.network_proxies._network import loss_gradients

BATCHES = 2

CARD = NetworkCard(
    title="ZiCo",
    reference="Li et al., ICLR 2023, and released code",
    needs="weights, images, labels, backward",
    cost="backward",
    requires=("layers with weights",),
    deviations=(
        "the two batches are the halves of the one that all proxies see",
        "the deviation is of the gradients, as in the released code, not of their absolute values",
    ),
)


def score(network: nn.Module, batch: Batch, generator: torch.Generator) -> float:
    """Return the score; layers whose gradients do not vary count nothing, as in the code."""
    del generator  # deterministic
    halves = zip(batch.images.chunk(BATCHES), batch.labels.chunk(BATCHES), strict=True)
    total = 0.0
    for layer in zip(*(loss_gradients(network, *half) for half in halves), strict=True):
        stacked = torch.stack(layer)
        deviation = stacked.std(0, correction=0)
        varies = deviation > 0
        ratio = float((stacked.abs().mean(0)[varies] / deviation[varies]).sum())
        if ratio != 0:
            total += torch.tensor(ratio, dtype=torch.float64).log().item()
    return total
