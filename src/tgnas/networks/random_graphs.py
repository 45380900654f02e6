"""Networks of random cells, in the manner of DeepNets-1M (Knyazev et al., arXiv 2110.13100).

A cell is drawn as its authors draw one (appendix A; experiments/net_generator.py of their code):
a step is the sum of two operators, each on the cell's input or on an earlier step; in half of the
cells some steps do not lead to the output; "none" among the operators makes cells sparse; what has
no convolution is drawn again. A split is a search space, so that it draws its architectures: more
channels (wide), cells (deep) or steps (dense) than those that a hypernetwork learns from. Networks
are NAS-Bench-201's skeleton with these cells, with batch normalisations or without.

Deviates: a cell hears one cell, not two, and its steps are added up, not concatenated; between
stages stands a residual block, not a second kind of cell; there is no attention and no
squeeze-and-excitation; sizes are those of small images.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from torch import nn

from tgnas.cell import Cell, Cells
from tgnas.networks.darts import OPERATORS as OF_DARTS
from tgnas.networks.layers import OPERATORS as OF_NASBENCH201
from tgnas.networks.nasbench201 import Network, Operators
from tgnas.operators import CODES
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.forms.base import INPUT, OUTPUT, Alphabet
from tgnas.spaces.forms.nodes import NodeKeys, OperatorsOnNodes
from tgnas.spaces.nasbench201 import STAGES
from tgnas.spaces.space import Space

_OF_DARTS = ("sep_conv_3x3", "sep_conv_5x5", "dil_conv_3x3", "dil_conv_5x5", "max_pool_3x3")


def _of_darts(name: str):  # type: ignore[no-untyped-def]
    return lambda width: OF_DARTS[name](width, 1, True)


OPERATORS: Operators = MappingProxyType(
    {
        **{name: OF_NASBENCH201[name] for name in ("conv_1x1", "conv_3x3", "avg_pool_3x3")},
        **{name: _of_darts(name) for name in _OF_DARTS},
        "identity": OF_NASBENCH201["identity"],
    }
)
LEARNED = tuple(name for name in OPERATORS if "conv" in name)


class Split(NamedTuple):
    """What the networks of a split are drawn from; the paper's own numbers beside it.

    Attributes:
        widths: channels of the first stage.
        depths: cells of a network, a multiple of the three stages.
        steps: least and most sums of two operators in a cell.
        normalised: whether there are batch normalisations.
        published: mean and deviation of vertices, mean degree, mean shortest path, each with its
            deviation, of DeepNets-1M's split; the output of the authors' graph_properties.ipynb.
    """

    widths: tuple[int, ...]
    depths: tuple[int, ...]
    steps: tuple[int, int]
    normalised: bool
    published: tuple[tuple[float, float], tuple[float, float], tuple[float, float]]


IN_DISTRIBUTION = "in distribution"
SPLITS: Mapping[str, Split] = MappingProxyType(
    {
        IN_DISTRIBUTION: Split(
            (8, 12), (3,), (1, 4), True, ((192.3, 94.9), (2.3, 0.1), (14.5, 4.8))
        ),
        "wide": Split((16, 24), (3,), (1, 4), True, ((178.6, 75.1), (2.3, 0.1), (14.7, 4.9))),
        "deep": Split((8, 12), (6, 9), (1, 4), True, ((391.2, 176.7), (2.3, 0.1), (26.2, 9.3))),
        "dense": Split((8, 12), (3,), (6, 10), True, ((355.1, 182.3), (2.4, 0.1), (15.1, 4.1))),
        "without normalisation": Split(
            (8, 12), (3,), (1, 4), False, ((135.1, 78.1), (2.4, 0.1), (10.0, 2.8))
        ),
    }
)


class RandomCells(OperatorsOnNodes):
    """Cells of steps, each the sum of two operators on earlier steps."""

    def __init__(self, alphabet: Alphabet, steps: tuple[int, int]) -> None:
        super().__init__(alphabet, NodeKeys(max_nodes=2 + 2 * steps[1], connected=True))
        self.steps = steps
        self._learned = np.array([CODES[name] for name in LEARNED], dtype=np.uint8)

    def sample(self, count: int, generator: np.random.Generator) -> Cells:
        """Return cells, drawn as the module says."""
        parts, missing = [self.pack([])], count
        while missing:
            drawn = self._draw(max(64, 2 * missing), generator)
            learns = np.flatnonzero(np.isin(drawn.operators, self._learned).any(axis=1))
            parts.append(drawn[learns[:missing]])
            missing -= len(parts[-1])
        return Cells.concatenate(parts)

    def _draw(self, count: int, generator: np.random.Generator) -> Cells:
        least, most = self.steps
        steps = generator.integers(least, most + 1, count)
        sources = generator.integers(0, np.arange(1, most + 1)[:, None], (count, most, 2))
        codes = np.array([*self.alphabet.codes.values()], dtype=np.uint8)
        drawn = generator.integers(0, len(codes) + (most > 1), (count, most, 2))
        none = drawn == len(codes)
        chosen = codes[np.minimum(drawn, len(codes) - 1)].reshape(count, 2 * most)
        leaves_out = generator.random(count) < 0.5
        heard = (generator.random((count, most)) < 0.5) | ~leaves_out[:, None]
        adjacency = np.zeros((count, 2 * most + 2, 2 * most + 2), dtype=bool)
        rows = np.arange(count)
        for step in range(most):
            for side in range(2):
                vertex, source = 1 + 2 * step + side, sources[:, step, side]
                there = (step < steps) & ~none[:, step, side]
                for first in (0, 1):  # both operators of the step that is heard
                    before = np.where(source == 0, 0, 2 * source - 1 + first)
                    adjacency[rows[there], before[there], vertex] = True
                adjacency[there, vertex, -1] = heard[there, step]
        operators = np.concatenate(
            [np.full((count, 1), INPUT), chosen, np.full((count, 1), OUTPUT)], axis=1
        ).astype(np.uint8)
        return self._members(operators, adjacency)


def space_of(split: Split, name: str = "random_graphs") -> Space:
    """Return the search space of a split; an architecture has a width and a depth of its own."""
    alphabet = Alphabet(name, {operator: CODES[operator] for operator in OPERATORS})
    form = RandomCells(alphabet, split.steps)
    options = {"width": tuple(map(float, split.widths)), "depth": tuple(map(float, split.depths))}
    return Space(name, "random cells in the manner of DeepNets-1M", form, options=options)  # type: ignore[arg-type]


def networks_of(
    architectures: Architectures, classes: int, *, normalised: bool = True
) -> Iterator[nn.Module]:
    """Yield the network of each architecture with torch's default initialisation."""
    sizes = zip(architectures.attributes["width"], architectures.attributes["depth"], strict=True)
    for row, (width, depth) in enumerate(sizes):
        cell: Cell = architectures.member(row)
        yield network_of(cell, classes, int(width), int(depth) // STAGES, normalised=normalised)


def network_of(
    cell: Cell, classes: int, channels: int, repeats: int, *, normalised: bool = True
) -> Network:
    """Return the network of a cell with torch's default initialisation."""
    network = Network([cell] * (STAGES * repeats), classes, channels, OPERATORS)
    if not normalised:
        norms = [name for name, part in network.named_modules() if isinstance(part, nn.BatchNorm2d)]
        for name in norms:
            parent, _, own = name.rpartition(".")
            setattr(network.get_submodule(parent), own, nn.Identity())
    return network
