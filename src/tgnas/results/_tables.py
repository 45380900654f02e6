"""Tables as people read them: rows of typed entries, from which Markdown and HTML are rendered."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np

UNKNOWN, UNDEFINED = "-", "undefined"
# Why a row is no result among results, by the word that marks it.
MARKS = MappingProxyType(
    {
        "leaked": "chooses by the test labels",
        "unrecorded": "how its epoch was chosen is not recorded",
        "oracle": "scores by the test accuracy itself: a ceiling, no result",
        "trained": "scores by validation accuracy: every architecture is trained",
        "published": "numbers of others",
    }
)
SHORT = MappingProxyType({"kendall_tau": "KT", "spearman_rho": "SPR"})
# What becomes of a measure's values over seeds.
OVER_SEEDS = MappingProxyType(
    {
        "mean": ("value", "mean"),
        "std": ("value", "std"),
        "low": ("low", "mean"),
        "high": ("high", "mean"),
        "architectures": ("architectures", "first"),
        "seeds": ("seed", "nunique"),
    }
)


Real = Any  # a float, or a number of numpy


@dataclass(frozen=True, slots=True)
class Number:
    """A number with what belongs to it.

    Attributes:
        value: the number; NaN is shown as undefined.
        form: its format, e.g. ".3f".
        std: its standard deviation; NaN where there is none.
        interval: the ends of its interval.
        rest: what stands in brackets behind it.
        unit: what stands right behind it.
        bar: how far a bar reaches from the middle, from -1 to 1; None for no bar.
    """

    value: Real
    form: str = ".3f"
    std: Real = np.nan
    interval: tuple[Real, Real] | None = None
    rest: str = ""
    unit: str = ""
    bar: Real | None = None

    @property
    def text(self) -> str:
        """The number alone; one that rounds to zero has no sign."""
        if not np.isfinite(self.value):
            return UNDEFINED
        text = format(self.value, self.form)
        return (text.lstrip("+-") if not text.strip("+-0.") else text) + self.unit

    @property
    def spread(self) -> str:
        """Its standard deviation, where there is one."""
        return f" ± {self.std:{self.form}}" if np.isfinite([self.value, self.std]).all() else ""

    @property
    def behind(self) -> str:
        """What stands in brackets behind it."""
        if self.interval is not None and np.isfinite(self.interval).all():
            return f" [{self.interval[0]:{self.form}}, {self.interval[1]:{self.form}}]"
        return f" ({self.rest})" if self.rest else ""

    def __str__(self) -> str:
        return self.text + self.spread + self.behind


@dataclass(frozen=True, slots=True)
class Code:
    """Text that is code, such as an architecture string."""

    text: str

    def __str__(self) -> str:
        return "`" + self.text.replace("|", "\\|") + "`"


Entry = Number | Code | str


@dataclass(frozen=True, slots=True)
class Shown:
    """One table.

    Attributes:
        rows: entries by column; a column that a row lacks is unknown there.
        title: what stands above it.
        better: columns that have a best number: 1 where higher is better, -1 where lower is.
        marks: for each row a key of ``MARKS``, or nothing; empty if no row is marked.
    """

    rows: Sequence[Mapping[str, Entry]]
    title: str = ""
    better: Mapping[str, int] = field(default_factory=dict)
    marks: Sequence[str] = ()

    @property
    def columns(self) -> list[str]:
        """The columns in order."""
        return list(dict.fromkeys(name for row in self.rows for name in row))

    def entry(self, row: int, column: str) -> Entry:
        """Return one entry."""
        return self.rows[row].get(column, UNKNOWN)

    def mark(self, row: int) -> str:
        """Return the word that marks a row, or nothing."""
        return self.marks[row] if self.marks else ""

    def is_numeric(self, column: str) -> bool:
        """Tell whether a column holds numbers, unknown ones aside."""
        entries = [self.entry(row, column) for row in range(len(self.rows))]
        known = [entry for entry in entries if entry not in ("", UNKNOWN, UNDEFINED)]
        return bool(known) and all(isinstance(entry, Number) for entry in known)

    def best(self, column: str) -> set[int]:
        """Return the row with the best number of a column; marked rows aside.

        There is none where another row shows the same number: a tie has no best.
        """
        sign = self.better.get(column)
        entries = {row: self.entry(row, column) for row in range(len(self.rows))}
        numbers = {
            row: sign * entry.value
            for row, entry in entries.items()
            if sign and isinstance(entry, Number) and not self.mark(row)
        }
        if len(numbers) < 2:
            return set()
        highest = np.nanmax(list(numbers.values()))
        leading = {row for row, value in numbers.items() if value == highest}
        texts = {row: self.entry(row, column).text for row in numbers}  # type: ignore[union-attr]
        shown = {texts[row] for row in leading}
        alike = {row for row in numbers if texts[row] in shown}
        return leading if len(alike) == 1 else set()


Block = Shown | str


def markdown(blocks: Iterable[Block]) -> str:
    """Return tables, and the paragraphs between them, as Markdown."""
    parts = []
    for block in blocks:
        if isinstance(block, str):
            parts.append(block)
            continue
        text = _lines(block)
        parts.append(f"**{block.title}**\n\n{text}" if block.title else text)
    return "\n\n".join(parts) + "\n"


def _lines(table: Shown) -> str:
    """Return the lines of a table, numbers to the right."""
    columns = []
    for name in table.columns:
        texts = [name, *(str(table.entry(row, name)) for row in range(len(table.rows)))]
        width = max(map(len, texts))
        right = table.is_numeric(name)
        dashes = "-" * (width + 1)
        texts = [f" {text.rjust(width) if right else text.ljust(width)} " for text in texts]
        columns.append([texts[0], f"{dashes}:" if right else f":{dashes}", *texts[1:]])
    return "\n".join(f"|{'|'.join(line)}|" for line in zip(*columns, strict=True))


def mean_of(row: Any, name: str = "", digits: int = 3, *, interval: bool = False) -> Number:
    """Return the mean of a row's measure with its spread over seeds.

    Args:
        row: of a table, with columns `name` (or "mean"), "NAME std" and perhaps "NAME low", ...
        name: the measure, or nothing where columns are mean, std, low, high.
        digits: behind the point.
        interval: whether the bootstrap interval is shown.
    """
    before = f"{name} " if name else ""
    mean = row[name] if name and name in row else row[f"{before}mean"]
    ends = (row[f"{before}low"], row[f"{before}high"]) if interval else None
    return Number(mean, f".{digits}f", row[f"{before}std"], ends)


def count(value: Real) -> Number:
    """Return a whole number."""
    return Number(value, ",.0f")


def runs_of(row: Any) -> str:
    """Return how many seeds a scorer has and how many runs each of them."""
    return f"{row['seeds']:.0f} x {row['runs'] / row['seeds']:.0f}"


def significant(value: Real, unit: str = "") -> Entry:
    """Return a number to three significant digits, without an exponent; "-" for none."""
    if not np.isfinite(value):
        return UNKNOWN
    if value == 0:
        return Number(0.0, ".0f", unit=unit)
    places = 2 - int(np.floor(np.log10(abs(value))))
    return Number(round(value, places), f",.{max(0, places)}f", unit=unit)


def facts(pairs: Mapping[str, Any], digits: int = 2) -> Shown:
    """Return a table of two columns; whole numbers and text stay as they are."""

    def entry(value: Any) -> Entry:
        is_real = isinstance(value, float | np.floating)
        return (
            Number(float(value), f".{digits}f")
            if is_real
            else (value if isinstance(value, Code) else str(value))
        )

    return Shown([{"fact": name, "value": entry(value)} for name, value in pairs.items()])
