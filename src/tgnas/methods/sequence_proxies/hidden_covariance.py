"""Hidden covariance: how differently a layer's units move over the steps of an untrained network.

Serianni and Kalita (ACL 2023, section 3.1): of each layer, -sum(log(v + k) + 1 / (v + k)) over the
eigenvalues v of a correlation matrix of its hidden states before each step. Higher predicts a lower
loss. The paper speaks of the minibatch's hidden states; the released code, which made the stored
values, correlates the layer's units over all rows and steps, and so does this.
"""

import torch
from torch import nn

from tgnas.methods.card import NetworkCard
from tgnas.methods.contracts import Tokens
from tgnas.methods.sequence_proxies._sequences import REFERENCE, correlation_score

COMPONENTS = ("layer_1", "layer_2", "layer_3")

CARD = NetworkCard(
    title="hidden covariance",
    reference=REFERENCE,
    needs="weights, tokens",
    cost="forward",
    spaces=("nasbench_nlp",),
    requires=("recurrent layers",),
    deviations=("negative eigenvalues, which are rounding noise, are clipped at 0",),
)


@torch.no_grad()
def score(network: nn.Module, batch: Tokens, generator: torch.Generator) -> tuple[float, ...]:
    """Return the score of each of three layers; the first's ranks best."""
    del generator  # deterministic
    states = network.states(batch.tokens)  # type: ignore[operator]
    rows = [state.permute(2, 1, 0).flatten(1).double().numpy(force=True) for state in states]
    return tuple(map(correlation_score, rows))
