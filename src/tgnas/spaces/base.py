"""What every search space offers: a text form of its architectures, and its rules."""

import math
from collections.abc import Sequence
from typing import Protocol, TypeVar, runtime_checkable

import numpy as np
from jaxtyping import Int64

from tgnas.cell import Cells
from tgnas.errors import ConfigError

ENUMERABLE = 1_000_000
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
class ChoiceSpace(SearchSpace[Member], Protocol):
    """A space with one independent choice for each of D decisions: what searchers walk on.

    Attributes:
        choices: what may be chosen at each decision, D tuples of names.
    """

    choices: tuple[tuple[str, ...], ...]

    def cells_of_choices(self, choices: Sequence[Sequence[int]] | np.ndarray) -> Cells:
        """Return the N K cells of N rows of D indices into ``choices``, as ``cells`` does."""
        ...


def all_choices(space: ChoiceSpace) -> Int64[np.ndarray, "N D"]:
    """Return every architecture of a space; the last decision changes fastest.

    Raises:
        ConfigError: more than ``ENUMERABLE`` of them.
    """
    sizes = [len(options) for options in space.choices]
    if math.prod(sizes) > ENUMERABLE:
        raise ConfigError(
            f"{space.name} has {math.prod(sizes):.1e} architectures; at most {ENUMERABLE:,} can "
            "be enumerated"
        )
    return np.indices(sizes).reshape(len(sizes), -1).T


def format_choices(space: ChoiceSpace, choices: Int64[np.ndarray, "N D"]) -> list[str]:
    """Return the architecture strings of rows of choices."""
    cells, kinds = space.cells_of_choices(choices), len(space.shares)
    firsts = range(0, len(cells), kinds)
    members = [tuple(cells.cell(first + kind) for kind in range(kinds)) for first in firsts]
    return [space.format(member if kinds > 1 else member[0]) for member in members]
