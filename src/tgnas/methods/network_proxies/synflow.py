"""SynFlow: what flows through all paths at once, without data.

Tanaka et al., "Pruning neural networks without any data by iteratively conserving synaptic flow",
NeurIPS 2020; summed over the network by Abdelfattah et al., "Zero-Cost Proxies for Lightweight
NAS", ICLR 2021, equation 1. Higher predicts better. The sum grows with the exponential of the
depth, to 1e47 and more, so its logarithm is the score.
"""

import torch
from torch import nn
from torch.func import functional_call

from tgnas.methods.card import NetworkCard
from tgnas.methods.contracts import Batch
from tgnas.methods.network_proxies._network import gradients, weights_of, without_normalisation

CARD = NetworkCard(
    title="SynFlow",
    reference="Tanaka et al., NeurIPS 2020; Abdelfattah et al., ICLR 2021, equation 1",
    needs="weights, backward",
    cost="backward",
    requires=("layers with weights",),
    deviations=("log(1 + sum), worked out in float64: exact up to e^709, same ranks",),
)


def score(network: nn.Module, batch: Batch, generator: torch.Generator) -> float:
    """Return log(1 + sum of |weight| x gradient) for an image of ones and absolute weights.

    Batch normalisations are passed by.
    """
    del generator  # of no influence
    positive = {id(p): p.detach().double().abs().requires_grad_() for p in network.parameters()}
    state, every = {}, {"recurse": False, "remove_duplicate": False}
    for place, module in network.named_modules():  # each once, for torch mixes up a shared one's
        for name, value in module.named_buffers(place, **every):
            wide = value.is_floating_point()
            state[name] = value.detach().double() if wide else value.detach().clone()
        for name, parameter in module.named_parameters(place, **every):
            state[name] = positive[id(parameter)]
    weights = [positive[id(weight)] for weight in weights_of(network)]
    ones = torch.ones_like(batch.images[:1], dtype=torch.float64)
    with without_normalisation(network):
        flow = functional_call(network, state, (ones,), tie_weights=False).sum()
    pairs = zip(weights, gradients(flow, weights), strict=True)
    sums = [(weight.detach() * gradient).abs().sum() for weight, gradient in pairs]
    return float(torch.stack(sums).sum().log1p())
