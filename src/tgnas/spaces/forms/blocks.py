"""A sequence of blocks, as in macro spaces."""

import re
from collections.abc import Mapping
from functools import cached_property
from itertools import combinations
from math import prod
from typing import Annotated, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Bool, Int64
from pydantic import Field

from tgnas.cell import Cells
from tgnas.errors import ConfigError, number_of, shown
from tgnas.operators import PADDING
from tgnas.spaces.forms.base import (
    ENUMERABLE,
    IDENTITY,
    INPUT,
    OUTPUT,
    ZERO,
    Alphabet,
    Choices,
    FixedGraph,
    Graph,
    Pair,
    Read,
    one_changed,
    rows_and_places,
)
from tgnas.spaces.notations.base import Notation
from tgnas.spaces.skeleton import NetworkKeys, Skeleton
from tgnas.validation import Keys

DRAWS = 1000  # of at least a thousand strings each, before a space counts as empty
Length = Annotated[int, Field(ge=1, le=60)]
Place = Annotated[int, Field(ge=1)]


class Limit(Keys):
    """How many blocks may be of some operators."""

    operators: Annotated[tuple[str, ...], Field(min_length=1)]
    """The operators that are counted together."""
    least: Annotated[int, Field(ge=0)] = 0
    """The least number of blocks that have one of them."""
    most: Annotated[int, Field(ge=0)] = 60
    """The greatest."""
    blocks: tuple[Place, Place] | None = None
    """The first and the last of the blocks that are looked at, counted from 1; all by default."""

    @property
    def places(self) -> slice:
        """The blocks that are looked at, counted from 0."""
        return slice(self.blocks[0] - 1, self.blocks[1]) if self.blocks else slice(None)


class BlockKeys(Keys):
    """A sequence of blocks from the image to the classifier (macro spaces)."""

    length: Length | tuple[Length, Length]
    """How many blocks, or the least and the greatest number of them."""
    stages: tuple[int, ...] = ()
    """The blocks, counted from 1, that begin a stage. Where given, every other block adds to its
    input, so that it hears the sum of its stage, and an identity there is a block that is left out:
    it adds nothing. Otherwise blocks only follow each other."""
    string: str = "{blocks}"
    """How an architecture is written, with {blocks} where the blocks stand."""
    separator: str = ","
    """What stands between two blocks; a comma by default, and it may be empty."""
    limits: tuple[Limit, ...] = ()
    """How many blocks may be of some operators, e.g. of those that halve the resolution, in all or
    from one block to another. Where all limits say of single blocks what may stand there, none or
    every one of a range being of some operators, blocks are independent choices."""


class Blocks(FixedGraph):
    """A sequence of blocks from the image to the classifier, in stages or not."""

    word = "blocks"

    def __init__(self, alphabet: Alphabet, keys: BlockKeys) -> None:
        self.alphabet, length, string = alphabet, keys.length, keys.string
        self.stages, self.separator = keys.stages, keys.separator
        stages, separator = self.stages, self.separator
        self.least, self.most = (length, length) if isinstance(length, int) else length
        if self.least > self.most:
            raise ConfigError(f"{alphabet.space}: length [{self.least}, {self.most}] must rise")
        if not all(1 <= stage <= self.most for stage in stages):
            raise ConfigError(
                f"{alphabet.space}: stages {list(stages)} must be blocks from 1 to {self.most}"
            )
        if list(stages) != sorted(set(stages)):
            raise ConfigError(f"{alphabet.space}: stages {list(stages)} must rise")
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
        self.limits = keys.limits
        for number, limit in enumerate(self.limits, start=1):
            self._check(limit, f"{alphabet.space}: limits: limit {number}")
        self.allowed = self._allowed()
        self.counted = [limit for limit in self.limits if not self._of_each(limit)]
        if self.least == self.most and not self.counted:
            self.choices = self.options
        self._edges = [self._chain(blocks) for blocks in range(self.most + 1)]
        packed = self.pack([([INPUT, *[ZERO] * n, OUTPUT], e) for n, e in enumerate(self._edges)])
        self._packed, self.packed_edges = packed.edges, packed.edges[-1:]
        self.vertex_codes = np.array(
            [
                [self._code(name, block) for name in alphabet.spellings]
                for block in range(1, self.most + 1)
            ],
            dtype=np.uint8,
        )

    def _check(self, limit: Limit, place: str) -> None:
        """Refuse a limit that says nothing of the space's blocks, or that none of them could keep.

        Raises:
            ConfigError: as the message says.
            UnknownInDataError: an operator that the space does not have.
        """
        for name in limit.operators:
            self.alphabet.code(name)  # an unknown one is refused
        if limit.blocks and not limit.blocks[0] <= limit.blocks[1] <= self.most:
            raise ConfigError(
                f"{place}: blocks {list(limit.blocks)} must rise, from 1 to {self.most}"
            )
        blocks = len(range(self.most)[limit.places])
        if limit.least > min(limit.most, blocks):
            most = f"most: {limit.most}" if limit.most < blocks else number_of(blocks, "block")
            raise ConfigError(f"{place}: least: {limit.least} is more than {most}")

    def _of_each(self, limit: Limit) -> bool:
        """Tell whether a limit says of each of its blocks, by itself, what may stand there."""
        places = range(self.most)[limit.places]
        return limit.most == 0 or limit.least == len(places) <= self.least - places.start

    def _allowed(self) -> Bool[np.ndarray, "D O"]:
        """Return which operators may stand at each block."""
        names = self.alphabet.spellings
        allowed = np.ones((self.most, len(names)), dtype=bool)
        for limit in self.limits:
            if self._of_each(limit):
                among = np.isin(names, limit.operators)
                allowed[limit.places] &= among if limit.least else ~among
        if not allowed.any(axis=1).all():
            block = int(np.argmin(allowed.any(axis=1))) + 1
            raise ConfigError(f"{self.alphabet.space}: limits leave no operator for block {block}")
        return allowed

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

    def skeleton(self, network: NetworkKeys, new: tuple[tuple[float, ...], ...]) -> Skeleton:
        """Return what all architectures share; the blocks that begin a stage, too."""
        return Skeleton(self.word, network, begins=self.stages, new=new)

    def object_of(self, text: str) -> dict[str, Any]:
        """Return ``{"operators": [...]}``."""
        size = len(self.before) + len(self.after)
        inside = text[len(self.before) : len(text) - len(self.after)]
        if text != self.before + inside + self.after or len(text) < size:
            raise self.alphabet.refuse(
                f"{shown(text)} is not of the form {self.before + '{blocks}' + self.after!r}"
            )
        if self.separator:
            return {"operators": inside.split(self.separator)}
        starts = range(0, len(inside), self.characters)
        return {"operators": [inside[start : start + self.characters] for start in starts]}

    def text_of(self, member: Mapping[str, Any]) -> str:
        """Return the string."""
        return self.before + self.separator.join(member["operators"]) + self.after

    def graphs_of(self, member: Mapping[str, Any]) -> list[Graph]:
        """Return the chain, with the sums of its stages."""
        self._fields(member, {"operators"}, {"operators"})
        names = self._operators(member["operators"])
        if not self.least <= len(names) <= self.most:
            allowed = str(self.least) if self.least == self.most else f"{self.least} to {self.most}"
            raise self.alphabet.refuse(f"{number_of(len(names), 'block')}; allowed are {allowed}")
        codes = [self._code(name, block) for block, name in enumerate(names, start=1)]
        for limit in self.limits:
            count = sum(name in limit.operators for name in names[limit.places])
            if not limit.least <= count <= limit.most:
                among = (
                    f" among blocks {limit.blocks[0]} to {limit.blocks[1]}" if limit.blocks else ""
                )
                raise self.alphabet.refuse(
                    f"{number_of(count, 'block')} of {', '.join(limit.operators)}{among}; allowed "
                    f"are {limit.least} to {limit.most}"
                )
        return [([INPUT, *codes, OUTPUT], self._edges[len(names)])]

    @cached_property
    def notations(self) -> dict[str, Notation]:
        """A list of the blocks' operators."""

        def read(value: Any) -> dict[str, Any] | None:
            listed = isinstance(value, list) and all(type(item) in (int, str) for item in value)
            return {"operators": [str(item) for item in value]} if listed else None

        def write(member: dict[str, Any]) -> str:
            return str(tuple(member["operators"]))

        return {"tuples": Notation("a tuple of the blocks' operators", read, write)}

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
        row, place = rows_and_places(lists)
        chosen = self.alphabet.places(lists.flatten())
        sizes = np.bincount(row, minlength=len(texts))
        good = (sizes >= self.least) & (sizes <= self.most)
        good[row[chosen < 0]] = False
        places = np.full((len(texts), self.most), -1, dtype=np.int64)
        kept = good[row]
        places[row[kept], place[kept]] = chosen[kept]
        return self._of_places(places), good & self._within(places)

    def _of_places(self, places: Choices) -> Cells:
        """Return the cells of each block's place in the file; -1 behind the last block."""
        inside = places >= 0
        operators = np.full((len(places), self.vertices), PADDING, dtype=np.uint8)
        codes = self.vertex_codes[np.arange(self.most), np.maximum(places, 0)]
        operators[:, 1:-1] = np.where(inside, codes, PADDING)
        blocks = inside.sum(axis=1)
        operators[:, 0] = INPUT
        operators[np.arange(len(places)), blocks + 1] = OUTPUT
        return Cells(operators, self._packed[blocks])

    def _within(self, places: Choices) -> Bool[np.ndarray, " N"]:
        """Tell which rows of places keep the limits."""
        spellings, kept = self.alphabet.spellings, np.ones(len(places), dtype=bool)
        for limit in self.limits:
            counted = [spellings.index(name) for name in limit.operators]
            count = np.isin(places[:, limit.places], counted).sum(axis=1)
            kept &= (limit.least <= count) & (count <= limit.most)
        return kept

    def enumerate(self) -> Cells:
        """Return every cell, shorter ones first; of equal length the last block changes fastest."""
        if self.choices:
            return super().enumerate()
        strings = sum(self._strings())
        if strings > ENUMERABLE:
            raise ConfigError(
                f"{self.alphabet.space} has up to {strings:.1e} architectures; at most "
                f"{ENUMERABLE:,} can be enumerated"
            )
        sizes = [*map(len, self.options)]
        parts = [
            self._padded(self.places_of(np.indices(sizes[:blocks]).reshape(blocks, -1).T))
            for blocks in range(self.least, self.most + 1)
        ]
        places = np.concatenate(parts)
        return self._of_places(places[self._within(places)])

    def sample(self, count: int, generator: np.random.Generator) -> Cells:
        """Return cells that are drawn uniformly from all."""
        if self.choices:
            return super().sample(count, generator)
        total = sum(self._strings())
        shares = np.array([strings / total for strings in self._strings()])
        drawn = np.empty((0, self.most), dtype=np.int64)
        for _ in range(DRAWS):
            shape = (max(count, 1000), self.most)
            places = self._drawn(shape, generator)
            blocks = generator.choice(len(shares), size=len(places), p=shares) + self.least
            places[np.arange(self.most) >= blocks[:, None]] = -1
            drawn = np.concatenate([drawn, places[self._within(places)]])
            if len(drawn) >= count:
                return self._of_places(drawn[:count])
        raise ConfigError(f"{self.alphabet.space}: the limits leave next to nothing to draw")

    def neighbours(self, cells: Cells) -> Cells:
        """Return all architectures with another block, one block more or one block less.

        Two blocks change places, too, where a limit says exactly how many there are of them.
        """
        if self.choices:
            return super().neighbours(cells)
        own = self.places_at(np.arange(self.most), cells.operators[:1, 1:-1])[0]
        own = self.alphabet.known(own[: cells.sizes[0] - 2])
        options = len(self.alphabet.spellings)
        rows = [*one_changed(own, [options] * len(own))]
        if len(own) < self.most:
            spots = [(i, option) for i in range(len(own) + 1) for option in range(options)]
            rows += [np.insert(own, spot, option) for spot, option in spots]
        if len(own) > self.least:
            rows += [np.delete(own, spot) for spot in range(len(own))]
        if any(0 < limit.least == limit.most for limit in self.counted):
            pairs = combinations(range(len(own)), 2)
            rows += [_exchanged(own, *pair) for pair in pairs if own[pair[0]] != own[pair[1]]]
        places = np.unique(np.concatenate([self._padded(row[None]) for row in rows]), axis=0)
        return self._of_places(places[self._within(places)])

    def _drawn(self, shape: tuple[int, int], generator: np.random.Generator) -> Choices:
        """Return places of operators that may stand there; other limits are left aside."""
        if self.allowed.all():
            return generator.integers(len(self.alphabet.spellings), size=shape)
        sizes = [*map(len, self.options)]
        return self.places_of(generator.integers(sizes, size=shape))

    def _strings(self) -> list[int]:
        """Return how many strings there are of each number of blocks.

        They have what may stand at each block; other limits are left aside.
        """
        sizes = [*map(len, self.options)]
        return [prod(sizes[:n]) for n in range(self.least, self.most + 1)]

    def _padded(self, places: Int64[np.ndarray, "N n"]) -> Choices:
        return np.pad(places, ((0, 0), (0, self.most - places.shape[1])), constant_values=-1)

    def objects_of(self, cells: Cells) -> list[dict[str, Any]]:
        """Return the operators of the blocks; a block that is left out is an identity."""
        names, blocks = self.alphabet.spellings, np.arange(self.most)
        places = self.places_at(blocks, cells.operators[:, 1:-1])
        self.alphabet.known(places[blocks < cells.sizes[:, None] - 2])
        rows = zip(places.tolist(), (cells.sizes - 2).tolist(), strict=True)
        return [{"operators": [names[place] for place in row[:size]]} for row, size in rows]


def _exchanged(row: Int64[np.ndarray, " n"], one: int, other: int) -> Int64[np.ndarray, " n"]:
    """Return a row in which two places have changed what stands there."""
    changed = row.copy()
    changed[[one, other]] = row[[other, one]]
    return changed
