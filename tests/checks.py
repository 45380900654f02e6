"""The run-time checks of types, for less: importing this puts them in the place of jaxtyping's.

For each function jaxtyping makes two checkers of beartype's and calls both each time, with the
arguments bound anew. Here one checks arguments and result, and names of dimensions have a context
only where an annotation has an array: a small function costs 2 microseconds instead of 13.
"""

import inspect
from collections.abc import Callable
from dataclasses import is_dataclass
from functools import partial, wraps
from typing import Annotated, Any, ForwardRef, Literal, get_args, get_origin

import jaxtyping
from beartype import BeartypeConf, beartype

FULL = jaxtyping.jaxtyped
BEARTYPE = beartype(conf=BeartypeConf(violation_type=jaxtyping.TypeCheckError))  # as jaxtyping


def checked(function: Any = None, *, typechecker: Callable[..., Any]) -> Any:
    """Be ``jaxtyping.jaxtyped`` of beartype, which is what generators still get."""
    if function is None:
        return partial(checked, typechecker=typechecker)
    if is_dataclass(function) and "__init__" in vars(function):
        function.__init__ = checked(function.__init__, typechecker=typechecker)
        return function
    if not inspect.isfunction(function) or inspect.isgeneratorfunction(function):
        return FULL(function, typechecker=typechecker)
    parts = [part for hint in function.__annotations__.values() for part in parts_of(hint)]
    if any(isinstance(part, str | ForwardRef) for part in parts):  # names to be looked up
        return FULL(function, typechecker=typechecker)
    checking = BEARTYPE(function)
    shaped = any(inspect.isclass(p) and issubclass(p, jaxtyping.AbstractArray) for p in parts)

    @wraps(function)
    def either(*given: Any, **named: Any) -> Any:
        __tracebackhide__ = True
        if jaxtyping.config.jaxtyping_disable:
            return function(*given, **named)
        if not shaped:
            return checking(*given, **named)
        with FULL("context"):
            return checking(*given, **named)

    return either


def parts_of(hint: Any) -> list[Any]:
    """Return a type and all that it is made of, but values of ``Literal`` and of ``Annotated``."""
    origin = get_origin(hint)
    inner = () if origin is Literal else get_args(hint)
    inner = inner[:1] if origin is Annotated else inner
    if isinstance(hint, list):  # the arguments of a Callable
        inner = hint
    return [hint, *(part for one in inner for part in parts_of(one))]


jaxtyping.jaxtyped = checked
