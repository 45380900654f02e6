"""Attention confidence: the largest outputs of what heads work with, and of their softmax.

Serianni and Kalita (ACL 2023, section 3.2), after Voita et al. (ACL 2019): the mean over a batch of
the largest value, added up over layers. ``heads`` takes the outputs of each mixer's linear maps
(query, key, value, the weight of weighted multiplication, a transform's input) and the largest over
the places; ``softmax`` the softmax and, as the released code does, the largest over its heads.
Normalised, they are divided by the number of outputs.
"""

import torch
from torch import nn

from tgnas.methods.card import NetworkCard
from tgnas.methods.contracts import Tokens
from tgnas.methods.sequence_proxies._sequences import REFERENCE, mixers_of, outputs_of

COMPONENTS = ("heads", "softmax", "heads_normalised", "softmax_normalised")

CARD = NetworkCard(
    title="attention confidence",
    reference=REFERENCE,
    needs="weights, tokens",
    cost="forward",
    spaces=("flexibert",),
    requires=("mixers of tokens",),
)


def score(network: nn.Module, batch: Tokens, generator: torch.Generator) -> tuple[float, ...]:
    """Return the confidence of heads and of softmaxes, then the means over their outputs."""
    del generator  # deterministic
    mixers = mixers_of(network)
    watched = (
        [projection for mixer in mixers for projection in mixer.projections],  # type: ignore[union-attr]
        [mixer.get_submodule("softmax") for mixer in mixers],
    )
    output_groups = [outputs_of(network, some, batch.tokens) for some in watched]
    sums = [
        float(sum(output.amax(dim=1).mean() for output in outputs)) for outputs in output_groups
    ]
    return (*sums, *(one / len(outputs) for one, outputs in zip(sums, output_groups, strict=True)))
