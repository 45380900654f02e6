"""How a search space builds its cells, and how it writes them down: four forms.

Each form knows an architecture in three ways: as the space's own string, as a plain JSON object,
and as the graphs of its K kinds of cell, whose vertices carry operator codes. Strings that are
written in the usual manner are read by the column; any other goes by way of its object, where
everything that is wrong is told.
"""

import ast
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Bool, Int64

from tgnas.cell import Cells, packed_bytes, triangle
from tgnas.errors import ConfigError, InvalidCellError, UnknownNameError
from tgnas.operators import CODES, PADDING

INPUT, OUTPUT = CODES["input"], CODES["output"]
IDENTITY, ZERO = CODES["identity"], CODES["zero"]
Pair = tuple[int, int]
# Codes of the vertices and the edges between them.
Graph = tuple[list[int], list[Pair]]
Read = tuple[Cells, Bool[np.ndarray, " N"]]


@dataclass(frozen=True, slots=True)
class Alphabet:
    """The operators of a space as it spells them.

    Attributes:
        space: the space's name, for messages.
        codes: spelling -> code in packed cells.
    """

    space: str
    codes: Mapping[str, int]

    def code(self, spelled: str) -> int:
        """Return the code of an operator.

        Raises:
            UnknownNameError: the space has no such operator.
        """
        if spelled not in self.codes:
            raise UnknownNameError(f"{self.space} operator", spelled, self.codes)
        return self.codes[spelled]

    @property
    def spellings(self) -> tuple[str, ...]:
        """The operators in the order of the file."""
        return tuple(self.codes)

    @property
    def zero(self) -> str | None:
        """The operator that lets nothing through, if there is one."""
        return next((name for name, code in self.codes.items() if code == ZERO), None)

    def places(self, texts: pa.Array) -> Int64[np.ndarray, " N"]:
        """Return each operator's place in the file; -1 for what is none."""
        found = pc.index_in(texts, value_set=pa.array(self.spellings, texts.type))
        return found.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)

    def refuse(self, what: str) -> InvalidCellError:
        """Return the error that says what is wrong with an architecture of the space."""
        return InvalidCellError(f"{self.space}: {what}")


class Form(ABC):
    """One way to build cells of at most V vertices.

    Attributes:
        alphabet: the operators.
        shares: the share of each of the K kinds of cell among the cells of the network.
        vertices: V.
        choices: what may stand at each of D independent decisions; empty where they are not.
    """

    alphabet: Alphabet
    shares: tuple[float, ...] = (1.0,)
    vertices: int
    choices: tuple[tuple[str, ...], ...] = ()

    @abstractmethod
    def object_of(self, text: str) -> dict[str, Any]:
        """Return the JSON object of an architecture's own string.

        Raises:
            InvalidCellError: the string is not of the form that the space writes.
        """

    @abstractmethod
    def text_of(self, found: Mapping[str, Any]) -> str:
        """Return the space's own string of a valid JSON object."""

    @abstractmethod
    def graphs_of(self, found: Mapping[str, Any]) -> list[Graph]:
        """Return the graphs of the K cells of a JSON object.

        Raises:
            InvalidCellError: the object is no architecture of the space.
            UnknownNameError: an operator that the space does not have.
        """

    @abstractmethod
    def read(self, texts: pa.Array) -> Read:
        """Return the N K cells of strings, and which of the N strings were understood."""

    def object_of_choices(self, row: Sequence[int]) -> dict[str, Any]:
        """Return the architecture of one row of indices into ``choices``.

        Raises:
            ConfigError: its architectures are not made of independent choices.
        """
        del row  # a form that has choices writes this anew
        raise ConfigError(
            f"{self.alphabet.space}: its architectures are not made of independent choices, so no "
            "searcher can draw them; list architectures and rank them"
        )

    def cells_of_choices(self, choices: Int64[np.ndarray, "N D"]) -> Cells:
        """Return the N K cells of rows of indices into ``choices``."""
        objects = map(self.object_of_choices, choices.tolist())
        return self.pack([graph for found in objects for graph in self.graphs_of(found)])

    def pack(self, graphs: Sequence[Graph]) -> Cells:
        """Return packed cells of V columns."""
        operators = np.full((len(graphs), self.vertices), PADDING, dtype=np.uint8)
        adjacency = np.zeros((len(graphs), self.vertices, self.vertices), dtype=bool)
        for row, (codes, edges) in enumerate(graphs):
            operators[row, : len(codes)] = codes
            for source, target in edges:
                adjacency[row, source, target] = True
        return Cells.from_arrays(operators, adjacency)

    def _fields(self, found: Mapping[str, Any], needed: set[str], allowed: set[str]) -> None:
        if not needed <= set(found) <= allowed:
            raise self.alphabet.refuse(
                f"the object has the keys {sorted(found)}; it must have {sorted(needed)}"
                + (f" and may have {sorted(allowed - needed)}" if allowed - needed else "")
            )

    def _operators(self, found: Any) -> list[str]:
        if not isinstance(found, list) or not all(type(name) is str for name in found):
            raise self.alphabet.refuse(f"operators must be a list of names, not {found!r}")
        return found


def _is_items(found: Any, *types: type) -> bool:
    """Tell whether a value is a list of lists, or tuples, of values of just these types."""
    return isinstance(found, list | tuple) and all(
        isinstance(item, list | tuple) and tuple(map(type, item)) == types for item in found
    )


class Template:
    """A string with named places for operators: ``|{0-1}~0|+|{0-2}~0|{1-2}~1|``.

    Args:
        text: the string.
        labels: the names of the places, each of which must stand in it once.
        alphabet: what may stand there.

    Raises:
        ConfigError: other places, or strings that could be read in two ways.
    """

    def __init__(self, text: str, labels: Sequence[str], alphabet: Alphabet) -> None:
        parts = re.split(r"\{([^{}]*)\}", text)
        self.literals, self.order = parts[::2], parts[1::2]
        self.labels, self.alphabet, self.text = list(labels), alphabet, text
        if sorted(self.order) != sorted(labels):
            raise ConfigError(
                f"{alphabet.space}: string {text!r} must name each of "
                f"{', '.join(f'{{{label}}}' for label in labels)} once"
            )
        lengths = {len(name) for name in alphabet.spellings}
        groups = []
        for place, after in enumerate(self.literals[1:]):
            last = place == len(self.order) - 1
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
        escaped = [re.escape(literal) for literal in self.literals]
        self.pattern = escaped[0] + "".join(g + e for g, e in zip(named, escaped[1:], strict=True))
        self._compiled = re.compile(self.pattern, re.DOTALL)
        self._columns = [self.order.index(label) for label in labels]

    def match(self, text: str) -> list[str] | None:
        """Return what stands at the places, in the order of the labels."""
        found = self._compiled.fullmatch(text)
        return [found.group(f"o{column}") for column in self._columns] if found else None

    def format(self, operators: Sequence[str]) -> str:
        """Return the string with operators, in the order of the labels, at its places."""
        chosen = dict(zip(self.labels, operators, strict=True))
        words = [chosen[label] for label in self.order]
        return self.literals[0] + "".join(
            word + after for word, after in zip(words, self.literals[1:], strict=True)
        )

    def places(self, texts: pa.Array) -> tuple[Int64[np.ndarray, "N D"], Bool[np.ndarray, " N"]]:
        """Return the places in the alphabet of all strings' operators, and which were understood.

        What was not understood has place 0.
        """
        found = pc.extract_regex(texts, f"(?s)^{self.pattern}$")
        columns = [self.alphabet.places(found.field(place)) for place in self._columns]
        places = np.stack(columns, axis=1)
        understood = np.all(places >= 0, axis=1)
        return np.where(understood[:, None], places, 0), understood


class OperatorsOnEdges(Form):
    """Nodes in a row, one operator on every edge; the last node is the output.

    The cell is the line graph (paper.md, section 3): an operator receives from all that end in its
    source. What an object leaves out is not there.

    Args:
        alphabet: the operators.
        nodes: how many; node 0 is the input.
        edges: the pairs that carry an operator; all from a lower to a higher node by default.
        string: the template of a string, by default in the manner of NAS-Bench-201.
    """

    def __init__(
        self,
        alphabet: Alphabet,
        nodes: int,
        edges: Sequence[Sequence[int]] | None = None,
        string: str | None = None,
    ) -> None:
        everything = [(source, target) for target in range(nodes) for source in range(target)]
        given = everything if edges is None else [(edge[0], edge[1]) for edge in edges]
        if not given or not set(given) <= set(everything) or len(set(given)) < len(given):
            raise ConfigError(
                f"{alphabet.space}: edges {given} must be different pairs [SOURCE, TARGET] with "
                f"0 <= SOURCE < TARGET < {nodes}"
            )
        self.alphabet = alphabet
        self.pairs = sorted(given, key=lambda pair: (pair[1], pair[0]))
        self.vertices = len(self.pairs) + 2
        self.choices = (alphabet.spellings,) * len(self.pairs)
        into = [
            [f"{{{s}-{t}}}~{s}" for s, t in self.pairs if t == target] for target in range(1, nodes)
        ]
        default = "+".join(f"|{'|'.join(words)}|" for words in into)
        labels = [f"{source}-{target}" for source, target in self.pairs]
        self.template = Template(default if string is None else string, labels, alphabet)
        self._codes = np.array(list(alphabet.codes.values()), dtype=np.uint8)
        last = len(self.pairs) + 1
        self.line_graph = [(0, k + 1) for k, (source, _) in enumerate(self.pairs) if source == 0]
        for k, (_, end) in enumerate(self.pairs):
            starts = enumerate(self.pairs)
            self.line_graph += [(k + 1, m + 1) for m, (source, _) in starts if source == end]
            if end == nodes - 1:
                self.line_graph.append((k + 1, last))
        self._edges = self.pack([([INPUT, *[ZERO] * len(self.pairs), OUTPUT], self.line_graph)])

    def object_of(self, text: str) -> dict[str, Any]:
        """Return ``{"edges": [[SOURCE, TARGET, OPERATOR], ...]}``."""
        found = self.template.match(text)
        if found is None:
            raise self.alphabet.refuse(f"{text!r} is not of the form {self.template.text!r}")
        return {"edges": [[*pair, name] for pair, name in zip(self.pairs, found, strict=True)]}

    def text_of(self, found: Mapping[str, Any]) -> str:
        """Return the string; what is not there is written as the zero operator."""
        named = self._named(found)
        zero = self.alphabet.zero
        absent = [pair for pair in self.pairs if pair not in named]
        if absent and zero is None:
            raise self.alphabet.refuse(
                f"a string must name the operator of edge {absent[0]}, and none of the space's is "
                "of the kind zero"
            )
        return self.template.format([named.get(pair) or str(zero) for pair in self.pairs])

    def graphs_of(self, found: Mapping[str, Any]) -> list[Graph]:
        """Return the line graph."""
        named = self._named(found)
        inner = [self.alphabet.code(named[pair]) if pair in named else ZERO for pair in self.pairs]
        return [([INPUT, *inner, OUTPUT], self.line_graph)]

    def _named(self, found: Mapping[str, Any]) -> dict[Pair, str]:
        self._fields(found, {"edges"}, {"edges"})
        edges = found["edges"]
        if not _is_items(edges, int, int, str):
            raise self.alphabet.refuse(
                f"edges must be a list of [SOURCE, TARGET, OPERATOR], not {edges!r}"
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

    def read(self, texts: pa.Array) -> Read:
        """Read all strings by the template."""
        places, understood = self.template.places(texts)
        return self.cells_of_choices(places), understood

    def object_of_choices(self, row: Sequence[int]) -> dict[str, Any]:
        """Return the architecture with operator ``row[k]`` on edge k."""
        names = [self.alphabet.spellings[place] for place in row]
        return {"edges": [[*pair, name] for pair, name in zip(self.pairs, names, strict=True)]}

    def cells_of_choices(self, choices: Int64[np.ndarray, "N D"]) -> Cells:
        """Return the line graphs of rows of operators, all at once."""
        operators = np.empty((len(choices), self.vertices), dtype=np.uint8)
        operators[:, 0], operators[:, -1] = INPUT, OUTPUT
        operators[:, 1:-1] = self._codes[choices]
        return Cells(operators, np.repeat(self._edges.edges, len(choices), axis=0))


class OperatorsOnNodes(Form):
    """Any acyclic graph with an operator on every node between "input" and "output".

    A string names the operators and the edges, as in
    ``input,conv3x3-bn-relu,output;0-1,1-2``.

    Args:
        alphabet: the operators.
        max_nodes: how many nodes there may be, input and output among them.
        max_edges: how many edges there may be; None for any number.
        connected: whether every node must lie on a path from the input to the output.
    """

    def __init__(
        self,
        alphabet: Alphabet,
        max_nodes: int,
        max_edges: int | None = None,
        connected: bool = False,
    ) -> None:
        clash = [n for n in alphabet.spellings if set(n) & set(",;") or n in ("input", "output")]
        if clash:
            raise ConfigError(
                f"{alphabet.space}: an operator on nodes is not spelled with , or ; nor as input "
                f"or output, as {clash[0]!r} is"
            )
        self.alphabet, self.vertices, self.connected = alphabet, max_nodes, connected
        self.max_edges = max_nodes**2 if max_edges is None else max_edges
        self._codes = np.array([INPUT, OUTPUT, *alphabet.codes.values()], dtype=np.uint8)
        self._spelled = pa.array(["input", "output", *alphabet.spellings])

    def object_of(self, text: str) -> dict[str, Any]:
        """Return ``{"operators": [...], "edges": [[SOURCE, TARGET], ...]}``."""
        left, _, right = text.partition(";")
        edges = [edge.split("-") for edge in right.split(",") if edge]
        if not all(
            len(edge) == 2 and all(re.fullmatch("[0-9]{1,6}", n) for n in edge) for edge in edges
        ):
            raise self.alphabet.refuse(
                f"{text!r} is not of the form 'input,OPERATOR,...,output;0-1,1-2,...'"
            )
        return {"operators": left.split(","), "edges": [[int(a), int(b)] for a, b in edges]}

    def text_of(self, found: Mapping[str, Any]) -> str:
        """Return the string, edges in ascending order."""
        self.graphs_of(found)
        edges = ",".join(
            f"{source}-{target}" for source, target in sorted(map(tuple, found["edges"]))
        )
        return f"{','.join(found['operators'])};{edges}"

    def graphs_of(self, found: Mapping[str, Any]) -> list[Graph]:
        """Return the graph itself."""
        self._fields(found, {"operators", "edges"}, {"operators", "edges"})
        names, given = self._operators(found["operators"]), found["edges"]
        if not _is_items(given, int, int):
            raise self.alphabet.refuse(f"edges must be a list of [SOURCE, TARGET], not {given!r}")
        edges = [(source, target) for source, target in given]
        size = len(names)
        if size < 2 or (names[0], names[-1]) != ("input", "output"):
            raise self.alphabet.refuse(
                f"operators start with 'input' and end with 'output', not {names}"
            )
        codes = [INPUT, *map(self.alphabet.code, names[1:-1]), OUTPUT]
        if size > self.vertices or len(edges) > self.max_edges:
            raise self.alphabet.refuse(
                f"{size} nodes and {len(edges)} edges; allowed are at most {self.vertices} and "
                f"{self.max_edges}"
            )
        for source, target in edges:
            if not 0 <= source < target < size:
                raise self.alphabet.refuse(
                    f"edge [{source}, {target}] must go from a lower to a higher of {size} nodes"
                )
        if len(set(edges)) < len(edges):
            raise self.alphabet.refuse(f"edges must be different, not {given}")
        ends = {source for source, _ in edges}, {target for _, target in edges}
        if self.connected and ends != (set(range(size - 1)), set(range(1, size))):
            raise self.alphabet.refuse(
                f"every node must lie on a path from input to output, not so in {given}"
            )
        return [(codes, edges)]

    def read(self, texts: pa.Array) -> Read:
        """Read all strings by the column: split, look up, count."""
        count = len(texts)
        halves = pc.extract_regex(texts, "^(?P<left>[^;]*);(?P<right>[^;]*)$")
        names, pairs = _pieces(halves.field("left")), _pieces(halves.field("right"))
        given = pairs.flatten()
        edge_row, _ = _rows_and_places(pairs)
        # No text behind the semicolon is no edge; between two commas it is a fault.
        alone = np.bincount(edge_row, minlength=count)[edge_row] == 1
        kept = ~(alone & pc.equal(given, "").to_numpy(zero_copy_only=False))
        given, edge_row = given.filter(pa.array(kept)), edge_row[kept]
        numbers = pc.extract_regex(given, "^(?P<a>[0-9]{1,3})-(?P<b>[0-9]{1,3})$")
        good = np.ones(count, dtype=bool)
        row, place = _rows_and_places(names)
        code = pc.index_in(names.flatten(), value_set=self._spelled).fill_null(-1).to_numpy()
        sizes = np.bincount(row, minlength=count)
        at_end = place == sizes[row] - 1
        wanted = np.where(place == 0, code == 0, np.where(at_end, code == 1, code >= 2))
        good[row[~wanted]] = False
        good &= (sizes >= 2) & (sizes <= self.vertices)
        kept = good[row]
        operators = np.full((count, self.vertices), PADDING, dtype=np.uint8)
        operators[row[kept], place[kept]] = self._codes[code[kept]]

        source, target = (
            pc.if_else(numbers.is_valid(), numbers.field(name), "-1")
            .cast(pa.int64())
            .to_numpy(zero_copy_only=False)
            for name in ("a", "b")
        )
        inside = (source >= 0) & (source < target) & (target < sizes[edge_row])
        good[edge_row[~inside]] = False
        number = np.bincount(edge_row, minlength=count)
        good &= number <= self.max_edges
        kept = good[edge_row]
        adjacency = np.zeros((count, self.vertices, self.vertices), dtype=bool)
        adjacency[edge_row[kept], source[kept], target[kept]] = True
        good &= adjacency.sum(axis=(1, 2)) == number
        if self.connected:
            ways = adjacency.any(axis=2).sum(axis=1), adjacency.any(axis=1).sum(axis=1)
            good &= (ways[0] == sizes - 1) & (ways[1] == sizes - 1)
        return Cells.from_arrays(operators, adjacency), good


def _pieces(texts: pa.Array) -> pa.Array:
    """Return the words between commas; none of what is null."""
    return pc.split_pattern(texts.fill_null(""), ",")


def _rows_and_places(
    lists: pa.Array,
) -> tuple[Int64[np.ndarray, " n"], Int64[np.ndarray, " n"]]:
    """Return the row of each item of a column of lists, and its place within the list."""
    row = pc.list_parent_indices(lists).to_numpy().astype(np.int64)
    starts = np.searchsorted(row, np.arange(len(lists)))
    return row, np.arange(len(row)) - starts[row]


class Blocks(Form):
    """A sequence of blocks from the image to the classifier.

    Without stages a block takes what the one before puts out. With stages, every block that does
    not begin one adds to its input, so that it hears the sum of its stage, and an identity there
    is a block that is left out: it adds nothing.

    Args:
        alphabet: the operators.
        length: how many blocks, least and most.
        stages: the blocks, from 1, that begin a stage.
        string: how a string looks, with ``{blocks}`` where they stand.
        separator: what stands between two of them.
    """

    def __init__(
        self,
        alphabet: Alphabet,
        length: tuple[int, int],
        stages: Sequence[int] = (),
        string: str = "{blocks}",
        separator: str = ",",
    ) -> None:
        self.alphabet, self.stages, self.separator = alphabet, tuple(stages), separator
        self.least, self.most = length
        if not 1 <= self.least <= self.most:
            raise ConfigError(f"{alphabet.space}: a length of {self.least} to {self.most} blocks")
        if not all(1 <= stage <= self.most for stage in stages):
            raise ConfigError(
                f"{alphabet.space}: stages {list(stages)} must be blocks from 1 to {self.most}"
            )
        if string.count("{blocks}") != 1:
            raise ConfigError(f"{alphabet.space}: string {string!r} must have {{blocks}} once")
        self.before, _, self.after = string.partition("{blocks}")
        lengths = {len(name) for name in alphabet.spellings}
        if not separator and len(lengths) > 1:
            raise ConfigError(
                f"{alphabet.space}: without a separator operators must be spelled with equally "
                "many characters"
            )
        clash = [name for name in alphabet.spellings if separator and separator in name]
        if clash:
            raise ConfigError(f"{alphabet.space}: the separator stands in {clash[0]!r}")
        self.characters = min(lengths)
        self.vertices = self.most + 2
        if self.least == self.most:
            self.choices = (alphabet.spellings,) * self.most
        self._edges = [self._chain(blocks) for blocks in range(self.most + 1)]
        packed = self.pack([([INPUT, *[ZERO] * n, OUTPUT], e) for n, e in enumerate(self._edges)])
        self._packed = packed.edges
        # Row b holds each operator's code as block b + 1.
        self._codes = np.array(
            [
                [self._code(name, block) for name in alphabet.spellings]
                for block in range(1, self.most + 1)
            ],
            dtype=np.uint8,
        )

    def _chain(self, blocks: int) -> list[Pair]:
        edges, summed = [], [0]
        for block in range(1, blocks + 2):
            edges += [(source, block) for source in summed]
            summed = [*summed, block] if self.stages and block not in self.stages else [block]
        return edges

    def _code(self, name: str, block: int) -> int:
        code = self.alphabet.code(name)
        left_out = code == IDENTITY and self.stages and block not in self.stages
        return ZERO if left_out else code

    def object_of(self, text: str) -> dict[str, Any]:
        """Return ``{"operators": [...]}``."""
        size = len(self.before) + len(self.after)
        inside = text[len(self.before) : len(text) - len(self.after)]
        if text != self.before + inside + self.after or len(text) < size:
            raise self.alphabet.refuse(
                f"{text!r} is not of the form {self.before + '{blocks}' + self.after!r}"
            )
        if self.separator:
            return {"operators": inside.split(self.separator)}
        starts = range(0, len(inside), self.characters)
        return {"operators": [inside[start : start + self.characters] for start in starts]}

    def text_of(self, found: Mapping[str, Any]) -> str:
        """Return the string."""
        self.graphs_of(found)
        return self.before + self.separator.join(found["operators"]) + self.after

    def graphs_of(self, found: Mapping[str, Any]) -> list[Graph]:
        """Return the chain, with the sums of its stages."""
        self._fields(found, {"operators"}, {"operators"})
        names = self._operators(found["operators"])
        if not self.least <= len(names) <= self.most:
            allowed = str(self.least) if self.choices else f"{self.least} to {self.most}"
            raise self.alphabet.refuse(f"{len(names)} blocks; allowed are {allowed}")
        codes = [self._code(name, block) for block, name in enumerate(names, start=1)]
        return [([INPUT, *codes, OUTPUT], self._edges[len(names)])]

    def read(self, texts: pa.Array) -> Read:
        """Read all strings by the column: strip, split, look up."""
        around = f"(?s)^{re.escape(self.before)}(?P<inside>.*){re.escape(self.after)}$"
        inside = pc.extract_regex(texts, around).field("inside").fill_null("")
        separator = self.separator
        if not separator:
            separator = "\x1f"
            cut = pc.replace_substring_regex(
                inside, f"(?s)(.{{{self.characters}}})", f"\\1{separator}"
            )
            inside = pc.utf8_rtrim(cut, separator)
        lists = pc.split_pattern(inside, separator)
        row, place = _rows_and_places(lists)
        found = self.alphabet.places(lists.flatten())
        sizes = np.bincount(row, minlength=len(texts))
        good = (sizes >= self.least) & (sizes <= self.most)
        good[row[found < 0]] = False
        operators = np.full((len(texts), self.vertices), PADDING, dtype=np.uint8)
        kept = good[row]
        operators[row[kept], place[kept] + 1] = self._codes[place[kept], found[kept]]
        blocks = np.where(good, sizes, 0)
        operators[:, 0] = INPUT
        operators[np.arange(len(texts)), blocks + 1] = OUTPUT
        return Cells(operators, self._packed[blocks]), good

    def object_of_choices(self, row: Sequence[int]) -> dict[str, Any]:
        """Return the architecture with operator ``row[b]`` as block b + 1."""
        if not self.choices:
            return super().object_of_choices(row)
        return {"operators": [self.alphabet.spellings[place] for place in row]}


class Genotypes(Form):
    """Cells of several kinds in the manner of DARTS: nodes that add what operators make of others.

    The first nodes of a cell are the outputs of cells before it. Each of the others adds a fixed
    number of pairs (operator, the node it takes from), and the output is a concatenation. The cell
    is the line graph, as ``spaces.darts`` describes it.

    Args:
        alphabet: the operators.
        kinds: kind of cell -> its share among the cells of the network.
        inputs: how many nodes are outputs of cells before.
        nodes: how many nodes are computed.
        pairs: how many pairs a node adds.
        different: whether the pairs of a node must take from different nodes.
        concat: "all" computed nodes, or "any" that an architecture lists.
    """

    def __init__(
        self,
        alphabet: Alphabet,
        kinds: Mapping[str, float],
        inputs: int = 2,
        nodes: int = 4,
        pairs: int = 2,
        different: bool = True,
        concat: str = "all",
    ) -> None:
        if abs(sum(kinds.values()) - 1) > 1e-6:
            raise ConfigError(f"{alphabet.space}: the shares {list(kinds.values())} must add to 1")
        if different and inputs < pairs:
            raise ConfigError(
                f"{alphabet.space}: {pairs} pairs cannot take from {inputs} different inputs"
            )
        self.alphabet, self.kinds, self.shares = alphabet, tuple(kinds), tuple(kinds.values())
        self.inputs, self.nodes, self.pairs = inputs, nodes, pairs
        self.different, self.any_concat = different, concat == "any"
        self.computed = list(range(inputs, inputs + nodes))
        self.vertices = inputs + nodes * pairs + 1
        draw = combinations if different else _with_repetition
        sources = [list(draw(range(node), pairs)) for node in self.computed]
        self._sources = sources * len(kinds)
        per_node = [("+".join(map(str, s)) for s in options) for options in self._sources]
        if not self.any_concat:
            self.choices = tuple(
                tuple(options)
                for node in per_node
                for options in (node, *[alphabet.spellings] * pairs)
            )

    def object_of(self, text: str) -> dict[str, Any]:
        """Return ``{"normal": [[OPERATOR, NODE], ...], "normal_concat": [...], ...}``."""
        try:
            call = ast.parse(text, mode="eval").body
            if not isinstance(call, ast.Call) or call.args or ast.unparse(call.func) != "Genotype":
                raise ValueError("no Genotype(...) of named fields")
            fields = {str(word.arg): _value(word.value) for word in call.keywords}
            # As JSON has them: pairs are lists.
            return {
                name: [list(item) if isinstance(item, tuple) else item for item in value]
                if isinstance(value, list)
                else value
                for name, value in fields.items()
            }
        except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
            forms = ", ".join(
                f"{kind}=[('OPERATOR', NODE), ...], {kind}_concat={self.computed}"
                for kind in self.kinds
            )
            raise self.alphabet.refuse(f"{text!r} is not of the form Genotype({forms})") from None

    def text_of(self, found: Mapping[str, Any]) -> str:
        """Return the genotype as Python prints the authors' named tuple."""
        self.graphs_of(found)
        fields = []
        for kind in self.kinds:
            pairs = [(name, node) for name, node in found[kind]]
            fields += [f"{kind}={pairs}", f"{kind}_concat={self._concat(found, kind)}"]
        return f"Genotype({', '.join(fields)})"

    def graphs_of(self, found: Mapping[str, Any]) -> list[Graph]:
        """Return the line graph of each kind of cell."""
        concats = {f"{kind}_concat" for kind in self.kinds}
        needed = set(self.kinds) | (concats if self.any_concat else set())
        self._fields(found, needed, set(self.kinds) | concats)
        return [self._graph(found, kind) for kind in self.kinds]

    def _concat(self, found: Mapping[str, Any], kind: str) -> list[int]:
        concat = found.get(f"{kind}_concat", self.computed)
        chosen = isinstance(concat, list) and all(type(n) is int for n in concat)
        if self.any_concat and chosen and concat and set(concat) <= set(self.computed):
            return concat
        if concat != self.computed:
            allowed = f"some of {self.computed}" if self.any_concat else str(self.computed)
            raise self.alphabet.refuse(f"{kind}_concat is {concat}; allowed is {allowed}")
        return concat

    def _graph(self, found: Mapping[str, Any], kind: str) -> Graph:
        given, concat = found[kind], self._concat(found, kind)
        total = self.nodes * self.pairs
        if not _is_items(given, str, int) or len(given) != total:
            raise self.alphabet.refuse(
                f"{kind} must be a list of {total} pairs [OPERATOR, NODE], not {given!r}"
            )
        codes, edges = [], []
        for place, (name, source) in enumerate(given):
            node = self.inputs + place // self.pairs
            codes.append(self.alphabet.code(name))
            if not 0 <= source < node:
                raise self.alphabet.refuse(
                    f"node {node} of the {kind} cell takes from node {source}; allowed are 0 to "
                    f"{node - 1}"
                )
            before = [n for _, n in given[place - place % self.pairs : place]]
            if self.different and source in before:
                raise self.alphabet.refuse(
                    f"node {node} of the {kind} cell takes from node {source} twice; allowed are "
                    "different nodes"
                )
            vertex = self.inputs + place
            edges += [(start, vertex) for start in self._vertices(source)]
            if node in concat:
                edges.append((vertex, self.vertices - 1))
        return [INPUT] * self.inputs + codes + [OUTPUT], edges

    def _vertices(self, node: int) -> range:
        """Return the vertices whose sum is a node's value."""
        if node < self.inputs:
            return range(node, node + 1)
        first = self.inputs + (node - self.inputs) * self.pairs
        return range(first, first + self.pairs)

    def read(self, texts: pa.Array) -> Read:
        """Read all genotypes by the column: cut at the quotes, look up what stands between."""
        count, total = len(texts), self.nodes * self.pairs
        rows, good = self._places(texts)
        kinds = len(self.kinds)
        operators = np.full((count * kinds, self.vertices), OUTPUT, dtype=np.uint8)
        operators[:, : self.inputs] = INPUT
        codes = np.array(list(self.alphabet.codes.values()), dtype=np.uint8)
        operators[:, self.inputs : -1] = codes[rows[..., 0].reshape(-1, total)]
        source = rows[..., 1].reshape(-1, total)
        # heard[place, node] marks the vertices whose sum node `node` is.
        heard = np.zeros((self.inputs + self.nodes, self.vertices), dtype=bool)
        for node in range(self.inputs + self.nodes):
            heard[node, list(self._vertices(node))] = True
        adjacency = np.zeros((count * kinds, self.vertices, self.vertices), dtype=bool)
        adjacency[:, :, self.inputs : -1] = heard[source].transpose(0, 2, 1)
        adjacency[:, self.inputs : -1, -1] = True
        edges = np.triu(adjacency, k=1)
        starts, ends = triangle(self.vertices)
        bits = np.packbits(edges[:, starts, ends], axis=1)
        assert bits.shape[1] == packed_bytes(self.vertices)
        return Cells(operators, bits), good

    def _places(
        self, texts: pa.Array
    ) -> tuple[Int64[np.ndarray, "N K P 2"], Bool[np.ndarray, " N"]]:
        """Return operator and source of every pair, and which genotypes were understood."""
        kinds, total = len(self.kinds), self.nodes * self.pairs
        pairs = kinds * total
        plain = pc.replace_substring(pc.replace_substring(texts, " ", ""), '"', "'")
        parts = pc.split_pattern(plain, "'")
        found = np.zeros((len(texts), kinds, total, 2), dtype=np.int64)
        long = pc.equal(pc.list_value_length(parts), 2 * pairs + 1)
        good = long.fill_null(False).to_numpy(zero_copy_only=False)
        rows = np.flatnonzero(good)
        if self.any_concat or not len(rows):
            return found, np.zeros(len(texts), dtype=bool)
        words = parts.filter(long).flatten()
        column = [
            words.take(pa.array(np.arange(len(rows)) * (2 * pairs + 1) + place))
            for place in range(2 * pairs + 1)
        ]
        right = pc.equal(column[0], f"Genotype({self.kinds[0]}=[(").to_numpy(zero_copy_only=False)
        for pair in range(pairs):
            kind, place = divmod(pair, total)
            node = self.inputs + place // self.pairs
            name = self.alphabet.places(column[2 * pair + 1])
            between = [text for source in range(node) for text in self._after(kind, place, source)]
            ways = len(between) // node
            after = pc.index_in(column[2 * pair + 2], value_set=pa.array(between))
            source = after.fill_null(-1).to_numpy() // ways
            right = right & (name >= 0) & (source >= 0)
            found[rows, kind, place, 0] = np.maximum(name, 0)
            found[rows, kind, place, 1] = np.maximum(source, 0)
            if self.different:
                for earlier in range(place - place % self.pairs, place):
                    right = right & (found[rows, kind, earlier, 1] != source)
        good[rows] = right
        return found, good

    def _after(self, kind: int, place: int, source: int) -> list[str]:
        """Return what may stand, without spaces, behind the operator of a pair."""
        if place < self.nodes * self.pairs - 1:
            return [f",{source}),("]
        last = kind == len(self.kinds) - 1
        nodes = ",".join(map(str, self.computed))
        following = ")" if last else f",{self.kinds[(kind + 1) % len(self.kinds)]}=[("
        name = f"{self.kinds[kind]}_concat"
        concats = (f"[{nodes}]", f"range({self.inputs},{self.inputs + self.nodes})")
        return [f",{source})],{name}={concat}{following}" for concat in concats]

    def object_of_choices(self, row: Sequence[int]) -> dict[str, Any]:
        """Return the genotype of decisions: for each node the sources, then an operator of each."""
        if not self.choices:
            return super().object_of_choices(row)
        steps = [
            row[start : start + 1 + self.pairs] for start in range(0, len(row), 1 + self.pairs)
        ]
        found: dict[str, Any] = {}
        for number, (sources, *names) in enumerate(steps):
            kind = self.kinds[number // self.nodes]
            taken = self._sources[number][sources]
            spelled = [self.alphabet.spellings[name] for name in names]
            found.setdefault(kind, []).extend([n, s] for n, s in zip(spelled, taken, strict=True))
        return found


def _with_repetition(nodes: range, count: int) -> list[tuple[int, ...]]:
    return list(product(nodes, repeat=count))


def _value(node: ast.expr) -> list:
    """Return a literal list or tuple, or a range, as a list; nothing of it is run."""
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "range" and not node.keywords:
        ends = [ast.literal_eval(argument) for argument in node.args]
        if len(ends) == 2 and all(type(end) is int and 0 <= end < 1000 for end in ends):
            return list(range(*ends))
    found = ast.literal_eval(node)
    if not isinstance(found, list | tuple):
        raise ValueError("neither a list nor a tuple")
    return list(found)


FORMS = {
    "operators_on_edges": OperatorsOnEdges,
    "operators_on_nodes": OperatorsOnNodes,
    "blocks": Blocks,
    "genotype": Genotypes,
}
