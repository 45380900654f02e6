"""VKDNW: how evenly the Fisher information spreads over the weights.

Tybl and Neumann, "Training-free Neural Architecture Search through Variance of Knowledge of Deep
Network Weights", CVPR 2025 (arXiv 2502.04975): the number of parameter tensors plus the entropy of
the deciles of the Fisher information's eigenvalues, of one weight of each tensor. Higher predicts
better.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from tgnas.errors import UnfitNetworkError
from tgnas.methods.card import NetworkCard
from tgnas.methods.contracts import Batch
from tgnas.methods.network_proxies._network import gradients, initialise, noise_like, seen_in

SMOOTHING = 0.05  # alpha: weight of the uniform distribution among the predicted one

CARD = NetworkCard(
    title="VKDNW",
    reference="Tybl and Neumann, CVPR 2025, and released code",
    needs="noise, backward",
    cost="backward",
    requires=("layers with weights",),
    deviations=(
        "the single score; what the paper reports first joins it by ranks with Jacob-cov, "
        "AZ-NAS's expressivity and trainability, and FLOPs",
        "one weight of every parameter tensor; the released default takes those of the first 128",
        "deciles .1 to .9 of the eigenvalues, as in the released code for NAS-Bench-201",
    ),
)


def score(network: nn.Module, batch: Batch, generator: torch.Generator) -> float:
    """Return the score for Kaiming weights, noise images and fresh batch statistics."""
    initialise(network, generator, kaiming=True)
    information = fisher_information(network.eval(), noise_like(batch.images, generator))
    if not information.isfinite().all():
        return float("nan")
    values = torch.linalg.eigvalsh(information).clamp(min=0)
    deciles = values.quantile(torch.arange(1, 10, dtype=values.dtype, device=values.device) / 10)
    shares = deciles / (deciles.sum() + 1e-10)
    spread = -float((shares * (shares + 1e-10).log()).sum())
    return len(list(network.parameters())) + spread


def fisher_information(
    network: nn.Module, images: Float[Tensor, "B 3 H W"]
) -> Float[Tensor, "weights weights"]:
    """Return the mean Fisher information of the first weight of each parameter tensor, float64.

    Images must not touch each other: the network has to be evaluating.
    """
    owners = [module for module in network.modules() if list(module.parameters(recurse=False))]
    for owner in owners:
        check_known(owner)
    logits, seen = seen_in(network, owners, images, lambda *passed: passed)
    modules, inputs, outputs = zip(*seen, strict=True)
    jacobian = []
    for column in logits.unbind(1):
        slopes = gradients(column.sum(), outputs, retain_graph=True)
        rows: dict[nn.Module, Tensor] = {}
        for module, features, slope in zip(modules, inputs, slopes, strict=True):
            row = first_weights(module, features, slope)
            rows[module] = rows[module] + row if module in rows else row
        jacobian.append(torch.cat(list(rows.values()), dim=1))
    stacked = torch.stack(jacobian, dim=1).double()  # (B, C, weights)
    chances = logits.detach().double().softmax(1) * (1 - SMOOTHING) + SMOOTHING / logits.shape[1]
    covariance = torch.diag_embed(chances) - chances[:, :, None] * chances[:, None, :]
    return (stacked.mT @ covariance @ stacked).mean(0)


def first_weights(
    module: nn.Module, features: Tensor, gradient: Tensor
) -> Float[Tensor, "B parameters"]:
    """Return each image's gradient to the first entries of a module's weight and bias.

    The gradient that is given is that of a logit to the module's output. Modules are those that
    ``check_known`` lets pass.
    """
    features, out = features.detach(), gradient[:, 0]
    if isinstance(module, nn.Conv2d):
        assert not isinstance(module.padding, str)  # which is not known
        (top, left), (down, right) = module.padding, module.stride
        padded = functional.pad(features[:, 0], (left, left, top, top))[:, ::down, ::right]
        met = padded[:, : out.shape[1], : out.shape[2]]
    elif isinstance(module, nn.BatchNorm2d):
        statistics = module.running_mean, module.running_var
        mean, variance = (torch.as_tensor(statistic)[0] for statistic in statistics)
        met = (features[:, 0] - mean) / (variance + module.eps).sqrt()
    else:
        met, out = features[..., 0], gradient[..., 0]  # of a dense layer, whose channels come last
    entries = [met * out] if module.bias is None else [met * out, out]
    return torch.stack([entry.reshape(len(out), -1).sum(1) for entry in entries], dim=1)


def check_known(module: nn.Module) -> None:
    """Refuse a module of whose weights no derivative is known.

    Raises:
        UnfitNetworkError: no convolution that pads with zeros, dense layer or batch normalisation
            with statistics, or one whose weight is worked out from others.
    """
    if isinstance(module, nn.Conv2d):
        known = not isinstance(module.padding, str) and module.padding_mode == "zeros"
    elif isinstance(module, nn.BatchNorm2d):
        known = module.running_mean is not None
    else:
        known = isinstance(module, nn.Linear)
    if not (known and isinstance(module.weight, nn.Parameter)):
        what = f"{type(module).__name__}({module.extra_repr()})"
        raise UnfitNetworkError(f"it knows no derivative of the weights of {what}")
