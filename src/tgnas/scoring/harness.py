"""One harness for every network proxy: build, score, restore, drop.

Architectures stream through: each one's network is built with the same seed, every proxy scores it
in the same state and on the same batch, and it is dropped, so memory does not grow with their
number. What is not finite is stored as NaN, for the reader to count; nothing else is caught.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float64
from torch import nn

from tgnas.errors import ConfigError, CorruptTableError, UnknownNameError
from tgnas.image_training.images import Images, channel_statistics, normalise
from tgnas.methods.card import NetworkCard
from tgnas.methods.contracts import Batch
from tgnas.methods.network_proxies._network import initialise
from tgnas.registry import NETWORK_PROXIES, NETWORKS
from tgnas.scoring.populations import Population
from tgnas.scoring.tables import BUILD, COMPONENT, MILLISECONDS
from tgnas.spaces.space import open_space

INITIALISATIONS = ("default", "kaiming")


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

    Raises:
        ConfigError: fewer than two images.
        UnknownNameError: another initialisation.
    """

    seed: int = 0
    batch: int = 64
    initialisation: str = "default"
    size: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))

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
        milliseconds: proxy -> processor time of scoring, and ``BUILD`` -> of building the network.
    """

    architecture: str
    components: dict[str, tuple[float, ...]]
    milliseconds: dict[str, float]


def draw_batch(images: Images, settings: Settings) -> Batch:
    """Return training images drawn at random, each channel normalised over the whole set.

    Raises:
        ConfigError: there are fewer images than the batch shall have.
    """
    size = len(images.train)
    if settings.batch > size:
        raise ConfigError(f"a batch of {settings.batch} images asked for; the set has {size}")
    generator = np.random.default_rng(_seeds(settings.seed)[0])
    places = generator.choice(size, settings.batch, replace=False)
    pixels, labels = (
        torch.from_numpy(part[places]) for part in (images.train, images.train_labels)
    )
    return Batch(normalise(pixels, *channel_statistics(images.train)), labels)


def components_of(proxy: str) -> tuple[str, ...]:
    """Return the names of a proxy's components: its own name where it has but one."""
    return getattr(NETWORK_PROXIES.module(proxy), "COMPONENTS", (proxy,))


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
    for architecture in architectures:
        start = time.process_time()
        member = parse(architecture).member(0)
        network = seeded_network(member, classes, settings, space=built)
        milliseconds = {BUILD: 1e3 * (time.process_time() - start)}
        components = {}
        for name in proxies:
            small = small_network(name, member, classes, settings, space=built)
            components[name], milliseconds[name] = score(name, network, batch, settings.seed, small)
        yield Measured(architecture, components, milliseconds)


def score(
    proxy: str,
    network: nn.Module,
    batch: Batch,
    seed: int,
    small: Callable[[], nn.Module] | None = None,
) -> tuple[tuple[float, ...], float]:
    """Return a proxy's components of a network, not finite ones as NaN, and the milliseconds.

    The network is as it was before, and in training mode.

    Args:
        proxy: its name.
        network: to score.
        batch: what it sees.
        seed: of the proxy's own draws.
        small: builds the small network of a proxy that looks at one; see ``small_network``.
    """
    compute = NETWORK_PROXIES.load(proxy)
    generator = torch.Generator().manual_seed(_seeds(seed)[2])
    more = {} if small is None else {"small": small}
    with restored(network):
        start = time.process_time()
        given = compute(network, batch, generator, **more)
        milliseconds = 1e3 * (time.process_time() - start)
    values = given if isinstance(given, tuple) else (given,)
    return tuple(v if np.isfinite(v) else float("nan") for v in values), milliseconds


def small_network(
    proxy: str, member: object, classes: int, settings: Settings, *, space: str
) -> Callable[[], nn.Module] | None:
    """Return what builds the small network that a proxy looks at too; None if it does not.

    Such a proxy's module says in ``SMALL_SIZES`` which size it has in each space.
    """
    sizes = getattr(NETWORK_PROXIES.module(proxy), "SMALL_SIZES", None)
    if sizes is None:
        return None
    narrowed = replace(settings, size=sizes[space])
    return lambda: seeded_network(member, classes, narrowed, space=space)


def aggregate(proxy: str, components: Float64[np.ndarray, "N K"]) -> Float64[np.ndarray, " N"]:
    """Return the scores of a whole population from its components.

    Ranks of one architecture depend on the others: all of a population belong into one call.
    """
    module = NETWORK_PROXIES.module(proxy)
    return module.aggregate(components) if hasattr(module, "aggregate") else components[:, 0]


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
    return network.train()


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
    """Give back parameters, statistics, their type, gradients and mode as they were before."""
    before = {name: value.clone() for name, value in network.state_dict().items()}
    training = network.training
    try:
        yield
    finally:
        network.float().load_state_dict(before)
        network.train(training).zero_grad(set_to_none=True)


def _seeds(seed: int) -> tuple[int, int, int]:
    """Return seeds of the batch, of the weights and of the proxies' own draws."""
    batch, weights, draws = np.random.SeedSequence(seed).generate_state(3).tolist()
    return batch, weights, draws
