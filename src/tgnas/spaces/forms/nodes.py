"""Operators on nodes, as in NAS-Bench-101."""

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Annotated, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from tgnas.cell import Cells, pruned
from tgnas.errors import ConfigError, number_of, shown
from tgnas.operators import PADDING
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.forms.base import (
    INPUT,
    OUTPUT,
    Alphabet,
    Form,
    Graph,
    Pair,
    Read,
    is_items,
    rows_and_places,
)
from tgnas.spaces.notations.base import Notation
from tgnas.spaces.notations.nodes import notations_of
from tgnas.validation import Keys

# Two nodes and the operator of a new node between them, or of the one node; None flips the edge.
Step = tuple[int, int, int | None]


class NodeKeys(Keys):
    """An acyclic graph with an operator on every node (NAS-Bench-101)."""

    max_nodes: Annotated[int, Field(ge=2, le=64)]
    """How many nodes there may be, input and output among them."""
    max_edges: Annotated[int, Field(ge=1)] | None = None
    """How many edges there may be; any number by default."""
    connected: bool = False
    """Whether nodes that lie on no path from input to output are left out, as NAS-Bench-101 prunes
    them, and a cell in which nothing connects the two is refused; not by default."""


class OperatorsOnNodes(Form):
    """Any acyclic graph with an operator on every node between "input" and "output".

    A string names the operators and the edges, as in
    ``input,conv3x3-bn-relu,output;0-1,1-2``.
    """

    word = "operators_on_nodes"

    def __init__(self, alphabet: Alphabet, keys: NodeKeys) -> None:
        clash = [n for n in alphabet.spellings if set(n) & set(",;") or n in ("input", "output")]
        if clash:
            raise ConfigError(
                f"{alphabet.space}: an operator on nodes is not spelled with , or ; nor as input "
                f"or output, as {clash[0]!r} is"
            )
        self.alphabet, self.connected = alphabet, keys.connected
        self.vertices, edges = keys.max_nodes, keys.max_edges
        self.max_edges = self.vertices**2 if edges is None else edges
        self._codes = np.array([INPUT, OUTPUT, *alphabet.codes.values()], dtype=np.uint8)
        self._spelled = pa.array(["input", "output", *alphabet.spellings])

    def object_of(self, text: str) -> dict[str, Any]:
        """Return ``{"operators": [...], "edges": [[SOURCE, TARGET], ...]}``."""
        left, between, right = text.partition(";")
        edges = [edge.split("-") for edge in right.split(",") if edge]
        if not between or not all(
            len(edge) == 2 and all(re.fullmatch("[0-9]{1,6}", n) for n in edge) for edge in edges
        ):
            raise self.alphabet.refuse(
                f"{shown(text)} is not of the form 'input,OPERATOR,...,output;0-1,1-2,...'"
            )
        return {"operators": left.split(","), "edges": [[int(a), int(b)] for a, b in edges]}

    def text_of(self, member: Mapping[str, Any]) -> str:
        """Return the string, edges in ascending order."""
        edges = ",".join(
            f"{source}-{target}" for source, target in sorted(map(tuple, member["edges"]))
        )
        return f"{','.join(member['operators'])};{edges}"

    def graphs_of(self, member: Mapping[str, Any]) -> list[Graph]:
        """Return the graph itself."""
        self._fields(member, {"operators", "edges"}, {"operators", "edges"})
        names, pairs = self._operators(member["operators"]), member["edges"]
        if not is_items(pairs, int, int):
            raise self.alphabet.refuse(
                f"edges must be a list of [SOURCE, TARGET], not {shown(pairs)}"
            )
        edges = [(source, target) for source, target in pairs]
        size = len(names)
        if size < 2 or (names[0], names[-1]) != ("input", "output"):
            raise self.alphabet.refuse(
                f"operators start with 'input' and end with 'output', not {shown(names)}"
            )
        codes = [INPUT, *map(self.alphabet.code, names[1:-1]), OUTPUT]
        for source, target in edges:
            if not 0 <= source < target < size:
                raise self.alphabet.refuse(
                    f"edge [{source}, {target}] must go from a lower to a higher of {size} nodes"
                )
        if len(set(edges)) < len(edges):
            raise self.alphabet.refuse(f"edges must be different, not {shown(pairs)}")
        if self.connected:
            codes, edges = self._pruned(codes, edges)
        if len(codes) > self.vertices or len(edges) > self.max_edges:
            raise self.alphabet.refuse(
                f"{number_of(len(codes), 'node')} and {number_of(len(edges), 'edge')}; allowed "
                f"are at most {self.vertices} "
                f"and {self.max_edges}"
            )
        return [(codes, edges)]

    def _pruned(self, codes: list[int], edges: list[Pair]) -> Graph:
        """Return what lies on paths from input to output, as the benchmark's ``ModelSpec`` does."""
        reached, reaches = {0}, {len(codes) - 1}
        for source, target in sorted(edges):
            reached |= {target} if source in reached else set()
        for source, target in sorted(edges, reverse=True):
            reaches |= {source} if target in reaches else set()
        live = sorted(reached & reaches)
        if not live:
            raise self.alphabet.refuse(
                f"no path leads from input to output in {shown([list(edge) for edge in edges])}"
            )
        place = {node: number for number, node in enumerate(live)}
        kept = [(place[a], place[b]) for a, b in edges if a in place and b in place]
        return [codes[node] for node in live], kept

    @cached_property
    def notations(self) -> dict[str, Notation]:
        """Those of NAS-Bench-101 and NASLib."""
        return notations_of(self)

    def read(self, texts: pa.Array) -> Read:
        """Read all strings by the column: split, look up, count."""
        count = len(texts)
        halves = pc.extract_regex(texts, "^(?P<left>[^;]*);(?P<right>[^;]*)$")
        names, pairs = (
            pc.split_pattern(halves.field(side).fill_null(""), ",") for side in ("left", "right")
        )
        edges = pairs.flatten()
        edge_row, _ = rows_and_places(pairs)
        # No text behind the semicolon is no edge; between two commas it is a fault.
        alone = np.bincount(edge_row, minlength=count)[edge_row] == 1
        kept = ~(alone & pc.equal(edges, "").to_numpy(zero_copy_only=False))
        edges, edge_row = edges.filter(pa.array(kept)), edge_row[kept]
        numbers = pc.extract_regex(edges, "^(?P<a>[0-9]{1,3})-(?P<b>[0-9]{1,3})$")
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

    def objects_of(self, cells: Cells) -> list[dict[str, Any]]:
        """Return operators and edges of each cell, edges in ascending order."""
        names = {INPUT: "input", OUTPUT: "output"} | self.alphabet.names
        self.alphabet.known(np.where(np.isin(cells.operators, [*names, PADDING]), 0, -1))
        row, *ends = np.nonzero(cells.adjacency())
        starts = np.searchsorted(row, np.arange(len(cells)))
        edges = np.split(np.stack(ends, axis=1), starts)[1:]
        operators = zip(cells.operators.tolist(), cells.sizes.tolist(), strict=True)
        return [
            {"operators": [names[code] for code in codes[:size]], "edges": of_cell.tolist()}
            for (codes, size), of_cell in zip(operators, edges, strict=True)
        ]

    def sample(self, count: int, generator: np.random.Generator) -> Cells:
        """Return cells drawn as NAS-Bench-101's authors do (``random_spec`` of their examples).

        Each edge between V nodes is there with probability 1/2 and each operator is drawn
        uniformly; nodes on no path are pruned, and what is not of the space is drawn again. Where
        few edges are allowed fewer are drawn, so that this ends.
        """
        pairs = self.vertices * (self.vertices - 1) // 2
        share = min(0.5, 2 * self.max_edges / pairs)
        parts, missing = [self.pack([])], count
        while missing:
            shape = (max(64, 2 * missing), self.vertices, self.vertices)
            adjacency = np.triu(generator.random(shape) < share, k=1)
            operators = generator.choice(self._codes[2:], size=shape[:2])
            operators[:, 0], operators[:, -1] = INPUT, OUTPUT
            parts.append(self._members(operators, adjacency)[:missing])
            missing -= len(parts[-1])
        return Cells.concatenate(parts)

    def neighbours(self, cells: Cells) -> Cells:
        """Return all different cells that one step leads to.

        A step flips an edge or changes an operator, as in the NAS-Bench-101 paper (Ying et al.,
        ICML 2019, section 5.1), and prunes. What pruning took away comes back by a third kind of
        step, for the benchmark's own steps walk on unpruned graphs: a new node between two others.
        """
        size = int(cells.sizes[0])
        codes, matrix = cells.operators[0, :size], cells.adjacency()[0, :size, :size]
        around = Architectures(
            self._built([self._stepped(codes, matrix, step) for step in self._steps(size)])
        )
        around = around[around.distinct()[0]]
        here = Architectures(cells.padded(self.vertices))
        return around[around.rows_of(here)[0] != np.arange(len(around))].cells

    def _steps(self, size: int) -> list[Step]:
        """Return all steps from a graph of so many nodes, whatever they lead to."""
        steps: list[Step] = []
        for source, target in zip(*np.triu_indices(size, k=1), strict=True):
            steps.append((int(source), int(target), None))
            if size < self.vertices:
                steps += [(int(source), int(target), int(code)) for code in self._codes[2:]]
        return steps + [
            (inner, inner, int(c)) for inner in range(1, size - 1) for c in self._codes[2:]
        ]

    def _stepped(
        self, codes: np.ndarray, matrix: np.ndarray, step: Step
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return operators and edges behind a step: a flip, a new node between two, or a change."""
        source, target, code = step
        if code is None:
            flipped = matrix.copy()
            flipped[source, target] ^= True
            return codes, flipped
        if source == target:
            changed = codes.copy()
            changed[source] = code
            return changed, matrix
        place = source + 1
        kept = np.delete(np.arange(len(codes) + 1), place)
        larger = np.zeros((len(codes) + 1,) * 2, dtype=bool)
        larger[np.ix_(kept, kept)] = matrix
        larger[source, place] = larger[place, target + 1] = True
        longer = np.full(len(codes) + 1, code, dtype=codes.dtype)
        longer[kept] = codes
        return longer, larger

    def _built(self, graphs: Sequence[tuple[np.ndarray, np.ndarray]]) -> Cells:
        """Return those of the graphs that are members, pruned."""
        operators = np.full((len(graphs), self.vertices), PADDING, dtype=np.uint8)
        adjacency = np.zeros((len(graphs), self.vertices, self.vertices), dtype=bool)
        for number, (some, edges) in enumerate(graphs):
            operators[number, : len(some)] = some
            adjacency[number, : len(some), : len(some)] = edges
        return self._members(operators, adjacency)

    def _members(self, operators: np.ndarray, adjacency: np.ndarray) -> Cells:
        """Return those pruned graphs that connect the ends and have few enough edges."""
        cells = Cells.from_arrays(*pruned(operators, adjacency)).padded(self.vertices)
        edges = cells.adjacency().sum(axis=(1, 2))
        return cells[(edges > 0) & (edges <= self.max_edges)]
