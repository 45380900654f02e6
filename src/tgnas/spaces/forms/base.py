"""What the forms of search spaces share.

Each form knows an architecture in three ways: as the space's own string, as a plain JSON object,
and as the graphs of its K kinds of cell, whose vertices carry operator codes. Strings that are
written in the usual manner are read by the column; any other goes by way of its object, where
everything that is wrong is told.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Bool, Int64

from tgnas.cell import Cells
from tgnas.errors import ConfigError, InvalidCellError, UnknownNameError
from tgnas.operators import CODES, PADDING

INPUT, OUTPUT = CODES["input"], CODES["output"]
IDENTITY, ZERO = CODES["identity"], CODES["zero"]
Pair = tuple[int, int]
# Codes of the vertices and the edges between them.
Graph = tuple[list[int], list[Pair]]
Read = tuple[Cells, Bool[np.ndarray, " N"]]


@dataclass(frozen=True, slots=True)
class Alphabet:
    """The operators of a space as it spells them.

    Attributes:
        space: the space's name, for messages.
        codes: spelling -> code in packed cells.
    """

    space: str
    codes: Mapping[str, int]

    def code(self, spelled: str) -> int:
        """Return the code of an operator.

        Raises:
            UnknownNameError: the space has no such operator.
        """
        if spelled not in self.codes:
            raise UnknownNameError(f"{self.space} operator", spelled, self.codes)
        return self.codes[spelled]

    @property
    def spellings(self) -> tuple[str, ...]:
        """The operators in the order of the file."""
        return tuple(self.codes)

    @property
    def zero(self) -> str | None:
        """The operator that lets nothing through, if there is one."""
        return next((name for name, code in self.codes.items() if code == ZERO), None)

    def places(self, texts: pa.Array) -> Int64[np.ndarray, " N"]:
        """Return each operator's place in the file; -1 for what is none."""
        found = pc.index_in(texts, value_set=pa.array(self.spellings, texts.type))
        return found.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)

    def refuse(self, what: str) -> InvalidCellError:
        """Return the error that says what is wrong with an architecture of the space."""
        return InvalidCellError(f"{self.space}: {what}")


class Form(ABC):
    """One way to build cells of at most V vertices.

    Attributes:
        alphabet: the operators.
        shares: the share of each of the K kinds of cell among the cells of the network.
        vertices: V.
        choices: what may stand at each of D independent decisions; empty where they are not.
    """

    alphabet: Alphabet
    shares: tuple[float, ...] = (1.0,)
    vertices: int
    choices: tuple[tuple[str, ...], ...] = ()

    @abstractmethod
    def object_of(self, text: str) -> dict[str, Any]:
        """Return the JSON object of an architecture's own string.

        Raises:
            InvalidCellError: the string is not of the form that the space writes.
        """

    @abstractmethod
    def text_of(self, found: Mapping[str, Any]) -> str:
        """Return the space's own string of a valid JSON object."""

    @abstractmethod
    def graphs_of(self, found: Mapping[str, Any]) -> list[Graph]:
        """Return the graphs of the K cells of a JSON object.

        Raises:
            InvalidCellError: the object is no architecture of the space.
            UnknownNameError: an operator that the space does not have.
        """

    @abstractmethod
    def read(self, texts: pa.Array) -> Read:
        """Return the N K cells of strings, and which of the N strings were understood."""

    def object_of_choices(self, row: Sequence[int]) -> dict[str, Any]:
        """Return the architecture of one row of indices into ``choices``.

        Raises:
            ConfigError: its architectures are not made of independent choices.
        """
        del row  # a form that has choices writes this anew
        raise ConfigError(
            f"{self.alphabet.space}: its architectures are not made of independent choices, so no "
            "searcher can draw them; list architectures and rank them"
        )

    def cells_of_choices(self, choices: Int64[np.ndarray, "N D"]) -> Cells:
        """Return the N K cells of rows of indices into ``choices``."""
        objects = map(self.object_of_choices, choices.tolist())
        return self.pack([graph for found in objects for graph in self.graphs_of(found)])

    def pack(self, graphs: Sequence[Graph]) -> Cells:
        """Return packed cells of V columns."""
        operators = np.full((len(graphs), self.vertices), PADDING, dtype=np.uint8)
        adjacency = np.zeros((len(graphs), self.vertices, self.vertices), dtype=bool)
        for row, (codes, edges) in enumerate(graphs):
            operators[row, : len(codes)] = codes
            for source, target in edges:
                adjacency[row, source, target] = True
        return Cells.from_arrays(operators, adjacency)

    def _fields(self, found: Mapping[str, Any], needed: set[str], allowed: set[str]) -> None:
        if not needed <= set(found) <= allowed:
            raise self.alphabet.refuse(
                f"the object has the keys {sorted(found)}; it must have {sorted(needed)}"
                + (f" and may have {sorted(allowed - needed)}" if allowed - needed else "")
            )

    def _operators(self, found: Any) -> list[str]:
        if not isinstance(found, list) or not all(type(name) is str for name in found):
            raise self.alphabet.refuse(f"operators must be a list of names, not {found!r}")
        return found


def is_items(found: Any, *types: type) -> bool:
    """Tell whether a value is a list of lists, or tuples, of values of just these types."""
    return isinstance(found, list | tuple) and all(
        isinstance(item, list | tuple) and tuple(map(type, item)) == types for item in found
    )


def rows_and_places(
    lists: pa.Array,
) -> tuple[Int64[np.ndarray, " n"], Int64[np.ndarray, " n"]]:
    """Return the row of each item of a column of lists, and its place within the list."""
    row = pc.list_parent_indices(lists).to_numpy().astype(np.int64)
    starts = np.searchsorted(row, np.arange(len(lists)))
    return row, np.arange(len(row)) - starts[row]
