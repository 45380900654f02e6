"""EPE-NAS: correlations of the input gradients within each class.

Lopes et al., "EPE-NAS: Efficient Performance Estimation Without Training for Neural Architecture
Search", ICANN 2021. Higher predicts better.
"""

import numpy as np
import torch
from torch import nn

from tgnas.errors import UnfitNetworkError
from tgnas.methods.card import NetworkCard
from tgnas.methods.contracts import Batch
from tgnas.methods.network_proxies._network import input_jacobian

SMALL = 1e-5  # k
MANY = 100  # classes above which differences between classes count in place of sums

CARD = NetworkCard(
    title="EPE-NAS",
    reference="Lopes et al., ICANN 2021, and released code",
    needs="weights, images, labels, backward",
    cost="backward",
)


def score(network: nn.Module, batch: Batch, generator: torch.Generator) -> float:
    """Return the score; NaN where an image's gradient is constant and has no correlation.

    Raises:
        UnfitNetworkError: no two images share a class, so that every network would score alike.
    """
    del generator  # deterministic
    classes = batch.labels.numpy(force=True)
    if len(np.unique(classes)) == len(classes):
        raise UnfitNetworkError(f"no two of the {len(classes)} images share a label")
    jacobian, logits = input_jacobian(network, batch.images)
    many = logits > MANY
    if not (jacobian.std(axis=1) > 0).all():
        return float("nan")
    within = []
    for label in np.unique(classes):
        correlations = np.atleast_2d(np.corrcoef(jacobian[classes == label]))
        logarithms = np.log(np.abs(correlations) + SMALL)
        within.append(logarithms.sum() / (len(logarithms) if many else 1))
    sums = np.array(within)
    if many:
        return float(np.abs(sums[:, None] - sums).sum() / len(sums))
    return float(np.abs(sums).sum())
