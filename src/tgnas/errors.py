"""What can be wrong with a user's input: one class per concept, one line per message."""

import difflib
from collections.abc import Iterable
from typing import Any, SupportsInt

LONGEST_SHOWN = 120  # characters of what a message quotes


def shown(value: Any) -> str:
    """Return a value as a message quotes it, cut off where it is long."""
    try:
        text = repr(value)
    except (RecursionError, ValueError):  # such as a whole number of 5,000 digits
        text = f"a {type(value).__name__}"
    return cut(text)


def cut(text: str) -> str:
    """Return a text as one line of a message, cut off where it is long."""
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 3]}..."


def number_of(count: SupportsInt, one: str) -> str:
    """Return a count with what is counted, of which `one` is named: ``2,000 architectures``."""
    number = int(count)
    if number == 1:
        return f"1 {one}"
    if one.endswith("ex"):
        return f"{number:,} {one[:-2]}ices"
    if one.endswith("y") and one[-2] not in "aeiou":
        return f"{number:,} {one[:-1]}ies"
    return f"{number:,} {one}{'es' if one.endswith(('s', 'search', 'tch', 'sh')) else 's'}"


def are(count: SupportsInt) -> str:
    """Return the verb of a count."""
    return "is" if int(count) == 1 else "are"


def some_of(part: SupportsInt, whole: SupportsInt, one: str) -> str:
    """Return how many of a whole, of which `one` is named: ``3 of 15,625 scores are``."""
    return f"{int(part):,} of {number_of(whole, one)} {are(part)}"


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the question after a name that nothing bears: which known one it may stand for."""
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f" (did you mean {close[0]!r}?)" if close else ""


class TgnasError(Exception):
    """The base of every error that a user can cause; its message is one line to act on."""

    def at(self, place: str) -> "TgnasError":
        """Return the same error with its place in front of the message."""
        error = type(self).__new__(type(self))
        error.args = (f"{place}: {self}",)
        return error


class UnknownNameError(TgnasError):
    """A name that nothing here bears; the message gives the nearest known one."""

    def __init__(
        self, kind: str, name: str, known: Iterable[str], meant: str | None = None
    ) -> None:
        names = sorted(known)
        hint = f" (did you mean {meant!r}?)" if meant else nearest(name, names)
        super().__init__(f"unknown {kind} {shown(name)}{hint}; known: {', '.join(names)}")


class UnknownInDataError(UnknownNameError):
    """Such a name within a user's data: a key of a file, an operator of an architecture."""


class InvalidCellError(TgnasError):
    """A cell that breaks a rule of its graph or of its search space."""


class ConfigError(TgnasError):
    """A config value or sheet row that is not allowed."""


class ArgumentError(ConfigError):
    """A value of an option, or of an argument, that it may not have, whatever the data are."""


class UnreadableFileError(ConfigError, OSError):
    """A file that a user names and that is not there or cannot be opened."""

    @classmethod
    def of(cls, path: object, error: Exception) -> "UnreadableFileError":
        """Return what is said of a file, whichever command asked for it."""
        return cls(f"{path}: cannot be read: {reason_of(error)}")


class UnwritableFileError(TgnasError, OSError):
    """An output that cannot be written where a user wants it."""

    @classmethod
    def of(cls, path: object, error: Exception) -> "UnwritableFileError":
        """Return what is said of an output, whichever command makes it."""
        return cls(f"{path}: cannot be written: {reason_of(error)}")


def reason_of(error: Exception) -> str:
    """Return the system's words for what went wrong."""
    return (error.strerror if isinstance(error, OSError) else None) or cut(str(error))


def words_of(error: BaseException) -> str:
    """Return what code of a user's raised as one line: its kind, and its words if it has any."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}".removesuffix(": ")


class DataError(TgnasError):
    """Something wrong with a user's table; the message names row and column."""


class ResourceError(TgnasError):
    """A fetched file that is missing or is not what its checksum says."""


class CorruptTableError(TgnasError):
    """A benchmark file whose content is not what it must hold."""


class TrainingError(TgnasError):
    """A training that cannot go on."""


class UnfitNetworkError(TgnasError):
    """A network that a zero-cost proxy cannot score; the message says what it lacks."""


class ContractError(TgnasError):
    """A method that does not define, or do, what its family's contract asks for."""


class InUseError(TgnasError):
    """An output that another process is writing."""
