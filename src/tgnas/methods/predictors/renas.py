"""ReNAS (Xu et al., CVPR 2021, arXiv 1910.01523): which of two architectures is the better one.

An architecture is a tensor of 19 matrices: of the types of its operators, of their FLOPs in nine
cells of the network, and of their parameters there. A matrix is the adjacency, each edge weighed by
what it leads to. A convolutional network after LeNet-5 (LeCun et al., 1998) scores it, and learns
by the hinge loss of pairs. A space with several kinds of cells has 19 matrices of each.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float32, Float64, Int64
from torch import Tensor, nn
from torch.nn import functional

from tgnas.costs.layers import layers_of
from tgnas.costs.vertices import vertex_costs
from tgnas.errors import ConfigError
from tgnas.methods.card import Card
from tgnas.methods.contracts import Context, State
from tgnas.methods.predictors._few_label_settings import RenasSettings as Settings
from tgnas.methods.predictors._together import (
    Copies,
    Predictor,
    alone,
    drawn,
    fit_copies,
    restored,
)
from tgnas.operators import PADDING
from tgnas.spaces.architectures import Architectures
from tgnas.training.splits import TrainingSet

CARD = Card(
    title="ReNAS",
    reference="Xu et al., CVPR 2021, arXiv 1910.01523, section 3",
    needs="labels of the target",
    deviations=(
        "a reconstruction of the network: LeNet-5's channels with 3x3 kernels, for cells are small",
        "costs are logarithms, as shares of the largest of the space",
        "a pair's margin is the difference of its labels as normal scores, at most 1 (ours)",
        "costs are of the operators alone, without the projections of a cell's inputs",
        "other spaces: nine cells evenly along the network, 19 matrices of each kind of cell",
        "no term for how smooth the scores are",
        "with a prior: the network learns what a zero-shot score leaves (ours)",
    ),
)
PLACES = 9  # cells of the network whose costs are read
MATRICES = 1 + 2 * PLACES
CHANNELS = (6, 16)  # LeNet-5's
HIDDEN = (120, 84)


@dataclass(frozen=True, eq=False)
class Form:
    """What the network reads, and how it scores.

    Attributes:
        vertices: V of the cells.
        types: number of each operator code, from 0 to 1.
        largest: logarithms of the largest parameters and FLOPs of an operator in the space.
        places: the layers in which each kind of cell stands that are read.
    """

    vertices: int
    types: Float32[np.ndarray, " 256"]
    largest: Float64[np.ndarray, " 2"]
    places: Int64[np.ndarray, "K P"]

    @classmethod
    def of(cls, known: Architectures, context: Context) -> "Form":
        """Return the form of a space.

        Raises:
            ConfigError: its architectures are no cells.
        """
        types = np.zeros(256, dtype=np.float32)
        occurring = np.unique(known.cells.operators)
        codes = list(context.operators.training) or occurring[occurring != PADDING].tolist()
        types[codes] = np.arange(1, len(codes) + 1) / len(codes)
        places = _places(known)
        layers = places.ravel()
        largest = [np.log1p(costs[:, layers]).max() for costs in _costs(known)]
        return cls(known.cells.vertices, types, np.maximum(largest, 1e-6), places)

    @property
    def state(self) -> State:
        """What ``of_state`` makes it of again."""
        arrays = {"types": self.types, "largest": self.largest, "places": self.places}
        tensors = {n: torch.from_numpy(np.ascontiguousarray(a)) for n, a in arrays.items()}
        return tensors | {"vertices": torch.tensor(self.vertices)}

    @classmethod
    def of_state(cls, state: State) -> "Form":
        """Return the form of a predictor's state."""
        types, largest, places = (
            state[f"form/{name}"].numpy() for name in ("types", "largest", "places")
        )
        return cls(int(state["form/vertices"]), types, largest, places)

    @property
    def network(self) -> nn.Module:
        """A network whose parameters the copies replace."""
        side = (self.vertices + 3) // 4  # halved twice, rounded up
        first, second = CHANNELS
        return nn.ModuleDict(
            {
                "convolution1": nn.Conv2d(MATRICES * len(self.places), first, 3),
                "convolution2": nn.Conv2d(first, second, 3),
                "dense1": nn.Linear(second * side**2, HIDDEN[0]),
                "dense2": nn.Linear(*HIDDEN),
                "dense3": nn.Linear(HIDDEN[1], 1),
            }
        )

    @cached_property
    def matrices(self) -> Int64[Tensor, " C"]:
        """Which of the different matrices each of the 19 of every kind of cell is."""
        parts: list[np.ndarray] = []
        first = 0
        for layers in self.places:
            different, place = np.unique(layers, return_inverse=True)
            parts += [np.array([first]), first + 1 + place, first + 1 + len(different) + place]
            first += 1 + 2 * len(different)
        return torch.from_numpy(np.concatenate(parts))

    def read(self, architectures: Architectures) -> tuple[Tensor, ...]:
        """Return the different matrices of architectures, (N, M, V, V).

        Raises:
            InvalidCellError: a cell is larger than those of the space.
        """
        if architectures.cells.vertices != self.vertices:
            cells = architectures.cells.padded(self.vertices)
            kept = {k: v for k, v in architectures.attributes.items() if v.ndim == 1}
            weights = architectures.cell_weights
            architectures = Architectures(cells, weights, kept, architectures.skeleton)
        kinds, parts = len(self.places), []
        costs = [np.log1p(c) / m for c, m in zip(_costs(architectures), self.largest, strict=True)]
        for kind, layers in enumerate(self.places):
            cells = architectures.cells[kind::kinds]
            types = self.types[cells.operators][:, None]
            different = [cost[:, np.unique(layers)] for cost in reversed(costs)]
            values = np.concatenate([types, *different], axis=1)
            parts.append(cells.adjacency()[:, None] * values[:, :, None])
        return (torch.from_numpy(np.concatenate(parts, axis=1).astype(np.float32)),)

    def scores(self, copies: Copies, read: tuple[Tensor, ...]) -> Tensor:
        """Return the score that each copy of the network gives to its own rows, (S, B).

        Equal matrices are convolved once, with the sum of their kernels.
        """
        [tensors] = read
        seeds, batch, different = tensors.shape[:3]
        hidden = tensors.transpose(0, 1).flatten(1, 2)
        for place in (1, 2):
            weight, bias = (copies[f"convolution{place}.{kind}"] for kind in ("weight", "bias"))
            if place == 1:
                empty = weight.new_zeros(*weight.shape[:2], different, *weight.shape[3:])
                weight = empty.index_add(2, self.matrices, weight)
            hidden = functional.conv2d(
                hidden, weight.flatten(0, 1), bias.flatten(), padding=1, groups=seeds
            )
            hidden = functional.max_pool2d(torch.relu(hidden), 2, ceil_mode=True)
        hidden = hidden.reshape(batch, seeds, -1).transpose(0, 1)
        for place in (1, 2, 3):
            weight, bias = (copies[f"dense{place}.{kind}"] for kind in ("weight", "bias"))
            hidden = torch.baddbmm(bias[:, None], hidden, weight.transpose(1, 2))
            hidden = torch.relu(hidden) if place < 3 else hidden
        return hidden[:, :, 0]


def _places(architectures: Architectures) -> Int64[np.ndarray, "K P"]:
    """Return the layers of nine cells of each kind, evenly along the network.

    Raises:
        ConfigError: the architectures are no cells.
    """
    layers = layers_of(architectures[:1])
    if (layers.cell < 0).any():
        raise ConfigError("ReNAS reads cells, not sequences of blocks")
    places = []
    for kind in range(architectures.cells_per_architecture):
        rows = np.flatnonzero(layers.cell == kind)
        every = np.repeat(rows, np.maximum(layers.repeats[0, rows], 0))
        places.append(every[np.linspace(0, len(every) - 1, PLACES).round().astype(np.int64)])
    return np.stack(places)


def _costs(architectures: Architectures) -> list[Float64[np.ndarray, "N L V"]]:
    """Return parameters and FLOPs of each vertex in one cell of each layer."""
    repeats = np.maximum(layers_of(architectures[:1]).repeats[0], 1)[:, None]
    return [costs / repeats for costs in vertex_costs(architectures)]


def fit_together(
    sources: Sequence[TrainingSet],
    settings: Settings,
    context: Context,
    generators: Sequence[torch.Generator],
) -> list[Predictor]:
    """Return a network for each source.

    Raises:
        ConfigError: a prior, and no zero-shot predictor to start from; or no cells.
    """
    labelled = sources[0].architectures
    form = Form.of(labelled if context.unlabelled is None else context.unlabelled, context)
    return fit_copies(sources, form, drawn(form.network, generators), settings, context, generators)


fit = alone(fit_together)


def restore(state: State, settings: Settings, context: Context) -> Predictor:
    """Return the network of a state."""
    del settings  # the parameters hold what was learned
    return restored(state, Form.of_state(state), context)
