"""Synaptic saliency of feed-forward layers: |weight x gradient|, added up.

Serianni and Kalita (ACL 2023, section 3.2), after Tanaka et al. (NeurIPS 2020). ``as_published`` is
the gradient of the sum of all outputs, which is 0 but for rounding where the last layer is a
normalisation; ``random_signs`` that of their sum with random signs, which is our own.
Normalised, they are divided by the number of weight matrices.
"""

import torch
from torch import nn

from tgnas.methods.card import NetworkCard
from tgnas.methods.contracts import Tokens
from tgnas.methods.sequence_proxies import _sequences

COMPONENTS = _sequences.BOTH_AND_MEANS

CARD = NetworkCard(
    title="synaptic saliency",
    reference=_sequences.REFERENCE,
    needs="weights, noise, tokens, backward",
    cost="backward",
    spaces=("flexibert",),
    requires=("feed-forward layers",),
    deviations=(_sequences.DRAWN,),
)


def score(network: nn.Module, batch: Tokens, generator: torch.Generator) -> tuple[float, ...]:
    """Return the saliency by both gradients, then the mean over the weight matrices."""
    weights = _sequences.dense_weights(_sequences.feeds_of(network))
    return _sequences.saliencies(network, batch.tokens, weights, generator)
