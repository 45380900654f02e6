"""Programs: sequences and graphs of operators that change the shape of what passes through.

The search space of property-guided synthesis (Jin et al., OOPSLA 2022, arXiv 2205.03960), small: an
architecture is a whole network between a stem and a classifier, any acyclic graph of at most 14
operators whose vertices add up what they hear. Channels may be a quarter to eight times those of
the stem, and the side may be halved twice. An architecture string names the operators and edges::

    input,conv3x3,widen1x1,relu,output;0-1,0-2,1-2,2-3,3-4

Sums of different shapes are no programs. The operators, their bounds and the network that a search
begins with are ours.
"""

from collections.abc import Mapping
from dataclasses import astuple
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from jaxtyping import Bool, Int64

from tgnas.cell import Cells
from tgnas.operators import CODES, NAMES, PADDING, OperatorAttributes
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.forms.base import INPUT, OUTPUT, Alphabet, Graph, Read
from tgnas.spaces.forms.nodes import NodeKeys, OperatorsOnNodes
from tgnas.spaces.properties import Properties, properties_of
from tgnas.spaces.skeleton import PROGRAMS, NetworkKeys, Skeleton
from tgnas.spaces.space import NewOperator, Space

MAX_OPERATORS = 14
NARROWEST, WIDEST, HALVINGS = -2, 3, 2  # doublings of the channels, halvings of the side
DRAWN = 32  # steps that are tried at once
SKIPS, DROPPED = 0.15, 0.3  # chances of a skip, and that a step beside a skip is left out


class Kind(NamedTuple):
    """One operator: its description or, where it is known, its name; attributes; properties."""

    words: str
    attributes: OperatorAttributes | None
    effect: Properties


def _has(**attributes: Any) -> OperatorAttributes:
    return OperatorAttributes(**attributes)


SOME, ALL, MIXED = {"pixels": 1}, {"pixels": 2}, {"mixing": 1}
# What says conv, known names among it, is convolution, batch normalisation and ReLU.
OPERATORS: Mapping[str, Kind] = MappingProxyType(
    {
        "conv3x3": Kind("conv_3x3", None, Properties(depth=1, **SOME, **MIXED)),
        "conv1x1": Kind("conv_1x1", None, Properties(depth=1, **MIXED)),
        "dwconv3x3": Kind(
            "Depthwise convolution 3 by 3",
            _has(kernel=3, groups="depthwise"),
            Properties(depth=1, **SOME),
        ),
        "relu": Kind("Rectified linear unit", _has(), Properties(depth=1)),
        "linear3x3": Kind(
            "Convolution 3 by 3 without activation", _has(kernel=3), Properties(**SOME, **MIXED)
        ),
        "linear1x1": Kind(
            "Convolution 1 by 1 without activation", _has(kernel=1), Properties(**MIXED)
        ),
        "dwlinear3x3": Kind(
            "Depthwise convolution 3 by 3 without activation",
            _has(kernel=3, groups="depthwise"),
            Properties(**SOME),
        ),
        "widen1x1": Kind(
            "Convolution 1 by 1 to twice the channels without activation",
            _has(kernel=1, widen=2),
            Properties(channels=1, **MIXED),
        ),
        "narrow1x1": Kind(
            "Convolution 1 by 1 to half the channels without activation",
            _has(kernel=1, widen=0.5),
            Properties(channels=-1, **MIXED),
        ),
        "conv3x3_down": Kind(
            "Convolution 3 by 3 with stride 2 to twice the channels",
            _has(kernel=3, stride=2, widen=2),
            Properties(channels=1, side=1, depth=1, **SOME, **MIXED),
        ),
        "avgpool2x2": Kind(
            "Average pooling 2 by 2 with stride 2",
            _has(kernel=2, stride=2, pooling="average"),
            Properties(side=1, **SOME),
        ),
        "context": Kind(
            "Global average pooling that is added to every pixel",
            _has(pooling="average"),
            Properties(**ALL),
        ),
    }
)
NEW = tuple(
    NewOperator(kind.words, kind.attributes.numbers)
    for kind in OPERATORS.values()
    if kind.attributes is not None
)


def _codes() -> dict[str, int]:
    new = iter(range(len(NAMES), len(NAMES) + len(NEW)))
    return {
        name: CODES[kind.words] if kind.attributes is None else next(new)
        for name, kind in OPERATORS.items()
    }


CODE_OF = MappingProxyType(_codes())
EFFECTS: Int64[np.ndarray, "256 5"] = np.zeros((256, 5), dtype=np.int64)
for _name, _code in CODE_OF.items():
    EFFECTS[_code] = astuple(OPERATORS[_name].effect)
EFFECTS.flags.writeable = False


def sound(cells: Cells) -> Bool[np.ndarray, " N"]:
    """Tell which cells are programs: sums are of one shape, and every shape is within bounds."""
    properties, valid = properties_of(cells, EFFECTS)
    channels, side = properties[:, :, 0], properties[:, :, 1]
    within = (channels >= NARROWEST) & (channels <= WIDEST) & (side <= HALVINGS)
    return valid & within.all(axis=1)


class Programs(OperatorsOnNodes):
    """An acyclic graph of operators, some of which change the shape."""

    word = PROGRAMS

    def skeleton(self, network: NetworkKeys, new: tuple[tuple[float, ...], ...]) -> Skeleton:
        """Return what all architectures share: the network, attributes of the operators."""
        return Skeleton(self.word, network, new=new)

    def graphs_of(self, member: Mapping[str, Any]) -> list[Graph]:
        """Return the graph, in which every sum is of one shape."""
        graphs = super().graphs_of(member)
        if not sound(self.pack(graphs))[0]:
            raise self.alphabet.refuse(
                "a sum of different shapes, or one out of bounds: channels may be "
                f"{2.0**NARROWEST:g} to {2**WIDEST} times those of the stem, and the side may be "
                f"halved {HALVINGS} times"
            )
        return graphs

    def read(self, texts: pa.Array) -> Read:
        """Read all strings by the column."""
        cells, understood = super().read(texts)
        understood[understood] = sound(cells[understood])
        return cells, understood

    def sample(self, count: int, generator: np.random.Generator) -> Cells:
        """Return random programs: a sequence, in which skips are added and steps are left out.

        Lengths are drawn uniformly, and operators too; what is out of bounds is drawn again.
        """
        parts, missing = [self.pack([])], count
        while missing:
            parts.append(self._members(*self._drawn(max(64, 4 * missing), generator))[:missing])
            missing -= len(parts[-1])
        return Cells.concatenate(parts)

    def _drawn(self, count: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        size = self.vertices
        codes = np.array(list(self.alphabet.codes.values()), dtype=np.uint8)
        operators = generator.choice(codes, size=(count, size))
        length = generator.integers(1, size - 1, size=count)
        place = np.arange(size)
        operators[:, 0] = INPUT
        operators[np.arange(count), length + 1] = OUTPUT
        operators[place > length[:, None] + 1] = PADDING
        shape = np.cumsum(EFFECTS[operators][:, :, :2], axis=1)
        before = np.roll(shape, 1, axis=1)
        inside = (place > 0) & (place <= length[:, None] + 1)
        chain = (place[:, None] + 1 == place) & inside[:, None, :]
        # What a vertex may hear beside the one before it: whatever has the same shape.
        alike = (shape[:, :, None] == before[:, None, :]).all(axis=3)
        earlier = (place[:, None] + 1 < place) & inside[:, None, :]
        skips = alike & earlier & (generator.random((count, size, size)) < SKIPS)
        dropped = (generator.random((count, 1, size)) < DROPPED) & skips.any(axis=1)[:, None]
        return operators, (chain & ~dropped) | skips

    def mutate(self, cells: Cells, generator: np.random.Generator) -> Cells:
        """Return a random neighbour of each: of the steps that lead to one, each is as likely."""
        rows = [self._neighbour(cells[row : row + 1], generator) for row in range(len(cells))]
        return Cells.concatenate([self.pack([]), *rows])

    def _neighbour(self, cell: Cells, generator: np.random.Generator) -> Cells:
        size = int(cell.sizes[0])
        codes, matrix = cell.operators[0, :size], cell.adjacency()[0, :size, :size]
        steps, here = self._steps(size), Architectures(cell.padded(self.vertices))
        order = generator.permutation(len(steps))
        for start in range(0, len(order), DRAWN):
            some = [steps[place] for place in order[start : start + DRAWN]]
            around = Architectures(self._built([self._stepped(codes, matrix, s) for s in some]))
            others = np.flatnonzero(here.rows_of(around) < 0)
            if len(others):
                return around[others[:1]].cells
        raise self.alphabet.refuse("no step leads from a program to another")

    def _members(self, operators: np.ndarray, adjacency: np.ndarray) -> Cells:
        """Return those pruned graphs that are programs."""
        cells = super()._members(operators, adjacency)
        return cells[sound(cells)]


SPACE = Space(
    "programs",
    "Sequences and graphs of 12 operators that change shapes, whole networks",
    Programs(
        Alphabet("programs", CODE_OF),
        NodeKeys(max_nodes=MAX_OPERATORS + 2, connected=True),
    ),
    NEW,
    NetworkKeys(width=16),
)
# What a search begins with: a small residual network of three stages.
BASE = (
    "input,conv3x3,conv3x3,conv3x3_down,conv3x3,conv3x3,conv3x3_down,conv3x3,conv3x3,output;"
    "0-1,0-3,1-2,2-3,3-4,3-6,4-5,5-6,6-7,6-9,7-8,8-9"
)
