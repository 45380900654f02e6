"""Numbers that an architecture has beside its cells, such as the width and depth of its network.

They stand behind an architecture's string, ``STRING width=48 depth=14``, as keys of its JSON
object, or in columns of a user's table, which are written behind its strings.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Bool, Float64
from pydantic import AfterValidator, Field

from tgnas.errors import InvalidCellError

Name = Literal["width", "depth", "resolution", "params", "flops"]
Positive = Annotated[float, Field(gt=0)]
# A value that stands there twice is one.
_Distinct = AfterValidator(lambda values: tuple(dict.fromkeys(values)))
Listed = Annotated[tuple[Positive, ...], Field(min_length=1), _Distinct]
Options = Listed | Literal["any"]
WHOLE = ("width", "depth", "resolution")  # numbers of channels, cells and pixels
_NUMBER = r"[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"
_TAIL = re.compile(rf"(?s)(?P<text>.*?)(?P<tail>(?:\s+(?:{'|'.join(get_args(Name))})=\S*)*)\s*")


@dataclass(frozen=True)
class Columns:
    """The numbers of a space's architectures: what each may be, all or "any"."""

    space: str
    options: Mapping[Name, Options]

    @property
    def names(self) -> tuple[str, ...]:
        """Their names, in the order of the file."""
        return tuple(self.options)

    @property
    def choices(self) -> tuple[tuple[str, ...], ...] | None:
        """The values of each as text; None where one may have any."""
        listed = [values for values in self.options.values() if values != "any"]
        if len(listed) < len(self.options):
            return None
        return tuple(tuple(map(written, values)) for values in listed)

    def read(
        self, texts: pa.Array
    ) -> tuple[pa.Array, dict[str, Float64[np.ndarray, " N"]], Bool[np.ndarray, " N"]]:
        """Return strings without their numbers, the numbers, and where all are as they may be."""
        nothing: dict[str, np.ndarray] = {}
        if not self.options:
            return texts, nothing, np.ones(len(texts), dtype=bool)
        halves = pc.extract_regex(texts, f"^{_TAIL.pattern}$")
        tails = halves.field("tail")
        items = pc.list_value_length(pc.split_pattern(tails, "=")).fill_null(0)
        good = items.to_numpy(zero_copy_only=False) == len(self.options) + 1
        values = {}
        for name, options in self.options.items():
            matches = pc.extract_regex(tails, rf"\s{name}=(?P<number>{_NUMBER})(?:\s|$)")
            written_out = pc.if_else(matches.is_valid(), matches.field("number"), None)
            numbers = written_out.cast(pa.float64()).fill_null(np.nan)
            values[name] = numbers.to_numpy(zero_copy_only=False)
            good &= self._allowed(name, options, values[name])
        kept: dict[str, np.ndarray] = {
            name: np.where(good, column, 1.0) for name, column in values.items()
        }
        return halves.field("text").fill_null(""), kept, good

    def of_text(self, text: str) -> tuple[str, dict[str, float]]:
        """Return a string without its numbers, and the numbers; errors as in ``of_object``."""
        match = _TAIL.fullmatch(text)
        if not self.options or match is None:
            return text, {}
        pairs = [item.split("=", 1) for item in match["tail"].split()]
        if len({name for name, _ in pairs}) < len(pairs):
            raise InvalidCellError(f"{self.space}: a number stands in {text!r} twice")
        numbers = {
            name: float(value) if re.fullmatch(_NUMBER, value) else value for name, value in pairs
        }
        return match["text"], self.checked(numbers)

    def of_object(self, member: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, float]]:
        """Return a JSON object without its numbers, and the numbers.

        Raises:
            InvalidCellError: one is missing, or not as it may be.
        """
        numbers = {name: member[name] for name in member if name in self.options}
        rest = {name: value for name, value in member.items() if name not in self.options}
        return rest, self.checked(numbers)

    def checked(self, numbers: Mapping[str, Any]) -> dict[str, float]:
        """Return the numbers, each of which must be there and as it may be."""
        unknown = [name for name in numbers if name not in self.options]
        missing = [name for name in self.options if name not in numbers]
        if unknown or missing:
            raise InvalidCellError(
                f"{self.space}: an architecture has the numbers {list(self.options)}, not "
                f"{list(numbers)}; write them behind it, as in "
                f"'ARCHITECTURE {' '.join(f'{name}=NUMBER' for name in self.options)}', or in "
                "columns of the table"
            )
        for name, options in self.options.items():
            value = numbers[name]
            plain = isinstance(value, int | float) and not isinstance(value, bool)
            if not plain or not self._allowed(name, options, np.array([value], dtype=float))[0]:
                whole = "a whole number" if name in WHOLE else "a number above 0"
                allowed = whole if options == "any" else ", ".join(map(written, options))
                raise InvalidCellError(f"{self.space}: {name} is {value!r}; allowed is {allowed}")
        return {name: float(numbers[name]) for name in self.options}

    def strings(
        self, texts: Sequence[str], attributes: Mapping[str, Float64[np.ndarray, " N"]]
    ) -> list[str]:
        """Return strings with their numbers behind them."""
        columns = [
            [f" {name}={written(value)}" for value in attributes[name]] for name in self.options
        ]
        return ["".join(parts) for parts in zip(texts, *columns, strict=True)]

    def _allowed(
        self, name: str, options: Options, values: Float64[np.ndarray, " N"]
    ) -> Bool[np.ndarray, " N"]:
        if options != "any":
            return np.isin(values, options)
        whole = np.isfinite(values) & (values > 0)
        return whole & (values == np.rint(values)) if name in WHOLE else whole


def written(value: float) -> str:
    """Return a number as it stands behind a string."""
    return str(int(value)) if value == int(value) else repr(float(value))
