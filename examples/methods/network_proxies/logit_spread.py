"""How far the logits of an untrained network spread: a zero-cost proxy to start from."""

import torch
from torch import Tensor, nn

from tgnas.methods.card import NetworkCard
from tgnas.methods.contracts import Batch

CARD = NetworkCard(
    title="logit spread",
    reference="an example of this repository",
    needs="weights, images",
    cost="forward",
)


def score(network: nn.Module, batch: Batch, generator: torch.Generator) -> float:
    """Return the standard deviation of the logits over the images; higher predicts better."""
    del generator  # of no influence
    with torch.no_grad():
        logits: Tensor = network(batch.images)
    return float(logits.std(dim=0).mean())
