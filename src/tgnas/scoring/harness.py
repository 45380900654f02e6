"""One harness for every network proxy: build, score, restore, drop.

Architectures stream through: each one's network is built with the same seed, every proxy scores it
in the same state and on the same batch, and it is dropped, so memory does not grow with their
number. What is not finite is stored as NaN, for the reader to count; so are the scores of a network
that lacks what the proxy requires, or whose logits no image reaches; nothing else is caught.

A network may lie on any device; generators are the CPU's, so that what is drawn is the same on all.
"""

import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float64
from torch import nn

from tgnas.encodings.canonical import canonicalise
from tgnas.errors import (
    ConfigError,
    CorruptTableError,
    UnfitNetworkError,
    UnknownNameError,
    number_of,
)
from tgnas.image_training.images import Images, channel_statistics, normalise
from tgnas.methods.card import NetworkCard
from tgnas.methods.contracts import Batch, Tokens
from tgnas.methods.network_proxies._network import FOUND, initialise, reached
from tgnas.methods.sequence_proxies import _sequences
from tgnas.registry import NETWORK_PROXIES, NETWORKS, SEQUENCE_PROXIES, Family
from tgnas.scoring.populations import Population
from tgnas.scoring.tables import BUILD, COMPONENT, MILLISECONDS
from tgnas.spaces.space import open_space

INITIALISATIONS = ("default", "kaiming")
NARROW = (torch.float16, torch.bfloat16)  # of which no proxy's linear algebra can be worked out
DEAD = "no image reaches the logits: the network is dead"


@dataclass(frozen=True, slots=True)
class Settings:
    """All that a score depends on beside architecture and proxy.

    Attributes:
        seed: of the batch, of the initial weights and of a proxy's own draws, apart from each
            other.
        batch: images in the batch.
        initialisation: "default", torch's own (uniform, He et al. 2015 with a = sqrt 5), or
            "kaiming", normal with variance 2 / fan-in. A proxy whose paper fixes another draws
            its own.
        size: of the network, e.g. channels; what is not named is as in the benchmark.
        device: where networks and images lie, in torch's words.

    Raises:
        ConfigError: fewer than two images.
        UnknownNameError: another initialisation.
    """

    seed: int = 0
    batch: int = 64
    initialisation: str = "default"
    size: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    device: str = "cpu"

    def __post_init__(self) -> None:
        if self.batch < 2:
            raise ConfigError(f"a batch has at least 2 images, not {self.batch}")
        if self.initialisation not in INITIALISATIONS:
            raise UnknownNameError("initialisation", self.initialisation, INITIALISATIONS)


@dataclass(frozen=True, eq=False)
class Measured:
    """What proxies say of one architecture.

    Attributes:
        architecture: its string.
        components: proxy -> its numbers, one or as many as it has components; NaN where it failed.
        milliseconds: proxy -> time of scoring, and ``BUILD`` -> of building the network; processor
            time on a CPU, else that of the clock.
        reasons: proxy -> why a component is NaN; of those alone.
    """

    architecture: str
    components: dict[str, tuple[float, ...]]
    milliseconds: dict[str, float]
    reasons: dict[str, str] = field(default_factory=dict)


class Scored(NamedTuple):
    """What one proxy says of one network, its time in milliseconds, and why it is NaN."""

    components: tuple[float, ...]
    milliseconds: float
    reason: str = ""


def draw_batch(images: Images, settings: Settings) -> Batch:
    """Return training images drawn at random, each channel normalised over the whole set.

    Raises:
        ConfigError: there are fewer images than the batch shall have.
    """
    size = len(images.train)
    if settings.batch > size:
        raise ConfigError(
            f"a batch of {number_of(settings.batch, 'image')} asked for; the set has {size}"
        )
    generator = np.random.default_rng(_seeds(settings.seed)[0])
    places = generator.choice(size, settings.batch, replace=False)
    pixels, labels = (
        torch.from_numpy(part[places]) for part in (images.train, images.train_labels)
    )
    return moved(Batch(normalise(pixels, *channel_statistics(images.train)), labels), settings)


def moved(batch: Batch, settings: Settings) -> Batch:
    """Return a batch on the device of the settings."""
    return Batch(batch.images.to(settings.device), batch.labels.to(settings.device))


def components_of(proxy: str) -> tuple[str, ...]:
    """Return the names of a proxy's components: its own name where it has but one."""
    return getattr(family_of(proxy).module(proxy), "COMPONENTS", (proxy,))


def family_of(proxy: str) -> Family:
    """Return the family of a proxy: of networks that read tokens, or of those that read images."""
    return SEQUENCE_PROXIES if proxy in SEQUENCE_PROXIES.names() else NETWORK_PROXIES


def scores_network_of(proxy: str, networks: str) -> bool:
    """Tell whether a proxy can score the networks that a file of the modules builds.

    Its card names them, and its small network has a size for them where it looks at one.
    """
    module = NETWORK_PROXIES.module(proxy)
    card: NetworkCard = module.CARD
    sizes = getattr(module, "SMALL_SIZES", {networks: {}})
    return (not card.spaces or networks in card.spaces) and networks in sizes


def measure(
    architectures: Iterable[str],
    proxies: Sequence[str],
    batch: Batch,
    settings: Settings,
    *,
    space: str,
    classes: int,
    networks: str = "",
) -> Iterator[Measured]:
    """Yield what each proxy says of each architecture, one at a time.

    Args:
        architectures: strings of the space.
        proxies: their names.
        batch: what they see.
        settings: what else a score depends on.
        space: whose the architectures are.
        classes: number of logits.
        networks: a file of ``tgnas.networks`` that builds them; the space's own if empty.

    Raises:
        ConfigError: a proxy cannot score such networks.
    """
    built = networks or space
    unfit = [name for name in proxies if not scores_network_of(name, built)]
    if unfit:
        raise ConfigError(f"{', '.join(unfit)} cannot score networks of {built}")
    parse = open_space(space).parse
    seen = moved(batch, settings)
    for architecture in architectures:
        now = _clock(seen.images.device)
        start = now()
        parsed = parse(architecture)
        member = parsed.member(0)
        network = seeded_network(member, classes, settings, space=built)
        milliseconds = {BUILD: 1e3 * (now() - start)}
        connected = canonicalise(parsed.cells).edges.any(axis=(1, 2)).all()
        dead = not (connected or is_live(network, seen))
        scored = {}
        for name in proxies:
            small = small_network(name, member, classes, settings, space=built)
            scored[name] = score(name, network, seen, settings.seed, small, dead=dead)
        yield Measured(
            architecture,
            {name: one.components for name, one in scored.items()},
            milliseconds | {name: one.milliseconds for name, one in scored.items()},
            {name: one.reason for name, one in scored.items() if one.reason},
        )


def is_live(network: nn.Module, batch: Batch | Tokens) -> bool:
    """Tell whether a network's logits depend on any image of a batch; it is as it was before."""
    with restored(network), drawing(0, batch.device):
        if isinstance(batch, Tokens):
            return _sequences.reached(network, batch.tokens)
        return reached(network, batch.images)


def score(
    proxy: str,
    network: nn.Module,
    batch: Batch | Tokens,
    seed: int,
    small: Callable[[], nn.Module] | None = None,
    *,
    dead: bool | None = None,
) -> Scored:
    """Return a proxy's components of a network, the time, and why any of them is NaN.

    What is not finite is NaN, and so is all of a network that lacks what the proxy requires or
    whose logits no image reaches. The network is scored in training mode and without in-place
    operators, in float32 where it is narrower; afterwards it is as it was, and so are the global
    generators, which a network's own draws (dropout) take from the seed.

    Args:
        proxy: its name.
        network: to score.
        batch: what it sees, on the network's device.
        seed: of the proxy's own draws and of the network's.
        small: builds the small network of a proxy that looks at one; see ``small_network``.
        dead: whether no image reaches the logits; found out where it is None.
    """
    family, names = family_of(proxy), components_of(proxy)
    reason = unread(family, batch) or lacking(proxy, network)
    if not reason and (dead if dead is not None else not is_live(network, batch)):
        reason = DEAD
    if reason:
        return Scored((float("nan"),) * len(names), 0.0, reason)
    compute, draws = family.load(proxy), _seeds(seed)[2]
    generator = torch.Generator().manual_seed(draws)
    more = {} if small is None else {"small": small}
    with restored(network), drawing(draws, batch.device):
        now = _clock(batch.device)
        start = now()
        components: float | tuple[float, ...] = (float("nan"),) * len(names)
        try:
            components = compute(network.train(), batch, generator, **more)
        except UnfitNetworkError as error:
            reason = f"{proxy} cannot score the network: {error}"
        milliseconds = 1e3 * (now() - start)
    values = components if isinstance(components, tuple) else (components,)
    unfit = [f"{name} is {v}" for name, v in zip(names, values, strict=True) if not np.isfinite(v)]
    finite = tuple(v if np.isfinite(v) else float("nan") for v in values)
    return Scored(finite, milliseconds, reason or ", ".join(unfit))


def unread(family: Family, batch: Batch | Tokens) -> str:
    """Return why a family of proxies cannot read a batch, as a sentence; empty if it can."""
    if (family is SEQUENCE_PROXIES) == isinstance(batch, Tokens):
        return ""
    wanted = "tokens" if family is SEQUENCE_PROXIES else "images"
    return f"a {family.kind} needs a batch of {wanted}"


def lacking(proxy: str, network: nn.Module) -> str:
    """Return what a proxy's card requires and a network lacks, as a sentence; empty if nothing."""
    family = family_of(proxy)
    checks = _sequences.FOUND if family is SEQUENCE_PROXIES else FOUND
    required = [what for what in family.module(proxy).CARD.requires if what in checks]
    missing = [what for what in required if not checks[what](network)]
    if not missing:
        return ""
    lack = f"the network has no {' and no '.join(missing)} among its modules"
    return f"{proxy} needs {', '.join(required)}; {lack}"


def small_network(
    proxy: str, member: object, classes: int, settings: Settings, *, space: str
) -> Callable[[], nn.Module] | None:
    """Return what builds the small network that a proxy looks at too; None if it does not.

    Such a proxy's module says in ``SMALL_SIZES`` which size it has in each space.
    """
    sizes = getattr(family_of(proxy).module(proxy), "SMALL_SIZES", None)
    if sizes is None:
        return None
    narrowed = replace(settings, size=sizes[space])
    return lambda: seeded_network(member, classes, narrowed, space=space)


def aggregate(proxy: str, components: Float64[np.ndarray, "N K"]) -> Float64[np.ndarray, " N"]:
    """Return the scores of a whole population from its components.

    Ranks of one architecture depend on the others: all of a population belong into one call. An
    architecture without any component, such as a dead one, has no score: ranks would give it one.
    """
    module = family_of(proxy).module(proxy)
    if not hasattr(module, "aggregate"):
        return components[:, 0]
    known = np.isfinite(components).any(axis=1)
    return np.where(known, module.aggregate(components), np.nan)


def shard_table(measured: Iterable[Measured], proxy: str) -> pd.DataFrame:
    """Return components and milliseconds of one network proxy, a row for each architecture."""
    rows = [
        (one.architecture, *one.components[proxy], one.milliseconds[proxy], one.milliseconds[BUILD])
        for one in measured
    ]
    names = [COMPONENT + name for name in components_of(proxy)]
    return pd.DataFrame(rows, columns=["architecture", *names, MILLISECONDS, BUILD])


def join_shards(
    shards: Sequence[pd.DataFrame], population: Population, proxy: str
) -> tuple[Float64[np.ndarray, "1 N"], dict[str, np.ndarray]]:
    """Return a proxy's scores, aggregated over the whole population, and its other columns.

    Raises:
        CorruptTableError: the shards do not list the population's architectures in its order.
    """
    table = pd.concat(shards, ignore_index=True)
    if table.architecture.tolist() != population.strings:
        raise CorruptTableError(
            f"the shards of {proxy} do not list the architectures of {population.name}"
        )
    scores = aggregate(proxy, table.filter(like=COMPONENT).to_numpy(dtype=np.float64))
    return scores[None], {name: table[name].to_numpy() for name in table.columns[1:]}


def seeded_network(member: object, classes: int, settings: Settings, *, space: str) -> nn.Module:
    """Return a network whose weights are a function of seed and initialisation alone.

    torch's layers initialise themselves from the global generator and take no other, so this
    seeds a fork of it: the caller's own state is the same before and after. Weights lie with the
    channels last where they can, which halves the time of convolutions on a CPU.
    """
    seed = _seeds(settings.seed)[1]
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        network = NETWORKS.load(space)(member, classes, **settings.size)
    if settings.initialisation == "kaiming":
        initialise(network, torch.Generator().manual_seed(seed), kaiming=True)
    if not any(map(_crashes_with_channels_last, network.modules())):
        network = network.to(memory_format=torch.channels_last)
    return network.to(settings.device).train()


def _crashes_with_channels_last(layer: nn.Module) -> bool:
    """Tell the convolutions that torch 2.13 cannot go back through on a CPU in that layout."""
    return (
        isinstance(layer, nn.Conv2d)
        and layer.kernel_size == (1, 1)
        and layer.stride != (1, 1)
        and layer.out_channels < 8
    )


@contextmanager
def restored(network: nn.Module) -> Iterator[None]:
    """Give a network back as it was: values, their type, gradients, modes, what is in place.

    Within, every parameter that can have a gradient has one, none is narrower than float32, and
    nothing is done in place, for a proxy reads what a later layer would write over.
    """
    modules = list(network.modules())
    modes = [module.training for module in modules]
    in_place = [module for module in modules if getattr(module, "inplace", None) is True]
    buffers = [dict(module._buffers) for module in modules]
    values = {id(v): v for v in (*network.parameters(), *network.buffers())}.values()
    kept = [(v, v.data, v.detach().clone(), v.requires_grad, v.grad) for v in values]
    try:
        for module in in_place:
            module.inplace = False  # type: ignore[assignment]
        for parameter in network.parameters():
            parameter.grad = None
        if any(parameter.dtype in NARROW for parameter in network.parameters()):
            network.float()
        for parameter in network.parameters():
            if parameter.is_floating_point():
                parameter.requires_grad_()
        yield
    finally:
        for module, mode, own in zip(modules, modes, buffers, strict=True):
            module.training = mode
            module._buffers.clear()
            module._buffers.update(own)
        for module in in_place:
            module.inplace = True  # type: ignore[assignment]
        for value, data, content, learns, gradient in kept:
            if value.dtype != content.dtype:
                value.data = data
            value.requires_grad_(learns).grad = gradient
            with torch.no_grad():
                value.copy_(content)


@contextmanager
def drawing(seed: int, device: torch.device) -> Iterator[None]:
    """Let what draws from the global generators draw by a seed; afterwards they are as before."""
    python, of_numpy = random.getstate(), np.random.get_state()  # noqa: NPY002 - networks' own
    on_gpu = device.type == "cuda"
    with torch.random.fork_rng(devices=[device] if on_gpu else []):
        torch.default_generator.manual_seed(seed)
        if on_gpu:
            with torch.cuda.device(device):
                torch.cuda.manual_seed(seed)
        random.seed(seed)
        np.random.seed(seed)  # noqa: NPY002
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(of_numpy)  # noqa: NPY002


def _clock(device: torch.device) -> Callable[[], float]:
    """Return a function that gives seconds: of the processor, or of all that a GPU has to do."""
    if device.type != "cuda":
        return time.process_time

    def seconds() -> float:
        torch.cuda.synchronize(device)
        return time.perf_counter()

    return seconds


def _seeds(seed: int) -> tuple[int, int, int]:
    """Return seeds of the batch, of the weights and of the proxies' own draws."""
    batch, weights, draws = np.random.SeedSequence(seed).generate_state(3).tolist()
    return batch, weights, draws
