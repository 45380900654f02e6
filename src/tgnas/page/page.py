"""The page: everything that a run found, as one HTML file that asks nobody for anything else.

The template, its style and its script stand beside this module, named as it is. They hold no
number: every one comes from a table, a figure, a card or the provenance of the run.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import groupby
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
import yaml
from markupsafe import Markup
from PIL import Image

from tgnas.methods.card import Card
from tgnas.methods.not_reached import not_reached
from tgnas.page.html import entry_html, has_long_names, headed, prose
from tgnas.page.summary import Tile
from tgnas.registry import (
    GENERATORS,
    GRAPH_PROXIES,
    HYPERNETWORKS,
    NETWORK_PROXIES,
    PREDICTORS,
    RESULTS,
    SEARCHERS,
    SEQUENCE_PROXIES,
    SUPERNETS,
)
from tgnas.resources.fetch import Resource
from tgnas.results._catalogue import SECTIONS, call, caption, read_frame, section, title
from tgnas.results._tables import MARKS, Shown
from tgnas.workflow.progress import duration

# How the page calls a family of methods, and what it is.
FAMILIES = (
    ("Predictors", "learn from labelled cells of one space and score those of another", PREDICTORS),
    ("Searchers", "walk a space by the scores that they are handed", SEARCHERS),
    ("Graph proxies", "count or read the graph; no network is built", GRAPH_PROXIES),
    ("Zero-cost proxies", "look at a network before any training", NETWORK_PROXIES),
    ("Sequence proxies", "the same, of networks that read tokens", SEQUENCE_PROXIES),
    ("Weight sharing", "trains all architectures of a space in one network", SUPERNETS),
    ("Hypernetworks", "predict the weights of other networks", HYPERNETWORKS),
    ("Generators", "draw networks, and are searched in their place", GENERATORS),
)
TYPES = {".png": "image/png", ".csv": "text/csv"}


@dataclass(frozen=True, slots=True)
class Result:
    """A table or a figure.

    Attributes:
        file: the CSV of a table, the PNG of a figure.
        title: how the page calls it.
        section: where it stands.
        place: among the others of its section.
        caption: what it shows.
        blocks: the tables that are shown, and paragraphs between them; none of a figure.
    """

    file: Path
    title: str
    section: str
    place: int
    caption: Markup
    blocks: Sequence[Shown | Markup]

    @classmethod
    def read(cls, file: Path, name: str, params: Mapping[str, Any]) -> "Result":
        """Return a result as its module shows it.

        Args:
            file: the CSV of a table, the PNG of a figure.
            name: the module, a file of tgnas.results.
            params: its parameters.
        """
        module, is_table = RESULTS.module(name), file.suffix == ".csv"
        kind = "table" if is_table else "figure"
        frame = {"frame": read_frame(file, module)} if is_table else {}
        blocks = call(module.show, frame | dict(params)) if is_table else []
        return cls(
            file,
            title(module, params, kind),
            section(module, params),
            getattr(module, "PLACE", 0),
            prose(caption(module, params, kind)),
            [prose(block) if isinstance(block, str) else block for block in blocks],
        )

    @property
    def name(self) -> str:
        """The name of its file, without the suffix."""
        return self.file.stem

    @property
    def is_figure(self) -> bool:
        """Whether it is a figure."""
        return self.file.suffix == ".png"

    @property
    def data(self) -> str:
        """The file itself, as an address."""
        content = base64.b64encode(self.file.read_bytes()).decode()
        return f"data:{TYPES[self.file.suffix]};base64,{content}"

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of a figure in pixels."""
        with Image.open(self.file) as picture:
            return picture.size


@dataclass(frozen=True, slots=True)
class Contents:
    """What the page shows.

    Attributes:
        sentences: what it says first.
        tiles: the numbers that stand large.
        dataset: of those numbers.
        results: all tables and figures.
        titles: how tables call a method, by its id.
        architectures: what ``pack_architectures`` returns; None where there are none to show.
        provenance: what ``record_provenance`` wrote.
        resources: the fetched files.
    """

    sentences: list[str]
    tiles: list[Tile]
    dataset: str
    results: list[Result]
    titles: dict[str, str]
    architectures: dict[str, Any] | None
    provenance: dict[str, Any]
    resources: list[Resource]


def sections(results: Sequence[Result]) -> list[tuple[str, str, list[Result]]]:
    """Return anchor, title and results of the sections; a figure comes before its table."""

    def order(result: Result) -> tuple[int, str]:
        known = result.section in SECTIONS
        return SECTIONS.index(result.section) if known else len(SECTIONS), result.section

    def within(result: Result) -> tuple[int, str, bool]:
        return result.place, result.name, not result.is_figure

    ordered = sorted(results, key=lambda result: (order(result), within(result)))
    return [
        ("-".join(name.lower().replace(",", "").split()), name, list(members))
        for name, members in groupby(ordered, key=lambda result: result.section)
    ]


def cards() -> list[tuple[str, str, dict[str, tuple[Card, tuple[str, ...]]]]]:
    """Return title and description of every family of methods, and of each method its card.

    With a card stands what of it was not reached here.
    """
    return [
        (
            title,
            text,
            {
                name: (family.module(name).CARD, not_reached(family, name))
                for name in family.names()
            },
        )
        for title, text, family in FAMILIES
    ]


def stages(seconds: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """Return the rules that were timed, the longest first.

    Columns: rule, jobs, seconds (all jobs together), longest, peak_mib, share (of the longest).
    """
    table = pd.DataFrame.from_dict(
        dict(seconds), orient="index", columns=["jobs", "seconds", "longest", "peak_mib"]
    )
    table = table.rename_axis("rule").reset_index().sort_values("seconds", ascending=False)
    return table.assign(share=table.seconds / max(table.seconds.max(), 1e-9))


def render_page(contents: Contents) -> str:
    """Return the page as HTML."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("tgnas", "page"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "headed": headed,
        "duration": duration,
        "entry": lambda entry: entry_html(entry, contents.titles),
        "reason": lambda mark: MARKS[mark],
    }
    environment.tests |= {"table": lambda block: isinstance(block, Shown), "long": has_long_names}
    facts = contents.provenance
    demo = " in a demo" if facts["config"].get("demo") else ""
    return environment.get_template("page.html").render(
        contents=contents,
        heading=f"TG-NAS, reproduced{demo}",
        sections=sections(contents.results),
        families=cards(),
        facts=facts,
        stages=stages(facts["seconds"]).to_dict("records"),
        config=yaml.safe_dump(facts["config"], sort_keys=False, width=100, allow_unicode=True),
        style=_companion("css"),
        script=_companion("js"),
    )


def _companion(kind: str) -> Markup:
    """Return a file of this package that stands in the page as it is."""
    text = (files("tgnas.page") / f"page.{kind}").read_text(encoding="utf-8")
    return Markup(text)
