"""Synaptic diversity of mixers: nuclear norm of a weight times that of its gradient, added up.

Serianni and Kalita (ACL 2023, section 3.2), after Zhou et al. (CVPR 2022). The components are those
of ``synaptic_saliency``.
"""

import torch
from torch import nn

from tgnas.methods.card import NetworkCard
from tgnas.methods.contracts import Tokens
from tgnas.methods.sequence_proxies import _sequences

COMPONENTS = _sequences.BOTH_AND_MEANS

CARD = NetworkCard(
    title="synaptic diversity",
    reference=_sequences.REFERENCE,
    needs="weights, noise, tokens, backward",
    cost="backward",
    spaces=("flexibert",),
    requires=("mixers of tokens",),
    deviations=(_sequences.DRAWN,),
)


def score(network: nn.Module, batch: Tokens, generator: torch.Generator) -> tuple[float, ...]:
    """Return the diversity by both gradients, then the mean over the weight matrices."""
    weights = _sequences.dense_weights(_sequences.mixers_of(network))
    norms = [_sequences.nuclear(weight) for weight in weights]
    sums = [
        float(sum(norm * _sequences.nuclear(g) for norm, g in zip(norms, gradients, strict=True)))
        for gradients in _sequences.both_gradients(network, batch.tokens, weights, generator)
    ]
    return (*sums, *(one / len(weights) for one in sums))
