"""What every search space offers: a text form of its architectures, and its rules."""

from collections.abc import Sequence
from typing import Protocol, TypeVar, runtime_checkable

import numpy as np

from tgnas.cell import Cell, Cells

# What a text stands for: a Cell, or a tuple of K cells where an architecture has several.
Member = TypeVar("Member")


@runtime_checkable
class SearchSpace(Protocol[Member]):
    """A set of architectures; a member file of ``tgnas.spaces`` exports one as ``SPACE``.

    Attributes:
        name: the space's name, that of its file.
        operators: the canonical operators that may be chosen.
        shares: the share of each of an architecture's K kinds of cell among the cells of the
            stacked network; (1.0,) where one cell is the architecture.
    """

    name: str
    operators: tuple[str, ...]
    shares: tuple[float, ...]

    def parse(self, architecture: str) -> Member:
        """Return the cell of an architecture string, or its K cells as a tuple.

        Raises:
            InvalidCellError: the string breaks a rule of the space; the message says which.
        """
        ...

    def format(self, member: Member, /) -> str:
        """Return the architecture string of what ``parse`` returns."""
        ...

    def cells(self, architectures: Sequence[str]) -> Cells:
        """Return the N K packed cells of N strings; cell k of architecture i is row i K + k."""
        ...


@runtime_checkable
class ChoiceSpace(SearchSpace[Cell], Protocol):
    """A space of single cells, with one independent choice for each of D decisions.

    Attributes:
        choices: the operators that may stand at each decision, D tuples.
    """

    choices: tuple[tuple[str, ...], ...]

    def cells_of_choices(self, choices: Sequence[Sequence[int]] | np.ndarray) -> Cells:
        """Return the cells of N rows of D indices into ``choices``."""
        ...
