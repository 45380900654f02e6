"""Jacob-cov: how different a network's linear maps are at different images.

Mellor et al., "Neural Architecture Search without Training", 2020 (arXiv 2006.04647v1):
S = -sum(log(v + k) + 1 / (v + k)) over the eigenvalues v of the correlation matrix of the input
gradients. Higher predicts better.
"""

import numpy as np
import torch
from torch import nn

from tgnas.methods.card import NetworkCard
from tgnas.methods.contracts import Batch
from tgnas.methods.network_proxies._network import input_jacobian

SMALL = 1e-5  # k

CARD = NetworkCard(
    title="Jacob-cov",
    reference="Mellor et al., arXiv 2006.04647v1, and released code",
    needs="weights, images, backward",
    cost="backward",
    deviations=("negative eigenvalues, which are rounding noise, are clipped at 0",),
)


def score(network: nn.Module, batch: Batch, generator: torch.Generator) -> float:
    """Return the score; NaN where an image's gradient is constant and has no correlation."""
    del generator  # of no influence
    jacobian, _ = input_jacobian(network, batch.images)
    if not (jacobian.std(axis=1) > 0).all():
        return float("nan")
    values = np.linalg.eigvalsh(np.corrcoef(jacobian)).clip(0)
    return -float((np.log(values + SMALL) + 1 / (values + SMALL)).sum())
