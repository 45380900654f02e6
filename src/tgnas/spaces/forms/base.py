"""What the forms of search spaces have in common.

A form knows an architecture in three ways: as the space's own string, as a plain JSON object, and
as its K cells. Strings that are written in the usual manner are read by the column; any other goes
by way of its object, which is where every error is told.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Bool, Int64, UInt8

from tgnas.cell import Cells
from tgnas.errors import ConfigError, InvalidCellError, UnknownInDataError, shown
from tgnas.operators import CODES, PADDING
from tgnas.spaces.notations.base import Notation
from tgnas.spaces.skeleton import NetworkKeys, Skeleton

INPUT, OUTPUT = CODES["input"], CODES["output"]
IDENTITY, ZERO = CODES["identity"], CODES["zero"]
ENUMERABLE = 1_000_000
Pair = tuple[int, int]
# Codes of the vertices and the edges between them.
Graph = tuple[list[int], list[Pair]]
Read = tuple[Cells, Bool[np.ndarray, " N"]]
Choices = Int64[np.ndarray, "N D"]


@dataclass(frozen=True)
class Alphabet:
    """The operators of a space as it spells them, and their codes in packed cells."""

    space: str
    codes: Mapping[str, int]

    def code(self, spelled: str) -> int:
        """Return the code of an operator; an UnknownInDataError where the space has none."""
        if spelled not in self.codes:
            raise UnknownInDataError(f"{self.space} operator", spelled, self.codes)
        return self.codes[spelled]

    @cached_property
    def spellings(self) -> tuple[str, ...]:
        """The operators in the order of the file."""
        return tuple(self.codes)

    @cached_property
    def names(self) -> dict[int, str]:
        """Code -> spelling; of several spellings the first."""
        return {code: name for name, code in reversed(list(self.codes.items()))}

    def places(self, texts: pa.Array) -> Int64[np.ndarray, " N"]:
        """Return each operator's place in the file; -1 for what is not an operator."""
        places = pc.index_in(texts, value_set=pa.array(self.spellings, texts.type))
        return places.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)

    def places_of_codes(self) -> Int64[np.ndarray, " 256"]:
        """Return the place in the file of every code; -1 for those of other spaces."""
        places = np.full(256, -1, dtype=np.int64)
        for place, code in reversed(list(enumerate(self.codes.values()))):
            places[code] = place
        return places

    def refuse(self, what: str) -> InvalidCellError:
        """Return the error that says what is wrong with an architecture of the space."""
        return InvalidCellError(f"{self.space}: {what}")

    def known(self, places: Int64[np.ndarray, "..."]) -> Int64[np.ndarray, "..."]:
        """Return places of which none is -1, which raises an InvalidCellError."""
        if (places < 0).any():
            raise self.refuse("a cell is not in this search space")
        return places


class Form(ABC):
    """One way to build cells of at most V vertices; all cells here are N K, in arrays of V columns.

    ``choices`` is what may stand at each of D independent decisions; empty where they are not.
    """

    word = ""  # what a space file calls the form
    alphabet: Alphabet
    cell_weights: tuple[float, ...] = (1.0,)
    vertices: int
    choices: tuple[tuple[str, ...], ...] = ()

    @abstractmethod
    def object_of(self, text: str) -> dict[str, Any]:
        """Return the JSON object of an architecture's own string; errors as in ``graphs_of``."""

    @abstractmethod
    def text_of(self, member: Mapping[str, Any]) -> str:
        """Return the space's own string of a valid JSON object."""

    @abstractmethod
    def graphs_of(self, member: Mapping[str, Any]) -> list[Graph]:
        """Return the graphs of the K cells of a JSON object.

        Raises:
            InvalidCellError: the object is not an architecture of the space.
            UnknownInDataError: an operator that the space does not have.
        """

    @abstractmethod
    def objects_of(self, cells: Cells) -> list[dict[str, Any]]:
        """Return the JSON objects of N K cells, the inverse of ``graphs_of``; errors as there."""

    def skeleton(self, network: NetworkKeys, new: tuple[tuple[float, ...], ...]) -> Skeleton:
        """Return what all architectures share: the network, attributes of new operators."""
        return Skeleton(self.word, network, new=new)

    @cached_property
    def notations(self) -> Mapping[str, Notation]:
        """The ways in which other libraries write the space's architectures, by name."""
        return {}

    def read(self, texts: pa.Array) -> Read:
        """Return the N K cells of strings, and which of the N strings were understood, if any."""
        empty = self.pack([([INPUT, OUTPUT], [(0, 1)])] * len(texts))
        return empty, np.zeros(len(texts), dtype=bool)

    def of_choices(self, rows: Choices) -> Cells:
        """Return the N K cells of rows of indices into ``choices``."""
        del rows  # a form that has choices writes both anew
        raise self._not_independent()

    def choices_of(self, cells: Cells) -> Choices:
        """Return the rows of indices into ``choices`` that build cells, up to vertices' order."""
        del cells
        raise self._not_independent()

    def enumerate(self) -> Cells:
        """Return the cells of every architecture; the last decision changes fastest."""
        sizes = self.sizes
        check_enumerable(self.alphabet.space, math.prod(sizes))
        return self.of_choices(np.indices(sizes).reshape(len(sizes), -1).T)

    def sample(self, count: int, generator: np.random.Generator) -> Cells:
        """Return the cells of architectures that are drawn uniformly."""
        return self.of_choices(generator.integers(self.sizes, size=(count, len(self.sizes))))

    def mutate(self, cells: Cells, generator: np.random.Generator) -> Cells:
        """Return a random neighbour of each: where choices are independent, another option."""
        if not self.choices:
            around = [self.neighbours(cells[row : row + 1]) for row in range(len(cells))]
            if not all(map(len, around)):
                raise alone(self.alphabet.space)
            chosen = [int(generator.integers(len(part))) for part in around]
            parts = [part[i : i + 1] for part, i in zip(around, chosen, strict=True)]
            return Cells.concatenate([self.pack([]), *parts])
        if max(self.sizes) == 1:
            raise alone(self.alphabet.space)
        return self.of_choices(mutated(self.choices_of(cells), self.sizes, generator))

    def neighbours(self, cells: Cells) -> Cells:
        """Return all architectures that differ from one in one decision."""
        return self.of_choices(one_changed(self.choices_of(cells)[0], self.sizes))

    @property
    def sizes(self) -> list[int]:
        """The number of options at each decision; a ConfigError where none is independent."""
        if not self.choices:
            raise self._not_independent()
        return [len(options) for options in self.choices]

    def _not_independent(self) -> ConfigError:
        return ConfigError(
            f"{self.alphabet.space}: its architectures are not made of independent choices, so "
            "they can be neither drawn nor listed here; list architectures and rank them"
        )

    def pack(self, graphs: Sequence[Graph]) -> Cells:
        """Return packed cells of V columns."""
        operators = np.full((len(graphs), self.vertices), PADDING, dtype=np.uint8)
        adjacency = np.zeros((len(graphs), self.vertices, self.vertices), dtype=bool)
        for row, (codes, edges) in enumerate(graphs):
            operators[row, : len(codes)] = codes
            for source, target in edges:
                adjacency[row, source, target] = True
        return Cells.from_arrays(operators, adjacency)

    def _fields(self, member: Mapping[str, Any], needed: set[str], allowed: set[str]) -> None:
        if not needed <= set(member) <= allowed:
            raise self.alphabet.refuse(
                f"the object has the keys {shown(sorted(member))}; it must have {sorted(needed)}"
                + (f" and may have {sorted(allowed - needed)}" if allowed - needed else "")
            )

    def _operators(self, names: Any) -> list[str]:
        if not isinstance(names, list) or not all(type(name) is str for name in names):
            raise self.alphabet.refuse(f"operators must be a list of names, not {shown(names)}")
        return names


class FixedGraph(Form):
    """One graph for all architectures, with one of the operators at each of D inner vertices."""

    # The code of each operator (in the order of the file) at each inner vertex.
    vertex_codes: UInt8[np.ndarray, "D O"]
    allowed: Bool[np.ndarray, "D O"]  # which of them may stand there
    packed_edges: UInt8[np.ndarray, "1 bytes"]

    @cached_property
    def options(self) -> tuple[tuple[str, ...], ...]:
        """The operators that may stand at each inner vertex."""
        names = self.alphabet.spellings
        return tuple(tuple(names[o] for o in np.flatnonzero(row)) for row in self.allowed)

    def of_choices(self, rows: Choices) -> Cells:
        """Return the cells with option ``rows[:, d]`` at inner vertex d."""
        return self.of_places(self.places_of(rows))

    def places_of(self, rows: Choices) -> Choices:
        """Return the place in the file of each option, of the first vertices if not of all."""
        first = np.argsort(~self.allowed, axis=1, kind="stable")
        return first[np.arange(rows.shape[1]), rows]

    def of_places(self, places: Choices) -> Cells:
        """Return the cells with the operator of a place in the file at each inner vertex."""
        vertices = np.arange(len(self.vertex_codes))
        operators = np.empty((len(places), len(vertices) + 2), dtype=np.uint8)
        operators[:, 0], operators[:, -1] = INPUT, OUTPUT
        operators[:, 1:-1] = self.vertex_codes[vertices, places]
        return Cells(operators, np.repeat(self.packed_edges, len(places), axis=0))

    def choices_of(self, cells: Cells) -> Choices:
        """Return which of its options stands at every inner vertex."""
        inner, vertices = cells.operators[:, 1:-1], np.arange(len(self.vertex_codes))
        if inner.shape[1] != len(self.sizes):
            raise self.alphabet.refuse("a cell is not in this search space")
        places = self.alphabet.known(self.places_at(vertices, inner))
        return (np.cumsum(self.allowed, axis=1) - 1)[vertices, places]

    def places_at(self, vertices: np.ndarray, codes: np.ndarray) -> Int64[np.ndarray, "..."]:
        """Return the operator that has a code at an inner vertex; -1 where none may have."""
        alike = (self.vertex_codes[vertices] == codes[..., None]) & self.allowed[vertices]
        return np.where(alike.any(axis=-1), alike.argmax(axis=-1), -1)


def alone(space: str) -> ConfigError:
    """Return the error of an architecture that nothing can be made of by one decision."""
    return ConfigError(f"{space}: an architecture has none that is one step away")


def check_enumerable(space: str, count: int) -> None:
    """Refuse to list more than a million architectures, by a ConfigError."""
    if count > ENUMERABLE:
        raise ConfigError(
            f"{space} has {count:.1e} architectures; at most {ENUMERABLE:,} can be enumerated"
        )


def mutated(rows: Choices, sizes: Sequence[int], generator: np.random.Generator) -> Choices:
    """Return rows with another option at one random place, of so many options at each."""
    counts = np.array(sizes)
    for row in rows:
        place = generator.choice(np.flatnonzero(counts > 1))
        row[place] = (row[place] + generator.integers(1, counts[place])) % counts[place]
    return rows


def one_changed(row: Int64[np.ndarray, " D"], sizes: Sequence[int]) -> Choices:
    """Return all rows that differ from one in one place, of so many options at each."""
    options = [(place, option) for place, size in enumerate(sizes) for option in range(size)]
    changes = np.array([(p, o) for p, o in options if o != row[p]], dtype=np.int64).reshape(-1, 2)
    rows = np.repeat(row[None], len(changes), axis=0)
    rows[np.arange(len(rows)), changes[:, 0]] = changes[:, 1]
    return rows


def is_items(value: Any, *types: type) -> bool:
    """Tell whether a value is a list of lists, or tuples, of values of just these types."""
    return isinstance(value, list | tuple) and all(
        isinstance(item, list | tuple) and tuple(map(type, item)) == types for item in value
    )


def rows_and_places(
    lists: pa.Array,
) -> tuple[Int64[np.ndarray, " n"], Int64[np.ndarray, " n"]]:
    """Return the row of each item of a column of lists, and its place within the list."""
    row = pc.list_parent_indices(lists).to_numpy().astype(np.int64)
    starts = np.searchsorted(row, np.arange(len(lists)))
    return row, np.arange(len(row)) - starts[row]
