"""The network of GHN-2: vertices of a computational graph in, parameters out.

Knyazev et al., NeurIPS 2021, arXiv 2110.13100, section 4 and appendix B, with what only their code
says (ppuda/ghn): a virtual edge stands beside every edge as well, with weight 1.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn import functional

from tgnas.errors import ConfigError
from tgnas.methods.hypernetworks._settings import Ghn2Settings
from tgnas.networks.computational_graph import KINDS, ComputationalGraph

NORM, BIAS, LINEAR = (KINDS.index(kind) for kind in ("norm", "bias", "linear"))
Shape = tuple[int, int, int, int]  # channels out, channels in, height, width
State = Mapping[str, Tensor]


class GraphBatch(NamedTuple):
    """Several graphs as one without edges between them, vertices in order of their levels."""

    kinds: Int64[Tensor, " N"]
    shapes: Int64[Tensor, "N 4"]
    near: Float[Tensor, "N N"]  # row i holds the edges that lead to vertex i
    far: Float[Tensor, "N N"]  # virtual edges, weighted
    bounds: list[int]  # where each level begins, and the end
    owners: list[tuple[int, str]]  # graph and parameter of each vertex


def joined(graphs: Sequence[ComputationalGraph], longest: int) -> GraphBatch:
    """Return several graphs as one, with virtual edges along paths of at most that many edges."""
    sizes = [len(graph) for graph in graphs]
    starts = np.cumsum([0, *sizes])
    total = int(starts[-1])
    near, far = np.zeros((2, total, total), dtype=np.float32)
    for graph, first, last in zip(graphs, starts, starts[1:], strict=False):
        near[first:last, first:last] = graph.edges.T
        far[first:last, first:last] = graph.virtual_weights(longest).T
    if longest == 1:
        far[:] = 0
    levels = np.concatenate([graph.levels for graph in graphs])
    order = np.argsort(levels, kind="stable")
    bounds = [0, *np.cumsum(np.bincount(levels)).tolist()]
    every = [(place, name) for place, graph in enumerate(graphs) for name in graph.names]
    square = np.ix_(order, order)
    return GraphBatch(
        torch.from_numpy(np.concatenate([graph.kinds for graph in graphs])[order]),
        torch.from_numpy(np.concatenate([graph.shapes for graph in graphs])[order]),
        torch.from_numpy(near[square]),
        torch.from_numpy(far[square]),
        bounds,
        [every[place] for place in order],
    )


class GatedGraphNetwork(nn.Module):
    """One traversal along the edges and one against them (equations 3 and 4).

    A vertex takes in the sum of what its predecessors' new states give, and of what those along
    virtual edges give, divided by the length of the path.
    """

    def __init__(self, hidden: int, *, virtual: bool) -> None:
        super().__init__()
        middle = hidden // 2 if virtual else hidden
        self.near = _mlp(hidden, middle, hidden)
        self.far = _mlp(hidden, middle, hidden) if virtual else None
        self.update = nn.GRUCell(hidden, hidden)

    def forward(
        self,
        states: Float[Tensor, "N D"],
        near: Float[Tensor, "N N"],
        far: Float[Tensor, "N N"],
        bounds: Sequence[int],
    ) -> Float[Tensor, "N D"]:
        """Return the states after both traversals."""
        states = self._traverse(states, near, far, bounds)
        turned = [len(states) - bound for bound in reversed(bounds)]
        back = near.T.flip(0, 1), far.T.flip(0, 1)
        return self._traverse(states.flip(0), *back, turned).flip(0)

    def _traverse(self, states: Tensor, near: Tensor, far: Tensor, bounds: Sequence[int]) -> Tensor:
        """Return the states after one traversal; vertices of one level are updated together."""
        done: list[Tensor] = []
        sent: list[Tensor] = []
        sent_far: list[Tensor] = []
        for first, last in pairwise(bounds):
            message = torch.zeros_like(states[first:last])
            if first:
                message = near[first:last, :first] @ torch.cat(sent)
                if self.far is not None:
                    message = message + far[first:last, :first] @ torch.cat(sent_far)
            new = self.update(message, states[first:last])
            done.append(new)
            sent.append(self.near(new))
            if self.far is not None:
                sent_far.append(self.far(new))
        return torch.cat(done)


class ConvolutionalDecoder(nn.Module):
    """A vertex becomes a map of the kernel's pixels, and 1x1 convolutions its channels."""

    def __init__(self, hidden: int, channels: int, kernel: int) -> None:
        super().__init__()
        self.hidden, self.channels, self.kernel = hidden, channels, kernel
        self.first = nn.Linear(hidden, 4 * hidden * kernel**2)
        self.second = nn.Linear(4 * hidden, 8 * hidden)
        self.third = nn.Linear(8 * hidden, channels**2)

    def forward(self, states: Float[Tensor, "N D"], shape: Shape) -> Float[Tensor, "N O I H W"]:
        """Return kernels of a shape within the largest; what is not asked for is not computed."""
        out, into, height, width = shape
        cut = torch.arange(4 * self.hidden * self.kernel**2, device=states.device)
        cut = cut.view(-1, self.kernel, self.kernel)[:, :height, :width].flatten()
        pixels = functional.linear(states, self.first.weight[cut], self.first.bias[cut])
        pixels = pixels.relu().view(len(states), -1, height * width).transpose(1, 2)
        pixels = self.second(pixels).relu()
        cut = torch.arange(self.channels**2, device=states.device)
        cut = cut.view(self.channels, -1)[:out, :into].flatten()
        kernels = functional.linear(pixels, self.third.weight[cut], self.third.bias[cut])
        return kernels.transpose(1, 2).reshape(len(states), out, into, height, width)


class MlpDecoder(nn.Module):
    """A vertex becomes a kernel by one hidden layer, as in GHN-1."""

    def __init__(self, hidden: int, channels: int, kernel: int) -> None:
        super().__init__()
        self.channels, self.kernel = channels, kernel
        self.first = nn.Linear(hidden, 2 * hidden)
        self.second = nn.Linear(2 * hidden, (channels * kernel) ** 2)

    def forward(self, states: Float[Tensor, "N D"], shape: Shape) -> Float[Tensor, "N O I H W"]:
        """Return kernels of a shape within the largest."""
        out, into, height, width = shape
        cut = torch.arange((self.channels * self.kernel) ** 2, device=states.device)
        cut = cut.view(self.channels, self.channels, self.kernel, self.kernel)
        cut = cut[:out, :into, :height, :width].flatten()
        hidden = self.first(states).relu()
        kernels = functional.linear(hidden, self.second.weight[cut], self.second.bias[cut])
        return kernels.view(len(states), *shape)


class Hypernet(nn.Module):
    """Embedding of operators and shapes, message passing, decoders."""

    def __init__(self, settings: Ghn2Settings, classes: int) -> None:
        super().__init__()
        hidden, largest = settings.hidden, settings.largest_channels
        self.classes, self.longest = classes, settings.virtual_edges
        self.largest, self.largest_kernel = largest, settings.largest_kernel
        # Channels in steps of 8 up to 64 and of 16 up to 1,024; what lies between has the nearest.
        steps = sorted({0, 1, 3, classes, *range(8, 64, 8), *range(64, 1025, 16)})
        self.register_buffer("steps", torch.tensor(steps), persistent=False)
        self.kinds = nn.Embedding(len(KINDS), hidden)
        self.by_channels = nn.Embedding(len(steps), hidden // 4)
        self.by_side = nn.Embedding(settings.largest_kernel + 1, hidden // 4)
        self.messages = GatedGraphNetwork(hidden, virtual=self.longest > 1)
        self.norm = nn.LayerNorm(hidden)
        of_kind = ConvolutionalDecoder if settings.decoder == "convolutional" else MlpDecoder
        self.decoder = of_kind(hidden, largest, settings.largest_kernel)
        self.vectors = nn.Sequential(
            nn.Linear(hidden, 2 * hidden), nn.ReLU(), nn.Linear(2 * hidden, 2 * largest)
        )
        self.class_weights = nn.Sequential(nn.ReLU(), nn.Linear(largest, classes))
        self.class_biases = nn.Sequential(nn.ReLU(), nn.Linear(largest, classes))

    def forward(self, graphs: Sequence[ComputationalGraph]) -> list[dict[str, Tensor]]:
        """Return the parameters of each graph's network, by name.

        Those of a dense layer with another number of outputs than the classes are left out.

        Raises:
            ConfigError: a kernel is larger than the largest that is decoded.
        """
        batch = joined(graphs, self.longest)
        states = self._states(batch)
        groups: dict[tuple[int, Shape], list[int]] = {}
        for row, (kind, shape) in enumerate(
            zip(batch.kinds.tolist(), batch.shapes.tolist(), strict=True)
        ):
            if batch.owners[row][1]:
                groups.setdefault((kind, tuple(shape)), []).append(row)
        parameters: list[dict[str, Tensor]] = [{} for _ in graphs]
        for (kind, shape), rows in groups.items():
            if max(shape[2:]) > self.largest_kernel:
                raise ConfigError(
                    f"{batch.owners[rows[0]][1]}: kernels of at most {self.largest_kernel} pixels "
                    f"a side are predicted, not {shape[2]} x {shape[3]}"
                )
            for place, values in self._decoded(kind, shape, states[rows]):
                for row, value in zip(rows, values, strict=True):
                    owner, name = batch.owners[row]
                    parameters[owner][name.replace(".weight", place)] = value
        return parameters

    def _states(self, batch: GraphBatch) -> Float[Tensor, "N D"]:
        device = self.kinds.weight.device
        shapes = batch.shapes.to(device)
        steps = self.get_buffer("steps")
        nearest = (shapes[:, :2, None] - steps).abs().argmin(dim=-1)
        sides = shapes[:, 2:].clamp(max=self.by_side.num_embeddings - 1)
        of_shape = [self.by_channels(nearest).flatten(1), self.by_side(sides).flatten(1)]
        states = self.kinds(batch.kinds.to(device)) + torch.cat(of_shape, dim=1)
        return self.norm(
            self.messages(states, batch.near.to(device), batch.far.to(device), batch.bounds)
        )

    def _decoded(self, kind: int, shape: Shape, states: Tensor) -> list[tuple[str, Tensor]]:
        """Return what stands for ".weight" in a name, and the values of each vertex."""
        out, into = shape[0], shape[1]
        if kind in (NORM, BIAS):
            weights, biases = self.vectors(states).view(len(states), 2, -1).unbind(1)
            if kind == NORM:
                return [
                    (".weight", 2 * torch.sigmoid(0.5 * tiled(weights, (out,)))),
                    (".bias", torch.tanh(0.2 * tiled(biases, (out,)))),
                ]
            of_classes = self.class_biases(biases) if out == self.classes else biases
            return [(".bias", torch.tanh(0.2 * tiled(of_classes, (out,))))]
        if kind == LINEAR:
            if out != self.classes:
                return []
            kernels = self.decoder(states, (self.largest, min(into, self.largest), 1, 1))
            weights = self.class_weights(kernels[..., 0, 0].transpose(1, 2)).transpose(1, 2)
            return [(".weight", tiled(weights, (out, into)) * (2 / into) ** 0.5)]
        decoded = (min(out, self.largest), min(into, self.largest), shape[2], shape[3])
        return [(".weight", normalised(tiled(self.decoder(states, decoded), shape)))]


def tiled(values: Float[Tensor, "..."], shape: Sequence[int]) -> Float[Tensor, "..."]:
    """Return values of N vertices, repeated along each dimension and cut to a shape."""
    times = [-(-wanted // size) for wanted, size in zip(shape, values.shape[1:], strict=True)]
    cut = tuple(slice(wanted) for wanted in shape)
    return values.repeat(1, *times)[(slice(None), *cut)]


def normalised(kernels: Float[Tensor, "N O I H W"]) -> Float[Tensor, "N O I H W"]:
    """Return kernels times sqrt(2 / fan-in); sqrt(1 / fan-in) where no ReLU follows: depthwise."""
    inputs = kernels.shape[2]
    gain = 1.0 if inputs == 1 else 2.0
    return kernels * (gain / kernels[0, 0].numel()) ** 0.5


def _mlp(first: int, middle: int, last: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(first, middle), nn.ReLU(), nn.Linear(middle, last), nn.ReLU())
