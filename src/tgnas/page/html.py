"""Entries, heads and captions of the page as HTML."""

import re
from collections.abc import Mapping

from markdown_it import MarkdownIt
from markupsafe import Markup, escape

from tgnas.results._tables import Code, Entry, Number, Shown

MINUS = "\N{MINUS SIGN}"
LONG = 24  # characters
ABBREVIATIONS = {"KT": "Kendall's tau", "SPR": "Spearman's rho"}


def prose(text: str) -> Markup:
    """Return Markdown as HTML; what is HTML in it stays text, and so does a link to no page."""
    reader = MarkdownIt("commonmark", {"html": False})
    reader.validateLink = _leads_to_a_page  # type: ignore[method-assign,assignment]
    return Markup(reader.render(text))


def _leads_to_a_page(address: str) -> bool:
    """Tell whether an address is of the web, or within this page or folder: not ``javascript:``."""
    return re.match(r"https?://|#|[\w./-]+(#|$)", address) is not None


def entry_html(entry: Entry, titles: Mapping[str, str]) -> Markup:
    """Return an entry: a number, its spread and what stands in brackets, each to be styled apart.

    Args:
        entry: of a table.
        titles: how tables call a method, by its id.
    """
    if isinstance(entry, Code):
        return Markup("<code>{}</code>").format(entry.text)
    if not isinstance(entry, Number):
        if entry in titles:
            return Markup('<abbr title="{}">{}</abbr>').format(titles[entry], entry)
        return (
            prose(entry).removeprefix("<p>").removesuffix("</p>\n")
            if "`" in entry
            else (escape(entry))
        )
    html = Markup('<span class="value">{}</span>').format(entry.text.replace("-", MINUS))
    if entry.spread:
        html += Markup('<span class="spread">{}</span>').format(entry.spread)
    if entry.behind:
        kind = "rest interval" if entry.interval is not None else "rest"
        behind = entry.behind.strip().replace("-", MINUS)
        html += Markup(' <span class="{}">{}</span>').format(kind, behind)
    if entry.bar is not None:
        side = "below" if entry.bar < 0 else "above"
        bar = '<span class="gap {}" style="--share: {}" aria-hidden="true"></span>'
        html += Markup(bar).format(side, f"{abs(entry.bar):.3f}")
    return html


def has_long_names(table: Shown) -> bool:
    """Tell whether the first column holds names that would break into many lines."""
    if not table.columns:
        return False
    first = table.columns[0]
    names = (table.entry(row, first) for row in range(len(table.rows)))
    return max((len(name) for name in names if isinstance(name, str)), default=0) > LONG


def headed(text: str) -> Markup:
    """Return a column's name, its abbreviation explained; it may break at underscores."""
    name = Markup("_<wbr>").join(escape(part) for part in text.split("_"))
    for short, long in ABBREVIATIONS.items():
        first, space, rest = name.partition(" ")
        if first == short:
            name = Markup('<abbr title="{}">{}</abbr>').format(long, short) + space + rest
    return name
