"""What can be wrong with a user's input: one class per concept, one line per message."""

import difflib
from collections.abc import Iterable


class TgnasError(Exception):
    """The base of every error that a user can cause; its message is one line to act on."""


class UnknownNameError(TgnasError):
    """A name that nothing here bears; the message gives the nearest known one."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        names = sorted(known)
        nearest = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
        hint = f" (did you mean {nearest[0]!r}?)" if nearest else ""
        super().__init__(f"unknown {kind} {name!r}{hint}; known: {', '.join(names)}")


class InvalidCellError(TgnasError):
    """A cell that breaks a rule of its graph or of its search space."""


class ConfigError(TgnasError):
    """A config value or sheet row that is not allowed."""


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
    """A method's file that does not define what its family's contract asks for."""


class InUseError(TgnasError):
    """An output that another process is writing."""
