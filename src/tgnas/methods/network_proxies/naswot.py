"""NASWOT: how many images a network's rectifiers tell apart.

Mellor et al., "Neural Architecture Search without Training", ICML 2021, section 3: log |K_H|, where
entry ij of K_H is the number of rectifiers that are on, or off, for both image i and image j.
Higher predicts better.
"""

import torch
from torch import Tensor, nn

from tgnas.methods.card import NetworkCard
from tgnas.methods.contracts import Batch
from tgnas.methods.network_proxies._network import relus, seen_in

CARD = NetworkCard(
    title="NASWOT",
    reference="Mellor et al., ICML 2021, section 3",
    needs="weights, images",
    cost="forward",
    requires=("ReLU",),
    deviations=("the rectifiers that no gradient reaches count too, as in NAS-Bench-Suite-Zero",),
)


@torch.no_grad()
def score(network: nn.Module, batch: Batch, generator: torch.Generator) -> float:
    """Return the logarithm of the kernel's determinant."""
    del generator  # of no influence

    def agreements(_module: nn.Module, _given: object, output: Tensor) -> Tensor:
        # Signs of +1 and -1: their products add up to agreements minus disagreements.
        on = (output.flatten(1) > 0).float().mul_(2).sub_(1)
        return ((on @ on.T).double() + on.shape[1]) / 2

    kernel = torch.stack(seen_in(network, relus(network), batch.images, agreements)[1]).sum(0)
    return float(torch.linalg.slogdet(kernel.cpu()).logabsdet)
