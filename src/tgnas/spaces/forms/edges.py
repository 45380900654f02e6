"""Operators on edges, as in NAS-Bench-201."""

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Annotated, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Bool
from pydantic import Field

from tgnas.cell import Cells
from tgnas.errors import ConfigError, UnknownInDataError, shown
from tgnas.spaces.forms.base import (
    INPUT,
    OUTPUT,
    ZERO,
    Alphabet,
    Choices,
    FixedGraph,
    Graph,
    Pair,
    Read,
    is_items,
)
from tgnas.spaces.notations.base import Notation
from tgnas.spaces.notations.edges import notations_of
from tgnas.validation import Keys

PLACE = re.compile(r"\{([^{}]*)\}")
Names = Annotated[tuple[str, ...], Field(min_length=1)]


class Template:
    """A string with named places for operators: ``|{0-1}~0|+|{0-2}~0|{1-2}~1|``.

    Raises:
        ConfigError: not each label stands in it once, or strings could be read in two ways.
    """

    def __init__(self, text: str, labels: Sequence[str], alphabet: Alphabet) -> None:
        parts = PLACE.split(text)
        literals, order = parts[::2], parts[1::2]
        self.labels, self.alphabet, self.text = list(labels), alphabet, text
        if sorted(order) != sorted(labels):
            raise ConfigError(
                f"{alphabet.space}: string {text!r} must name each of "
                f"{', '.join(f'{{{label}}}' for label in labels)} once"
            )
        lengths = {len(name) for name in alphabet.spellings}
        groups = []
        for place, after in enumerate(literals[1:]):
            last = place == len(order) - 1
            if not after and not last:
                if len(lengths) > 1:
                    raise ConfigError(
                        f"{alphabet.space}: string {text!r} puts operators side by side, so they "
                        "must be spelled with equally many characters"
                    )
                groups.append(f".{{{min(lengths)}}}")
                continue
            clash = [name for name in alphabet.spellings if after[:1] and after[0] in name]
            if clash:
                raise ConfigError(
                    f"{alphabet.space}: string {text!r} has {after[0]!r} behind an operator, so no "
                    f"operator may be spelled with it, as {clash[0]!r} is"
                )
            groups.append(f"[^{re.escape(after[0])}]+" if after else ".+")
        named = [f"(?P<o{place}>{group})" for place, group in enumerate(groups)]
        escaped = [re.escape(literal) for literal in literals]
        self.pattern = escaped[0] + "".join(g + e for g, e in zip(named, escaped[1:], strict=True))
        self._compiled = re.compile(self.pattern, re.DOTALL)
        self._columns = [order.index(label) for label in labels]

    def match(self, text: str) -> list[str] | None:
        """Return what stands at the places, in the order of the labels."""
        match = self._compiled.fullmatch(text)
        return [match.group(f"o{column}") for column in self._columns] if match else None

    def format(self, operators: Sequence[str]) -> str:
        """Return the string with operators, in the order of the labels, at its places."""
        chosen = dict(zip(self.labels, operators, strict=True))
        return PLACE.sub(lambda place: chosen[place[1]], self.text)

    def places(self, texts: pa.Array) -> tuple[Choices, Bool[np.ndarray, " N"]]:
        """Return the places in the alphabet of all strings' operators, and which were understood.

        What was not understood has place 0.
        """
        groups = pc.extract_regex(texts, f"(?s)^{self.pattern}$")
        columns = [self.alphabet.places(groups.field(place)) for place in self._columns]
        places = np.stack(columns, axis=1)
        understood = np.all(places >= 0, axis=1)
        return np.where(understood[:, None], places, 0), understood


class EdgeKeys(Keys):
    """Nodes in a row, one operator on every edge (NAS-Bench-201, TransNAS-Bench)."""

    nodes: Annotated[int, Field(ge=2, le=10)]
    """How many nodes; node 0 is the input, the last one the output."""
    edges: tuple[Pair, ...] | None = None
    """The pairs [SOURCE, TARGET] that carry an operator; all of them by default."""
    string: str | None = None
    """How an architecture is written, with {SOURCE-TARGET} where the operator of an edge stands; by
    default as NAS-Bench-201 does, "|{0-1}~0|+|{0-2}~0|{1-2}~1|"."""
    only: Annotated[dict[str, Names], Field(default_factory=dict)]
    """SOURCE-TARGET -> the operators that may stand on this edge; all by default."""


class OperatorsOnEdges(FixedGraph):
    """Nodes in a row, one operator on every edge; the last node is the output.

    The cell is the line graph of the authors' code (YeQiao/TG-NAS): an operator receives from all
    that end in its source. What an object leaves out is not there.
    """

    word = "operators_on_edges"

    def __init__(self, alphabet: Alphabet, keys: EdgeKeys) -> None:
        nodes = keys.nodes
        everything = [(source, target) for target in range(nodes) for source in range(target)]
        edges = everything if keys.edges is None else list(keys.edges)
        listed = [[*pair] for pair in edges]
        if not edges or not set(edges) <= set(everything) or len(set(edges)) < len(edges):
            raise ConfigError(
                f"{alphabet.space}: edges {listed} must be different pairs [SOURCE, TARGET] with "
                f"0 <= SOURCE < TARGET < {nodes}"
            )
        reached = {0}
        for source, target in sorted(edges, key=lambda pair: pair[1]):
            reached |= {target} if source in reached else set()
        if nodes - 1 not in reached:
            raise ConfigError(
                f"{alphabet.space}: edges {listed} lead from node 0 to no node {nodes - 1}, so "
                "that nothing connects input and output"
            )
        self.alphabet, self.nodes = alphabet, nodes
        self.pairs = sorted(edges, key=lambda pair: (pair[1], pair[0]))
        self.vertices = len(self.pairs) + 2
        into = [
            [f"{{{s}-{t}}}~{s}" for s, t in self.pairs if t == target] for target in range(1, nodes)
        ]
        default = "+".join(f"|{'|'.join(words)}|" for words in into)
        labels = [f"{source}-{target}" for source, target in self.pairs]
        text = default if keys.string is None else keys.string
        self.template = Template(text, labels, alphabet)
        codes = np.array([*alphabet.codes.values()], dtype=np.uint8)
        self.vertex_codes = np.tile(codes, (len(self.pairs), 1))
        self.allowed = self._allowed(keys.only, labels)
        self.choices = self.options
        # The input ends in node 0, and the output starts in the last node.
        ends = [0, *(target for _, target in self.pairs)]
        starts = [*(source for source, _ in self.pairs), nodes - 1]
        self.line_graph = [
            (vertex, other)
            for vertex, end in enumerate(ends)
            for other, start in enumerate(starts, start=1)
            if start == end
        ]
        graph = ([INPUT, *[ZERO] * len(self.pairs), OUTPUT], self.line_graph)
        self.packed_edges = self.pack([graph]).edges

    def object_of(self, text: str) -> dict[str, Any]:
        """Return ``{"edges": [[SOURCE, TARGET, OPERATOR], ...]}``."""
        names = self.template.match(text)
        if names is None:
            raise self.alphabet.refuse(f"{shown(text)} is not of the form {self.template.text!r}")
        return {"edges": [[*pair, name] for pair, name in zip(self.pairs, names, strict=True)]}

    def text_of(self, member: Mapping[str, Any]) -> str:
        """Return the string; what is not there is written as the zero operator."""
        named = {(source, target): name for source, target, name in member["edges"]}
        zero = self.alphabet.names.get(ZERO)
        absent = [pair for pair in self.pairs if pair not in named]
        if absent and zero is None:
            raise self.alphabet.refuse(
                f"a string must name the operator of edge {[*absent[0]]}, and none of the space's "
                "is of the kind zero"
            )
        return self.template.format([named.get(pair) or str(zero) for pair in self.pairs])

    def graphs_of(self, member: Mapping[str, Any]) -> list[Graph]:
        """Return the line graph."""
        named = self._named(member)
        inner = [self.alphabet.code(named[pair]) if pair in named else ZERO for pair in self.pairs]
        zero = self.alphabet.names.get(ZERO)
        for pair, options in zip(self.pairs, self.options, strict=True):
            name = named.get(pair, zero)
            if len(options) < len(self.alphabet.spellings) and name not in options:
                raise self.alphabet.refuse(
                    f"{name or 'nothing'} on edge {[*pair]}; allowed are {', '.join(options)}"
                )
        return [([INPUT, *inner, OUTPUT], self.line_graph)]

    def _allowed(
        self, only: Mapping[str, Sequence[str]], labels: Sequence[str]
    ) -> Bool[np.ndarray, "D O"]:
        """Return which operators may stand on each edge.

        Raises:
            UnknownInDataError: an edge, or an operator, that is not there.
        """
        allowed = np.ones((len(self.pairs), len(self.alphabet.spellings)), dtype=bool)
        for label, names in only.items():
            if label not in labels:
                raise UnknownInDataError(f"edge of {self.alphabet.space}", label, labels)
            for name in names:
                self.alphabet.code(name)  # an unknown one is refused
            allowed[labels.index(label)] = np.isin(self.alphabet.spellings, names)
        return allowed

    def _named(self, member: Mapping[str, Any]) -> dict[Pair, str]:
        self._fields(member, {"edges"}, {"edges"})
        edges = member["edges"]
        if not is_items(edges, int, int, str):
            raise self.alphabet.refuse(
                f"edges must be a list of [SOURCE, TARGET, OPERATOR], not {shown(edges)}"
            )
        named: dict[Pair, str] = {}
        for source, target, name in edges:
            if (source, target) not in self.pairs:
                allowed = ", ".join(f"[{s}, {t}]" for s, t in self.pairs)
                raise self.alphabet.refuse(
                    f"there is no edge [{source}, {target}]; allowed are {allowed}"
                )
            if (source, target) in named:
                raise self.alphabet.refuse(f"the edge [{source}, {target}] stands there twice")
            named[source, target] = name
        return named

    def objects_of(self, cells: Cells) -> list[dict[str, Any]]:
        """Return the objects; a zero that the space does not have is an edge that is left out."""
        names, inner = self.alphabet.spellings, cells.operators[:, 1:-1]
        places = self.places_at(np.arange(len(self.pairs)), inner)
        absent = (inner == ZERO) & (ZERO not in self.alphabet.names)
        self.alphabet.known(np.where(absent, 0, places))
        return [
            {
                "edges": [
                    [*pair, names[place]]
                    for pair, place in zip(self.pairs, row, strict=True)
                    if place >= 0
                ]
            }
            for row in places.tolist()
        ]

    @cached_property
    def notations(self) -> dict[str, Notation]:
        """Those of NASLib, AutoDL-Projects, NATS-Bench and NNI."""
        return notations_of(self)

    def read(self, texts: pa.Array) -> Read:
        """Read all strings by the template."""
        places, understood = self.template.places(texts)
        may = self.allowed[np.arange(len(self.pairs)), places].all(axis=1)
        return self.of_places(places), understood & may
