"""Many architectures: K packed cells each, and what belongs to the whole network.

A space translates its strings into ``Architectures`` once; encodings, predictors, graph proxies
and searchers read nothing else.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
from jaxtyping import Float, Int64, UInt8

from tgnas.cell import Cell, Cells
from tgnas.errors import InvalidCellError, are, number_of
from tgnas.spaces.skeleton import Skeleton


@dataclass(frozen=True, eq=False)
class Architectures:
    """N architectures of K cells each; immutable.

    Cell k of architecture i is row i K + k of ``cells``. ``cell_weights`` are the shares of the K
    cells among those of the stacked network. ``attributes`` belong to a whole network, e.g. its
    width: arrays of N rows by name. ``skeleton`` is what all networks have around their cells, and
    None where nothing is known of it.

    Raises:
        InvalidCellError: the rows do not divide into architectures, or an attribute has not N rows.
    """

    cells: Cells
    cell_weights: tuple[float, ...] = (1.0,)
    attributes: Mapping[str, np.ndarray] = field(default_factory=dict)
    skeleton: Skeleton | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "attributes", MappingProxyType(dict(self.attributes)))
        if len(self.cells) % len(self.cell_weights):
            raise InvalidCellError(
                f"{number_of(len(self.cells), 'cell')} {are(len(self.cells))} no architectures "
                f"of {len(self.cell_weights)} each"
            )
        for name, values in self.attributes.items():
            if len(values) != len(self):
                raise InvalidCellError(
                    f"{name} has {number_of(len(values), 'row')}, not {len(self)}"
                )

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle what it was made of: a view of a dictionary cannot be pickled."""
        attributes = dict(self.attributes)
        return _unpickled, (self.cells, self.cell_weights, attributes, self.skeleton)

    def __len__(self) -> int:
        return len(self.cells) // len(self.cell_weights)

    def __getitem__(self, index: slice | np.ndarray | list[int]) -> "Architectures":
        """Return some of them, in the order of the index; a slice of single cells is no copy."""
        if isinstance(index, list):
            index = np.array(index, dtype=np.int64)
        count = self.cells_per_architecture
        rows = index
        if count > 1:
            chosen = np.arange(len(self))[index]
            rows = (chosen[:, None] * count + np.arange(count)).ravel()
        kept = {name: values[index] for name, values in self.attributes.items()}
        return Architectures(self.cells[rows], self.cell_weights, kept, self.skeleton)

    @property
    def cells_per_architecture(self) -> int:
        """K."""
        return len(self.cell_weights)

    def mean_over_cells(
        self, values: Float[np.ndarray, "*rest NK"]
    ) -> Float[np.ndarray, "*rest N"]:
        """Return one value for each architecture: the mean of its cells', by ``cell_weights``."""
        rows = values.reshape(*values.shape[:-1], len(self), self.cells_per_architecture)
        return rows @ np.array(self.cell_weights, dtype=values.dtype)

    @cached_property
    def _distinct(self) -> tuple[np.ndarray, np.ndarray]:
        rows = self._bytes()
        keys = rows.view(np.dtype((np.void, rows.shape[1]))).ravel()
        _, first, place = np.unique(keys, return_index=True, return_inverse=True)
        order = np.argsort(first, kind="stable")
        rank = np.empty_like(order)
        rank[order] = np.arange(len(order))
        return first[order], rank[place.ravel()]

    def _bytes(self) -> UInt8[np.ndarray, "N bytes"]:
        parts = [self.cells.operators, self.cells.edges]
        rows = np.concatenate(parts, axis=1)
        flat = rows.reshape(len(self), rows.shape[1] * self.cells_per_architecture)
        return np.ascontiguousarray(np.concatenate([flat, self.attribute_bytes()], axis=1))

    def attribute_bytes(self) -> UInt8[np.ndarray, "N bytes"]:
        """Return the bytes of each architecture's attributes; rows without bytes if it has none."""
        none = np.empty((len(self), 0), dtype=np.uint8)
        return np.concatenate([none, *map(_as_bytes, self.attributes.values())], axis=1)

    def row_keys(self) -> list[bytes]:
        """Return bytes that only equal architectures share, in arrays of one size."""
        return [row.tobytes() for row in self._bytes()]

    def distinct(self) -> tuple[Int64[np.ndarray, " M"], Int64[np.ndarray, " N"]]:
        """Return the first row of each of M distinct architectures, and the place of each in them.

        ``architectures[rows]`` are the distinct ones in the order of their first appearance, and
        ``architectures[rows][places]`` are all again.
        """
        return self._distinct

    def rows_of(self, others: "Architectures") -> Int64[np.ndarray, " M"]:
        """Return the row here of each of M others, the first of equal ones; -1 where it is none."""
        rows, places = Architectures.concatenate([self, others]).distinct()
        first = rows[places[len(self) :]]
        return np.where(first < len(self), first, -1)

    def member(self, row: int) -> Any:
        """Return what a network is built of: the cell of one architecture, or its K as a tuple."""
        count = self.cells_per_architecture
        first = range(len(self))[row] * count
        cells = tuple(self.cells.cell(place) for place in range(first, first + count))
        return cells if count > 1 else cells[0]

    @classmethod
    def concatenate(cls, parts: Iterable["Architectures"]) -> "Architectures":
        """Return the architectures of all parts, one after another, padded to the largest cell.

        Raises:
            InvalidCellError: there is no part, or cell weights, attributes or skeletons differ.
        """
        parts = list(parts)
        if not parts:
            raise InvalidCellError("there are no architectures to join")
        first = parts[0]
        if len({(part.cell_weights, frozenset(part.attributes)) for part in parts}) > 1:
            raise InvalidCellError("architectures of different spaces cannot be joined")
        skeletons = {part.skeleton for part in parts if part.skeleton is not None}
        if len(skeletons) > 1:
            raise InvalidCellError("architectures of different networks cannot be joined")
        joined = {
            name: np.concatenate([part.attributes[name] for part in parts])
            for name in first.attributes
        }
        cells = Cells.concatenate(part.cells for part in parts)
        return cls(cells, first.cell_weights, joined, next(iter(skeletons), None))


def of_cells(*cells: Cell, cell_weights: tuple[float, ...] = (1.0,)) -> Architectures:
    """Return architectures of single cells, e.g. one that a network is built of."""
    return Architectures(Cells.from_cells(cells), cell_weights)


def _as_bytes(values: np.ndarray) -> np.ndarray:
    flat = np.ascontiguousarray(values).reshape(len(values), -1)
    return flat.view(np.uint8).reshape(len(values), -1)


def _unpickled(
    cells: Cells,
    cell_weights: tuple[float, ...],
    attributes: dict[str, np.ndarray],
    skeleton: Skeleton | None,
) -> Architectures:
    return Architectures(cells, cell_weights, attributes, skeleton)
