"""The search space: what may be built, in strings, in objects and in cells.

A space is one of the package's, which ``open_space`` knows by name, or a YAML file of one's own;
``SpaceFile`` and the forms' keys describe such a file. An operator that is known here, by its name
or by one of its descriptions, has its code of ``operators.CODES``; a new one has the next free
code, and predictors learn what it is from its description alone.
"""

import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from importlib import resources
from math import prod
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float64, Int64
from pydantic import Field, model_validator

from tgnas.cell import Cells
from tgnas.errors import (
    ConfigError,
    InvalidCellError,
    TgnasError,
    UnknownInDataError,
    UnknownNameError,
    UnreadableFileError,
    nearest,
    number_of,
    shown,
)
from tgnas.operators import (
    ATTRIBUTES,
    CODES,
    COUNTED,
    NAMES,
    PADDING,
    UNKNOWN,
    VOCABULARY,
    OperatorAttributes,
    spellings,
)
from tgnas.registry import SPACES
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.columns import Columns, Name, Options
from tgnas.spaces.descriptions import attributes_of
from tgnas.spaces.forms.base import (
    INPUT,
    OUTPUT,
    Alphabet,
    Choices,
    Form,
    Graph,
    alone,
    check_enumerable,
    mutated,
    one_changed,
)
from tgnas.spaces.forms.blocks import BlockKeys, Blocks
from tgnas.spaces.forms.edges import EdgeKeys, OperatorsOnEdges
from tgnas.spaces.forms.genotypes import GenotypeKeys, Genotypes
from tgnas.spaces.forms.nodes import NodeKeys, OperatorsOnNodes
from tgnas.spaces.forms.widths import WidthKeys, Widths
from tgnas.spaces.notations.hints import hint
from tgnas.spaces.notations.plain import of_text, plain
from tgnas.spaces.skeleton import SEQUENCES, USUAL, NetworkKeys, Skeleton
from tgnas.validation import Keys, read_yaml, validated

Architecture = str | Mapping[str, Any]
# Public names of what is built in: without marks between words, in small letters.
ALIASES = {
    "nb101": "nasbench101",
    "nb201": "nasbench201",
    "nats": "nasbench201",
    "natsbench": "nasbench201",
    "natstss": "nasbench201",
    "natsbenchtss": "nasbench201",
    "natsbenchtopology": "nasbench201",
    "tss": "nasbench201",
    "topology": "nasbench201",
    "nb301": "darts",
    "nasbench301": "darts",
    "surrnasbench301": "darts",
    "enas": "nds_enas",
    "nbmacro": "nasbench_macro",
    "nbgraph": "nasbench_graph",
    "transnasbenchmicro": "transnas_micro",
    "transnasbench101micro": "transnas_micro",
    "transnasbenchmacro": "transnas_macro",
    "transnasbench101macro": "transnas_macro",
}
FREE = PADDING - 1 - len(NAMES)  # codes that neither the vocabulary nor an encoding uses
FOLDER = resources.files("tgnas.spaces")
FORMS: dict[str, tuple[Callable[..., Form], type[Keys]]] = {
    "operators_on_edges": (OperatorsOnEdges, EdgeKeys),
    "operators_on_nodes": (OperatorsOnNodes, NodeKeys),
    "blocks": (Blocks, BlockKeys),
    "genotype": (Genotypes, GenotypeKeys),
    "widths": (Widths, WidthKeys),
}
_EVERY = frozenset({"image", "classes", "stem", "counting"})
_CELLS = _EVERY | {"width", "depth", "stages", "between", "concatenated", "scale"}
# What is read of ``NetworkKeys``, by the form of the cells.
READ = {
    "operators_on_edges": _CELLS,
    "operators_on_nodes": _CELLS,
    "genotype": _EVERY | {"width", "depth", "scale"},
    "blocks": _EVERY | {"width", "stages", "head"},
    "widths": _EVERY | {"stages", "head"},
}
# Attributes that an operator of a form has not, for the form decides them.
SHAPES: dict[str, tuple[str, ...]] = dict.fromkeys(FORMS, ("stride", "widen", "width"))
SHAPES |= {"blocks": (), "widths": ("widen", "width")}
Text = Annotated[str, Field(min_length=1)]
_UNSAID = re.compile(
    r"\b(skips?|shortcut|identity|none|nothing|zero|zeroi[sz]e|no[- ]?op(eration)?)\b",
    re.IGNORECASE,
)
_KINDS = {operator.name: operator.kind for operator in VOCABULARY}
_OWN = {operator.name: operator.known for operator in VOCABULARY}
_SHORT = {operator.name: operator.sentences["short"] for operator in VOCABULARY}


class OperatorKeys(Keys):
    """One operator; without a kind it computes something, and a text alone is its description."""

    description: str = ""
    """What it is in plain English, in a few words, or the name of an operator that is known here,
    such as conv_3x3."""
    kind: Literal["compute", "identity", "zero"] | None = None
    """identity passes its input on and zero passes nothing on, whatever they are called; all else
    is compute."""
    attributes: OperatorAttributes | None = None
    """What is known beside words; what the description says where it is unambiguous, if not
    given."""
    module: Annotated[str, Field(pattern=r"^$|^[\w.]+:[\w.]+$")] = ""
    """package.module:factory, which makes the torch module of (channels that it takes, channels
    that it gives, stride); only `tgnas export` and `build_network` need it."""

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
    network: NetworkKeys = USUAL
    """What stands around the cells, as far as all architectures share it."""
    columns: Annotated[dict[Name, Options], Field(default_factory=dict)]
    """Numbers that each architecture has of its own, behind its string or in columns of a table:
    the values that they may have, or any."""


@dataclass(frozen=True, slots=True)
class NewOperator:
    """An operator that the vocabulary does not have.

    Its attributes are ``operators.ATTRIBUTES``, in their order; those of a text that is no known
    operator's description may be those of one, with another stride or width.
    """

    description: str
    attributes: tuple[float | int, ...] = UNKNOWN


@dataclass(frozen=True, eq=False)
class Parsed:
    """What became of N strings or objects; the cells of a row that has an error are empty."""

    architectures: Architectures
    errors: dict[int, TgnasError]


@dataclass(frozen=True, eq=False)
class Space:
    """A search space: how cells are built, and the operators that the vocabulary does not have.

    Attributes:
        name: as messages say it.
        description: for people.
        form: how cells are built and written.
        new: the operators that the vocabulary does not have, by code.
        network: what stands around the cells.
        options: the numbers that each architecture has of its own, and what they may be.
        modules: code of an operator -> package.module:factory, which makes its torch module.
    """

    name: str
    description: str
    form: Form
    new: tuple[NewOperator, ...] = ()
    network: NetworkKeys = USUAL
    options: Mapping[Name, Options] = field(default_factory=dict)
    modules: Mapping[int, str] = field(default_factory=dict)

    @cached_property
    def skeleton(self) -> Skeleton:
        """What all architectures share beside the operators of their cells."""
        new = tuple(operator.attributes for operator in self.new)
        return self.form.skeleton(self.network, new)

    @cached_property
    def columns(self) -> Columns:
        """The numbers that each architecture has of its own."""
        return Columns(self.name, self.options)

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
        """What may stand at each of D independent decisions; empty where they are not.

        The numbers that an architecture has of its own are the last ones.
        """
        numbers = self.columns.choices
        return () if numbers is None or not self.form.choices else self.form.choices + numbers

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
            UnknownInDataError: an operator that the space does not have.
        """
        graphs, numbers = self._graphs(architecture)
        every = {name: np.array([value]) for name, value in numbers.items()}
        return self._packed(self.form.pack(graphs), every)

    def architectures(self, given: Any) -> Architectures:
        """Return N architectures; the first faulty one's error is raised, with its row.

        Args:
            given: strings, objects, or any of the space's notations, in any iterable, which is
                read once.
        """
        parsed = self.read(given)
        for row, error in parsed.errors.items():
            raise error.at(f"row {row}")
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
        if set(architectures.attributes) != set(self.columns.names):
            raise refused
        texts = [self.form.text_of(member) for member in self.form.objects_of(cells)]
        strings = self.columns.strings(texts, architectures.attributes)
        # What was made of a cell says it only if it is read as the same cell.
        parsed = self.read(strings)
        again = parsed.architectures.cells
        same = np.array_equal(again.operators, cells.operators)
        if parsed.errors or not same or not np.array_equal(again.edges, cells.edges):
            raise refused
        return strings

    def object_of(self, architecture: Architecture) -> dict[str, Any]:
        """Return an architecture as a plain JSON object; errors are those of ``parse``."""
        member, numbers = self._object(architecture)
        self.form.graphs_of(member)
        return member | {n: int(v) if v == int(v) else v for n, v in numbers.items()}

    def write(self, architectures: Architectures, notation: str) -> list[Any]:
        """Return architectures in a notation: own (the space's string), json, or another's.

        Raises:
            UnknownNameError: the space has no such notation.
            InvalidCellError: the notation cannot say one of them.
        """
        strings = self.format(architectures)
        if notation in ("own", self.name):
            return strings
        members = map(self.object_of, strings)
        if notation == "json":
            return list(members)
        if notation not in self.form.notations:
            known = ["own", "json", *self.form.notations]
            raise UnknownNameError(f"notation of {self.name}", notation, known)
        return [self._written(notation, member) for member in members]

    def _written(self, notation: str, member: dict[str, Any]) -> Any:
        """Return an object in a notation, with the numbers of its own in it or behind it."""
        numbers = {name: member.pop(name) for name in self.options}
        written = self.form.notations[notation].write(member)
        if isinstance(written, dict):
            return written | numbers
        columns = {str(name): np.array([float(value)]) for name, value in numbers.items()}
        return self.columns.strings([written], columns)[0] if numbers else written

    def read(self, given: Any) -> Parsed:
        """Return a column of architectures, and what is wrong with any.

        Each distinct one is read once, and all strings of the usual form by the column.

        Raises:
            InvalidCellError: it is no column, but one architecture or a whole table.
        """
        column, objects = self._column(given)
        encoded = column.dictionary_encode()
        words = pc.utf8_trim_whitespace(encoded.dictionary)
        texts, numbers, allowed = self.columns.read(words)
        cells, understood = self.form.read(texts)
        understood &= allowed
        place = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
        # Behind the words stand the objects, and behind them the row that nothing is in.
        place[list(objects)] = len(words) + np.arange(len(objects))
        place[place < 0] = len(words) + len(objects)

        doubtful = np.flatnonzero(~understood)
        rest = [*(words[i].as_py() for i in doubtful), *objects.values(), None]
        graphs, more, faults = self._one_by_one(rest)
        # What was read one by one stands behind what was read by the column.
        moved = np.arange(len(words) + len(objects) + 1)
        moved[len(words) :] += len(doubtful)
        moved[doubtful] = len(words) + np.arange(len(doubtful))
        place = moved[place]
        bad = {len(words) + i: error for i, error in faults.items()}
        faulty = np.flatnonzero(np.isin(place, list(bad))) if bad else ()
        errors = {int(i): bad[int(place[i])] for i in faulty}
        every = Cells.concatenate([cells, self.form.pack(graphs)])
        joined = {name: np.concatenate([numbers[name], more[name]]) for name in numbers}
        return Parsed(self._packed(every, joined)[place], errors)

    def _column(self, column: Any) -> tuple[pa.Array, dict[int, Any]]:
        """Return the texts, and by their row what is no text."""
        if isinstance(column, pa.ChunkedArray):
            column = column.combine_chunks()
        if isinstance(column, pa.Array) and pa.types.is_string(column.type):
            return column, {}
        alone = isinstance(column, str | bytes | Mapping) or hasattr(column, "_fields")
        alone = alone or getattr(column, "ndim", None) == 0  # an array or tensor of one thing
        if alone or not isinstance(column, Iterable):
            raise InvalidCellError(
                f"{self.name}: {shown(column)} is not several architectures; put one into a list"
            )
        if hasattr(column, "columns"):
            raise InvalidCellError(
                f"{self.name}: a table is not a column; give the one that holds the architectures"
            )
        rows = list(column)
        objects = {i: row for i, row in enumerate(rows) if not _is_text(row)}
        texts = [None if i in objects else row for i, row in enumerate(rows)]
        return pa.array(texts, pa.string()), objects

    def _one_by_one(
        self, architectures: Sequence[Any]
    ) -> tuple[list[Graph], dict[str, list[float]], dict[int, TgnasError]]:
        graphs: list[Graph] = []
        numbers: dict[str, list[float]] = {name: [] for name in self.columns.names}
        faults: dict[int, TgnasError] = {}
        for i, architecture in enumerate(architectures):
            own: Mapping[str, float] = {}
            try:
                more, own = self._graphs(architecture)
                graphs += more
            except (InvalidCellError, UnknownInDataError) as error:
                # Its traceback would keep the whole column until the collector runs.
                faults[i] = error.with_traceback(None)
                graphs += [([INPUT, OUTPUT], [])] * len(self.cell_weights)
            for name, column in numbers.items():
                column.append(own.get(name, 1.0))
        return graphs, numbers, faults

    def _graphs(self, architecture: Any) -> tuple[list[Graph], dict[str, float]]:
        member, numbers = self._object(architecture)
        return self.form.graphs_of(member), numbers

    def _object(self, architecture: Any) -> tuple[dict[str, Any], dict[str, float]]:
        """Return the form's object of whatever says an architecture, and the numbers of its own."""
        try:
            notation = plain(architecture)
        except InvalidCellError as error:
            raise error.at(self.name) from None
        notation = notation.strip() if isinstance(notation, str) else notation
        if notation is None or notation == "":
            raise InvalidCellError(f"{self.name}: there is no architecture")
        if isinstance(notation, str):
            return self._of_text(notation)
        if isinstance(notation, dict):
            data, numbers = self.columns.of_object(notation)
            return self._of_plain(data), numbers
        return self._of_plain(notation), self.columns.checked({})

    def _of_text(self, text: str) -> tuple[dict[str, Any], dict[str, float]]:
        if self.options and not text.endswith("}"):
            # The numbers of an object stand in it, or behind it as of any other text.
            text, numbers = self.columns.of_text(text)
            return self._of_own_text(text), numbers
        member = self._of_own_text(text)
        return self.columns.of_object(member)

    def _of_own_text(self, text: str) -> dict[str, Any]:
        # What is in brackets could be taken for an own text that has commas in it.
        data = of_text(text) if text.startswith(("(", "[", "{")) else None
        member = self._noted(data)
        if member is not None:
            return member
        if isinstance(data, dict):
            return data
        try:
            return self.form.object_of(text)
        except InvalidCellError as refused:
            data = of_text(text) if data is None and "Genotype" not in text else data
            if data is None:
                raise InvalidCellError(f"{refused}{hint(text, self.name)}") from None
        return self._of_own_text(data) if isinstance(data, str) else self._of_plain(data)

    def _noted(self, data: Any) -> dict[str, Any] | None:
        """Return the own object of plain data in one of the notations; None for any other."""
        members = (notation.read(data) for notation in self.form.notations.values())
        return next((member for member in members if member is not None), None)

    def _of_plain(self, data: Any) -> dict[str, Any]:
        member = self._noted(data)
        if member is not None or isinstance(data, dict):
            return member or data
        known = "; ".join(notation.about for notation in self.form.notations.values())
        raise InvalidCellError(
            f"{self.name}: {shown(data)} is none of the ways to write an architecture: the "
            f"space's own text or object{'; ' if known else ''}{known}"
        )

    def _packed(
        self, cells: Cells, numbers: Mapping[str, np.ndarray] | None = None
    ) -> Architectures:
        return Architectures(cells, self.cell_weights, numbers or {}, self.skeleton)

    def of_choices(self, rows: Choices | Sequence[Sequence[int]]) -> Architectures:
        """Return architectures of rows of indices into ``choices``; ConfigError without them."""
        rows = np.asarray(rows, dtype=np.int64).reshape(len(rows), len(self.choices) or -1)
        decisions = rows.shape[1] - len(self.options)
        return self._packed(
            self.form.of_choices(rows[:, :decisions]), self._numbers(rows[:, decisions:])
        )

    def choices_of(self, architectures: Architectures) -> Choices:
        """Return the decisions behind architectures, the inverse of ``of_choices``.

        Raises:
            ConfigError: the space is not made of independent choices.
            InvalidCellError: an architecture is not in this search space.
        """
        rows = self.form.choices_of(architectures.cells)
        for name, values in self._listed().items():
            rows = np.column_stack([rows, _places(architectures.attributes[name], values)])
        return rows

    def enumerate(self) -> Architectures:
        """Return every architecture; of independent choices the last one changes fastest.

        A ConfigError says that the space has more than a million, or cannot be listed.
        """
        sizes = [len(values) for values in self._listed().values()]
        cells, times = self.form.enumerate(), prod(sizes)
        check_enumerable(self.name, times * (len(cells) // len(self.cell_weights)))
        rows = np.indices(sizes).reshape(len(sizes), -1).T if sizes else np.zeros((1, 0), int)
        every = self._packed(cells)
        place = np.repeat(np.arange(len(every)), times)
        return self._packed(every[place].cells, self._numbers(np.tile(rows, (len(every), 1))))

    def sample(self, count: int, generator: np.random.Generator) -> Architectures:
        """Return architectures that are drawn at random, uniformly where choices are independent.

        A ConfigError says that the space cannot be drawn from.
        """
        sizes = [len(values) for values in self._listed().values()]
        cells = self.form.sample(count, generator)
        return self._packed(cells, self._numbers(_drawn(sizes, count, generator)))

    def mutate(self, architectures: Architectures, generator: np.random.Generator) -> Architectures:
        """Return one random neighbour of each architecture; errors as in ``sample``."""
        if self.options and self.choices:
            sizes = [len(options) for options in self.choices]
            if max(sizes) == 1:
                raise alone(self.name)
            return self.of_choices(mutated(self.choices_of(architectures), sizes, generator))
        cells = self.form.mutate(architectures.cells, generator)
        changed = self._packed(cells, architectures.attributes)
        free = self._free()
        if not free:
            return changed
        # Each number is as likely to change as each vertex; where one does, the cell stays.
        count = len(architectures)
        drawn = generator.integers(len(free) + self.form.vertices - 2, size=count)
        others = dict(architectures.attributes)
        for i, (name, values) in enumerate(free.items()):
            place = _places(others[name], values)
            place += (drawn == i) * generator.integers(1, len(values), size=count)
            others[name] = np.array(values)[place % len(values)]
        both = Architectures.concatenate([changed, replace(architectures, attributes=others)])
        return both[np.arange(count) + count * (drawn < len(free))]

    def neighbours(self, architectures: Architectures) -> Architectures:
        """Return all architectures one step away from one; errors as in ``sample``.

        Raises:
            ConfigError: there are several, or none, instead of one.
        """
        if len(architectures) != 1:
            raise ConfigError(
                f"{self.name}: neighbours are of one architecture, and these are "
                f"{len(architectures):,}; mutate takes several"
            )
        if self.options and self.choices:
            sizes = [len(options) for options in self.choices]
            return self.of_choices(one_changed(self.choices_of(architectures)[0], sizes))
        cells = self.form.neighbours(architectures.cells)
        count = len(cells) // len(self.cell_weights)
        own = architectures.attributes.items()
        around = self._packed(cells, {name: np.repeat(values, count) for name, values in own})
        parts = [around]
        for name, values in self._free().items():
            new = [value for value in values if value != architectures.attributes[name][0]]
            some = architectures[np.zeros(len(new), dtype=np.int64)]
            numbers = {**some.attributes, name: np.array(new)}
            parts.append(replace(some, attributes=numbers))
        return Architectures.concatenate(parts)

    def _free(self) -> dict[str, tuple[float, ...]]:
        """Return the values of every number of an architecture that may be another listed one."""
        listed = ((n, values) for n, values in self.options.items() if values != "any")
        return {name: values for name, values in listed if len(set(values)) > 1}

    def _listed(self) -> dict[str, tuple[float, ...]]:
        """Return the values that every number of an architecture may have."""
        listed: dict[str, tuple[float, ...]] = {}
        for name, values in self.options.items():
            if values == "any":
                raise ConfigError(
                    f"{self.name}: {name} may be any number, so that the space can be neither "
                    "listed nor drawn from; name its values under columns"
                )
            listed[name] = values
        return listed

    def _numbers(self, rows: Choices) -> dict[str, np.ndarray]:
        columns = zip(self._listed().items(), rows.T, strict=True)
        return {name: np.array(values)[places] for (name, values), places in columns}


def _places(numbers: Float64[np.ndarray, " N"], values: Sequence[float]) -> Int64[np.ndarray, " N"]:
    """Return the place of each number among listed values."""
    return (numbers[:, None] == np.array(values)).argmax(axis=1)


def _drawn(sizes: Sequence[int], count: int, generator: np.random.Generator) -> Choices:
    """Return places that are drawn uniformly; nothing is drawn where there is nothing to draw."""
    if not sizes:
        return np.zeros((count, 0), dtype=np.int64)
    return generator.integers(sizes, size=(count, len(sizes)))


def numberless(space: Space) -> list[str]:
    """Return the new operators of which neither the file nor their words say what they compute.

    A stride or a width says where an operator stands, not what it is.
    """
    places = [ATTRIBUTES.index(name) for name in COUNTED]
    unknown = {
        len(NAMES) + i
        for i, operator in enumerate(space.new)
        if not any(operator.attributes[place] for place in places)
    }
    return [name for name, code in space.operators.items() if code in unknown]


def open_space(space: str | Path | Space) -> Space:
    """Return the space of a built-in one's name, or of the path of a YAML file.

    Raises:
        UnknownNameError: neither a name nor a path that ends in .yaml or .yml.
        UnknownInDataError: a key of the file that does not exist.
        ConfigError: the file is missing or defines no space; the message says where and why.
    """
    if isinstance(space, Space):
        return space
    if not isinstance(space, str | Path):
        raise ConfigError(
            f"space: {shown(space)} is not allowed; it should be a built-in space's name, the path "
            "of a space file, or a space"
        )
    if str(space).endswith((".yaml", ".yml")):
        return read_space(Path(space))
    return built_in(name_of(str(space)))


def name_of(space: str) -> str:
    """Return the name of a built-in space by which others know it, such as nasbench301 for darts.

    Raises:
        UnknownNameError: no built-in space is known by it.
    """
    names = SPACES.names()
    alike = {_bare(name): name for name in names} | ALIASES
    if space in names or _bare(space) in alike:
        return space if space in names else alike[_bare(space)]
    if _bare(space) in ("sss", "natssss", "natsbenchsss", "natsbenchsize"):
        raise UnknownNameError("space (NATS-Bench's size space is not built in)", space, names)
    nearest = difflib.get_close_matches(_bare(space), alike, n=1, cutoff=0.8)
    known = [*names, "a path that ends in .yaml"]
    raise UnknownNameError("space", space, known, alike[nearest[0]] if nearest else None)


def _bare(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.casefold())


def _is_text(value: Any) -> bool:
    """Tell whether a value is a text that UTF-8 can write."""
    if not isinstance(value, str):
        return False
    try:
        return value.isascii() or bool(value.encode())
    except UnicodeEncodeError:
        return False


def in_space(architectures: Architectures, space: str) -> Architectures:
    """Return architectures of a built-in space with its skeleton, if nothing is known of theirs."""
    if architectures.skeleton is not None:
        return architectures
    return replace(architectures, skeleton=open_space(space).skeleton)


@cache
def built_in(name: str) -> Space:
    """Return a space of ``tgnas.spaces``: what its YAML file defines, or what its module does."""
    file = FOLDER / f"{name}.yaml"
    if file.is_file():
        return space_of(read_yaml(file.read_text()), f"{name}.yaml")
    return SPACES.load(name)


def alphabet_of(name: str, operators: Sequence[str]) -> Alphabet:
    """Return the alphabet of a space that is defined in code, as the vocabulary spells it."""
    spelling = spellings(name)
    return Alphabet(name, MappingProxyType({spelling[op]: CODES[op] for op in operators}))


def read_space(path: Path) -> Space:
    """Return the space of a YAML file; errors as in ``open_space``."""
    try:
        content = read_yaml(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UnreadableFileError.of(path, error) from error
    except ValueError as error:
        raise ConfigError(f"{path}: is not YAML: {error}") from error
    return space_of(content, str(path))


def space_of(content: Any, where: str = "space") -> Space:
    """Return the space that the content of a file, ``SpaceFile``, defines.

    Raises:
        ConfigError: it defines no space; the message says where it stands, which is `where`.
        UnknownInDataError: a key or a form that does not exist.
    """
    _check_keys(content, where)
    file = validated(SpaceFile, content, what=where)
    cells = dict(file.cells)
    name = cells.pop("form", None)
    if name is None:
        raise _without_form(cells, where)
    if not isinstance(name, str) or name not in FORMS:
        raise UnknownInDataError(f"{where}: cells: form", shown(name).strip("'"), FORMS)
    form, model = FORMS[name]
    keys = validated(model, cells, "cells", where)
    operators: Mapping[str, OperatorKeys] = file.operators
    if isinstance(keys, WidthKeys):
        operators = _of_widths(file.operators, keys.widths, where)
    if "depth" in file.columns and not isinstance(file.network.stages, int):
        raise ConfigError(f"{where}: network.stages says how deep a network is; columns cannot")
    codes, new = _operators(operators, where)
    if set(codes.values()) == {CODES["zero"]}:
        raise ConfigError(f"{where}: operators: all are of the kind zero, so that nothing connects")
    try:
        built = form(Alphabet(file.name, MappingProxyType(codes)), keys)
    except (ConfigError, UnknownInDataError) as error:
        raise error.at(f"{where}: cells") from error
    modules = _modules(file.operators, codes, where)
    _check_shapes(file.operators, name, where)
    _check_network(file, name, where)
    if isinstance(built, Blocks):
        _check_stages(file.network, built, where)
    return Space(file.name, file.description, built, new, file.network, file.columns, modules)


def _without_form(cells: Mapping[str, Any], where: str) -> TgnasError:
    """Return what is said of cells without a form; another key of theirs may have been meant."""
    others = {key for _, model in FORMS.values() for key in model.model_fields}
    for name in map(str, cells):
        if name not in others and nearest(name, ["form"]):
            return UnknownInDataError(f"{where} key at cells", name, ["form", *others])
    return ConfigError(f"{where}: cells: the key 'form' is missing; known are {', '.join(FORMS)}")


def _check_shapes(entries: Mapping[str, OperatorKeys], form: str, where: str) -> None:
    """Refuse an operator that changes the shape where the form of the cells decides it.

    One whose attributes contradict each other is refused, too.
    """
    usual = OperatorAttributes()
    for spelled, entry in entries.items():
        # What is an identity or a zero is so whatever its description says.
        spoken = "" if entry.kind in ("identity", "zero") else entry.description
        said, words = entry.attributes or usual, attributes_of(spoken)
        for key in SHAPES[form]:
            place = f"{where}: operators: {spelled}"
            if getattr(said, key) != getattr(usual, key):
                raise ConfigError(
                    f"{place}: attributes.{key} says nothing of operators of the form {form}"
                )
            of_words = getattr(words, key)
            if of_words != getattr(usual, key) and key not in said.model_fields_set:
                raise ConfigError(
                    f"{place}: the description says a {key} of {of_words}, which operators of the "
                    f"form {form} have not; describe it without, or say attributes: "
                    f"{{{key}: {getattr(usual, key)}}}"
                )
        known = _known().get(" ".join(spoken.split()).casefold())
        _check_together(_merged(known, spoken, said), f"{where}: operators: {spelled}")


def _check_network(file: SpaceFile, form: str, where: str) -> None:
    """Refuse what a space of a form says of its networks and no count would read."""
    read, usual = READ[form], NetworkKeys()
    stages = file.network.stages
    for number, stage in enumerate(() if isinstance(stages, int) else stages, start=1):
        if stage.width is not None and stage.widen != 1:
            raise ConfigError(
                f"{where}: network.stages: stage {number}: width: {stage.width} and widen: "
                f"{stage.widen:g} both say its channels; say one of them"
            )
    fields = file.network.model_fields_set
    changed = {key for key in fields if getattr(file.network, key) != getattr(usual, key)}
    places = [f"network.{key}" for key in NetworkKeys.model_fields if key in changed - read]
    # A list of widths has its stem's; the length of a sequence is its depth.
    places += [f"columns.{key}" for key in ("width", "depth") if key in set(file.columns) - read]
    counted = isinstance(file.network.stages, int)
    if form in SEQUENCES and "stages" in changed and counted:
        raise ConfigError(f"{where}: network.stages of {form} are a list, as in [{{cells: 4}}]")
    for number, stage in enumerate(() if isinstance(stages, int) else stages, start=1):
        if form == "widths" and (stage.width is not None or stage.widen != 1):
            raise ConfigError(
                f"{where}: network.stages: stage {number}: the channels of widths are the "
                "architectures' own; a stage has cells and a stride"
            )
    places += ["network.depth"] * ("depth" in changed and not counted)
    if places:
        raise ConfigError(f"{where}: {places[0]} says nothing of networks of the form {form}")


def _check_stages(network: NetworkKeys, blocks: Blocks, where: str) -> None:
    """Refuse stages of another number of blocks, and such as change the shape within a sum."""
    if isinstance(network.stages, int):
        return
    place, count = 1, sum(stage.cells for stage in network.stages)
    if count != blocks.most:
        raise ConfigError(
            f"{where}: network.stages: {number_of(count, 'block')}; cells.length is {blocks.most}"
        )
    for number, stage in enumerate(network.stages, start=1):
        changes = stage.stride > 1 or stage.widen != 1 or stage.width is not None
        if blocks.stages and changes and place > 1 and place not in blocks.stages:
            raise ConfigError(
                f"{where}: network.stages: stage {number} begins at block {place}, which "
                f"cells.stages, {list(blocks.stages)}, must name"
            )
        place += stage.cells


def _modules(
    entries: Mapping[str, OperatorKeys], codes: Mapping[str, int], where: str
) -> dict[int, str]:
    """Return code -> the module that an operator names."""
    modules: dict[int, str] = {}
    for spelled, entry in entries.items():
        if entry.module and modules.setdefault(codes[spelled], entry.module) != entry.module:
            raise ConfigError(
                f"{where}: operators: {spelled}: another module than that of an operator that is "
                f"described alike, {modules[codes[spelled]]}"
            )
    return modules


def _of_widths(
    entries: Mapping[str, OperatorKeys], widths: Sequence[int], where: str
) -> dict[str, OperatorKeys]:
    """Return the only operator of a space at each of its widths, by the width.

    Raises:
        ConfigError: there are several, or it is none that could have a width.
    """
    if len(entries) > 1:
        raise ConfigError(
            f"{where}: operators: {len(entries)}; a space of widths has one, which each layer is"
        )
    [(spelled, entry)] = entries.items()
    [code] = _operators(entries, where)[0].values()  # what is wrong with it is said by its name
    if code in (CODES["identity"], CODES["zero"]):
        raise ConfigError(
            f"{where}: operators: {spelled}: its kind is {NAMES[code]}, which has no width; "
            "the layer of a space of widths computes something"
        )
    attributes = entry.attributes.model_dump(exclude_unset=True) if entry.attributes else {}
    return {
        str(width): entry.model_copy(
            update={"attributes": OperatorAttributes(**attributes | {"width": width})}
        )
        for width in widths
    }


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
            if entry.attributes is not None and entry.attributes.numbers != UNKNOWN:
                raise ConfigError(
                    f"{place}: attributes say nothing of what is of the kind {kind}; where its "
                    "place changes the shape, an identity is a 1x1 convolution"
                )
            codes[spelled] = CODES[kind]
            continue
        if not words:
            raise ConfigError(f"{place}: needs a description, or a kind that is identity or zero")
        known = _known().get(words.casefold())
        if known is None and kind is None and _UNSAID.search(words):
            raise ConfigError(
                f"{place}: {words!r} sounds as if it passed its input on, or nothing; say kind: "
                "identity, kind: zero or, if it computes something, kind: compute"
            )
        if known is not None and not _differs(known, entry.attributes):
            if _KINDS[known] in ("input", "output") or (
                kind == "compute" and _KINDS[known] in ("identity", "zero")
            ):
                raise ConfigError(f"{place}: {words!r} is of the kind {_KINDS[known]}, not compute")
            codes[spelled] = CODES[known]
            continue
        attributes = _merged(known, words, entry.attributes).numbers
        operator = NewOperator(_SHORT[known] if known else words, attributes)
        if operator not in new:
            new.append(operator)
        codes[spelled] = len(NAMES) + new.index(operator)
    if len(new) > FREE:
        raise ConfigError(f"{where}: operators: {len(new)} new ones; allowed are {FREE}")
    return codes, tuple(new)


def _differs(known: str, attributes: OperatorAttributes | None) -> bool:
    """Tell whether a file says otherwise of a known operator than the vocabulary does."""
    return attributes is not None and _merged(known, "", attributes).numbers != _OWN[known].numbers


def _merged(
    known: str | None, words: str, attributes: OperatorAttributes | None
) -> OperatorAttributes:
    """Return attributes: those of the file, and for what it leaves open those of the words."""
    base = _OWN[known] if known else attributes_of(words)
    if attributes is None:
        return base
    merged = base.model_dump(exclude_unset=True) | attributes.model_dump(exclude_unset=True)
    return OperatorAttributes(**merged)


def _check_together(attributes: OperatorAttributes, place: str) -> None:
    """Refuse attributes of which one says that another is not so."""
    if attributes.pointwise is False and attributes.expansion != 1:
        raise ConfigError(
            f"{place}: pointwise: false says that no 1x1 convolutions stand around the kernel, and "
            f"expansion: {attributes.expansion:g} that they do; say one of them"
        )
    if attributes.width and attributes.widen != 1:
        raise ConfigError(
            f"{place}: width: {attributes.width} and widen: {attributes.widen:g} both say how many "
            "channels it puts out; say one of them"
        )


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
                truths = {True: "yes, on or true", False: "no, off or false"}
                name = truths[key] if isinstance(key, bool) else repr(key)
                raise ConfigError(f"{where}: YAML reads the key {name} as no text; put it in ''")
            _check_keys(value, f"{where}: {key}")
