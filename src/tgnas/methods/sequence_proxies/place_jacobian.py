"""Jacobian covariance: how different the gradients to the channels of the places' embedding are.

Serianni and Kalita (ACL 2023, section 3.2), after Mellor et al. (ICML 2021): the score of the
correlations of the embedding's channels over all places, as the released code has it.
``as_published`` and ``random_signs`` are those of ``synaptic_saliency``.
"""

import torch
from torch import nn

from tgnas.methods.card import NetworkCard
from tgnas.methods.contracts import Tokens
from tgnas.methods.sequence_proxies._sequences import (
    REFERENCE,
    both_gradients,
    correlation_score,
    places_of,
)

COMPONENTS = ("as_published", "random_signs")

CARD = NetworkCard(
    title="Jacobian covariance of places",
    reference=REFERENCE,
    needs="weights, noise, tokens, backward",
    cost="backward",
    spaces=("flexibert",),
    requires=("embeddings of places",),
    deviations=("a second component whose direction is drawn: the published gradient is rounding",),
)


def score(network: nn.Module, batch: Tokens, generator: torch.Generator) -> tuple[float, ...]:
    """Return the score by both gradients."""
    (places,) = places_of(network)
    weight = places.get_parameter("weight")
    found = both_gradients(network, batch.tokens, [weight], generator)
    return tuple(correlation_score(g.T.double().numpy(force=True)) for (g,) in found)
