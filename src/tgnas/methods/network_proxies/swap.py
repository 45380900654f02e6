"""SWAP: how many different patterns single rectifiers show over a batch of images.

Peng et al., "SWAP-NAS: Sample-Wise Activation Patterns for Ultra-fast NAS", ICLR 2024, section 3:
the number of distinct columns of the matrix of signs, images by rectifiers. Higher predicts better.
"""

import numpy as np
import torch
from torch import Tensor, nn

from tgnas.methods.card import NetworkCard
from tgnas.methods.contracts import Batch
from tgnas.methods.network_proxies._network import relus, seen_in

IMAGES = 32

CARD = NetworkCard(
    title="SWAP",
    reference="Peng et al., ICLR 2024, section 3",
    needs="weights, images",
    cost="forward",
    requires=("ReLU",),
    deviations=(
        f"the first {IMAGES} images of the batch; 16 show almost all patterns on a network as "
        "wide as NAS-Bench-201's",
        "without the regularisation by model size, whose constants are of a search",
    ),
)


@torch.no_grad()
def score(network: nn.Module, batch: Batch, generator: torch.Generator) -> float:
    """Return the number of distinct patterns."""
    del generator  # of no influence
    images = batch.images[:IMAGES]
    place = 1 << np.arange(len(images), dtype=np.uint32)[:, None]

    def patterns(_module: nn.Module, _given: object, output: Tensor) -> np.ndarray:
        on = (output > 0).flatten(1).numpy(force=True)
        return np.unique((on * place).sum(axis=0, dtype=np.uint32))

    parts = seen_in(network, relus(network), images, patterns)[1]
    return float(len(np.unique(np.concatenate(parts))))
