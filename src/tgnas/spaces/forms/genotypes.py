"""Genotypes, as in DARTS."""

from collections.abc import Mapping
from functools import cached_property
from itertools import combinations, compress, product
from typing import Annotated, Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Bool, Int64
from pydantic import Field

from tgnas.cell import Cells
from tgnas.errors import ConfigError, InvalidCellError, number_of, shown
from tgnas.spaces.forms.base import (
    INPUT,
    OUTPUT,
    ZERO,
    Alphabet,
    Choices,
    Form,
    Graph,
    Read,
    is_items,
)
from tgnas.spaces.notations.base import Notation
from tgnas.spaces.notations.genotypes import notations_of
from tgnas.spaces.notations.plain import of_text
from tgnas.spaces.skeleton import NetworkKeys, Skeleton
from tgnas.validation import Keys

LISTED = 8  # nodes of which all sets of loose ends are read by the column
Kind = Annotated[str, Field(pattern="^[A-Za-z_][A-Za-z0-9_]*$")]
NONE = "none"  # DARTS' spelling of the zero operator
Few = Annotated[int, Field(ge=1, le=4)]


class GenotypeKeys(Keys):
    """Several kinds of cell whose nodes add what operators make of others (DARTS)."""

    cell_weights: Annotated[dict[Kind, Annotated[float, Field(gt=0, le=1)]], Field(min_length=1)]
    """Kind of cell (as the genotype's field is called) -> its share among the cells of the network;
    the weights add to 1."""
    inputs: Few = 2
    """How many nodes are outputs of the cells before; 2 by default."""
    nodes: Annotated[int, Field(ge=1, le=12)]
    """How many nodes are computed."""
    pairs: Few = 2
    """How many pairs of an operator and a node before it a node adds; 2 by default."""
    different: bool = True
    """Whether a node's pairs must take from different nodes; so by default."""
    concat: Literal["all", "any", "loose"] = "all"
    """What the output concatenates: all computed nodes (the default), unless an architecture lists
    others; any, which every architecture lists; or the loose ends, which no other node takes from.
    """


class Genotypes(Form):
    """Cells of several kinds in the manner of DARTS: nodes that add what operators make of others.

    The first nodes of a cell are the outputs of cells before it. Each of the others adds a fixed
    number of pairs (operator, the node it takes from), and the output is a concatenation. The cell
    is the line graph, as ``tgnas.spaces.darts`` describes it.
    """

    word = "genotype"

    def __init__(self, alphabet: Alphabet, keys: GenotypeKeys) -> None:
        inputs, nodes, pairs = keys.inputs, keys.nodes, keys.pairs
        self.alphabet, self.kinds = alphabet, tuple(keys.cell_weights)
        self.cell_weights = tuple(keys.cell_weights.values())
        if abs(sum(self.cell_weights) - 1) > 1e-6:
            weights = list(self.cell_weights)
            raise ConfigError(f"{alphabet.space}: the cell weights {weights} must add to 1")
        if keys.different and inputs < pairs:
            raise ConfigError(
                f"{alphabet.space}: {number_of(pairs, 'pair')} cannot take from "
                f"{number_of(inputs, 'different input')}; say different: false, or fewer pairs"
            )
        self.inputs, self.nodes, self.pairs = inputs, nodes, pairs
        self.different, self.concat = keys.different, keys.concat
        self.computed = list(range(inputs, inputs + nodes))
        self.vertices = inputs + nodes * pairs + 1
        before = [range(node) for node in self.computed]
        sources = [
            list(combinations(some, pairs) if self.different else product(some, repeat=pairs))
            for some in before
        ]
        self._sources = sources * len(self.kinds)
        self._endings = [(self.computed, (1,) * nodes)]  # what may be concatenated
        if self.concat != "all" and nodes <= LISTED:
            masks = list(product((0, 1), repeat=nodes))[1:]
            self._endings = [(list(compress(self.computed, mask)), mask) for mask in masks]
        if self.concat != "any" or nodes <= LISTED:
            self.choices = tuple(
                options
                for nodes_before in self._sources
                for options in (
                    tuple("+".join(map(str, some)) for some in nodes_before),
                    *[alphabet.spellings] * pairs,
                )
            )
        if self.concat == "any" and nodes <= LISTED:
            listed = tuple("+".join(map(str, some)) for some, _ in self._endings)
            self.choices += (listed,) * len(self.kinds)
        # heard[node, vertex] marks the vertices whose sum a node is.
        self._heard = np.zeros((inputs + nodes, self.vertices), dtype=bool)
        for node in range(inputs + nodes):
            self._heard[node, list(self._vertices(node))] = True

    def skeleton(self, network: NetworkKeys, new: tuple[tuple[float, ...], ...]) -> Skeleton:
        """Return what all architectures share; the inputs of a cell, and pairs of a node, too."""
        return Skeleton(self.word, network, self.inputs, self.pairs, new=new)

    def object_of(self, text: str) -> dict[str, Any]:
        """Return ``{"normal": [[OPERATOR, NODE], ...], "normal_concat": [...], ...}``."""
        fields = tuple(field for kind in self.kinds for field in (kind, f"{kind}_concat"))
        try:
            member = of_text(text, fields) if "Genotype" in text else None
        except InvalidCellError as error:
            raise error.at(self.alphabet.space) from None
        if not isinstance(member, dict):
            forms = ", ".join(
                f"{kind}=[('OPERATOR', NODE), ...], {kind}_concat={self.computed}"
                for kind in self.kinds
            )
            raise self.alphabet.refuse(f"{shown(text)} is not of the form Genotype({forms})")
        return member

    def text_of(self, member: Mapping[str, Any]) -> str:
        """Return the genotype as Python prints the authors' named tuple."""
        fields = []
        for kind in self.kinds:
            pairs = [(name, node) for name, node in member[kind]]
            fields += [f"{kind}={pairs}", f"{kind}_concat={self._concat(member, kind)}"]
        return f"Genotype({', '.join(fields)})"

    def graphs_of(self, member: Mapping[str, Any]) -> list[Graph]:
        """Return the line graph of each kind of cell."""
        concats = {f"{kind}_concat" for kind in self.kinds}
        needed = set(self.kinds) | (concats if self.concat == "any" else set())
        self._fields(member, needed, set(self.kinds) | concats)
        return [self._graph(member, kind) for kind in self.kinds]

    def _concat(self, member: Mapping[str, Any], kind: str) -> list[int]:
        ends = self.computed
        if self.concat == "loose":
            sources = {pair[1] for pair in member[kind]}
            ends = [node for node in self.computed if node not in sources]
        concat = member.get(f"{kind}_concat", ends)
        numbers = isinstance(concat, list) and all(type(node) is int for node in concat)
        if not (numbers and concat and set(concat) <= set(self.computed)):
            raise self.alphabet.refuse(
                f"{kind}_concat is {shown(concat)}; allowed are some of {self.computed}"
            )
        if len(set(concat)) < len(concat):
            raise self.alphabet.refuse(f"{kind}_concat is {concat}; allowed are different nodes")
        if self.concat == "loose" and sorted(concat) != ends:
            raise self.alphabet.refuse(
                f"{kind}_concat is {concat}; allowed is {ends}, the nodes that no other takes from"
            )
        return concat

    def _graph(self, member: Mapping[str, Any], kind: str) -> Graph:
        pairs = member[kind]
        total = self.nodes * self.pairs
        if not is_items(pairs, str, int) or len(pairs) != total:
            raise self.alphabet.refuse(
                f"{kind} must be a list of {number_of(total, 'pair')} [OPERATOR, NODE], "
                f"not {shown(pairs)}"
            )
        concat = self._concat(member, kind)
        codes, edges = [], []
        for place, (name, source) in enumerate(pairs):
            node = self.inputs + place // self.pairs
            codes.append(self._code(name))
            if not 0 <= source < node:
                raise self.alphabet.refuse(
                    f"node {node} of the {kind} cell takes from node {source}; allowed are 0 to "
                    f"{node - 1}"
                )
            before = [n for _, n in pairs[place - place % self.pairs : place]]
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

    def _code(self, name: str) -> int:
        """Return an operator's code; DARTS' ``none`` is the zero operator of any such space."""
        if name == NONE and name not in self.alphabet.codes:
            return ZERO
        return self.alphabet.code(name)

    def _vertices(self, node: int) -> range:
        """Return the vertices whose sum is a node's value."""
        if node < self.inputs:
            return range(node, node + 1)
        first = self.inputs + (node - self.inputs) * self.pairs
        return range(first, first + self.pairs)

    def objects_of(self, cells: Cells) -> list[dict[str, Any]]:
        """Return pairs and concatenation of every kind of cell."""
        operators, sources = self._chosen(cells)
        ends = cells.adjacency()[:, self.inputs : -1 : self.pairs, -1]
        names, objects, count = [*self.alphabet.spellings, NONE], [], len(self.kinds)
        for row in range(0, len(cells), count):
            member: dict[str, Any] = {}
            for cell, kind in enumerate(self.kinds, start=row):
                pairs = zip(operators[cell].tolist(), sources[cell].tolist(), strict=True)
                member[kind] = [[names[operator], source] for operator, source in pairs]
                member[f"{kind}_concat"] = (self.inputs + np.flatnonzero(ends[cell])).tolist()
            objects.append(member)
        return objects

    def _chosen(self, cells: Cells) -> tuple[np.ndarray, np.ndarray]:
        """Return the operators of N K cells and the nodes that they take from, (N K, P) each."""
        places = self.alphabet.places_of_codes()
        if places[ZERO] < 0:
            places[ZERO] = len(self.alphabet.codes)  # which no decision leads to
        operators = places[cells.operators[:, self.inputs : -1]]
        into = cells.adjacency()[:, :, self.inputs : -1].transpose(0, 2, 1)
        alike = (into[:, :, None, :] == self._heard).all(axis=3)
        sources = np.where(alike.any(axis=2), alike.argmax(axis=2), -1)
        return self.alphabet.known(operators), self.alphabet.known(sources)

    @cached_property
    def notations(self) -> dict[str, Notation]:
        """Those of NASLib, and tuples without names."""
        return notations_of(self)

    def read(self, texts: pa.Array) -> Read:
        """Read all genotypes by the column: cut at the quotes, look up what stands between."""
        rows, ends, good = self._places(texts)
        operators, sources = rows[..., 0], rows[..., 1]
        if self.concat == "loose":
            alike = ends.reshape(-1, self.nodes) == self._loose(sources)
            good = good & alike.all(axis=1).reshape(len(texts), len(self.kinds)).all(axis=1)
        return self._cells(operators, sources, ends), good

    def _loose(self, sources: np.ndarray) -> Bool[np.ndarray, "NK nodes"]:
        """Return which computed nodes of cells no other takes from."""
        flat = sources.reshape(-1, self.nodes * self.pairs)
        return ~(flat[:, None, :] == np.array(self.computed)[:, None]).any(axis=2)

    def _cells(
        self, operators: np.ndarray, sources: np.ndarray, ends: np.ndarray | None = None
    ) -> Cells:
        """Return the cells of operators and sources, N K P of each, and of what they concatenate.

        Without that, it is what the space says: all nodes, or the loose ends.
        """
        total = self.nodes * self.pairs
        operators, sources = operators.reshape(-1, total), sources.reshape(-1, total)
        codes = np.array(list(self.alphabet.codes.values()), dtype=np.uint8)
        vertices = np.full((len(operators), self.vertices), OUTPUT, dtype=np.uint8)
        vertices[:, : self.inputs] = INPUT
        vertices[:, self.inputs : -1] = codes[operators]
        adjacency = np.zeros((len(operators), self.vertices, self.vertices), dtype=bool)
        adjacency[:, :, self.inputs : -1] = self._heard[sources].transpose(0, 2, 1)
        if ends is None:
            ends = (
                self._loose(sources) if self.concat == "loose" else np.ones((1, self.nodes), bool)
            )
        adjacency[:, self.inputs : -1, -1] = np.repeat(
            ends.reshape(-1, self.nodes), self.pairs, axis=1
        )
        return Cells.from_arrays(vertices, adjacency)

    def _places(
        self, texts: pa.Array
    ) -> tuple[Int64[np.ndarray, "N K P 2"], Bool[np.ndarray, "N K nodes"], Bool[np.ndarray, " N"]]:
        """Return operator and source of every pair, what is concatenated, and which were read."""
        kinds, total = len(self.kinds), self.nodes * self.pairs
        pairs = kinds * total
        single = pc.match_substring(texts, "'")
        quoted = pc.if_else(single, texts, pc.replace_substring(texts, '"', "'"))
        parts = pc.split_pattern(quoted, "'")
        places = np.zeros((len(texts), kinds, total, 2), dtype=np.int64)
        ends = np.ones((len(texts), kinds, self.nodes), dtype=bool)
        masks = np.array([mask for _, mask in self._spelled_endings()], dtype=bool)
        long = pc.equal(pc.list_value_length(parts), 2 * pairs + 1)
        good = long.fill_null(False).to_numpy(zero_copy_only=False)
        rows = np.flatnonzero(good)
        if (self.concat != "all" and self.nodes > LISTED) or not len(rows):
            return places, ends, np.zeros(len(texts), dtype=bool)
        words = parts.filter(long).flatten()
        column = [
            words.take(pa.array(np.arange(len(rows)) * (2 * pairs + 1) + place))
            for place in range(2 * pairs + 1)
        ]
        # Around punctuation spaces say nothing; within quotes, names and numbers they are faults.
        for place in range(0, 2 * pairs + 1, 2):
            spaced = r" *([\[\](),=]) *"
            column[place] = pc.replace_substring_regex(column[place], spaced, r"\1")
        right = pc.equal(column[0], f"Genotype({self.kinds[0]}=[(").to_numpy(zero_copy_only=False)
        for pair in range(pairs):
            kind, place = divmod(pair, total)
            node = self.inputs + place // self.pairs
            name = self.alphabet.places(column[2 * pair + 1])
            between = [text for source in range(node) for text in self._after(kind, place, source)]
            ways = len(between) // node
            after = pc.index_in(column[2 * pair + 2], value_set=pa.array(between))
            indices = after.fill_null(-1).to_numpy()
            source = indices // ways
            if place == total - 1:
                ends[rows, kind] = masks[np.maximum(indices, 0) % ways]
            right = right & (name >= 0) & (source >= 0)
            places[rows, kind, place, 0] = np.maximum(name, 0)
            places[rows, kind, place, 1] = np.maximum(source, 0)
            if self.different:
                for earlier in range(place - place % self.pairs, place):
                    right = right & (places[rows, kind, earlier, 1] != source)
        good[rows] = right
        return places, ends, good

    def _after(self, kind: int, place: int, source: int) -> list[str]:
        """Return what may stand, without spaces, behind the operator of a pair."""
        if place < self.nodes * self.pairs - 1:
            return [f",{source}),("]
        last = kind == len(self.kinds) - 1
        following = ")" if last else f",{self.kinds[(kind + 1) % len(self.kinds)]}=[("
        name = f"{self.kinds[kind]}_concat"
        return [f",{source})],{name}={concat}{following}" for concat, _ in self._spelled_endings()]

    def _spelled_endings(self) -> list[tuple[str, tuple[int, ...]]]:
        """Return how what is concatenated is written without spaces, and its mask."""
        written = [(f"[{','.join(map(str, nodes))}]", mask) for nodes, mask in self._endings]
        every = f"range({self.inputs},{self.inputs + self.nodes})", (1,) * self.nodes
        return [*written, every]

    def of_choices(self, rows: Choices) -> Cells:
        """Return the cells of decisions: for each node the sources, then an operator of each.

        Where anything may be concatenated, what is stands last, for each kind of cell.
        """
        inner = len(self._sources) * (1 + self.pairs)
        steps = rows[:, :inner].reshape(len(rows), len(self._sources), 1 + self.pairs)
        sources = [np.array(s)[steps[:, node, 0]] for node, s in enumerate(self._sources)]
        ends = None
        if self.concat == "any":
            ends = np.array([mask for _, mask in self._endings], dtype=bool)[rows[:, inner:]]
        return self._cells(steps[..., 1:], np.stack(sources, axis=1), ends)

    def choices_of(self, cells: Cells) -> Choices:
        """Return the decisions; the pairs of a node count in ascending order of their sources."""
        shape = (len(cells) * self.nodes, self.pairs)
        operators, sources = (part.reshape(shape) for part in self._chosen(cells))
        ends = cells.adjacency()[:, self.inputs : -1 : self.pairs, -1]
        usual = self._loose(sources) if self.concat == "loose" else ends | (self.concat != "any")
        if (operators == len(self.alphabet.codes)).any() or not (ends == usual).all():
            raise self.alphabet.refuse(
                "a genotype with 'none', or with a node that is not concatenated, is read and "
                "scored, and stands outside of what is drawn and searched"
            )
        if self.different:
            order = np.argsort(sources, axis=1)
            operators, sources = (np.take_along_axis(p, order, 1) for p in (operators, sources))
        nodes = range(len(self.kinds) * self.nodes)
        place = [{some: i for i, some in enumerate(self._sources[node])} for node in nodes]
        first = [
            place[row % len(place)].get(tuple(some), -1)
            for row, some in enumerate(sources.tolist())
        ]
        rows = np.column_stack([self.alphabet.known(np.array(first, dtype=np.int64)), operators])
        rows = rows.reshape(-1, len(self._sources) * (1 + self.pairs))
        if self.concat != "any":
            return rows
        # Masks count as binary numbers, and that of none is left out.
        chosen = self.alphabet.known(ends @ (1 << np.arange(self.nodes)[::-1]) - 1)
        return np.column_stack([rows, chosen.reshape(len(rows), len(self.kinds))])
