"""A search space that a YAML file defines, and the built-in ones in the same form.

``schema.yaml`` describes every key. An operator that is known here, by its name or by one of its
descriptions, has its code of ``operators.CODES``; a new one has the next free code, and predictors
learn what it is from its description alone.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from math import prod
from pathlib import Path
from types import MappingProxyType
from typing import Any

import jsonschema
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import yaml
from jaxtyping import Int64

from tgnas.cell import Cells
from tgnas.errors import ConfigError, InvalidCellError, TgnasError, UnknownNameError
from tgnas.operators import ATTRIBUTES, CODES, NAMES, PADDING, VOCABULARY
from tgnas.registry import SPACES
from tgnas.spaces.forms.base import INPUT, OUTPUT, Alphabet, Form, Graph
from tgnas.spaces.forms.blocks import Blocks
from tgnas.spaces.forms.edges import OperatorsOnEdges
from tgnas.spaces.forms.genotypes import Genotypes
from tgnas.spaces.forms.nodes import OperatorsOnNodes

Architecture = str | Mapping[str, Any]
FREE = PADDING - 1 - len(NAMES)  # codes that neither the vocabulary nor an encoding uses
_HERE = "tgnas.spaces"
FORMS = {
    "operators_on_edges": OperatorsOnEdges,
    "operators_on_nodes": OperatorsOnNodes,
    "blocks": Blocks,
    "genotype": Genotypes,
}
_KINDS = {operator.name: operator.kind for operator in VOCABULARY}


@dataclass(frozen=True, slots=True)
class NewOperator:
    """An operator that the vocabulary does not have.

    Attributes:
        description: what it is, in plain English.
        attributes: ``operators.ATTRIBUTES``, in their order; zero where unknown.
    """

    description: str
    attributes: tuple[float | int, ...] = (0.0,) * len(ATTRIBUTES)


@dataclass(frozen=True, eq=False)
class Parsed:
    """What became of N architectures.

    Attributes:
        cells: N K cells; cell k of architecture i is row i K + k. Those of a faulty one are empty.
        errors: row of each faulty architecture -> what is wrong with it.
    """

    cells: Cells
    errors: dict[int, TgnasError]


@dataclass(frozen=True, eq=False)
class Space:
    """A search space.

    Attributes:
        name: its name.
        description: what it is, for people.
        operators: spelling -> code; ``len(NAMES) + i`` is the i-th new operator.
        new: the operators that the vocabulary does not have.
        form: how cells are built.
    """

    name: str
    description: str
    operators: Mapping[str, int]
    new: tuple[NewOperator, ...]
    form: Form

    @property
    def shares(self) -> tuple[float, ...]:
        """The share of each of an architecture's K kinds of cell among those of the network."""
        return self.form.shares

    @property
    def choices(self) -> tuple[tuple[str, ...], ...]:
        """What may stand at each of D independent decisions; empty where they are not."""
        return self.form.choices

    @cached_property
    def size(self) -> int | None:
        """How many architectures can be written; None where no decisions are independent."""
        return prod(map(len, self.choices)) if self.choices else None

    def name_of(self, code: int) -> str:
        """Return the operator of a code: the space's spelling, or the vocabulary's name."""
        spelled = {known: name for name, known in self.operators.items()}
        return spelled.get(code, NAMES[code] if code < len(NAMES) else "?")

    def parse(self, architecture: Architecture) -> Cells:
        """Return the K cells of an architecture.

        Raises:
            InvalidCellError: it is none of this space; the message says why.
            UnknownNameError: an operator that the space does not have.
        """
        return self.form.pack(self._graphs(architecture))

    def format(self, architecture: Architecture) -> str:
        """Return an architecture as the space's own string; errors are those of ``parse``."""
        return self.form.text_of(self._object(architecture))

    def object_of(self, architecture: Architecture) -> dict[str, Any]:
        """Return an architecture as a plain JSON object; errors are those of ``parse``."""
        found = self._object(architecture)
        self.form.graphs_of(found)
        return found

    def cells(self, architectures: Sequence[Architecture]) -> Cells:
        """Return the N K cells of N architectures; the first faulty one's error is raised."""
        parsed = self.read(architectures)
        for error in parsed.errors.values():
            raise error
        return parsed.cells

    def read(self, architectures: Sequence[Architecture] | pa.Array) -> Parsed:
        """Return the cells of a column of architectures, and what is wrong with any.

        Each distinct one is read once, and all strings of the usual form by the column.
        """
        objects: dict[int, Mapping[str, Any]] = {}
        if not isinstance(architectures, pa.Array):
            objects = {i: a for i, a in enumerate(architectures) if isinstance(a, Mapping)}
            texts = [None if i in objects else a for i, a in enumerate(architectures)]
            architectures = pa.array(texts, pa.string())
        encoded = architectures.dictionary_encode()
        words = pc.utf8_trim_whitespace(encoded.dictionary)
        cells, understood = self.form.read(words)
        place = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
        place[list(objects)] = len(words) + np.arange(len(objects))
        place[place < 0] = len(words) + len(objects)

        doubtful = np.flatnonzero(~understood)
        rest: list[Architecture | None] = [words[i].as_py() for i in doubtful]
        rest += [*objects.values(), None]
        graphs, faults = self._one_by_one(rest)
        known = len(words)
        rows = [*doubtful.tolist(), *range(known, known + len(objects) + 1)]
        bad = {rows[i]: error for i, error in faults.items()}
        found = _replaced(cells, self.form.pack(graphs), rows, len(self.shares))
        errors = {}
        if bad:
            for i in np.flatnonzero(np.isin(place, list(bad))):
                errors[int(i)] = bad[int(place[i])]
        return Parsed(found[_rows_of(place, len(self.shares))], errors)

    def _one_by_one(
        self, architectures: Sequence[Architecture | None]
    ) -> tuple[list[Graph], dict[int, TgnasError]]:
        graphs: list[Graph] = []
        faults: dict[int, TgnasError] = {}
        for i, architecture in enumerate(architectures):
            try:
                graphs += self._graphs(architecture)
            except (InvalidCellError, UnknownNameError) as error:
                # Its traceback would keep the whole column until the collector runs.
                faults[i] = error.with_traceback(None)
                graphs += [([INPUT, OUTPUT], [])] * len(self.shares)
        return graphs, faults

    def _graphs(self, architecture: Architecture | None) -> list[Graph]:
        return self.form.graphs_of(self._object(architecture))

    def _object(self, architecture: Architecture | None) -> dict[str, Any]:
        if architecture is None:
            raise InvalidCellError(f"{self.name}: there is no architecture")
        if isinstance(architecture, Mapping):
            return dict(architecture)
        text = architecture.strip()
        if not text.startswith("{"):
            return self.form.object_of(text)
        try:
            return dict(json.loads(text))
        except (ValueError, RecursionError) as error:
            raise InvalidCellError(f"{self.name}: {text!r} is not JSON: {error}") from None

    def cells_of_choices(self, choices: Int64[np.ndarray, "N D"]) -> Cells:
        """Return the N K cells of rows of indices into ``choices``.

        Raises:
            ConfigError: the space is not made of independent choices.
        """
        return self.form.cells_of_choices(choices)

    def text_of_choices(self, row: Sequence[int]) -> str:
        """Return the string of one row of indices into ``choices``; errors as above."""
        return self.form.text_of(self.form.object_of_choices(row))


def _rows_of(places: Int64[np.ndarray, " N"], kinds: int) -> Int64[np.ndarray, " NK"]:
    return (places[:, None] * kinds + np.arange(kinds)).ravel()


def _replaced(cells: Cells, others: Cells, rows: Sequence[int], kinds: int) -> Cells:
    """Return cells of which the architectures in `rows`, ascending, are others."""
    size = max(len(cells), (rows[-1] + 1) * kinds)
    operators = np.full((size, cells.vertices), PADDING, dtype=np.uint8)
    edges = np.zeros((size, cells.edges.shape[1]), dtype=np.uint8)
    operators[: len(cells)], edges[: len(cells)] = cells.operators, cells.edges
    at = _rows_of(np.array(rows, dtype=np.int64), kinds)
    operators[at], edges[at] = others.operators, others.edges
    return Cells(operators, edges)


class RegisteredForm(Form):
    """A built-in space whose strings no form of a file describes; one string at a time."""

    def __init__(self, name: str) -> None:
        self.space = SPACES.load(name)
        self.alphabet = Alphabet(name, {s: CODES[n] for n, s in self.space.spelling.items()})
        self.shares = self.space.shares
        self.vertices = max(len(code) for code, _ in self._example())

    def _example(self) -> list[Graph]:
        cells = self.space.enumerate()[0]
        return [_graph(cells.cell(0))]

    def object_of(self, text: str) -> dict[str, Any]:
        """Return the string itself under the key "string"."""
        return {"string": text}

    def text_of(self, found: Mapping[str, Any]) -> str:
        """Return the string."""
        self.graphs_of(found)
        return found["string"]

    def graphs_of(self, found: Mapping[str, Any]) -> list[Graph]:
        """Return what the space's own parser makes of it."""
        if set(found) != {"string"} or not isinstance(found["string"], str):
            raise self.alphabet.refuse('its JSON form is {"string": ARCHITECTURE}')
        member = self.space.parse(found["string"])
        return [_graph(cell) for cell in (member if isinstance(member, tuple) else (member,))]

    def read(self, texts: pa.Array) -> tuple[Cells, np.ndarray]:
        """Understand nothing by the column."""
        empty = self.pack([([INPUT, OUTPUT], [])] * len(self.shares) * len(texts))
        return empty, np.zeros(len(texts), dtype=bool)


def _graph(cell: Any) -> Graph:
    return [CODES[name] for name in cell.operators], list(cell.edges)


def open_space(space: str | Path | Space) -> Space:
    """Return a search space.

    Args:
        space: a built-in one's name, the path of a YAML file, or a space, which is returned.

    Raises:
        UnknownNameError: neither a name nor a path that ends in .yaml or .yml.
        ConfigError: the file is missing or defines no space; the message says where and why.
    """
    if isinstance(space, Space):
        return space
    if str(space).endswith((".yaml", ".yml")):
        return read_space(Path(space))
    return built_in(str(space))


@cache
def built_in(name: str) -> Space:
    """Return a space of ``tgnas.spaces``.

    Raises:
        UnknownNameError: there is none of that name.
    """
    if name not in SPACES.names():
        raise UnknownNameError("space", name, [*SPACES.names(), "a path that ends in .yaml"])
    file = resources.files("tgnas.spaces") / f"{name}.yaml"
    if file.is_file():
        return space_of(yaml.safe_load(file.read_text()), f"{name}.yaml")
    form = RegisteredForm(name)
    about = (SPACES.module(name).__doc__ or "").splitlines()[0]
    return Space(name, about, form.alphabet.codes, (), form)


def read_space(path: Path) -> Space:
    """Return the space of a YAML file; errors as in ``open_space``."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: is not YAML: {' '.join(str(error).split())}") from error
    return space_of(content, str(path))


def space_of(content: Any, where: str = "space") -> Space:
    """Return the space that the content of a file defines.

    Args:
        content: what ``schema.yaml`` describes.
        where: how messages call it.

    Raises:
        ConfigError: it defines no space.
    """
    schema = _schema()
    _check_keys(content, where)
    _check(content, schema, where)
    cells = dict(content["cells"])
    _check(cells, schema["$defs"][cells["form"]], f"{where}: cells")
    codes, new = _operators(content["operators"], where)
    form = FORMS[cells.pop("form")]
    if "length" in cells:
        least_and_most = cells["length"]
        both = [least_and_most] * 2 if isinstance(least_and_most, int) else least_and_most
        cells["length"] = tuple(both)
    name = content["name"]
    try:
        built: Form = form(Alphabet(name, MappingProxyType(codes)), **cells)
    except ConfigError as error:
        raise ConfigError(f"{where}: cells: {error}") from error
    return Space(name, content.get("description", ""), MappingProxyType(codes), new, built)


def _operators(
    entries: Mapping[str, Any], where: str
) -> tuple[dict[str, int], tuple[NewOperator, ...]]:
    """Return spelling -> code, and the operators that are new."""
    codes: dict[str, int] = {}
    new: list[NewOperator] = []
    for spelled, given in entries.items():
        entry: dict[str, Any] = {"description": given} if isinstance(given, str) else given
        place = f"{where}: operators: {spelled}"
        kind, words = entry.get("kind"), " ".join(entry.get("description", "").split())
        if kind in ("identity", "zero"):
            codes[spelled] = CODES[kind]
            continue
        if not words:
            raise ConfigError(f"{place}: needs a description, or a kind that is identity or zero")
        known = _known().get(words.casefold())
        if known is not None:
            if _KINDS[known] in ("input", "output") or (
                kind == "compute" and _KINDS[known] in ("identity", "zero")
            ):
                raise ConfigError(f"{place}: {words!r} is of the kind {_KINDS[known]}, not compute")
            codes[spelled] = CODES[known]
            continue
        attributes = tuple(float(entry.get("attributes", {}).get(name, 0)) for name in ATTRIBUTES)
        operator = NewOperator(words, attributes)
        if operator not in new:
            new.append(operator)
        codes[spelled] = len(NAMES) + new.index(operator)
    if len(new) > FREE:
        raise ConfigError(f"{where}: operators: {len(new)} new ones; allowed are {FREE}")
    return codes, tuple(new)


@cache
def _known() -> dict[str, str]:
    """Return name or description, in small letters -> canonical name."""
    described = {
        sentence.casefold(): operator.name
        for operator in VOCABULARY
        for sentence in operator.sentences.values()
    }
    return described | {name: name for name in NAMES}


@cache
def _schema() -> dict[str, Any]:
    return yaml.safe_load((resources.files(_HERE) / "schema.yaml").read_text())


def _check_keys(content: Any, where: str) -> None:
    """Refuse keys that YAML takes for numbers or truth values, such as 0 and no."""
    if isinstance(content, dict):
        for key, value in content.items():
            if not isinstance(key, str):
                raise ConfigError(f"{where}: YAML reads the key {key!r} as no text; put it in ''")
            _check_keys(value, f"{where}: {key}")


def _check(content: Any, schema: dict[str, Any], where: str) -> None:
    error = jsonschema.exceptions.best_match(
        jsonschema.Draft202012Validator(schema).iter_errors(content)
    )
    if error is not None:
        place = ": ".join([where, *map(str, error.absolute_path)])
        raise ConfigError(f"{place}: {error.message}")
