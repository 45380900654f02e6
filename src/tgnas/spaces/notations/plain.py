"""What people hold in Python and what they copy from a log, as plain lists, numbers and texts.

Nothing of a text is run: its syntax tree is walked, and only literals, ranges, numpy's arrays and
numbers, and calls of the names below are understood.
"""

import ast
import dataclasses
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from tgnas.errors import InvalidCellError, shown
from tgnas.validation import read_json

LONGEST = 20_000  # characters of a text that is parsed
DEEPEST = 6  # lists within each other, which no notation needs more of
LARGEST = 1000  # items of a range
DARTS_FIELDS = ("normal", "normal_concat", "reduce", "reduce_concat")
_ARRAYS = {"array", "asarray", "tensor", "list", "tuple"}
_NUMBERS = {"int", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"}
_TEXTS = {"str", "str_"}
_GENOTYPE = re.compile(r"(?<![\w'\"])Genotype\s*\(")
# AutoDL-Projects' structures and strings of cells, with whatever a log has in front.
_CELL = r"((?:\|[^|~\s]+~\d+)+\|(?:\+(?:\|[^|~\s]+~\d+)+\|)*)"
_STRUCTURE = re.compile(rf"(?:[^|]*\W)?Structure\(\d+ nodes with {_CELL}\)")
_LOGGED = re.compile(rf"[^|]*[\s=:]{_CELL}")
# What NAS-Bench-301's configurations say of cells, among the numbers of a training.
CONFIGURED = "NetworkSelectorDatasetInfo:darts:"
_CELLS = re.compile(rf"{CONFIGURED}(edge|inputs_node)_")
# As a spreadsheet shortens 12345 to 1.23E+04; whoever reads it reads another index.
_SHORTENED = re.compile(r"\s*[-+]?[0-9_.]+[eE][-+]?[0-9]+\s*")
_BEHIND = re.compile(r"[\s;,.]*(#.*)?", re.DOTALL)


def plain(value: Any, depth: int = 0) -> Any:
    """Return what an object says as lists, dictionaries, texts and whole numbers.

    None stands for what says nothing: None, NaN, pandas' NA. A named tuple or a data class is a
    dictionary of its fields; an object with ``tostr`` (AutoDL-Projects' structures) is its text,
    one with ``matrix`` and ``ops`` (NAS-Bench-101's ModelSpec) these two. Of a configuration of
    NAS-Bench-301 (ConfigSpace) the cells are kept.

    Raises:
        InvalidCellError: it is none of these.
    """
    if isinstance(value, str):
        return str(value)
    if _says_nothing(value):
        return None
    number = _whole(value)
    if number is not None:
        return number
    if depth > DEEPEST:
        raise InvalidCellError(f"{shown(value)} is nested deeper than any architecture")
    content = _content(value)
    if isinstance(content, Mapping):
        cells = {key: item for key, item in content.items() if _CELLS.match(str(key))}
        content = cells or content
        return {str(plain(key, depth + 1)): plain(item, depth + 1) for key, item in content.items()}
    if content is not None:
        return [plain(item, depth + 1) for item in content]
    for method in ("as_py", "get_dictionary", "tostr", "tolist"):
        if callable(getattr(value, method, None)):
            return plain(getattr(value, method)(), depth + 1)
    raise InvalidCellError(
        f"{shown(value)} is of type {type(value).__name__}; an architecture is a text, a mapping, "
        "or one of the notations of docs/notations.md"
    )


def _says_nothing(value: Any) -> bool:
    missing = isinstance(value, float) and math.isnan(value)
    return value is None or missing or type(value).__name__ == "NAType"


def _whole(value: Any) -> int | bool | None:
    """Return a whole number of Python's or numpy's; a truth value stays one."""
    if isinstance(value, int):
        return value
    if hasattr(value, "dtype") and getattr(value, "shape", None) == ():
        value = value.item()
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) else None


def _content(value: Any) -> Mapping[Any, Any] | Iterable[Any] | None:
    """Return a container's keys and items; None for what is no container."""
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return dict(zip(value._fields, value, strict=True))
    if isinstance(value, Mapping | list | tuple | range):
        return value if len(value) <= LARGEST else None
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {part.name: getattr(value, part.name) for part in dataclasses.fields(value)}
    if hasattr(value, "matrix") and hasattr(value, "ops"):
        return {"matrix": value.matrix, "ops": value.ops}
    return None


def of_text(text: str, fields: tuple[str, ...] = DARTS_FIELDS) -> Any:
    """Return the plain data that a text spells; None where it spells none.

    JSON, Python's literals, numpy's prints; with whatever a log or an assignment has in front:
    ``Genotype(...)``, AutoDL-Projects' ``Structure(4 nodes with ...)`` and strings of cells. A
    single number with an exponent is none: its digits may have been lost.

    Args:
        text: the text.
        fields: the names of a genotype's fields where they are given by their place.

    Raises:
        InvalidCellError: a genotype has a field twice.
    """
    if len(text) > LONGEST or _SHORTENED.fullmatch(text):
        return None
    cell = _STRUCTURE.fullmatch(text.strip()) or _LOGGED.fullmatch(text.strip())
    if cell:
        return cell[1]
    try:
        return plain(read_json(text))
    except (ValueError, RecursionError, InvalidCellError):
        pass
    match = _GENOTYPE.search(text)
    if match:
        text = _call_at(text, match)
    elif re.fullmatch(r"[\[\]\d\s.]+", text):  # numpy's print of an array, which has no commas
        text = re.sub(r"(?<=[\d\].])\s+(?=[\d\[])", ", ", text.strip())
    try:
        value = _value(ast.parse(text.strip(), mode="eval").body, fields)
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
        return None
    try:
        return plain(value)
    except InvalidCellError:
        return None


def _call_at(text: str, match: re.Match[str]) -> str:
    """Return a call from its name to its closing bracket; nothing where more stands behind it."""
    depth, quote = 0, ""
    for place in range(match.end() - 1, len(text)):
        letter = text[place]
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote = letter
        elif letter in "([{":
            depth += 1
        elif letter in ")]}":
            depth -= 1
            if not depth:
                rest = text[place + 1 :]
                return text[match.start() : place + 1] if _BEHIND.fullmatch(rest) else ""
    return ""


def _value(node: ast.expr, fields: tuple[str, ...]) -> Any:
    if isinstance(node, ast.List | ast.Tuple):
        return [_value(item, fields) for item in node.elts]
    if isinstance(node, ast.Dict):
        pairs = [
            (_value(key, fields), _value(item, fields))
            for key, item in zip(node.keys, node.values, strict=True)
            if key is not None
        ]
        if len({str(key) for key, _ in pairs}) < len(node.keys):
            raise ValueError("a key twice")
        return {str(key): item for key, item in pairs}
    if isinstance(node, ast.Call):
        return _called(node, fields)
    return ast.literal_eval(node)


def _called(call: ast.Call, fields: tuple[str, ...]) -> Any:
    """Return what a call of a known name gives."""
    name = ast.unparse(call.func).rpartition(".")[2]
    arguments = [_value(argument, fields) for argument in call.args]
    if name == "Genotype":
        named = [(str(word.arg), _value(word.value, fields)) for word in call.keywords]
        both = [*zip(fields, arguments, strict=False), *named]
        if len(arguments) > len(fields):
            raise ValueError("more fields than there are")
        twice = [field for field, times in Counter(field for field, _ in both).items() if times > 1]
        if twice:
            raise InvalidCellError(f"the field {twice[0]!r} stands there twice")
        return dict(both)
    if name == "range" and not call.keywords:
        if not all(type(end) is int and abs(end) <= LARGEST for end in arguments):
            raise ValueError("a range of no use")
        return list(range(*arguments))
    if len(arguments) == 1 and name in _ARRAYS | _NUMBERS | _TEXTS:
        return arguments[0]
    raise ValueError(f"a call of {name}")
