"""What a notation is: one more way to write the architectures of a form."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Member = dict[str, Any]  # the space's own JSON object


@dataclass(frozen=True, slots=True)
class Notation:
    """One way to write architectures down beside the space's own string and object.

    Attributes:
        about: what it is and whose, in a few words.
        read: plain data -> the own object; None for what is not written so. What is written so
            and is wrong is an InvalidCellError here, or the form refuses its object.
        write: the own object -> a text, or plain data that is written as JSON.
    """

    about: str
    read: Callable[[Any], Member | None]
    write: Callable[[Member], Any]


def whole_numbers(value: Any) -> bool:
    """Tell whether a value is a list of whole numbers."""
    return isinstance(value, list) and bool(value) and all(type(item) is int for item in value)


def words(value: Any) -> bool:
    """Tell whether a value is a list of texts."""
    return isinstance(value, list) and bool(value) and all(type(item) is str for item in value)


def matrix(value: Any) -> bool:
    """Tell whether a value is a square matrix of 0 and 1."""
    return isinstance(value, list) and all(
        isinstance(row, list) and len(row) == len(value) and all(cell in (0, 1) for cell in row)
        for row in value
    )
