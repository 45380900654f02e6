"""GradSign: how much the gradients of single images agree in sign.

Zhang and Jia, "GradSign: Model Performance Inference with Theoretical Insights", ICLR 2022: the sum
over weights of |sum over images of sign(gradient)|. Higher predicts better.
"""

import torch
from torch import Tensor, nn

from tgnas.methods.card import NetworkCard
from tgnas.methods.contracts import Batch
from tgnas.methods.network_proxies._network import loss_gradients

IMAGES = 16

CARD = NetworkCard(
    title="GradSign",
    reference="Zhang and Jia, ICLR 2022, and released code",
    needs="weights, images, labels, backward",
    cost="backward of each image",
    deviations=(
        f"the first {IMAGES} images of the batch; the released code has 128",
        "the sum over weights, as in one of the two released codes; the other takes the mean",
    ),
)


def score(network: nn.Module, batch: Batch, generator: torch.Generator) -> float:
    """Return the sum of absolute summed signs; each image is normalised by itself, as there."""
    del generator  # deterministic
    signs: list[Tensor] = []
    for image, label in zip(
        batch.images[:IMAGES].split(1), batch.labels[:IMAGES].split(1), strict=True
    ):
        found = [gradient.sign() for gradient in loss_gradients(network, image, label)]
        signs = [total + sign for total, sign in zip(signs, found, strict=True)] if signs else found
    return float(sum(total.double().abs().sum() for total in signs))
