"""What is wrong with values, in one line: where, the value, what is allowed."""

import json
import re
from typing import Any

from pydantic import TypeAdapter, ValidationError

from tgnas.errors import ConfigError, TgnasError, UnknownNameError


def validated(kind: Any, values: Any, place: str = "", *, from_json: bool = False) -> Any:
    """Return values as an instance of a model.

    Args:
        kind: the model.
        values: its keys.
        place: where the values stand, for the message.
        from_json: no value is converted but lists, whatever the model's own config allows.

    Raises:
        ConfigError: a value that is not allowed, or a key that is missing.
        UnknownNameError: a key, or one of several words, that does not exist.
    """
    try:
        if from_json:
            return TypeAdapter(kind).validate_json(json.dumps(values, default=str), strict=True)
        return TypeAdapter(kind).validate_python(values)
    except ValidationError as error:
        faults = [(*_place_of(fault["loc"], values), fault) for fault in error.errors()]
    path, value, fault = min(faults, key=lambda row: row[0])
    where = ".".join([*([place] if place else []), *path]) or "the top level"
    messages = [fault["msg"] for other, _, fault in faults if other == path]
    raise _refusal(where, value, fault, messages)


def _place_of(location: tuple[int | str, ...], values: Any) -> tuple[list[str], Any]:
    """Return the part of a location that the values have, and the value there."""
    path: list[str] = []
    for part in location:
        inside = (
            isinstance(values, list | tuple)
            if isinstance(part, int)
            else (isinstance(values, dict) and part in values)
        )
        if not inside:
            break
        path, values = [*path, str(part)], values[part]
    return path, values


def _refusal(where: str, value: Any, fault: Any, messages: list[str]) -> TgnasError:
    known = re.findall(r"'([^']*)'", fault.get("ctx", {}).get("expected", ""))
    if fault["type"] == "unknown_key":
        return UnknownNameError(
            f"config key at {where}", fault["ctx"]["name"], fault["ctx"]["known"]
        )
    if fault["type"] == "missing":
        return ConfigError(f"config: {where}: {fault['loc'][-1]!r} is a required property")
    if fault["loc"][-1:] == ("[key]",):
        where, _, name = where.rpartition(".")
        if fault["type"] == "literal_error":
            return UnknownNameError(f"config key at {where}", name, known)
        return ConfigError(f"config: {where}: {name!r} does not match {fault['ctx']['pattern']!r}")
    if fault["type"] == "literal_error" and isinstance(value, str) and len(messages) == 1:
        return UnknownNameError(f"value of {where}", value, known)
    allowed = " or ".join(message.removeprefix("Input should ") for message in messages)
    return ConfigError(f"config: {where}: {value!r} is not allowed; it should {allowed}")
