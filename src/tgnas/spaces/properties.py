"""Properties of a program, and what is said of them without running it.

alphaNAS (Jin et al., OOPSLA 2022, arXiv 2205.03960) searches properties of subgraphs in place of
the subgraphs. There are three:

- the shape: how many times the channels are doubled and the side is halved on the way;
- the depth: nonlinearities on the longest path;
- the mixing: what a number that comes out may depend on of what comes in, of the pixels (its own
  place; some; all) and of the channels (its own, all).

"Some" pixels are a window that the operators bound, whatever the size of the image, and "all" are
those of an image of any size. How large the window is it does not say: those of operators in a row
add up, and may cover a small image whole. That of ``programs.BASE`` is 35x35 pixels, so that on an
8x8 input one number hears all 64 places.

``properties_of`` works them out from operators and edges alone. Shapes are exact, no path has more
nonlinearities than the depth, and no number depends on another place, or another channel, than its
own where the mixing says so (``tests/test_properties.py`` holds it against Jacobians of real
networks). The property of a sequence follows from those of its parts (``then``), and so does that
of a sum (``beside``).
"""

from dataclasses import astuple, dataclass

import numpy as np
from jaxtyping import Bool, Int64

from tgnas.cell import Cells
from tgnas.operators import PADDING

PIXELS = ("one", "some", "all")  # places that a pixel may depend on; some: a bounded window
CHANNELS = ("one", "all")
NAMES = ("channels", "side", "depth", "pixels", "mixing")
FAR = 1 << 20


@dataclass(frozen=True, slots=True, order=True)
class Properties:
    """The properties of a program, or of one operator.

    Attributes:
        channels: doublings of the channels; halvings count down.
        side: halvings of the side.
        depth: nonlinearities on the longest path.
        pixels: place in ``PIXELS`` of what a number may depend on.
        mixing: place in ``CHANNELS``, likewise.
    """

    channels: int = 0
    side: int = 0
    depth: int = 0
    pixels: int = 0
    mixing: int = 0

    def then(self, other: "Properties") -> "Properties":
        """Return the properties of this program with another behind it."""
        return Properties(
            self.channels + other.channels,
            self.side + other.side,
            self.depth + other.depth,
            max(self.pixels, other.pixels),
            max(self.mixing, other.mixing),
        )

    def beside(self, other: "Properties") -> "Properties | None":
        """Return the properties of the sum of two programs; None where shapes differ."""
        if (self.channels, self.side) != (other.channels, other.side):
            return None
        return Properties(
            self.channels,
            self.side,
            max(self.depth, other.depth),
            max(self.pixels, other.pixels),
            max(self.mixing, other.mixing),
        )

    def distance(self, other: "Properties") -> int:
        """Return the sum of the differences, which is 0 for equal ones alone."""
        return sum(abs(a - b) for a, b in zip(astuple(self), astuple(other), strict=True))

    def __str__(self) -> str:
        return (
            f"channels x{2.0**self.channels:g}, side /{2**self.side}, depth {self.depth}, "
            f"pixels {PIXELS[self.pixels]}, channels mixed {CHANNELS[self.mixing]}"
        )


IDENTITY = Properties()
Vertices = Int64[np.ndarray, "N V 5"]


def properties_of(
    cells: Cells, effects: Int64[np.ndarray, "256 5"]
) -> tuple[Vertices, Bool[np.ndarray, " N"]]:
    """Return the properties of every vertex, in the order of ``NAMES``, and which cells are sound.

    A vertex hears the sum of its sources. A cell in which a sum is of different shapes, or in
    which a vertex hears nothing, has none.

    Args:
        cells: with one input, the first vertex.
        effects: the properties of the operator of every code.
    """
    edges, operators = cells.adjacency(), cells.operators
    count, size = operators.shape
    properties = np.zeros((count, size, len(NAMES)), dtype=np.int64)
    valid = np.ones(count, dtype=bool)
    for vertex in range(1, size):
        heard = edges[:, :vertex, vertex, None]
        there = operators[:, vertex] != PADDING
        high = np.where(heard, properties[:, :vertex], -FAR).max(axis=1)
        low = np.where(heard, properties[:, :vertex], FAR).min(axis=1)
        fits = heard.any(axis=(1, 2)) & (high[:, :2] == low[:, :2]).all(axis=1)
        valid &= fits | ~there
        effect = effects[operators[:, vertex]]
        here = np.concatenate(
            [high[:, :3] + effect[:, :3], np.maximum(high[:, 3:], effect[:, 3:])], axis=1
        )
        properties[:, vertex] = np.where((there & fits)[:, None], here, 0)
    return properties, valid


def whole(cells: Cells, properties: Vertices) -> Int64[np.ndarray, "N 5"]:
    """Return the properties of the last vertex of every cell."""
    return properties[np.arange(len(cells)), cells.sizes - 1]
