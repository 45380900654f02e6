"""Genotypes, as in DARTS."""

import ast
from collections.abc import Mapping, Sequence
from itertools import combinations, product
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Bool, Int64

from tgnas.cell import Cells, packed_bytes, triangle
from tgnas.errors import ConfigError
from tgnas.spaces.forms.base import INPUT, OUTPUT, Alphabet, Form, Graph, Read, is_items


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
        if not is_items(given, str, int) or len(given) != total:
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
