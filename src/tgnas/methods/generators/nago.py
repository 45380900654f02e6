"""NAGO (Ru et al., NeurIPS 2020, arXiv 2004.01395): a hierarchy of three random graphs.

The top graph is of the Watts-Strogatz model; each of its nodes is an Erdos-Renyi graph, and each
node of that is a Watts-Strogatz graph of convolutions. Eight numbers, theta, are all that is
searched: NAGO looks for a good generator, from which networks are then drawn.

An edge leads from the lower to the higher node of a graph. A node that hears no other is an input
of its graph, and one that no other hears an output. Where a node is a graph itself, its inputs hear
all outputs of the graphs before it, so that the drawn network is one acyclic graph of convolutions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import networkx as nx
import numpy as np
from jaxtyping import Float
from pydantic import Field

from tgnas.cell import Cells
from tgnas.errors import ConfigError, number_of
from tgnas.methods.card import Card
from tgnas.methods.settings import MethodSettings
from tgnas.operators import CODES
from tgnas.spaces.architectures import Architectures

CARD = Card(
    title="NAGO",
    reference="Ru et al., NeurIPS 2020, arXiv 2004.01395, section 3",
    needs="nothing",
    deviations=(
        "the hierarchy is drawn as one flat graph, so that each edge has a weight of its own in "
        "the sum that a convolution hears",
        "a Watts-Strogatz node has at most as many neighbours as there are other nodes",
    ),
)
STAGE = "stage"  # the attribute that says which of the three widths a vertex has
STAGES = 3  # of widths 1 : 2 : 4
TRIES = 200  # draws until a Watts-Strogatz graph is connected
CONVOLUTION, INPUT, OUTPUT = (CODES[name] for name in ("conv_3x3", "input", "output"))


class Settings(MethodSettings):
    """The range of theta."""

    fewest_nodes: int = Field(default=3, ge=3)
    """Nodes of each graph, at least."""
    most_nodes: int = Field(default=10, ge=3, le=20)
    """Nodes of each graph, at most."""
    fewest_neighbours: int = Field(default=2, ge=2)
    """Neighbours of a node of a Watts-Strogatz ring, K, at least."""
    most_neighbours: int = Field(default=5, ge=2)
    """K at most; an odd K joins a node with as many as the even one below it."""
    least_rewiring: float = Field(default=0.1, ge=0, le=1)
    """Probability P that an edge of the ring is rewired, at least."""
    least_density: float = Field(default=0.2, gt=0, le=1)
    """Probability of an edge of the Erdos-Renyi graph, at least; both are 1 at most."""


class Theta(NamedTuple):
    """The parameters of a generator, in the order of its vector."""

    top_nodes: int
    top_neighbours: int
    top_rewiring: float
    middle_nodes: int
    middle_density: float
    bottom_nodes: int
    bottom_neighbours: int
    bottom_rewiring: float


@dataclass(frozen=True, slots=True)
class _Part:
    """A graph of convolutions: how many, its edges, and those that hear and are heard outside."""

    size: int
    edges: tuple[tuple[int, int], ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


_ONE = _Part(1, (), (0,), (0,))


class Generator:
    """The distribution of one theta.

    Args:
        theta: the eight numbers of ``Theta``.

    Raises:
        ConfigError: there are not eight, or one is out of its range.
    """

    def __init__(self, theta: Float[np.ndarray, " P"]) -> None:
        self.theta = _checked(theta)

    def sample(self, generator: np.random.Generator) -> Architectures:
        """Return one architecture: a cell of 3x3 convolutions, and the stage of every vertex.

        The top graph's nodes, in their order, are shared evenly by the three stages.
        """
        theta = self.theta
        parts = [self._middle(generator) for _ in range(theta.top_nodes)]
        graph = watts_strogatz(theta.top_nodes, theta.top_neighbours, theta.top_rewiring, generator)
        whole = _joined(graph, parts)
        stages = [[node * STAGES // len(parts)] * part.size for node, part in enumerate(parts)]
        stage = np.array([0, *(s for part in stages for s in part), STAGES - 1], dtype=np.uint8)
        size = whole.size + 2
        adjacency = np.zeros((1, size, size), dtype=bool)
        edges = [(0, node + 1) for node in whole.inputs]
        edges += [(source + 1, target + 1) for source, target in whole.edges]
        edges += [(node + 1, size - 1) for node in whole.outputs]
        adjacency[0][tuple(np.transpose(edges))] = True
        operators = np.full((1, size), CONVOLUTION, dtype=np.uint8)
        operators[0, [0, -1]] = INPUT, OUTPUT
        return Architectures(
            Cells.from_arrays(operators, adjacency), attributes={STAGE: stage[None]}
        )

    def _middle(self, generator: np.random.Generator) -> _Part:
        theta = self.theta
        parts = [self._bottom(generator) for _ in range(theta.middle_nodes)]
        return _joined(erdos_renyi(theta.middle_nodes, theta.middle_density, generator), parts)

    def _bottom(self, generator: np.random.Generator) -> _Part:
        theta = self.theta
        graph = watts_strogatz(
            theta.bottom_nodes, theta.bottom_neighbours, theta.bottom_rewiring, generator
        )
        return _joined(graph, [_ONE] * theta.bottom_nodes)


def watts_strogatz(
    nodes: int, neighbours: int, rewiring: float, generator: np.random.Generator
) -> nx.Graph:
    """Return a connected Watts-Strogatz graph of networkx."""
    near = min(neighbours, nodes - 1)
    seed = int(generator.integers(1 << 31))
    return nx.connected_watts_strogatz_graph(nodes, near, rewiring, tries=TRIES, seed=seed)


def erdos_renyi(nodes: int, density: float, generator: np.random.Generator) -> nx.Graph:
    """Return an Erdos-Renyi graph of networkx, which need not be connected."""
    return nx.erdos_renyi_graph(nodes, density, seed=int(generator.integers(1 << 31)))


def random_theta(settings: Settings, generator: np.random.Generator) -> Theta:
    """Return a theta that is drawn uniformly from its range."""
    bounds = bounds_of(settings)
    drawn = [
        int(generator.integers(low, int(high) + 1))
        if isinstance(low, int)
        else float(generator.uniform(low, high))
        for low, high in bounds.values()
    ]
    return Theta(*drawn)  # type: ignore[arg-type]


def bounds_of(settings: Settings) -> dict[str, tuple[int, int] | tuple[float, float]]:
    """Return the least and the greatest value of each of theta's numbers, by its name."""
    nodes = settings.fewest_nodes, settings.most_nodes
    near = settings.fewest_neighbours, settings.most_neighbours
    ring = settings.least_rewiring, 1.0
    ranges = (nodes, near, ring, nodes, (settings.least_density, 1.0), nodes, near, ring)
    return dict(zip(Theta._fields, ranges, strict=True))


def _checked(theta: Float[np.ndarray, " P"]) -> Theta:
    values = np.asarray(theta, dtype=float).ravel()
    if len(values) != len(Theta._fields):
        raise ConfigError(f"theta has {number_of(len(values), 'number')}, not {len(Theta._fields)}")
    whole = {n for n in Theta._fields if n.endswith(("nodes", "neighbours"))}
    named = {
        name: round(value) if name in whole else float(value)
        for name, value in zip(Theta._fields, values.tolist(), strict=True)
    }
    for name, value in named.items():
        least = (3 if name == "top_nodes" else 2) if name in whole else 0
        if value < least or (name not in whole and value > 1):
            allowed = f"at least {least}" if name in whole else "from 0 to 1"
            raise ConfigError(f"theta: {name} is {value}; allowed is {allowed}")
    return Theta(**named)  # type: ignore[arg-type]


def _joined(graph: nx.Graph, parts: Sequence[_Part]) -> _Part:
    """Return the graph of convolutions of a graph whose nodes are parts."""
    starts = np.cumsum([0, *(part.size for part in parts)]).tolist()
    pairs = sorted((min(pair), max(pair)) for pair in graph.edges)
    heard, hears = {a for a, _ in pairs}, {b for _, b in pairs}

    def placed(node: int, local: Sequence[int]) -> list[int]:
        return [starts[node] + place for place in local]

    edges = [
        (starts[node] + a, starts[node] + b)
        for node, part in enumerate(parts)
        for a, b in part.edges
    ]
    for a, b in pairs:
        edges += product(placed(a, parts[a].outputs), placed(b, parts[b].inputs))
    inputs = [p for n, part in enumerate(parts) if n not in hears for p in placed(n, part.inputs)]
    outputs = [p for n, part in enumerate(parts) if n not in heard for p in placed(n, part.outputs)]
    return _Part(starts[-1], tuple(sorted(edges)), tuple(inputs), tuple(outputs))
