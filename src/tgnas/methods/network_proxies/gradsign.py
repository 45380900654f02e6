"""GradSign: how much the gradients of single images agree in sign.

Zhang and Jia, "GradSign: Model Performance Inference with Theoretical Insights", ICLR 2022: the sum
over weights of |sum over images of sign(gradient)|. Higher predicts better.
"""

import torch
from torch import nn

from tgnas.methods.card import NetworkCard
from tgnas.methods.contracts import Batch
from tgnas.methods.network_proxies._network import loss_gradients, weights_of

IMAGES = 16

CARD = NetworkCard(
    title="GradSign",
    reference="Zhang and Jia, ICLR 2022, and released code",
    needs="weights, images, labels, backward",
    cost="backward of each image",
    requires=("layers with weights",),
    deviations=(
        f"the first {IMAGES} images of the batch; the released code has 128",
        "the sum over weights, as in one of the two released codes; the other takes the mean",
    ),
)


def score(network: nn.Module, batch: Batch, generator: torch.Generator) -> float:
    """Return the sum of absolute summed signs; each image is normalised by itself, as there."""
    del generator  # deterministic
    images, labels = (part[:IMAGES].split(1) for part in (batch.images, batch.labels))
    totals = [torch.zeros_like(weight) for weight in weights_of(network)]
    for image, label in zip(images, labels, strict=True):
        for total, gradient in zip(totals, loss_gradients(network, image, label), strict=True):
            total.add_(gradient.sign())
    return float(sum(total.double().abs().sum() for total in totals))
