"""The computational graph of a torch network: what a hypernetwork reads of it.

As in DeepNets-1M (Knyazev et al., NeurIPS 2021, arXiv 2110.13100, section 3.1): a vertex is an
operator with the shape of its parameter, an edge is where its output goes. A convolution, its bias
and its normalisation are vertices of their own; what has no parameter and keeps the channels as
they are, such as ReLU, is none. Additions that follow each other are one sum.
"""

import operator
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float64, Int64, config
from scipy.sparse import csr_array
from scipy.sparse.csgraph import shortest_path
from torch import fx, nn

from tgnas.errors import ConfigError

KINDS = (
    *("input", "conv", "conv_1x1", "depthwise_conv", "dilated_conv", "linear", "bias", "norm"),
    *("max_pool", "avg_pool", "global_pool", "sum", "concat"),
)
_POOLS = {
    nn.MaxPool2d: "max_pool",
    nn.AvgPool2d: "avg_pool",
    nn.AdaptiveAvgPool2d: "global_pool",
}
_SUMS = (operator.add, operator.iadd, torch.add, "add")
_PRODUCTS = (operator.mul, torch.mul, "mul")


@dataclass(frozen=True, eq=False)
class ComputationalGraph:
    """N vertices in an order in which every edge leads to a later one.

    Attributes:
        kinds: places in ``KINDS``.
        shapes: of a vertex's parameter: channels out, channels in, height, width; 0 where it has
            none, 1 where it has fewer dimensions.
        names: of the parameter in the network, "" where it has none; a normalisation's weight
            stands for its bias, too.
        edges: row i holds the edges that leave vertex i.
    """

    kinds: Int64[np.ndarray, " N"]
    shapes: Int64[np.ndarray, "N 4"]
    names: tuple[str, ...]
    edges: Bool[np.ndarray, "N N"]

    def __len__(self) -> int:
        return len(self.kinds)

    @cached_property
    def levels(self) -> Int64[np.ndarray, " N"]:
        """Edges of the longest path that ends in each vertex; between equals there is no path."""
        return _levels(self.edges)

    @cached_property
    def distances(self) -> Float64[np.ndarray, "N N"]:
        """Edges of the shortest path from each vertex to each; infinite where there is none."""
        return shortest_path(csr_array(self.edges), directed=True, unweighted=True)

    def virtual_weights(self, longest: int) -> Float64[np.ndarray, "N N"]:
        """Return 1 / shortest path between vertices at most `longest` apart; 0 for all others."""
        near = (self.distances >= 1) & (self.distances <= longest)
        return np.divide(1.0, self.distances, out=np.zeros(near.shape), where=near)

    @property
    def mean_degree(self) -> float:
        """Mean number of edges of a vertex, in and out."""
        return 2 * float(self.edges.sum()) / len(self)

    @property
    def mean_path(self) -> float:
        """Mean length of the shortest path between two vertices, whatever edges' direction."""
        both = shortest_path(csr_array(self.edges), directed=False, unweighted=True)
        others = np.isfinite(both) & ~np.eye(len(self), dtype=bool)
        return float(both[others].mean())


class _Builder:
    """Vertices and edges as they are found."""

    def __init__(self) -> None:
        self.kinds: list[str] = []
        self.shapes: list[Sequence[int]] = []
        self.names: list[str] = []
        self.sources: list[set[int]] = []

    def add(
        self, kind: str, sources: set[int], name: str = "", shape: Sequence[int] = (0, 0, 0, 0)
    ) -> set[int]:
        """Add a vertex and return it alone."""
        self.kinds.append(kind)
        self.shapes.append((*shape, *(1,) * (4 - len(shape))))
        self.names.append(name)
        self.sources.append(sources)
        return {len(self.kinds) - 1}

    def layer(self, name: str, layer: nn.Module, sources: set[int]) -> set[int]:
        """Add what a layer is and return what its output comes from."""
        for kind, pool in _POOLS.items():
            if isinstance(layer, kind):
                return self.add(pool, sources)
        if isinstance(layer, nn.BatchNorm2d):
            if not layer.affine:
                return sources
            return self.add("norm", sources, f"{name}.weight", layer.weight.shape)
        if isinstance(layer, nn.Conv2d | nn.Linear):
            ends = self.add(_kind(layer), sources, f"{name}.weight", layer.weight.shape)
            if layer.bias is not None:
                ends = self.add("bias", ends, f"{name}.bias", layer.bias.shape)
            return ends
        if next(layer.parameters(), None) is not None:
            raise ConfigError(
                f"{name}: parameters of {type(layer).__name__} are not predicted; those of "
                "Conv2d, Linear and BatchNorm2d are"
            )
        return sources

    def graph(self) -> ComputationalGraph:
        """Return the graph, its vertices in order of their levels."""
        count = len(self.kinds)
        edges = np.zeros((count, count), dtype=bool)
        for target, sources in enumerate(self.sources):
            edges[list(sources), target] = True
        order = np.argsort(_levels(edges), kind="stable")
        kinds = np.array([KINDS.index(kind) for kind in self.kinds])
        shapes = np.array(self.shapes, dtype=np.int64)
        names = tuple(self.names[place] for place in order)
        return ComputationalGraph(kinds[order], shapes[order], names, edges[np.ix_(order, order)])


class _Tracer(fx.Tracer):
    """One that looks into everything but the layers of torch."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        """Tell whether a module is a layer."""
        del module_qualified_name
        return type(m).__module__.startswith("torch.nn") and not isinstance(m, nn.Sequential)


@contextmanager
def _unchecked() -> Iterator[None]:
    """Let what stands for an image pass where shapes of images are checked, as in tests."""
    before = config.jaxtyping_disable
    config.update("jaxtyping_disable", True)
    try:
        yield
    finally:
        config.update("jaxtyping_disable", before)


def graph_of(network: nn.Module) -> ComputationalGraph:
    """Return the computational graph of a network.

    Raises:
        ConfigError: its forward pass depends on the images, or a layer has parameters of another
            kind than convolutions, dense layers and batch normalisations have.
    """
    try:
        with _unchecked():
            trace = _Tracer().trace(network)
    except (fx.proxy.TraceError, TypeError) as error:
        raise ConfigError(f"the network has no one computational graph: {error}") from error
    built = _Builder()
    stands: dict[fx.Node, set[int]] = {}
    open_sums: dict[fx.Node, int] = {}  # sums that go nowhere but into another sum
    for node in trace.nodes:
        reaching = [stands[source] for source in node.all_input_nodes]
        sources = set[int]().union(*reaching)
        target: Any = node.target
        if node.op == "placeholder":
            stands[node] = built.add("input", set())
        elif node.op == "call_module":
            stands[node] = built.layer(target, network.get_submodule(target), sources)
        elif node.op == "get_attr":
            raise ConfigError(f"{target}: a parameter that belongs to no layer is not predicted")
        elif target in _PRODUCTS and 0 in node.args:
            stands[node] = set()
        elif target in _SUMS and len(sources) > 1:
            joined = next((open_sums[n] for n in node.all_input_nodes if n in open_sums), None)
            if joined is None:
                (joined,) = built.add("sum", sources)
            else:
                built.sources[joined] |= sources - {joined}
            stands[node] = {joined}
            if [next_one.target in _SUMS for next_one in node.users] == [True]:
                open_sums[node] = joined
        elif target is torch.cat and len(sources) > 1:
            stands[node] = built.add("concat", sources)
        else:
            stands[node] = sources
    return built.graph()


def _kind(layer: nn.Conv2d | nn.Linear) -> str:
    if isinstance(layer, nn.Linear):
        return "linear"
    if layer.dilation[0] > 1:
        return "dilated_conv"
    if layer.groups > 1:
        return "depthwise_conv"
    return "conv_1x1" if layer.kernel_size[0] == 1 else "conv"


def _levels(edges: Bool[np.ndarray, "N N"]) -> Int64[np.ndarray, " N"]:
    levels = np.zeros(len(edges), dtype=np.int64)
    source, target = np.nonzero(edges)
    while True:
        longer = levels.copy()
        np.maximum.at(longer, target, levels[source] + 1)
        if np.array_equal(longer, levels):
            return levels
        levels = longer
