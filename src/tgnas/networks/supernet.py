"""Supernets: networks that hold every architecture of a space, with weights that are shared.

Every edge of every cell has one module for each operator, so that architectures with an operator in
common share its weights. Which operators run is said with each call, by *gates*: an array
(K, E, O) of booleans, for each kind of cell or for each cell by itself. A single architecture is a
path, whose outputs are those of its stand-alone network with the same weights; with weights
(K, E, O) beside the gates the operators of an edge are mixed (Liu et al., ICLR 2019, equation 2).

- ``nasbench201``: the macro skeleton of Dong and Yang, ICLR 2020; one kind of cell, 6 edges, 5
  operators, "none" among them;
- ``darts``: the search form of Liu et al., ICLR 2019, section 2; a normal and a reduction cell, 14
  edges, 7 operators and "none".
"""

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from tgnas.errors import UnknownNameError
from tgnas.networks import darts, nasbench201
from tgnas.networks.layers import (
    OPERATORS,
    StackedNetwork,
    Zero,
    convolution,
    global_pool,
    normalised,
)
from tgnas.operators import NAMES
from tgnas.spaces import darts as darts_space
from tgnas.spaces import nasbench201 as nasbench201_space
from tgnas.spaces.architectures import Architectures

Gates = Bool[np.ndarray, "K E O"]
Weights = Float[Tensor, "K E O"]
ZERO = "zero"
NB201_OPERATORS = tuple(NAMES[code] for code in nasbench201_space.SPACE.operators.values())
DARTS_OPERATORS = (*(name for name in darts.OPERATORS if name != ZERO), ZERO)
DARTS_EDGES = tuple((i, j) for j in range(2, 2 + darts_space.NODES) for i in range(j))
SPACES = ("nasbench201", "darts")


class Edge(nn.ModuleDict):
    """The operators that may stand on one edge, by name."""

    def gated(
        self, images: Tensor, gates: Bool[np.ndarray, " O"], weights: Tensor | None
    ) -> Tensor | None:
        """Return the sum of the operators that run; None where nothing but zero does."""
        total = None
        for place, (name, operator) in enumerate(self.items()):
            if not gates[place] or name == ZERO:
                continue
            output = operator(images)
            if weights is not None:
                output = output * weights[place]
            total = output if total is None else total + output
        return total


def _reaching(
    vertex: int,
    edges: Sequence[tuple[int, int]],
    modules: Any,
    outputs: Sequence[Tensor],
    gates: np.ndarray,
    weights: Tensor | None,
) -> list[Tensor | None]:
    """Return what each edge into a vertex gives."""
    return [
        module.gated(outputs[source], gates[place], None if weights is None else weights[place])
        for place, ((source, target), module) in enumerate(zip(edges, modules, strict=True))
        if target == vertex
    ]


def _summed(parts: Sequence[Tensor | None], like: Tensor) -> Tensor:
    """Return the sum of what reaches a vertex; zeros where nothing does."""
    total = None
    for part in parts:
        if part is not None:
            total = part if total is None else total + part
    return torch.zeros_like(like) if total is None else total


class StackedCell(nn.Module):
    """A cell of NAS-Bench-201 with every operator on each of its six edges."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.edges = nn.ModuleList(
            Edge({name: OPERATORS[name](width) for name in NB201_OPERATORS})
            for _ in nasbench201_space.EDGES
        )

    def forward(
        self, images: Float[Tensor, "B D H W"], gates: np.ndarray, weights: Tensor | None = None
    ) -> Float[Tensor, "B D H W"]:
        """Return what reaches the last vertex."""
        outputs = [images]
        for vertex in range(1, 4):
            parts = _reaching(vertex, nasbench201_space.EDGES, self.edges, outputs, gates, weights)
            outputs.append(_summed(parts, images))
        return outputs[-1]


class StackedSupernet(StackedNetwork):
    """The supernet of NAS-Bench-201, C channels in the first of three stages of N cells."""

    operators, edge_count, kinds = NB201_OPERATORS, len(nasbench201_space.EDGES), 1

    def __init__(self, classes: int, channels: int, repeats: int) -> None:
        super().__init__()
        widths = [channels << stage for stage in range(nasbench201_space.STAGES)]
        self.stem = nn.Sequential(*normalised(3, 3, channels))
        layers: list[nn.Module] = []
        for stage, width in enumerate(widths):
            if stage:
                layers.append(nasbench201.ReductionBlock(widths[stage - 1], width))
            layers += [StackedCell(width) for _ in range(repeats)]
        self.stages = nn.Sequential(*layers)
        self.last = nn.Sequential(nn.BatchNorm2d(widths[-1]), nn.ReLU(), *global_pool())
        self.classifier = nn.Linear(widths[-1], classes)
        self.sizes = (classes, channels, repeats)

    @property
    def cell_kinds(self) -> list[int]:
        """The kind of each cell, in order."""
        return [0] * sum(isinstance(layer, StackedCell) for layer in self.stages)

    def blocks(self) -> list[list[nn.Module]]:
        """Return the layers of each stage, the first with the stem, the others with a reduction."""
        parts: list[list[nn.Module]] = [[self.stem]]
        for layer in self.stages:
            if isinstance(layer, nasbench201.ReductionBlock):
                parts.append([])
            parts[-1].append(layer)
        return parts

    def forward(  # type: ignore[override]
        self,
        images: Float[Tensor, "B 3 H W"],
        gates: Gates,
        weights: Weights | None = None,
        *,
        without: int | None = None,
    ) -> Float[Tensor, "B C"]:
        """Return the logits.

        Args:
            images: a batch.
            gates: the operators that run, of the one kind of cell or of each cell.
            weights: what they are multiplied with before they are added; 1 where there are none.
            without: the place of a cell that is passed by.
        """
        cells = _rows(gates, weights, self.cell_kinds)
        features, place = self.stem(images), 0
        for layer in self.stages:
            if isinstance(layer, StackedCell):
                own = next(cells)
                features = features if place == without else layer(features, *own)
                place += 1
            else:
                features = layer(features)
        return self.classifier(self.last(features))


class PairCell(nn.Module):
    """A cell of the DARTS space with every operator on each of its 14 edges."""

    def __init__(
        self, before: int, last: int, width: int, *, reduces: bool, follows_reduction: bool
    ) -> None:
        super().__init__()
        self.first: nn.Module = (
            darts.FactorisedReduction(before, width, affine=True)
            if follows_reduction
            else convolution(1, before, width)
        )
        self.second = convolution(1, last, width)
        self.reduces = reduces
        self.edges = nn.ModuleList(
            Edge(
                {
                    name: Zero()
                    if name == ZERO
                    else darts.OPERATORS[name](width, 2 if reduces and source < 2 else 1, False)
                    for name in DARTS_OPERATORS
                }
            )
            for source, _ in DARTS_EDGES
        )

    def passed_by(self, last: Tensor) -> Float[Tensor, "B E H W"]:
        """Return what follows where the cell is left out: its last input, in the cell's shape."""
        features = self.second(last)
        features = features[:, :, ::2, ::2] if self.reduces else features
        return torch.cat([features] * darts_space.NODES, dim=1)

    def forward(
        self, before: Tensor, last: Tensor, gates: np.ndarray, weights: Tensor | None = None
    ) -> Float[Tensor, "B E H W"]:
        """Return the concatenated steps."""
        states = [self.first(before), self.second(last)]
        small = states[0][:, :, ::2, ::2] if self.reduces else states[0]
        for step in range(2, 2 + darts_space.NODES):
            parts = _reaching(step, DARTS_EDGES, self.edges, states, gates, weights)
            states.append(_summed(parts, small))
        return torch.cat(states[2:], dim=1)


class PairSupernet(nn.Module):
    """The supernet of the DARTS space: C channels, cells of two kinds."""

    operators, edge_count, kinds = DARTS_OPERATORS, len(DARTS_EDGES), 2

    def __init__(self, classes: int, channels: int, layers: int) -> None:
        super().__init__()
        before = darts_space.STEM * channels
        self.stem = nn.Sequential(*normalised(3, 3, before))
        cells: list[PairCell] = []
        last, width, followed = before, channels, False
        for layer in range(layers):
            reduces = layer in (layers // 3, 2 * layers // 3)
            width *= 2 if reduces else 1
            cells.append(PairCell(before, last, width, reduces=reduces, follows_reduction=followed))
            before, last, followed = last, darts_space.NODES * width, reduces
        self.stages = nn.ModuleList(cells)
        self.last = nn.Sequential(*global_pool())
        self.classifier = nn.Linear(last, classes)
        self.sizes = (classes, channels, layers)

    @property
    def cell_kinds(self) -> list[int]:
        """The kind of each cell, in order: 0 normal, 1 reduction."""
        return [int(bool(cell.reduces)) for cell in self.stages]

    def forward(
        self,
        images: Float[Tensor, "B 3 H W"],
        gates: Gates,
        weights: Weights | None = None,
        *,
        without: int | None = None,
    ) -> Float[Tensor, "B C"]:
        """Return the logits; arguments as those of ``StackedSupernet``.

        A cell that is passed by puts out its last input four times, projected to its width and, if
        it reduces, at every second place.
        """
        before = last = self.stem(images)
        cells = _rows(gates, weights, self.cell_kinds)
        stages: Any = zip(self.stages, cells, strict=True)
        for place, (cell, own) in enumerate(stages):
            output = cell.passed_by(last) if place == without else cell(before, last, *own)
            before, last = last, output
        return self.classifier(self.last(last))


Supernet = StackedSupernet | PairSupernet


def build_supernet(space: str, classes: int, channels: int, layers: int) -> Supernet:
    """Return the supernet of a space with torch's default initialisation.

    Args:
        space: one of ``SPACES``.
        classes: of the images.
        channels: C.
        layers: cells of each stage (nasbench201), or of the network (darts).

    Raises:
        UnknownNameError: there is no supernet of that space.
    """
    if space not in SPACES:
        raise UnknownNameError("space with a supernet", space, SPACES)
    of_space = StackedSupernet if space == "nasbench201" else PairSupernet
    return of_space(classes, channels, layers)


def paths_of(space: str, architectures: Architectures) -> Bool[np.ndarray, "N K E O"]:
    """Return the gates of each architecture.

    Raises:
        InvalidCellError: an architecture is not of the space.
        UnknownNameError: there is no supernet of that space.
    """
    if space == "nasbench201":
        choices = nasbench201_space.SPACE.choices_of(architectures)  # (N, 6)
        return (choices[:, None, :, None] == np.arange(len(NB201_OPERATORS))).astype(bool)
    if space != "darts":
        raise UnknownNameError("space with a supernet", space, SPACES)
    choices = darts_space.SPACE.choices_of(architectures).reshape(len(architectures), 2, -1, 3)
    gates = np.zeros((len(architectures), 2, len(DARTS_EDGES), len(DARTS_OPERATORS)), dtype=bool)
    names = [NAMES[code] for code in darts_space.SPACE.operators.values()]
    operator = np.array([DARTS_OPERATORS.index(name) for name in names])
    rows, kinds = np.indices(choices.shape[:2])
    for node in range(darts_space.NODES):
        pairs = np.array(list(combinations(range(node + 2), 2)))[choices[:, :, node, 0]]
        for side in range(2):
            first = DARTS_EDGES.index((0, node + 2))
            chosen = operator[choices[:, :, node, 1 + side]]
            gates[rows, kinds, first + pairs[..., side], chosen] = True
    return gates


def _rows(
    gates: Gates, weights: Weights | None, kinds: Sequence[int]
) -> Iterator[tuple[np.ndarray, Tensor | None]]:
    """Yield the gates and weights of each cell, in order."""
    own = range(len(kinds)) if len(gates) == len(kinds) != max(kinds) + 1 else kinds
    for row in own:
        yield gates[row], None if weights is None else weights[row]
