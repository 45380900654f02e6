"""Architectures as sequences of tokens, and which tokens may follow which among listed ones.

Vertex by vertex a cell says which earlier vertices feed it and what its operator is; cells follow
one another, and places at which all architectures agree are left out. A tree of the prefixes of
listed architectures lets whoever writes token by token (a controller, a decoder) end at a listed
architecture, whatever the space.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Int64

from tgnas.errors import ConfigError
from tgnas.operators import PADDING
from tgnas.spaces.architectures import Architectures


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """What stands at each of D places.

    Attributes:
        vertices: of a cell.
        places: the places that are written, among all.
        values: what may stand at each, ascending.
    """

    vertices: int
    places: Int64[np.ndarray, " D"]
    values: Sequence[Int64[np.ndarray, " _"]]

    @classmethod
    def of(cls, architectures: Architectures) -> "Vocabulary":
        """Return the vocabulary of architectures, of which at least two differ.

        Raises:
            ConfigError: they are all alike.
        """
        vertices = architectures.cells.vertices
        raw = _raw(architectures, vertices)
        values = [np.unique(column) for column in raw.T]
        places = np.array([n for n, known in enumerate(values) if len(known) > 1], dtype=np.int64)
        if not len(places):
            raise ConfigError("architectures that are all alike have no sequence of tokens")
        return cls(vertices, places, [values[place] for place in places])

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many tokens each place has."""
        return tuple(len(known) for known in self.values)

    def encode(self, architectures: Architectures) -> Int64[np.ndarray, "N D"]:
        """Return the token at each place; what the vocabulary lacks is one past its last.

        Raises:
            ConfigError: cells have more vertices than the vocabulary knows.
        """
        raw = _raw(architectures, self.vertices)[:, self.places]
        tokens = np.empty_like(raw)
        for place, known in enumerate(self.values):
            indices = np.minimum(np.searchsorted(known, raw[:, place]), len(known) - 1)
            tokens[:, place] = np.where(known[indices] == raw[:, place], indices, len(known))
        return tokens


@dataclass(frozen=True, eq=False)
class Sequences:
    """The sequences of N listed architectures.

    Attributes:
        vocabulary: of them.
        tokens: at each of D places.
    """

    vocabulary: Vocabulary
    tokens: Int64[np.ndarray, "N D"]

    @classmethod
    def of(cls, architectures: Architectures) -> "Sequences":
        """Return the sequences of listed architectures."""
        vocabulary = Vocabulary.of(architectures)
        return cls(vocabulary, vocabulary.encode(architectures))

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many tokens each place has."""
        return self.vocabulary.sizes

    @cached_property
    def _tree(self) -> tuple[list[Int64[np.ndarray, "_ _"]], Int64[np.ndarray, " L"]]:
        """Return what each token leads to from each prefix (-1: nothing), and the leaves' rows."""
        children, node, count = [], np.zeros(len(self.tokens), dtype=np.int64), 1
        for place, size in enumerate(self.sizes):
            key = node * size + self.tokens[:, place]
            known, node = np.unique(key, return_inverse=True)
            after = np.full(count * size, -1, dtype=np.int64)
            after[known] = np.arange(len(known))
            children.append(after.reshape(count, size))
            count = len(known)
        _, rows = np.unique(node, return_index=True)
        return children, rows

    def follow(
        self, place: int, nodes: Int64[np.ndarray, " B"], tokens: Int64[np.ndarray, " B"]
    ) -> Int64[np.ndarray, " B"]:
        """Return the prefixes that tokens at a place lead to."""
        return self._tree[0][place][nodes, tokens]

    def allowed(self, place: int, nodes: Int64[np.ndarray, " B"]) -> Bool[np.ndarray, "B O"]:
        """Tell which tokens may stand at a place behind each prefix; 0 is the empty one."""
        return self._tree[0][place][nodes] >= 0

    def rows(self, leaves: Int64[np.ndarray, " B"]) -> Int64[np.ndarray, " B"]:
        """Return the listed row of each whole sequence; of equal ones the first."""
        return self._tree[1][leaves]

    def masks(self, rows: Int64[np.ndarray, " B"]) -> Bool[np.ndarray, "B D O"]:
        """Tell which tokens were allowed at each place of listed sequences; O is the most."""
        nodes, chosen = np.zeros(len(rows), dtype=np.int64), self.tokens[rows]
        masks = np.zeros((len(rows), len(self.sizes), max(self.sizes)), dtype=bool)
        for place, size in enumerate(self.sizes):
            masks[:, place, :size] = self.allowed(place, nodes)
            nodes = self.follow(place, nodes, chosen[:, place])
        return masks


def _raw(architectures: Architectures, vertices: int) -> Int64[np.ndarray, "N P"]:
    """Return for every vertex which earlier ones feed it, as bits, and its operator."""
    cells = architectures.cells
    if cells.vertices > vertices:
        raise ConfigError(f"cells of {cells.vertices} vertices; sequences have up to {vertices}")
    if cells.vertices < vertices:
        cells = replace(architectures, cells=cells.padded(vertices)).cells
    bits = 1 << np.arange(vertices, dtype=np.int64)
    feeding = np.einsum("nij,i->nj", cells.adjacency().astype(np.int64), bits)
    operators = np.where(cells.operators == PADDING, -1, cells.operators.astype(np.int64))
    both = np.stack([feeding, operators], axis=2)
    return both.reshape(len(architectures), 2 * vertices * architectures.cells_per_architecture)
