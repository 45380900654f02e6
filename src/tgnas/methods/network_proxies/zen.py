"""Zen-score: how much a network without labels amplifies a small change of its input.

Lin et al., "Zen-NAS: A Zero-Shot NAS for High-Performance Deep Image Recognition", ICCV 2021,
algorithm 1: the logarithm of the mean change of the last feature map, plus those of the deviations
that batch normalisations divided by. Higher predicts better.
"""

import torch
from torch import nn

from tgnas.methods.card import NetworkCard
from tgnas.methods.contracts import Batch
from tgnas.methods.network_proxies._network import (
    initialise,
    modules_of,
    noise_like,
    seen_in,
)

STEP = 0.01  # alpha

CARD = NetworkCard(
    title="Zen-score",
    reference="Lin et al., ICCV 2021, algorithm 1, and released code",
    needs="noise",
    cost="forward",
    requires=("global average pool", "batch normalisation"),
    deviations=(
        "one draw of weights and noise, as in NAS-Bench-Suite-Zero; the paper averages several",
        "the deviations are the running ones, which after two passes still hold .81 of their start,"
        " as in the authors' code",
    ),
)


@torch.no_grad()
def score(network: nn.Module, batch: Batch, generator: torch.Generator) -> float:
    """Return the score for weights and images drawn from standard normal distributions."""
    initialise(network, generator, kaiming=False)
    noise = noise_like(batch.images, generator)
    moved = noise + STEP * noise_like(batch.images, generator)
    pools = modules_of(network, nn.AdaptiveAvgPool2d)
    first, second = (
        seen_in(network, pools, images, lambda _pool, features, _output: features)[1][-1]
        for images in (noise, moved)
    )
    change = (first - second).abs().flatten(1).sum(1).mean().log()
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    scales = [norm.running_var.mean().log() / 2 for norm in norms if norm.running_var is not None]
    return float(change + sum(scales))
