"""Jacobian covariance: how different the gradients to the channels of the places' embedding are.

Serianni and Kalita (ACL 2023, section 3.2), after Mellor et al. (ICML 2021): the score of the
correlations of the embedding's channels over all places, as the released code has it.
``as_published`` and ``random_signs`` are those of ``synaptic_saliency``.
"""

import torch
from torch import nn

from tgnas.methods.card import NetworkCard
from tgnas.methods.contracts import Tokens
from tgnas.methods.sequence_proxies import _sequences

COMPONENTS = _sequences.BOTH

CARD = NetworkCard(
    title="Jacobian covariance of places",
    reference=_sequences.REFERENCE,
    needs="weights, noise, tokens, backward",
    cost="backward",
    spaces=("flexibert",),
    requires=("embeddings of places",),
    deviations=(_sequences.DRAWN,),
)


def score(network: nn.Module, batch: Tokens, generator: torch.Generator) -> tuple[float, ...]:
    """Return the score by both gradients."""
    both = _sequences.place_gradients(network, batch.tokens, generator)
    return tuple(map(_sequences.correlation_score, both))
