"""The search space: what may be built, in strings, in objects and in cells.

A space is one of the package's, which ``open_space`` knows by name, or a YAML file of one's own;
``SpaceFile`` and the forms' keys describe such a file. An operator that is known here, by its name
or by one of its descriptions, has its code of ``operators.CODES``; a new one has the next free
code, and predictors learn what it is from its description alone.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from math import prod
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import yaml
from pydantic import Field, model_validator

from tgnas.cell import Cells
from tgnas.errors import ConfigError, InvalidCellError, TgnasError, UnknownNameError
from tgnas.operators import ATTRIBUTES, CODES, NAMES, PADDING, VOCABULARY, spellings
from tgnas.registry import SPACES
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.forms.base import INPUT, OUTPUT, Alphabet, Choices, Form, Graph
from tgnas.spaces.forms.blocks import BlockKeys, Blocks
from tgnas.spaces.forms.edges import EdgeKeys, OperatorsOnEdges
from tgnas.spaces.forms.genotypes import GenotypeKeys, Genotypes
from tgnas.spaces.forms.nodes import NodeKeys, OperatorsOnNodes
from tgnas.validation import Keys, validated

Architecture = str | Mapping[str, Any]
FREE = PADDING - 1 - len(NAMES)  # codes that neither the vocabulary nor an encoding uses
FOLDER = resources.files("tgnas.spaces")
FORMS: dict[str, tuple[Callable[..., Form], type[Keys]]] = {
    "operators_on_edges": (OperatorsOnEdges, EdgeKeys),
    "operators_on_nodes": (OperatorsOnNodes, NodeKeys),
    "blocks": (Blocks, BlockKeys),
    "genotype": (Genotypes, GenotypeKeys),
}
Text = Annotated[str, Field(min_length=1)]
Positive = Annotated[float, Field(ge=0)]
_KINDS = {operator.name: operator.kind for operator in VOCABULARY}


class AttributeKeys(Keys):
    """What is known of an operator beside words; only predictors that learned from it read it."""

    weights: Positive = 0.0
    """Weights for each pair of input and output channels."""
    reach: Positive = 0.0
    """How far from a pixel (or node) it reads, in pixels (or edges)."""


class OperatorKeys(Keys):
    """One operator; without a kind it computes something, and a text alone is its description."""

    description: str = ""
    """What it is in plain English, in a few words, or the name of an operator that is known here,
    such as conv_3x3."""
    kind: Literal["compute", "identity", "zero"] | None = None
    """identity passes its input on and zero passes nothing on, whatever they are called; all else
    is compute."""
    attributes: AttributeKeys = AttributeKeys()
    """What is known beside words."""

    @model_validator(mode="before")
    @classmethod
    def _of_text(cls, values: Any) -> Any:
        return {"description": values} if isinstance(values, str) else values


class SpaceFile(Keys):
    """What a space's YAML file says; docs/own-space.md explains it with an example."""

    name: Annotated[str, Field(pattern="^[A-Za-z0-9_.-]+$")]
    """The space's name, as messages say it."""
    description: str = ""
    """What the space is and where it comes from, for people."""
    operators: Annotated[dict[Text, OperatorKeys], Field(min_length=1)]
    """Every operator, by the name that the space's architectures spell it with."""
    cells: dict[str, Any]
    """How cells are built of operators, and how they are written down: `form`, and the form's
    settings."""


@dataclass(frozen=True, slots=True)
class NewOperator:
    """An operator that the vocabulary does not have.

    Its attributes are ``operators.ATTRIBUTES``, in their order; zero where unknown.
    """

    description: str
    attributes: tuple[float | int, ...] = (0.0,) * len(ATTRIBUTES)


@dataclass(frozen=True, eq=False)
class Parsed:
    """What became of N strings or objects; the cells of a row that has an error are empty."""

    architectures: Architectures
    errors: dict[int, TgnasError]


@dataclass(frozen=True, eq=False)
class Space:
    """A search space: how cells are built, and the operators that the vocabulary does not have."""

    name: str
    description: str
    form: Form
    new: tuple[NewOperator, ...] = ()

    @property
    def operators(self) -> Mapping[str, int]:
        """Spelling -> code of every operator; ``len(NAMES) + i`` is the i-th new one."""
        return self.form.alphabet.codes

    @property
    def cell_weights(self) -> tuple[float, ...]:
        """The share of each of an architecture's K cells among those of the stacked network."""
        return self.form.cell_weights

    @property
    def choices(self) -> tuple[tuple[str, ...], ...]:
        """What may stand at each of D independent decisions; empty where they are not."""
        return self.form.choices

    @cached_property
    def size(self) -> int | None:
        """The number of architectures; None where no decisions are independent."""
        return prod(map(len, self.choices)) if self.choices else None

    def name_of(self, code: int) -> str:
        """Return the operator of a code: the space's spelling, or the vocabulary's name."""
        name = NAMES[code] if code < len(NAMES) else "?"
        return self.form.alphabet.names.get(code, name)

    def parse(self, architecture: Architecture) -> Architectures:
        """Return one architecture of a string as the space writes it, or of JSON.

        Raises:
            InvalidCellError: it is not in this search space; the message says why.
            UnknownNameError: an operator that the space does not have.
        """
        return self._packed(self.form.pack(self._graphs(architecture)))

    def architectures(self, strings: Sequence[Architecture] | pa.Array) -> Architectures:
        """Return N architectures; the first faulty one's error is raised, as by ``parse``."""
        parsed = self.read(strings)
        for error in parsed.errors.values():
            raise error
        return parsed.architectures

    def format(self, architectures: Architectures) -> list[str]:
        """Return architectures as the space's own strings.

        Raises:
            InvalidCellError: one is not in this search space, or no string can say it.
        """
        refused = InvalidCellError(f"{self.name}: a cell is not in this search space")
        if architectures.cell_weights != self.cell_weights:
            raise refused
        cells = architectures.cells
        if cells.vertices != self.form.vertices:
            cells = cells.padded(self.form.vertices)
        strings = [self.form.text_of(member) for member in self.form.objects_of(cells)]
        # What was made of a cell says it only if it is read as the same cell.
        parsed = self.read(strings)
        again = parsed.architectures.cells
        same = np.array_equal(again.operators, cells.operators)
        if parsed.errors or not same or not np.array_equal(again.edges, cells.edges):
            raise refused
        return strings

    def object_of(self, architecture: Architecture) -> dict[str, Any]:
        """Return an architecture as a plain JSON object; errors are those of ``parse``."""
        member = self._object(architecture)
        self.form.graphs_of(member)
        return member

    def read(self, column: Sequence[Architecture] | pa.Array) -> Parsed:
        """Return a column of architectures, and what is wrong with any.

        Each distinct one is read once, and all strings of the usual form by the column.
        """
        objects: dict[int, Mapping[str, Any]] = {}
        if not isinstance(column, pa.Array):
            objects = {i: a for i, a in enumerate(column) if isinstance(a, Mapping)}
            texts = [None if i in objects else a for i, a in enumerate(column)]
            column = pa.array(texts, pa.string())
        encoded = column.dictionary_encode()
        words = pc.utf8_trim_whitespace(encoded.dictionary)
        cells, understood = self.form.read(words)
        place = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
        # Behind the words stand the objects, and behind them the row that nothing is in.
        place[list(objects)] = len(words) + np.arange(len(objects))
        place[place < 0] = len(words) + len(objects)

        doubtful = np.flatnonzero(~understood)
        rest = [*(words[i].as_py() for i in doubtful), *objects.values(), None]
        graphs, faults = self._one_by_one(rest)
        # What was read one by one stands behind what was read by the column.
        moved = np.arange(len(words) + len(objects) + 1)
        moved[len(words) :] += len(doubtful)
        moved[doubtful] = len(words) + np.arange(len(doubtful))
        place = moved[place]
        bad = {len(words) + i: error for i, error in faults.items()}
        faulty = np.flatnonzero(np.isin(place, list(bad))) if bad else ()
        errors = {int(i): bad[int(place[i])] for i in faulty}
        every = Cells.concatenate([cells, self.form.pack(graphs)])
        return Parsed(self._packed(every)[place], errors)

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
                graphs += [([INPUT, OUTPUT], [])] * len(self.cell_weights)
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

    def _packed(self, cells: Cells) -> Architectures:
        return Architectures(cells, self.cell_weights)

    def of_choices(self, rows: Choices | Sequence[Sequence[int]]) -> Architectures:
        """Return architectures of rows of indices into ``choices``; ConfigError without them."""
        rows = np.asarray(rows, dtype=np.int64).reshape(len(rows), -1)
        return self._packed(self.form.of_choices(rows))

    def choices_of(self, architectures: Architectures) -> Choices:
        """Return the decisions behind architectures, the inverse of ``of_choices``.

        Raises:
            ConfigError: the space is not made of independent choices.
            InvalidCellError: an architecture is not in this search space.
        """
        return self.form.choices_of(architectures.cells)

    def enumerate(self) -> Architectures:
        """Return every architecture; of independent choices the last one changes fastest.

        A ConfigError says that the space has more than a million, or cannot be listed.
        """
        return self._packed(self.form.enumerate())

    def sample(self, count: int, generator: np.random.Generator) -> Architectures:
        """Return architectures that are drawn at random, uniformly where choices are independent.

        A ConfigError says that the space cannot be drawn from.
        """
        return self._packed(self.form.sample(count, generator))

    def mutate(self, architectures: Architectures, generator: np.random.Generator) -> Architectures:
        """Return one random neighbour of each architecture; errors as in ``sample``."""
        return self._packed(self.form.mutate(architectures.cells, generator))

    def neighbours(self, architectures: Architectures) -> Architectures:
        """Return all architectures one step away from one; errors as in ``sample``."""
        return self._packed(self.form.neighbours(architectures.cells))


def open_space(space: str | Path | Space) -> Space:
    """Return the space of a built-in one's name, or of the path of a YAML file.

    Raises:
        UnknownNameError: neither a name nor a path that ends in .yaml or .yml, or an unknown key.
        ConfigError: the file is missing or defines no space; the message says where and why.
    """
    if isinstance(space, Space):
        return space
    if str(space).endswith((".yaml", ".yml")):
        return read_space(Path(space))
    if space not in SPACES.names():
        raise UnknownNameError("space", str(space), [*SPACES.names(), "a path that ends in .yaml"])
    return built_in(str(space))


@cache
def built_in(name: str) -> Space:
    """Return a space of ``tgnas.spaces``: what its YAML file defines, or what its module does."""
    file = FOLDER / f"{name}.yaml"
    if file.is_file():
        return space_of(yaml.safe_load(file.read_text()), f"{name}.yaml")
    return SPACES.load(name)


def alphabet_of(name: str, operators: Sequence[str]) -> Alphabet:
    """Return the alphabet of a space that is defined in code, as the vocabulary spells it."""
    spelling = spellings(name)
    return Alphabet(name, MappingProxyType({spelling[op]: CODES[op] for op in operators}))


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
    """Return the space that the content of a file, ``SpaceFile``, defines.

    Raises:
        ConfigError: it defines no space; the message says where it stands, which is `where`.
        UnknownNameError: a key or a form that does not exist.
    """
    _check_keys(content, where)
    file = validated(SpaceFile, content, what=where)
    cells = dict(file.cells)
    name = cells.pop("form", None)
    if name not in FORMS:
        raise UnknownNameError(f"{where}: cells: form", str(name), FORMS)
    form, model = FORMS[name]
    keys = validated(model, cells, "cells", where)
    codes, new = _operators(file.operators, where)
    try:
        built = form(Alphabet(file.name, MappingProxyType(codes)), keys)
    except ConfigError as error:
        raise ConfigError(f"{where}: cells: {error}") from error
    return Space(file.name, file.description, built, new)


def _operators(
    entries: Mapping[str, OperatorKeys], where: str
) -> tuple[dict[str, int], tuple[NewOperator, ...]]:
    """Return spelling -> code, and the operators that are new."""
    codes: dict[str, int] = {}
    new: list[NewOperator] = []
    for spelled, entry in entries.items():
        place = f"{where}: operators: {spelled}"
        kind, words = entry.kind, " ".join(entry.description.split())
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
        operator = NewOperator(words, (entry.attributes.weights, entry.attributes.reach))
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


def _check_keys(content: Any, where: str) -> None:
    """Refuse keys that YAML takes for numbers or truth values, such as 0 and no."""
    if isinstance(content, dict):
        for key, value in content.items():
            if not isinstance(key, str):
                raise ConfigError(f"{where}: YAML reads the key {key!r} as no text; put it in ''")
            _check_keys(value, f"{where}: {key}")
