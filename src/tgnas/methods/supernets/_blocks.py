"""Supernets that are trained and scored block by block: a block is a stage of NAS-Bench-201."""

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor, nn

from tgnas.errors import ConfigError
from tgnas.networks.supernet import Gates, StackedCell, StackedSupernet, Supernet
from tgnas.spaces.space import Space


def blocks_of(supernet: Supernet, space: Space, method: str) -> list[nn.ModuleList]:
    """Return the blocks of a supernet.

    Raises:
        ConfigError: it is not of NAS-Bench-201, whose stages alone have an output of their own.
    """
    if not isinstance(supernet, StackedSupernet):
        raise ConfigError(f"{method}: {space.name} has no blocks; allowed: nasbench201")
    return [nn.ModuleList(layers) for layers in supernet.blocks()]


def through(
    block: Sequence[nn.Module] | nn.ModuleList, features: Tensor, gates: Gates
) -> Float[Tensor, "B D H W"]:
    """Return what a path makes of a block's input."""
    for layer in block:
        features = layer(features, gates[0]) if isinstance(layer, StackedCell) else layer(features)
    return features
