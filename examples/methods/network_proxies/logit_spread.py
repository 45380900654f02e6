"""How far the untrained network's answers lie apart: a proxy of networks, to start from."""

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from tgnas.methods.network_proxies._card import NetworkCard

CARD = NetworkCard(
    title="logit spread",
    reference="an example of this repository",
    needs="weights, images",
    cost="forward",
)


def score_network(
    network: nn.Module,
    images: Float[Tensor, "B 3 H W"],
    labels: Int64[Tensor, " B"],
    generator: torch.Generator,
) -> float:
    """Return the standard deviation of the logits over the images; higher predicts better."""
    del labels, generator  # of no influence
    with torch.no_grad():
        logits: Tensor = network(images)
    return float(logits.std(dim=0).mean())
