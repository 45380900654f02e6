"""Cells with operators on nodes as NAS-Bench-101, NASLib and NNI write them.

google-research/nasbench: an adjacency matrix and the names of the operators, as ``ModelSpec`` takes
them (matrix, ops) and as the benchmark gives them back (module_adjacency, module_operations).
NASLib (search_spaces/nasbench101/conversions.py): a tuple of the matrix' rows, then a number for
each operator. NNI (microsoft/nni, nas/benchmarks/nasbench101): operators of the nodes between, and
what each node but the first takes from, as ``{"op1": ..., "input1": [0], ...}``.
"""

import math
from typing import Any, Protocol, runtime_checkable

from tgnas.errors import InvalidCellError, number_of
from tgnas.spaces.forms.base import Alphabet
from tgnas.spaces.notations.base import Member, Notation, matrix, whole_numbers, words

KEYS = (
    ("matrix", "ops"),
    ("module_adjacency", "module_operations"),
    ("original_matrix", "original_ops"),
    ("adjacency", "operators"),
)
NASLIB_OPERATORS = ("input", "output", "maxpool3x3", "conv1x1-bn-relu", "conv3x3-bn-relu")


@runtime_checkable
class Nodes(Protocol):
    """What is read of the form."""

    alphabet: Alphabet


def notations_of(form: Nodes) -> dict[str, Notation]:
    """Return the notations of a space with operators on nodes."""
    known = {"matrix": Notation("an adjacency matrix and operators", _of_matrix, _matrix_of)}
    if set(form.alphabet.codes) == set(NASLIB_OPERATORS[2:]):

        def read(value: Any) -> Member | None:
            return _of_naslib(form, value)

        known["naslib"] = Notation("NASLib's tuple of matrix and operators", read, _naslib_of)
        known["nni"] = Notation("NNI's operators and inputs of nodes", _of_nni, _nni_of)
    return known


def _of_matrix(value: Any) -> Member | None:
    pair: Any = value
    if isinstance(value, dict):
        matches = [keys for keys in KEYS if set(keys) <= set(value)]
        if not matches:
            return None
        rows, names = matches[0]
        if not words(value[names]) or not isinstance(value[rows], list):
            raise InvalidCellError(
                f"{rows!r} must be a list of rows and {names!r} a list of the operators' names"
            )
        pair = [value[rows], value[names]]
    if not isinstance(pair, list) or len(pair) != 2 or not words(pair[1]):
        return None
    if not isinstance(pair[0], list) or not all(isinstance(row, list) for row in pair[0]):
        return None
    return _member(*pair)


def _member(rows: list[list[int]], names: list[str]) -> Member:
    if not matrix(rows) or len(rows) != len(names):
        raise InvalidCellError(
            f"an adjacency matrix of {number_of(len(names), 'operator')} must have "
            f"{number_of(len(names), 'row')} of as many 0 or 1"
        )
    edges = [[i, j] for i, row in enumerate(rows) for j, there in enumerate(row) if there]
    return {"operators": names, "edges": edges}


def _matrix_of(member: Member) -> dict[str, Any]:
    names = list(member["operators"])
    rows = [[0] * len(names) for _ in names]
    for source, target in member["edges"]:
        rows[source][target] = 1
    return {"matrix": rows, "ops": names}


def _of_naslib(form: Nodes, value: Any) -> Member | None:
    if not whole_numbers(value):
        return None
    size = math.isqrt(len(value))
    if size * (size + 1) != len(value):
        return None
    rows = [value[start : start + size] for start in range(0, size * size, size)]
    wrong = [n for n in value[size * size :] if not 0 <= n < len(NASLIB_OPERATORS)]
    if wrong:
        raise InvalidCellError(
            f"{form.alphabet.space}: there is no operator {wrong[0]} in NASLib's list; allowed are "
            f"0 to {len(NASLIB_OPERATORS) - 1}"
        )
    return _member(rows, [NASLIB_OPERATORS[number] for number in value[size * size :]])


def _naslib_of(member: Member) -> str:
    written = _matrix_of(member)
    cells = [cell for row in written["matrix"] for cell in row]
    return str((*cells, *map(NASLIB_OPERATORS.index, written["ops"])))


def _of_nni(value: Any) -> Member | None:
    if not isinstance(value, dict) or "input1" not in value:
        return None
    last = sum(key.startswith("input") for key in value)
    between, later = range(1, last), range(1, last + 1)
    keys = {*(f"op{node}" for node in between), *(f"input{node}" for node in later)}
    if set(value) != keys or not all(isinstance(value[f"input{n}"], list) for n in later):
        return None
    return {
        "operators": ["input", *(value[f"op{node}"] for node in between), "output"],
        "edges": [[source, node] for node in later for source in value[f"input{node}"]],
    }


def _nni_of(member: Member) -> dict[str, Any]:
    names = list(member["operators"])
    sources = {node: [a for a, b in member["edges"] if b == node] for node in range(1, len(names))}
    operators = {f"op{node}": name for node, name in enumerate(names[1:-1], start=1)}
    return operators | {f"input{node}": given for node, given in sources.items()}
