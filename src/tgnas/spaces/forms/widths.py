"""A list of channels: one kind of layer, of which only the width is searched."""

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any

from pydantic import Field

from tgnas.cell import Cells
from tgnas.errors import ConfigError
from tgnas.spaces.forms.base import Alphabet, Graph
from tgnas.spaces.forms.blocks import BlockKeys, Blocks, Length
from tgnas.spaces.notations.base import Notation, whole_numbers
from tgnas.validation import Keys

Width = Annotated[int, Field(ge=1)]


class WidthKeys(Keys):
    """A list of widths from the image to the classifier (the size space of NATS-Bench).

    The space has one operator, which every layer is; the stem is as wide as the first layer.
    """

    length: Length
    """How many layers there are."""
    widths: Annotated[tuple[Width, ...], Field(min_length=1)]
    """The channels that a layer may have."""
    string: str = "{widths}"
    """How an architecture is written, with {widths} where the numbers stand."""
    separator: Annotated[str, Field(min_length=1)] = ":"
    """What stands between two numbers; a colon by default."""


class Widths(Blocks):
    """A sequence of layers that differ in their channels alone.

    An architecture's cell is a chain whose operators are the layer at each of its widths.
    """

    word = "widths"

    def __init__(self, alphabet: Alphabet, keys: WidthKeys) -> None:
        if keys.string.count("{widths}") != 1:
            raise ConfigError(f"{alphabet.space}: string {keys.string!r} must have {{widths}} once")
        string = keys.string.replace("{widths}", "{blocks}")
        blocks = BlockKeys(length=keys.length, string=string, separator=keys.separator)
        super().__init__(alphabet, blocks)

    def object_of(self, text: str) -> dict[str, Any]:
        """Return ``{"widths": [...]}``."""
        names = super().object_of(text)["operators"]
        return {"widths": [int(name) if name.isdecimal() else name for name in names]}

    def text_of(self, member: Mapping[str, Any]) -> str:
        """Return the string."""
        return super().text_of({"operators": list(map(str, member["widths"]))})

    @cached_property
    def notations(self) -> dict[str, Notation]:
        """A list of the widths."""

        def read(value: Any) -> dict[str, Any] | None:
            return {"widths": value} if whole_numbers(value) else None

        def write(member: dict[str, Any]) -> str:
            return str(tuple(member["widths"]))

        return {"tuples": Notation("a tuple of the widths", read, write)}

    def graphs_of(self, member: Mapping[str, Any]) -> list[Graph]:
        """Return the chain."""
        self._fields(member, {"widths"}, {"widths"})
        widths = member["widths"]
        if not isinstance(widths, list) or not all(type(width) is int for width in widths):
            raise self.alphabet.refuse(f"widths must be a list of whole numbers, not {widths!r}")
        return super().graphs_of({"operators": list(map(str, widths))})

    def objects_of(self, cells: Cells) -> list[dict[str, Any]]:
        """Return the widths of the layers."""
        members = super().objects_of(cells)
        return [{"widths": list(map(int, member["operators"]))} for member in members]
