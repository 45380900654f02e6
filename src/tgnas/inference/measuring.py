"""Zero-cost proxies of any torch network: torchvision's, timm's, one's own."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from tgnas.errors import ArgumentError, ConfigError, DataError, number_of, shown, words_of
from tgnas.inference.arguments import checked
from tgnas.inference.asked import names_in
from tgnas.methods.contracts import Batch
from tgnas.registry import NETWORK_PROXIES, named
from tgnas.scoring import harness
from tgnas.training.device import device_of

BATCH, SIDE = 64, 32


@dataclass(frozen=True, eq=False)
class NetworkScores:
    """What zero-cost proxies say of one network; higher predicts a higher accuracy.

    Attributes:
        scores: proxy -> its score; where it has several components, proxy.component -> each. NaN
            where there is none.
        reasons: proxy -> why there is a NaN; of those alone.
        milliseconds: proxy -> processor time on a CPU, else time.
    """

    scores: Mapping[str, float]
    reasons: Mapping[str, str]
    milliseconds: Mapping[str, float]


@checked
def measure(
    module: Any,
    images: Any = None,
    labels: Any = None,
    proxies: str | Sequence[str] = "all",
    seed: int = 0,
    device: str | torch.device | None = None,
) -> NetworkScores:
    """Return what zero-cost proxies say of any network that maps images to logits.

    A proxy says in its card what a network must have (a ReLU, batch normalisations, blocks, ...);
    where it has not, the score is NaN and the reason says so. The same seed gives the same scores,
    also of a network with dropout or other draws of its own. The network is as it was afterwards:
    values, types, device, modes, statistics, gradients; so are the global generators. It is scored
    in training mode and without in-place operators, and, if it is narrower, in float32. Of
    ``DataParallel`` and ``torch.compile`` it is the network within.

    Args:
        module: an ``nn.Module`` that gives logits (B, C), or a tuple, list or mapping whose first
            tensor they are, however deep.
        images: (B, D, H, W), normalised as the network shall see them; if None, 64 images of
            Gaussian noise of 32 x 32 pixels.
        labels: 0 to C - 1; if None, 0, 1, ..., C - 1, 0, ...
        proxies: "all", or names of ``tgnas methods``.
        seed: of noise, of the proxies' own draws and of those of the network.
        device: where it is worked out; if None, where the module is.

    Raises:
        DataError: the module is none, or does not give logits of the images.
        UnknownNameError: there is no such proxy.
    """
    if not isinstance(module, nn.Module):
        raise DataError(f"a torch.nn.Module is measured, not {type(module).__name__}")
    module = _within(module)
    names = NETWORK_PROXIES.names() if proxies == "all" else list(_listed(proxies))
    for name in names:
        NETWORK_PROXIES.module_name(name)  # refuses what there is not
    if any(isinstance(part, torch.jit.ScriptModule) for part in module.modules()):
        raise DataError("TorchScript shows no layers; measure the module that it was made of")
    tensors = [*module.parameters(), *module.buffers()]
    if any(map(is_lazy, tensors)):
        raise DataError("the network has lazy layers without a size; call it on images before")
    before = tensors[0].device if tensors else torch.device("cpu")
    place = before if device is None else device_of(device)
    if place.type == "meta":
        raise DataError("the network lies on the meta device, where nothing has a value")
    with _placed(module, before, place) as place, _logits_alone(module):
        batch = _batch(module, images, labels, seed, place)
        return _measured(module, batch, names, seed)


def _within(module: nn.Module) -> nn.Module:
    """Return the network that others run on several devices or compile."""
    if isinstance(module, nn.DataParallel | nn.parallel.DistributedDataParallel):
        return _within(module.module)
    compiled = getattr(module, "_orig_mod", None)
    return _within(compiled) if isinstance(compiled, nn.Module) else module


def module_named(name: str) -> nn.Module:
    """Return the network that ``package.module:build`` names: a module, or what builds one.

    The working directory is looked in first, as Python's ``-m`` does.

    Raises:
        ArgumentError: the name is of another form.
        ConfigError: there is no such thing, or it cannot be built without arguments.
    """
    if not all(name.partition(":")):
        raise ArgumentError(f"{name!r} is not of the form package.module:object")
    network = named(name)
    if callable(network) and not isinstance(network, nn.Module):
        try:
            network = network()
        except Exception as error:  # the builder is the user's, and may raise anything
            raise ConfigError(f"{name}() builds no network: {words_of(error)}") from error
    if not isinstance(network, nn.Module):
        raise ConfigError(f"{name} gives {type(network).__name__}, not a torch.nn.Module")
    return network


def _listed(proxies: str | Sequence[str]) -> Sequence[str]:
    return names_in(proxies) if isinstance(proxies, str) else proxies


def _measured(module: nn.Module, batch: Batch, names: Sequence[str], seed: int) -> NetworkScores:
    try:
        live = harness.is_live(module, batch)
    except Exception as error:  # the network is the user's, and may raise anything
        raise DataError(f"the network's logits have no gradient: {words_of(error)}") from error
    scores: dict[str, float] = {}
    reasons: dict[str, str] = {}
    milliseconds: dict[str, float] = {}
    for name in names:
        parts = harness.components_of(name)
        try:
            one = harness.score(name, module, batch, seed, dead=not live)
        except Exception as error:  # where a proxy asks for what the network cannot do
            one = harness.Scored((float("nan"),) * len(parts), 0.0, words_of(error))
        keys = parts if parts == (name,) else [f"{name}.{part}" for part in parts]
        scores |= dict(zip(keys, one.components, strict=True))
        milliseconds[name] = one.milliseconds
        if one.reason:
            reasons[name] = one.reason
    return NetworkScores(scores, reasons, milliseconds)


def _batch(
    module: nn.Module,
    images: Any,
    labels: Any,
    seed: int,
    device: torch.device,
) -> Batch:
    """Return the images and labels that proxies see, in the network's type.

    Raises:
        DataError: the network gives no logits of them, or they are too few.
    """
    types = {p.dtype for p in module.parameters() if p.is_floating_point()}
    dtype = torch.float64 if torch.float64 in types else torch.float32
    if images is None:
        first = next((m for m in module.modules() if isinstance(m, nn.Conv2d)), None)
        shape = (BATCH, first.in_channels if first else 3, SIDE, SIDE)
        images = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
    if not isinstance(images, Tensor):
        raise DataError(f"images are a tensor (B, D, H, W), not {type(images).__name__}")
    if images.dim() != 4 or len(images) < 2 or not images.is_floating_point():
        kind = str(images.dtype).removeprefix("torch.")
        raise DataError(f"images are (B, D, H, W), B >= 2, not {kind} {tuple(images.shape)}")
    if not images.isfinite().all():
        raise DataError("images hold numbers that are not finite")
    images = images.detach().to(device, dtype)
    with harness.restored(module), harness.drawing(seed, device), torch.no_grad():
        try:
            logits = module.eval()(images)
        except Exception as error:  # the network is the user's, and may raise anything
            what = f"images {tuple(images.shape)}: {words_of(error)}"
            raise DataError(f"the network cannot take {what}") from error
    output = tuple(logits.shape) if isinstance(logits, Tensor) else type(logits).__name__
    if not isinstance(logits, Tensor) or logits.dim() != 2 or len(logits) != len(images):
        raise DataError(f"the network gives {output}, not logits ({len(images)}, classes)")
    if not logits.isfinite().all():
        raise DataError("the network gives logits that are not finite")
    classes = logits.shape[1]
    if classes < 2:
        raise DataError("the network gives one logit; proxies need those of 2 classes or more")
    if labels is None:
        labels = torch.arange(len(images)) % classes
    try:
        labels = torch.as_tensor(labels)
    except (TypeError, ValueError, RuntimeError) as error:
        raise DataError(f"labels are whole numbers, not {shown(labels)}") from error
    if labels.is_floating_point() or labels.is_complex():
        raise DataError(f"labels are whole numbers, not {shown(labels)}")
    labels = labels.to(device, torch.int64)
    if labels.shape != images.shape[:1] or not bool(((labels >= 0) & (labels < classes)).all()):
        raise DataError(
            f"labels must be {number_of(len(images), 'whole number')}, each of 0 to "
            f"{classes - 1}, not {shown(labels.tolist())}"
        )
    return Batch(images, labels)


@contextmanager
def _placed(
    module: nn.Module, before: torch.device, device: torch.device
) -> Iterator[torch.device]:
    """Move a module to a device, and back to where it was."""
    if device == before:
        yield before
        return
    gradients = [(parameter, parameter.grad) for parameter in module.parameters()]
    try:
        for parameter, _ in gradients:
            parameter.grad = None
        yield next(iter(module.to(device).parameters())).device
    finally:
        module.to(before)
        for parameter, gradient in gradients:
            parameter.grad = gradient


@contextmanager
def _logits_alone(module: nn.Module) -> Iterator[None]:
    """Let a module give the first of its tensors alone, and change none of the images in place."""

    def copied(_module: nn.Module, images: tuple) -> tuple:
        return tuple(image.clone() for image in images)

    def first(_module: nn.Module, _given: object, output: Any) -> Any:
        return next(_tensors_of(output), None)

    handles = [module.register_forward_pre_hook(copied), module.register_forward_hook(first)]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _tensors_of(output: Any) -> Iterator[Tensor]:
    """Yield the tensors of an output in order, however deep they lie."""
    if isinstance(output, Tensor):
        yield output
    elif isinstance(output, Mapping):
        yield from _tensors_of(list(output.values()))
    elif isinstance(output, list | tuple):
        for part in output:
            yield from _tensors_of(part)
