"""TE-NAS: trainability by the neural tangent kernel, expressivity by linear regions.

Chen et al., "Neural Architecture Search on ImageNet in Four GPU Hours", ICLR 2021, section 3.
Components are minus the condition number of the kernel and the number of linear regions, counted
on a network as narrow as can be; the score is the sum of an architecture's ranks in both. Higher
predicts better.
"""

from collections.abc import Callable
from types import MappingProxyType

import numpy as np
import torch
from jaxtyping import Float, Float64
from torch import Tensor, nn

from tgnas.errors import UnfitNetworkError
from tgnas.methods.card import NetworkCard
from tgnas.methods.contracts import Batch
from tgnas.methods.network_proxies._network import gradients, initialise, ranks, relus, seen_in

COMPONENTS = ("minus_condition_number", "linear_regions")
IMAGES = 16
# On a wide network nearly every image has a region of its own, which tells nothing. These are as
# narrow and short as a space allows: NAS-Bench-101 shares channels among up to five vertices.
SMALL_SIZES = MappingProxyType(
    {
        "nasbench101": {"channels": 8, "repeats": 1},
        "nasbench201": {"channels": 1, "repeats": 1},
        "darts": {"channels": 2, "layers": 3},
        "nasbench_macro": {"channels": 1},
    }
)
POINTS, SIDE, DRAWS = 1000, 4, 3

CARD = NetworkCard(
    title="TE-NAS",
    reference="Chen et al., ICLR 2021, section 3",
    needs="weights, noise, images, backward",
    cost="backward of each image",
    requires=("ReLU", "a small network"),
    deviations=(
        f"the kernel is of the first {IMAGES} images of the batch, and of the harness's initial "
        "weights (torch's default); the original draws Kaiming weights for it",
        f"regions are counted on a line through {POINTS} images of noise of {SIDE} x {SIDE} "
        f"pixels, the mean of {DRAWS} draws of it and of weights with variance 2 / fan-in; the "
        "original takes crops of 3 x 3 pixels, which some spaces' networks cannot halve twice, and "
        "off a line all images but NAS-Bench-201's have regions of their own",
        "NAS-Bench-101's network has 8 channels instead of one, that of DARTS 2: they divide them",
    ),
)


def score(
    network: nn.Module,
    batch: Batch,
    generator: torch.Generator,
    *,
    small: Callable[[], nn.Module] | None = None,
) -> tuple[float, float]:
    """Return minus the condition number, and the number of linear regions of the small network.

    Raises:
        UnfitNetworkError: nothing builds a small network.
    """
    if small is None:
        raise UnfitNetworkError("there is no small network of it: only an architecture has one")
    narrow, regions = small(), []
    for _ in range(DRAWS):
        initialise(narrow, generator, kaiming=True)
        direction = torch.randn(3, SIDE, SIDE, generator=generator)
        places = torch.randn(POINTS, 1, 1, 1, generator=generator)
        regions.append(linear_regions(narrow, (places * direction).to(batch.images)))
    return -condition_number(network, batch.images[:IMAGES]), float(np.mean(regions))


def aggregate(components: Float64[np.ndarray, "N 2"]) -> Float64[np.ndarray, " N"]:
    """Return the summed ranks of N architectures; a component that is NaN ranks lowest."""
    return np.sum([ranks(column) for column in components.T], axis=0)


def condition_number(network: nn.Module, images: Float[Tensor, "B 3 H W"]) -> float:
    """Return the ratio of the largest to the least eigenvalue of the kernel; NaN if singular."""
    weights = [value for name, value in network.named_parameters() if name.endswith("weight")]
    slopes = [gradients(logit, weights, retain_graph=True) for logit in network(images).sum(1)]
    jacobian = torch.stack([torch.cat([part.flatten() for part in row]) for row in slopes])
    kernel = jacobian.double() @ jacobian.double().T
    if not kernel.isfinite().all():
        return float("nan")
    values = torch.linalg.eigvalsh(kernel)
    return float(values[-1] / values[0]) if values[0] > 0 else float("nan")


@torch.no_grad()
def linear_regions(network: nn.Module, images: Float[Tensor, "B 3 H W"]) -> float:
    """Return how many different patterns the rectifiers show."""

    def on(_module: nn.Module, _given: object, output: Tensor) -> Tensor:
        return (output > 0).flatten(1)

    patterns = seen_in(network, relus(network), images, on)[1]
    packed = np.packbits(torch.cat(patterns, dim=1).numpy(force=True), axis=1)
    return float(len({row.tobytes() for row in packed}))
