"""Operators on nodes, as in NAS-Bench-101."""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tgnas.cell import Cells
from tgnas.errors import ConfigError
from tgnas.operators import PADDING
from tgnas.spaces.forms.base import (
    INPUT,
    OUTPUT,
    Alphabet,
    Form,
    Graph,
    Read,
    is_items,
    rows_and_places,
)


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
        if not is_items(given, int, int):
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
        edge_row, _ = rows_and_places(pairs)
        # No text behind the semicolon is no edge; between two commas it is a fault.
        alone = np.bincount(edge_row, minlength=count)[edge_row] == 1
        kept = ~(alone & pc.equal(given, "").to_numpy(zero_copy_only=False))
        given, edge_row = given.filter(pa.array(kept)), edge_row[kept]
        numbers = pc.extract_regex(given, "^(?P<a>[0-9]{1,3})-(?P<b>[0-9]{1,3})$")
        good = np.ones(count, dtype=bool)
        row, place = rows_and_places(names)
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
