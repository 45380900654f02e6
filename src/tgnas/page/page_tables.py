"""Tables of the page: the workflow's Markdown, its numbers told apart from their spread."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup, escape

_NUMBER = re.compile(
    r"(?P<value>[+-]?\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?%?)"
    r"(?P<spread> ± [\d.]+)?(?P<rest> [\[(][^\[\]()]*[\])])?"
)
MINUS = "\N{MINUS SIGN}"
LONG = 24  # characters
NOTHING = ("", "-", "nan", "undefined")
ABBREVIATIONS = {"KT": "Kendall's tau", "SPR": "Spearman's rho"}
# In tables whose rows compete a column has a best, if its name begins with one of these.
COMPETING = ("method", "candidate", "scored by")
HIGHER = ("KT ", "SPR ", "precision@", "mean KT", "cifar10", "cifar100", "ImageNet16-120")
LOWER = ("regret@", "rank@")
# Rows that are no zero-shot results, by how their first entry begins or ends, and why.
LEAKED = "chooses by the test labels"
UNRECORDED = "how its epoch was chosen is not recorded"
ORACLE = "scores by the test accuracy itself: a ceiling, no result"
TRAINED = "scores by validation accuracy: every architecture is trained"
PUBLISHED = "numbers of others"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a table.

    Attributes:
        html: what it shows.
        value: its number; None where it is none.
    """

    html: Markup
    value: float | None


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table.

    Attributes:
        entries: one for each column.
        mark: in a word why it is no result among results; empty where it is one.
        reason: the same as a sentence.
    """

    entries: tuple[Entry, ...]
    mark: str
    reason: str

    @property
    def says_so(self) -> bool:
        """Whether an entry has the mark's word in it."""
        return any(self.mark in entry.html for entry in self.entries)


@dataclass(frozen=True, slots=True)
class Table:
    """One table.

    Attributes:
        header: the columns' names.
        numeric: which columns hold numbers.
        rows: its rows.
        best: places (row, column) of the best number of a column that has one.
    """

    header: tuple[str, ...]
    numeric: tuple[bool, ...]
    rows: tuple[Row, ...]
    best: frozenset[tuple[int, int]]

    @property
    def long_names(self) -> bool:
        """Whether the first column holds names that would break into many lines."""
        return max((len(row.entries[0].html.striptags()) for row in self.rows), default=0) > LONG


def parse_markdown(text: str) -> list[Table | Markup]:
    """Return the tables of a Markdown text and, as HTML, what stands between them."""
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    blocks: list[Table | Markup] = []
    between: list[Token] = []
    tokens = parser.parse(text)
    while tokens:
        token = tokens.pop(0)
        if token.type != "table_open":
            between.append(token)
            continue
        blocks += _prose(parser, between)
        between = []
        end = next(i for i, other in enumerate(tokens) if other.type == "table_close")
        blocks.append(_table(parser, tokens[:end]))
        tokens = tokens[end + 1 :]
    return blocks + _prose(parser, between)


def _prose(parser: MarkdownIt, tokens: list[Token]) -> list[Table | Markup]:
    html = parser.renderer.render(tokens, parser.options, {})
    return [Markup(html)] if html.strip() else []


def _table(parser: MarkdownIt, tokens: list[Token]) -> Table:
    lines: list[list[Token]] = []
    for token in tokens:
        if token.type == "tr_open":
            lines.append([])
        elif token.type == "inline":
            lines[-1].append(token)
    header = tuple(token.content for token in lines[0])
    rows = tuple(
        Row(tuple(_entry(parser, token) for token in line), *_mark(header, line, number))
        for number, line in enumerate(lines[1:])
    )
    numeric = tuple(_is_numeric(rows, column) for column in range(len(header)))
    return Table(header, numeric, rows, _best(header, numeric, rows))


def _entry(parser: MarkdownIt, token: Token) -> Entry:
    found = _NUMBER.fullmatch(token.content)
    if found is None:
        html = parser.renderer.render(token.children or [], parser.options, {})
        return Entry(Markup(html), None)
    return Entry(number_html(**found.groupdict()), number(found["value"]))


def number(text: str) -> float:
    """Return the number of a text such as "1,562" or "35%"."""
    return float(text.rstrip("%").replace(",", ""))


def number_html(value: str, spread: str | None = None, rest: str | None = None) -> Markup:
    """Return a number, its spread and what stands in brackets, each to be styled apart."""
    html = Markup('<span class="value">{}</span>').format(value.replace("-", MINUS))
    if spread:
        html += Markup('<span class="spread">{}</span>').format(spread)
    if rest:
        kind = "rest interval" if rest.lstrip().startswith("[") else "rest"
        html += Markup(' <span class="{}">{}</span>').format(kind, rest.strip().replace("-", MINUS))
    return html


def _is_numeric(rows: Sequence[Row], column: int) -> bool:
    """Tell whether a column holds numbers, nothing aside."""
    filled = [e for e in (row.entries[column] for row in rows) if str(e.html) not in NOTHING]
    return bool(filled) and all(entry.value is not None for entry in filled)


def _mark(header: tuple[str, ...], line: list[Token], number: int) -> tuple[str, str]:
    """Return in a word and in a sentence why a row is no result; empty where it is one."""
    names = [token.content for token in line]
    by = names[header.index("scored by")] if "scored by" in header else names[0]
    by = names[header.index("scorer")] if "scorer" in header else by
    if header[0] == "what is reported" and by == "authors' own dump":
        return "unrecorded", UNRECORDED
    if by.endswith("(leaked)") or (header[0] == "what is reported" and number > 0):
        return "leaked", LEAKED
    if by.startswith("oracle"):
        return "oracle", ORACLE
    if by == "validation":
        return "trained", TRAINED
    return ("published", PUBLISHED) if by == "published" else ("", "")


def _best(
    header: tuple[str, ...], numeric: tuple[bool, ...], rows: Sequence[Row]
) -> frozenset[tuple[int, int]]:
    """Return the best results of every column that has a direction, equal ones all."""
    found: set[tuple[int, int]] = set()
    if header[0] not in COMPETING:
        return frozenset()
    for column, name in enumerate(header):
        choose = _direction(name)
        if choose is None or not numeric[column]:
            continue
        values = {
            place: value
            for place, row in enumerate(rows)
            if not row.mark and (value := row.entries[column].value) is not None
        }
        if len(values) > 1:
            best = choose(values.values())
            found |= {(place, column) for place, value in values.items() if value == best}
    return frozenset(found)


def _direction(column: str) -> Callable | None:
    """Return what chooses the best of a column; None where more is neither better nor worse."""
    if column.startswith(HIGHER):
        return max
    return min if column.startswith(LOWER) else None


def headed(text: str) -> Markup:
    """Return a column's name, its abbreviation explained; it may break at underscores."""
    name = Markup("_<wbr>").join(escape(part) for part in text.split("_"))
    for short, long in ABBREVIATIONS.items():
        first, space, rest = name.partition(" ")
        if first == short:
            name = Markup('<abbr title="{}">{}</abbr>').format(long, short) + space + rest
    return name
