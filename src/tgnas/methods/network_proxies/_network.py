"""What proxies look at in a network: weighted layers, gradients, activations.

A proxy may leave weights and statistics changed: whoever calls it restores them
(``tgnas.scoring.harness``). Hooks are removed here.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np
import torch
from jaxtyping import Float, Float64, Int64
from torch import Tensor, nn
from torch.nn import functional

from tgnas.errors import UnfitNetworkError

Weighted = nn.Conv2d | nn.Linear
# Called with a module, its first input, if any, and its output; what it returns, if anything, is
# the new output.
See = Callable[[nn.Module, Any, Any], Tensor | None]
Seen = TypeVar("Seen")


def weighted_layers(network: nn.Module) -> list[Weighted]:
    """Return the convolutions and dense layers, in the order of the network's definition."""
    return [layer for layer in network.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]


def weights_of(network: nn.Module) -> list[Tensor]:
    """Return the weights of the weighted layers, each once, however many layers share it.

    Raises:
        UnfitNetworkError: a weight is worked out anew from others, so that it has no gradient.
    """
    for layer in weighted_layers(network):
        if not isinstance(layer.weight, nn.Parameter):
            kind = type(layer).__name__
            raise UnfitNetworkError(
                f"the weight of a {kind} is no parameter, but worked out from others"
            )
    return list({id(layer.weight): layer.weight for layer in weighted_layers(network)}.values())


def weights_for_one(layer: nn.Module) -> int:
    """Return how many weights of a weighted layer go into one number that it gives."""
    return torch.as_tensor(layer.weight)[0].numel()


def relus(network: nn.Module) -> list[nn.Module]:
    """Return the rectifiers, in the order of the network's definition."""
    return modules_of(network, nn.ReLU, nn.ReLU6)


def modules_of(network: nn.Module, *kinds: type[nn.Module]) -> list[nn.Module]:
    """Return the modules of some kinds, in the order of the network's definition."""
    return [module for module in network.modules() if isinstance(module, kinds)]


def blocks_of(network: nn.Module) -> list[nn.Module]:
    """Return the blocks that an image passes through in turn: ``stem``, and the ``stages``' parts.

    A network without both has none.
    """
    parts = dict(network.named_children())
    if not {"stem", "stages"} <= parts.keys():
        return []
    return [parts["stem"], *parts["stages"].children()]


# What a card can require of a network, beside what a proxy finds out itself -> what there is of it.
FOUND: Mapping[str, Callable[[nn.Module], Sequence[nn.Module]]] = MappingProxyType(
    {
        "layers with weights": weighted_layers,
        "convolution": lambda network: modules_of(network, nn.Conv2d),
        "ReLU": relus,
        "batch normalisation": lambda network: modules_of(network, nn.BatchNorm2d),
        "global average pool": lambda network: modules_of(network, nn.AdaptiveAvgPool2d),
        "blocks (stem and stages)": lambda network: blocks_of(network)[1:],
    }
)


def drawn_like(
    like: Tensor, draw: Callable[[Tensor], Any], *, dtype: torch.dtype | None = None
) -> Tensor:
    """Return a tensor in another's shape, layout and place that `draw` fills on the CPU.

    Generators are those of the CPU, so that what is drawn does not depend on the device.
    """
    values = torch.empty_like(like, dtype=dtype, device="cpu", requires_grad=False)
    draw(values)
    return values.to(like.device)


@contextmanager
def watching(modules: Iterable[nn.Module], see: See) -> Iterator[None]:
    """Call `see` at each forward pass of one of the modules."""

    def hook(module: nn.Module, given: tuple, named: dict[str, Any], output: Any) -> Tensor | None:
        return see(module, next(iter((*given, *named.values())), None), output)

    handles = [module.register_forward_hook(hook, with_kwargs=True) for module in modules]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def seen_in(
    network: nn.Module,
    modules: Iterable[nn.Module],
    images: Float[Tensor, "B 3 H W"],
    take: Callable[[nn.Module, Any, Any], Seen],
) -> tuple[Tensor, list[Seen]]:
    """Return the logits, and what is taken of the modules in the order of the forward pass.

    `take` is called with a module, its first input and its output. Where gradients are asked for,
    the network goes on with a copy of the output: what is done in place then changes none that is
    taken.
    """
    seen: list[Seen] = []

    def see(module: nn.Module, given: Any, output: Any) -> Tensor | None:
        seen.append(take(module, given, output))
        return output.clone() if isinstance(output, Tensor) and output.requires_grad else None

    with watching(modules, see):
        logits = network(images)
    return logits, seen


def loss_gradients(
    network: nn.Module,
    images: Float[Tensor, "B 3 H W"],
    labels: Int64[Tensor, " B"],
    *,
    create_graph: bool = False,
) -> list[Tensor]:
    """Return the gradient of the mean cross entropy to each weighted layer's weight."""
    loss = functional.cross_entropy(network(images), labels)
    return gradients(loss, weights_of(network), create_graph=create_graph)


def saliencies(
    network: nn.Module, images: Float[Tensor, "B 3 H W"], labels: Int64[Tensor, " B"]
) -> list[Tensor]:
    """Return weight x gradient of the mean cross entropy, for each weighted layer."""
    pairs = zip(weights_of(network), loss_gradients(network, images, labels), strict=True)
    return [weight.detach() * gradient for weight, gradient in pairs]


def gradients(
    output: Tensor, inputs: Sequence[Tensor], direction: Tensor | None = None, **more: bool
) -> list[Tensor]:
    """Return the gradient of a scalar to each tensor: zeros where it does not depend on it.

    Of an output that is not a scalar, its product with the direction counts.
    """
    more |= {"allow_unused": True, "materialize_grads": True}
    return list(torch.autograd.grad(output, inputs, direction, **more))


def input_jacobian(
    network: nn.Module, images: Float[Tensor, "B 3 H W"]
) -> tuple[Float64[np.ndarray, "B pixels"], int]:
    """Return the gradient of the summed logits to each image, and the number of logits.

    The batch is normalised as one.
    """
    inputs = images.detach().clone().requires_grad_()
    logits = network(inputs)
    (gradient,) = gradients(logits.sum(), [inputs])
    return gradient.flatten(1).double().numpy(force=True), logits.shape[1]


def reached(network: nn.Module, images: Float[Tensor, "B 3 H W"]) -> bool:
    """Tell whether a logit depends on an image; the network is left evaluating."""
    inputs = images.detach().clone().requires_grad_()
    logits = network.eval()(inputs)
    # Weighted, for what ends in a softmax has a sum of 1.
    weights = torch.arange(1, logits.shape[1] + 1, dtype=logits.dtype, device=logits.device)
    (gradient,) = gradients((logits * weights).sum(), [inputs])
    return bool((gradient != 0).any())


@contextmanager
def without_normalisation(network: nn.Module) -> Iterator[None]:
    """Let every batch normalisation give back its input, be it of a single image; it evaluates."""
    norms = modules_of(network, nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm)
    for norm in norms:
        norm.eval()
    with watching(norms, lambda _module, features, _output: features):
        yield


@torch.no_grad()
def initialise(network: nn.Module, generator: torch.Generator, *, kaiming: bool) -> None:
    """Draw all weights from normal distributions; biases become 0, normalisations 1 and 0.

    The variance is 2 / fan-in (He et al. 2015) where `kaiming` is true, else 1.

    Raises:
        UnfitNetworkError: see ``weights_of``.
    """
    weights_of(network)
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            if kaiming:
                fill = partial(nn.init.kaiming_normal_, nonlinearity="relu", generator=generator)
            else:
                fill = partial(nn.init.normal_, generator=generator)
            module.weight.copy_(drawn_like(module.weight, fill))
            if module.bias is not None:
                module.bias.zero_()
        elif isinstance(module, nn.BatchNorm2d) and module.affine:
            module.weight.fill_(1)
            module.bias.zero_()


def noise_like(
    images: Float[Tensor, "B 3 H W"], generator: torch.Generator
) -> Float[Tensor, "B 3 H W"]:
    """Return Gaussian noise in the shape of the images."""
    return drawn_like(images, partial(nn.init.normal_, generator=generator))


def multiply_adds(network: nn.Module, images: Float[Tensor, "B 3 H W"]) -> float:
    """Return the millions of multiply-adds of weighted layers in one image's forward pass."""

    def count(layer: nn.Module, _given: object, output: Tensor) -> int:
        return output[0].numel() * weights_for_one(layer)

    with torch.no_grad():
        return sum(seen_in(network, weighted_layers(network), images[:2], count)[1]) / 1e6


def ranks(values: Float64[np.ndarray, " N"]) -> Float64[np.ndarray, " N"]:
    """Return the ranks of N scores, 1 for the worst, means for ties; NaN is the worst."""
    lowest = np.where(np.isnan(values), -np.inf, values)
    _, places, counts = np.unique(lowest, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[places]
