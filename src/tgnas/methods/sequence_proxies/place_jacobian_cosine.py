"""Jacobian cosine: how far from parallel the gradients to the channels of places' embedding are.

Serianni and Kalita (ACL 2023, section 3.2), after Celotti et al. (2020): 1 less half the mean, over
pairs of the embedding's channels, of |cosine| to the power 1/20, of their gradients over places, as
the released code has it. The two components are those of ``place_jacobian``.
"""

import numpy as np
import torch
from jaxtyping import Float64
from torch import nn

from tgnas.methods.card import NetworkCard
from tgnas.methods.contracts import Tokens
from tgnas.methods.sequence_proxies._sequences import BOTH, DRAWN, REFERENCE, place_gradients

COMPONENTS = BOTH
POWER = 1 / 20

CARD = NetworkCard(
    title="Jacobian cosine of places",
    reference=REFERENCE,
    needs="weights, noise, tokens, backward",
    cost="backward",
    spaces=("flexibert",),
    requires=("embeddings of places",),
    deviations=(DRAWN,),
)


def cosine_score(rows: Float64[np.ndarray, "R S"]) -> float:
    """Return 1 - mean(|cosine| ** (1/20)) / 2 over pairs of rows; NaN where a row is 0."""
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    if not (np.isfinite(norms) & (norms > 0)).all():
        return float("nan")
    directions = rows / norms
    cosines = np.abs(directions @ directions.T)[~np.eye(len(rows), dtype=bool)]
    return 1 - float((cosines**POWER).mean()) / 2


def score(network: nn.Module, batch: Tokens, generator: torch.Generator) -> tuple[float, ...]:
    """Return the score by both gradients."""
    return tuple(map(cosine_score, place_gradients(network, batch.tokens, generator)))
