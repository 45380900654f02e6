"""Proxies of networks that read tokens, by the harness that scores those of images."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import torch
from torch import nn

from tgnas.errors import ConfigError, number_of
from tgnas.methods.contracts import Tokens
from tgnas.networks.recurrent import recurrent_network
from tgnas.networks.transformer import transformer_network
from tgnas.registry import SEQUENCE_PROXIES
from tgnas.scoring.harness import Measured, score
from tgnas.spaces.space import open_space
from tgnas.text.task import NextWord

BUILDERS: Mapping[str, Callable[..., nn.Module]] = MappingProxyType(
    {"nasbench_nlp": recurrent_network, "flexibert": transformer_network}
)


def text_batch(rows: int, steps: int, seed: int = 0) -> Tokens:
    """Return rows of the text, drawn by a seed; ``text.task`` says which text.

    Raises:
        ConfigError: the text has fewer rows of that length.
    """
    tokens, targets = next(NextWord(steps).train_batches(seed, 0, rows))
    if len(tokens) < rows:
        raise ConfigError(
            f"{number_of(rows, 'row')} of {number_of(steps, 'word')} asked for; the text has "
            f"{len(tokens)}"
        )
    return Tokens(tokens, targets)


def network_of(space: str, architecture: str, seed: int, **size: Any) -> nn.Module:
    """Return an architecture's network, whose weights are a function of the seed."""
    member = open_space(space).object_of(architecture)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        return BUILDERS[space](member, **size).train()


def measure_sequences(
    architectures: Iterable[str],
    proxies: Sequence[str],
    batch: Tokens,
    *,
    space: str,
    seed: int = 0,
    size: Mapping[str, Any] = MappingProxyType({}),
) -> Iterator[Measured]:
    """Yield what each proxy says of each architecture, one at a time.

    Args:
        architectures: strings of the space.
        proxies: files of ``methods/sequence_proxies``.
        batch: what they see.
        space: nasbench_nlp or flexibert.
        seed: of the weights and of the proxies' own draws.
        size: arguments of the network's builder.

    Raises:
        ConfigError: a proxy cannot score such networks.
    """
    unfit = [n for n in proxies if space not in SEQUENCE_PROXIES.module(n).CARD.spaces]
    if unfit:
        raise ConfigError(f"{', '.join(unfit)} cannot score networks of {space}")
    for architecture in architectures:
        network = network_of(space, architecture, seed, **size)
        # Tokens reach the output of each architecture of these spaces, so that none is dead.
        scored = {name: score(name, network, batch, seed, dead=False) for name in proxies}
        yield Measured(
            architecture,
            {name: one.components for name, one in scored.items()},
            {name: one.milliseconds for name, one in scored.items()},
            {name: one.reason for name, one in scored.items() if one.reason},
        )
