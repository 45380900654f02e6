"""TE-NAS: trainability by the neural tangent kernel, expressivity by linear regions.

Chen et al., "Neural Architecture Search on ImageNet in Four GPU Hours", ICLR 2021, section 3.
Components are minus the condition number of the kernel and the number of linear regions; the score
is the sum of an architecture's ranks in both. Higher predicts better.
"""

import numpy as np
import torch
from jaxtyping import Float, Float64, Int64
from torch import Tensor, nn

from tgnas.methods.proxies._card import NetworkCard
from tgnas.methods.proxies._network import noise_like, ranks, relus, watching

COMPONENTS = ("minus_condition_number", "linear_regions")
IMAGES = 16

CARD = NetworkCard(
    title="TE-NAS",
    reference="Chen et al., ICLR 2021, section 3",
    needs="weights, noise, images, backward",
    cost="backward of each image",
    deviations=(
        f"the kernel is of the first {IMAGES} images of the batch",
        "regions are counted on the network itself and as many noise images as the batch has, as "
        "in the re-implementation of AZ-NAS; the original counts them on a network of one channel. "
        "On a wide network they are nearly always as many as images",
    ),
)


def score_network(
    network: nn.Module,
    images: Float[Tensor, "B 3 H W"],
    labels: Int64[Tensor, " B"],
    generator: torch.Generator,
) -> tuple[float, float]:
    """Return minus the condition number, and the number of linear regions."""
    del labels  # of no influence
    return -condition_number(network, images[:IMAGES]), linear_regions(
        network, noise_like(images, generator)
    )


def aggregate(components: Float64[np.ndarray, "N 2"]) -> Float64[np.ndarray, " N"]:
    """Return the summed ranks of N architectures; a component that is NaN ranks lowest."""
    return np.sum([ranks(column) for column in components.T], axis=0)


def condition_number(network: nn.Module, images: Float[Tensor, "B 3 H W"]) -> float:
    """Return the ratio of the largest to the least eigenvalue of the kernel; NaN if singular."""
    weights = [value for name, value in network.named_parameters() if name.endswith("weight")]
    logits = network(images).sum(1)
    rows = []
    for logit in logits:
        found = torch.autograd.grad(
            logit, weights, retain_graph=True, allow_unused=True, materialize_grads=True
        )
        rows.append(torch.cat([gradient.flatten() for gradient in found]))
    jacobian = torch.stack(rows)
    kernel = jacobian.double() @ jacobian.double().T
    if not kernel.isfinite().all():
        return float("nan")
    values = torch.linalg.eigvalsh(kernel)
    return float(values[-1] / values[0]) if values[0] > 0 else float("nan")


@torch.no_grad()
def linear_regions(network: nn.Module, images: Float[Tensor, "B 3 H W"]) -> float:
    """Return how many different patterns the rectifiers show."""
    patterns: list[Tensor] = []

    def see(_module: nn.Module, _given: Tensor, output: Tensor) -> None:
        patterns.append((output > 0).flatten(1))

    with watching(relus(network), see):
        network(images)
    packed = np.packbits(torch.cat(patterns, dim=1).numpy(force=True), axis=1)
    return float(len({row.tobytes() for row in packed}))
