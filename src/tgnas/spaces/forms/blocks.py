"""A sequence of blocks, as in macro spaces."""

import re
from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from tgnas.cell import Cells
from tgnas.errors import ConfigError
from tgnas.operators import PADDING
from tgnas.spaces.forms.base import (
    IDENTITY,
    INPUT,
    OUTPUT,
    ZERO,
    Alphabet,
    FixedGraph,
    Graph,
    Pair,
    Read,
    rows_and_places,
)
from tgnas.validation import Keys

Length = Annotated[int, Field(ge=1, le=60)]


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


class Blocks(FixedGraph):
    """A sequence of blocks from the image to the classifier, in stages or not."""

    def __init__(self, alphabet: Alphabet, keys: BlockKeys) -> None:
        self.alphabet, length, string = alphabet, keys.length, keys.string
        self.stages, self.separator = keys.stages, keys.separator
        stages, separator = self.stages, self.separator
        self.least, self.most = (length, length) if isinstance(length, int) else length
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
        self._packed, self.packed_edges = packed.edges, packed.edges[-1:]
        self.vertex_codes = np.array(
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

    def text_of(self, member: Mapping[str, Any]) -> str:
        """Return the string."""
        return self.before + self.separator.join(member["operators"]) + self.after

    def graphs_of(self, member: Mapping[str, Any]) -> list[Graph]:
        """Return the chain, with the sums of its stages."""
        self._fields(member, {"operators"}, {"operators"})
        names = self._operators(member["operators"])
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
        row, place = rows_and_places(lists)
        chosen = self.alphabet.places(lists.flatten())
        sizes = np.bincount(row, minlength=len(texts))
        good = (sizes >= self.least) & (sizes <= self.most)
        good[row[chosen < 0]] = False
        operators = np.full((len(texts), self.vertices), PADDING, dtype=np.uint8)
        kept = good[row]
        operators[row[kept], place[kept] + 1] = self.vertex_codes[place[kept], chosen[kept]]
        blocks = np.where(good, sizes, 0)
        operators[:, 0] = INPUT
        operators[np.arange(len(texts)), blocks + 1] = OUTPUT
        return Cells(operators, self._packed[blocks]), good

    def objects_of(self, cells: Cells) -> list[dict[str, Any]]:
        """Return the operators of the blocks; a block that is left out is an identity."""
        names, blocks = self.alphabet.spellings, np.arange(self.most)
        places = self.places_at(blocks, cells.operators[:, 1:-1])
        self.alphabet.known(places[blocks < cells.sizes[:, None] - 2])
        rows = zip(places.tolist(), (cells.sizes - 2).tolist(), strict=True)
        return [{"operators": [names[place] for place in row[:size]]} for row, size in rows]
