"""What the public functions take: wrong types and values are refused before any work, in one line.

One table says of every argument, by its name, what it may be; the same name means the same in all
functions. What a space can judge better, architectures and accuracies, is left to their readers.
"""

import inspect
import operator
from collections.abc import Callable, Iterable, Mapping
from functools import cache, wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from tgnas.errors import ArgumentError, shown
from tgnas.inference.asked import names_in

P = ParamSpec("P")
R = TypeVar("R")
Check = Callable[[str, Any], Any]
LARGEST_SEED = (1 << 63) - 1  # that torch takes
MOST = 1_000_000_000  # of what is counted
MOST_THREADS = 1024


def checked(function: Callable[P, R]) -> Callable[P, R]:
    """Return a function whose arguments are held to ``ARGUMENTS``; it raises ArgumentError.

    An argument whose default is None may be None.
    """
    parameters = inspect.signature(function)

    @wraps(function)
    def held(*args: P.args, **kwargs: P.kwargs) -> R:
        bound = parameters.bind(*args, **kwargs)
        for name, value in bound.arguments.items():
            left_out = value is None and parameters.parameters[name].default is None
            if name in ARGUMENTS and not left_out:
                bound.arguments[name] = ARGUMENTS[name](name, value)
        return function(*bound.args, **bound.kwargs)

    return held


def _refused(name: str, value: Any, allowed: str) -> ArgumentError:
    return ArgumentError(f"{name}: {shown(value)} is not allowed; it should be {allowed}")


@cache
def _whole(least: int, most: int = MOST) -> Check:
    def check(name: str, value: Any) -> int:
        try:
            number = None if isinstance(value, bool) else operator.index(value)
        except (TypeError, RuntimeError):  # torch's way to say that a tensor is no index
            number = None
        if number is None or not least <= number <= most:
            raise _refused(name, value, f"a whole number from {least} to {most:,}")
        return number

    return check


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise _refused(name, value, "a text")
    return value


def _named(name: str, value: Any) -> Any:
    """Allow a text, a path, or what was loaded before."""
    if isinstance(value, str | Path) or callable(getattr(value, "scores", None)):
        return value
    raise _refused(name, value, "a name, a path, or what was loaded from one")


def _path(name: str, value: Any) -> str | Path:
    if not isinstance(value, str | Path):
        raise _refused(name, value, "a name or a path")
    return value


def _several(allowed: type | tuple[type, ...], words: str) -> Check:
    def check(name: str, value: Any) -> Any:
        single = isinstance(value, str | bytes | Path | Mapping)
        if single or not isinstance(value, Iterable):
            raise _refused(name, value, f"a list of {words}")
        try:
            members = tuple(value)
        except TypeError as error:  # such as a tensor without a dimension
            raise _refused(name, value, f"a list of {words}") from error
        for member in members:
            if not isinstance(member, allowed):
                raise _refused(name, member, f"a list of {words}")
        return members

    return check


def _names(name: str, value: Any) -> Any:
    return value if isinstance(value, str) else _several(str, "texts")(name, value)


def _goals(name: str, value: Any) -> Any:
    if isinstance(value, str):
        return names_in(value)
    return list(_several(str, "texts, such as score and flops")(name, value))


def _sizes(name: str, value: Any) -> dict[str, int]:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise _refused(name, value, "numbers by name, such as {'channels': 16}")
    return {key: _whole(1)(f"{name} {key!r}", number) for key, number in value.items()}


ARGUMENTS: Mapping[str, Check] = {
    "seed": _whole(0, LARGEST_SEED),
    "threads": _whole(1, MOST_THREADS),
    "count": _whole(1),
    "top": _whole(1),
    "budget": _whole(1),
    "seeds": _whole(1),
    "epochs": _whole(1),
    "classes": _whole(1),
    "size": _sizes,
    "predictor": _named,
    "configuration": _named,
    "asked": _path,
    "name": _path,
    "folder": _path,
    "output": _path,
    "to": _text,
    "searcher": _text,
    "against": _text,
    "method": _text,
    "constraints": _several(str, "texts, such as params<=1.5e6"),
    "costs": _several((str, Path), "paths"),
    "proxies": _names,
    "goals": _goals,
}
