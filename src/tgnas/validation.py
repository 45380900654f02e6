"""Models of what a user writes, and one line for what is wrong in it."""

import json
import re
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from tgnas.errors import (
    ConfigError,
    TgnasError,
    UnknownInDataError,
    UnreadableFileError,
    number_of,
    shown,
)

_WORDS = {
    "a valid string": "a text",
    "a valid integer": "a whole number",
    "a valid number": "a number",
    "a valid boolean": "true or false",
    "a valid tuple": "a list",
    "a valid list": "a list",
    "a valid dictionary": "keys with values",
    "an object to extract fields from": "keys with values",
}


class Keys(BaseModel):
    """Keys that stand together; none can be changed, and unknown ones are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    @model_validator(mode="before")
    @classmethod
    def _know(cls, values: Any) -> Any:
        for name in values if isinstance(values, dict) else ():
            if name not in cls.model_fields:
                about = {"name": str(name), "known": list(cls.model_fields)}
                raise PydanticCustomError("unknown_key", "unknown key", about)
        return values


def key(meaning: str, **bounds: Any) -> Any:
    """Return a key with its meaning; one without a default must be given."""
    return Field(description=meaning, **bounds)


def count(meaning: str, least: int = 1, **bounds: Any) -> Any:
    """Return a key that holds a whole number."""
    return Field(description=meaning, ge=least, **bounds)


class _OnceOnly(yaml.SafeLoader):
    """A loader that refuses a key that stands twice, of which YAML would keep the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if key.tag != "tag:yaml.org,2002:merge":
                name = (key.tag, str(key.value))
                if name in seen:
                    problem = f"the key {key.value!r} stands there twice"
                    raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
                seen.add(name)
        return super().construct_mapping(node, deep)


LARGEST, DEEPEST, MOST = 1 << 20, 40, 100_000  # characters, levels and values of a YAML text


def read_yaml(text: str) -> Any:
    """Return what a YAML text holds.

    Raises:
        ValueError: it is not YAML, or is too large, too deep or too many values, each counted as
            often as it is referred to.
    """
    if len(text) > LARGEST:
        raise ValueError(f"{len(text):,} characters; at most {LARGEST:,} are read")
    try:
        depth = 0
        for event in yaml.parse(text, yaml.SafeLoader):
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            if depth > DEEPEST:
                raise ValueError(f"more than {DEEPEST} levels stand within each other")
        root = yaml.compose(text, yaml.SafeLoader)
        if root is not None and _values_of(root, {}) > MOST:
            raise ValueError(f"more than {MOST:,} values, those behind aliases counted anew")
        return yaml.load(text, Loader=_OnceOnly)
    except (yaml.YAMLError, ValueError) as error:
        told = " ".join(str(error).split()).replace('in "<unicode string>", line', "in line")
        raise ValueError(told[:400]) from None


def read_json(text: str | bytes) -> Any:
    """Return what a JSON text holds.

    Raises:
        ValueError: it is not JSON, or too many levels stand within each other.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("too many levels stand within each other") from None


def _values_of(node: yaml.Node, known: dict[int, int]) -> int:
    """Return how many values a node stands for; `known` are those of other nodes, by their ids."""
    if id(node) not in known:
        known[id(node)] = MOST + 1  # it would hold itself
        parts = node.value if isinstance(node, yaml.CollectionNode) else []
        parts = [part for pair in parts for part in (pair if isinstance(pair, tuple) else (pair,))]
        known[id(node)] = min(MOST + 1, 1 + sum(_values_of(part, known) for part in parts))
    return known[id(node)]


def read_keys(path: Path) -> dict[str, Any]:
    """Return the keys of a YAML file.

    Raises:
        UnreadableFileError: it is not there or cannot be opened.
        ConfigError: it holds no keys.
    """
    try:
        content = read_yaml(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UnreadableFileError.of(path, error) from error
    except ValueError as error:
        raise ConfigError(f"{path}: {error}") from error
    if not isinstance(content, dict):
        raise ConfigError(f"{path}: a file of keys and values is expected")
    return content


def validated(kind: Any, values: Any, place: str = "", what: str = "config") -> Any:
    """Return values as an instance of a model; none is converted, but lists become tuples.

    Args:
        kind: the model.
        values: its keys.
        place: where the values stand, for the message.
        what: they are, for the message.

    Raises:
        ConfigError: a value that is not allowed, or a key that is missing.
        UnknownInDataError: a key, or one of several words, that does not exist.
    """
    model = isinstance(kind, type) and issubclass(kind, BaseModel)
    if model and not isinstance(values, dict):
        where = f"{what}: {place}" if place else what
        actual = "and there are none" if values is None else f"not {shown(values)}"
        raise ConfigError(f"{where}: keys with values are expected, {actual}")
    _hold_to_limits(values, f"{what}: {place}" if place else what)
    try:
        return TypeAdapter(kind).validate_python(_with_tuples(values), strict=True)
    except ValidationError as error:
        faults = [(*_place_of(fault["loc"], values), fault) for fault in error.errors()]
    # Where a list may stand beside other values, what is wrong within one goes before that.
    outer = [row for row in faults if not any(_within(other[0], row[0]) for other in faults)]
    path, value, fault = min(outer, key=lambda row: row[0])
    where = ".".join([*([place] if place else []), *path]) or "the top level"
    messages = [fault["msg"] for other, _, fault in faults if other == path]
    raise _refusal(what, where, value, fault, messages)


def _hold_to_limits(values: Any, where: str) -> None:
    """Refuse values that stand for too many, each counted as often as it is referred to."""
    counted, waiting = 0, [(values, 0)]
    while waiting:
        value, depth = waiting.pop()
        counted += 1
        if counted > MOST or depth > DEEPEST:
            raise ConfigError(
                f"{where}: more than {MOST:,} values, or {DEEPEST} levels within each other; "
                "those behind aliases are counted anew"
            )
        if isinstance(value, dict | list | tuple):
            parts = value.values() if isinstance(value, dict) else value
            waiting += [(part, depth + 1) for part in parts]


def _with_tuples(values: Any) -> Any:
    if isinstance(values, dict):
        return {name: _with_tuples(value) for name, value in values.items()}
    return tuple(map(_with_tuples, values)) if isinstance(values, list) else values


def _place_of(location: tuple[int | str, ...], values: Any) -> tuple[list[str], Any]:
    """Return the part of a location that the values have, and the value there."""
    path: list[str] = []
    for part in location:
        if isinstance(part, str) and isinstance(values, list | tuple):
            continue  # which of the values that may stand there it was taken for
        inside = (
            isinstance(values, list | tuple) and part < len(values)
            if isinstance(part, int)
            else (isinstance(values, dict) and part in values)
        )
        if not inside:
            break
        path, values = [*path, str(part)], values[part]
    return path, values


def _within(path: list[str], outer: list[str]) -> bool:
    """Tell whether a path leads into what another leads to."""
    return len(path) > len(outer) and path[: len(outer)] == outer


def _refusal(what: str, where: str, value: Any, fault: Any, messages: list[str]) -> TgnasError:
    known = re.findall(r"'([^']*)'", fault.get("ctx", {}).get("expected", ""))
    if fault["type"] == "unknown_key":
        return UnknownInDataError(
            f"{what} key at {where}", fault["ctx"]["name"], fault["ctx"]["known"]
        )
    if fault["type"] == "missing":
        last = fault["loc"][-1]
        if isinstance(last, str):
            return ConfigError(f"{what}: {where}: the key {last!r} is missing")
        messages = [f"have at least {number_of(last + 1, 'value')}"]
    if fault["loc"][-1:] == ("[key]",):
        where, _, name = where.rpartition(".")
        if fault["type"] == "literal_error":
            return UnknownInDataError(f"{what} key at {where}", name, known)
        return ConfigError(f"{what}: {where}: {name!r} is no name of the form {_form(fault)}")
    if fault["type"] == "literal_error" and isinstance(value, str) and len(messages) == 1:
        return UnknownInDataError(f"{what} value of {where}", value, known)
    allowed = " or ".join(dict.fromkeys(map(_in_words, messages)))
    return ConfigError(f"{what}: {where}: {_written(value)} is not allowed; it should {allowed}")


def _written(value: Any) -> str:
    """Return a value as YAML and JSON write it, cut off where it is long."""
    if value is None:
        return "no value"
    if isinstance(value, bool):
        return str(value).lower()
    return shown(_with_lists(value))


def _with_lists(values: Any) -> Any:
    if isinstance(values, dict):
        return {name: _with_lists(value) for name, value in values.items()}
    return [*map(_with_lists, values)] if isinstance(values, list | tuple) else values


def _form(fault: Any) -> str:
    return str(fault["ctx"]["pattern"])


def _in_words(message: str) -> str:
    """Return a message of pydantic in a user's words."""
    message = re.sub(r"^\w+ should ", "", message)
    for theirs, ours in _WORDS.items():
        message = message.replace(theirs, ours)
    return re.sub(r" or instance of \w+", "", message)
