"""Activation distance: in how many hidden units of feed-forward layers two tokens are alike.

Serianni and Kalita (ACL 2023, section 3.2), after Mellor et al. (ICML 2021): a unit is on where its
activation is above 0; added up over layers and all pairs of tokens of the batch's first row, as the
released code does, the number of units that are both on or both off. Normalised, it is divided by
the number of layers.
"""

import torch
from torch import nn

from tgnas.methods.card import NetworkCard
from tgnas.methods.contracts import Tokens
from tgnas.methods.sequence_proxies._sequences import REFERENCE, feeds_of, outputs_of

COMPONENTS = ("activation_distance", "normalised")

CARD = NetworkCard(
    title="activation distance",
    reference=REFERENCE,
    needs="weights, tokens",
    cost="forward",
    spaces=("flexibert",),
    requires=("feed-forward layers",),
)


def score(network: nn.Module, batch: Tokens, generator: torch.Generator) -> tuple[float, float]:
    """Return the number of agreements, and their mean over the layers."""
    del generator  # deterministic
    watched = [feed.get_submodule("activation") for feed in feeds_of(network)]
    total = 0.0
    outputs = outputs_of(network, watched, batch.tokens)
    for output in outputs:
        on = (output[0] > 0).float()
        total += float((on @ on.T + (1 - on) @ (1 - on).T).sum())
    return total, total / len(outputs)
