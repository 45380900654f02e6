"""Head importance: |weight x gradient| of the maps that heads work with, added up.

Serianni and Kalita (ACL 2023, section 3.2), after Michel et al. (NeurIPS 2019), who multiply the
output of a head by its gradient; the released code, which made the stored values, takes weights,
and so does this. The maps are a mixer's dense layers without the closing one and, in dynamic span
convolutions, without the one that makes the kernels: the code leaves out what has fewer than 128
outputs. The components are those of ``synaptic_saliency``.
"""

import torch
from torch import Tensor, nn

from tgnas.methods.card import NetworkCard
from tgnas.methods.contracts import Tokens
from tgnas.methods.sequence_proxies import _sequences

COMPONENTS = _sequences.BOTH_AND_MEANS
LEFT_OUT = ("closing.dense", "kernels")

CARD = NetworkCard(
    title="head importance",
    reference=_sequences.REFERENCE,
    needs="weights, noise, tokens, backward",
    cost="backward",
    spaces=("flexibert",),
    requires=("mixers of tokens",),
    deviations=(
        _sequences.DRAWN,
        "the map that makes kernels, and no other, is left out at any hidden size"
        " (the released code: maps with fewer than 128 outputs, at 256 the same)",
    ),
)


def head_weights(network: nn.Module) -> list[Tensor]:
    """Return the weights of the maps that heads work with."""
    return [
        layer.weight
        for mixer in _sequences.mixers_of(network)
        for name, layer in mixer.named_modules()
        if isinstance(layer, nn.Linear) and name not in LEFT_OUT
    ]


def score(network: nn.Module, batch: Tokens, generator: torch.Generator) -> tuple[float, ...]:
    """Return the importance by both gradients, then the mean over the maps."""
    weights = head_weights(network)
    return _sequences.saliencies(network, batch.tokens, weights, generator)
