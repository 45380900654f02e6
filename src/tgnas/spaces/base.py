"""What every search space offers: a text form of its architectures, and its rules."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np

from tgnas.cell import Cell, Cells


@runtime_checkable
class SearchSpace(Protocol):
    """A set of architectures; a member file of ``tgnas.spaces`` exports one as ``SPACE``."""

    name: str
    operators: tuple[str, ...]

    def parse(self, architecture: str) -> Cell:
        """Return the cell of an architecture string.

        Raises:
            InvalidCellError: the string breaks a rule of the space; the message says which.
        """
        ...

    def format(self, cell: Cell) -> str:
        """Return the architecture string of a cell of this space."""
        ...

    def cells(self, architectures: Sequence[str]) -> Cells:
        """Return the packed cells of many architecture strings."""
        ...


@runtime_checkable
class ChoiceSpace(SearchSpace, Protocol):
    """A space whose architecture is one independent choice for each of D decisions.

    Attributes:
        choices: the operators that may stand at each decision, D tuples.
    """

    choices: tuple[tuple[str, ...], ...]

    def cells_of_choices(self, choices: Sequence[Sequence[int]] | np.ndarray) -> Cells:
        """Return the cells of N rows of D indices into ``choices``."""
        ...
