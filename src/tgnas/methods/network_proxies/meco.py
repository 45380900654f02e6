"""MeCo: how far from redundant the channels of each feature map are.

Jiang et al., "MeCo: Zero-Shot NAS with One Data and Single Forward Pass via Minimum Eigenvalue of
Correlation", NeurIPS 2023: the sum over layers of the least eigenvalue of the correlation matrix of
the channels. Higher predicts better.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from tgnas.methods.card import NetworkCard
from tgnas.methods.contracts import Batch
from tgnas.methods.network_proxies._network import noise_like, seen_in

CARD = NetworkCard(
    title="MeCo",
    reference="Jiang et al., NeurIPS 2023, and released code",
    needs="weights, noise",
    cost="forward",
    requires=("convolution",),
    deviations=(
        "modules without parts count, once each; the released code counts what holds them too, "
        "which depends on how a network is written down",
        "the noise image is of the data's size; the released code's has side length 64",
    ),
)


@torch.no_grad()
def score(network: nn.Module, batch: Batch, generator: torch.Generator) -> float:
    """Return the sum of the least eigenvalues for one image of noise."""

    def redundancy(_module: nn.Module, _given: object, output: object) -> float:
        if not isinstance(output, Tensor) or output.dim() != 4:
            return 0.0
        return float(least_eigenvalue(output[0].flatten(1)))

    leaves = [module for module in network.modules() if not list(module.children())]
    return sum(seen_in(network, leaves, noise_like(batch.images[:1], generator), redundancy)[1])


def least_eigenvalue(rows: Float[Tensor, "D pixels"]) -> Float[Tensor, ""]:
    """Return the least eigenvalue of the rows' correlation; a constant row correlates with none."""
    centred = rows.double() - rows.double().mean(1, keepdim=True)
    norms = centred.norm(dim=1, keepdim=True)
    unit = torch.where(norms > 0, centred / norms.clamp(min=torch.finfo(norms.dtype).tiny), 0.0)
    correlation = unit @ unit.T
    if not correlation.isfinite().all():
        return torch.full((), torch.nan, dtype=torch.float64)
    return torch.linalg.eigvalsh(correlation)[0]
