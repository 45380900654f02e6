"""The page: everything that a run found, as one HTML file that asks nobody for anything else.

The template, its style and its script stand beside this module, named as it is. They hold no
number: every one comes from a table, a figure, a card or the provenance of the run.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
import yaml
from markupsafe import Markup
from PIL import Image

from tgnas.methods.card import Card
from tgnas.page.page_tables import Table, headed, parse_markdown
from tgnas.registry import GRAPH_PROXIES, NETWORK_PROXIES, PREDICTORS, SEARCHERS
from tgnas.resources.fetch import Resource
from tgnas.results.headline import Claim, Tile

# The page's parts: title, and the tables and figures of which each consists. What a rule makes and
# no part names stands in the last one; a part of which there is nothing is left out.
PARTS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "claims": ("Reported and reproduced", ("claims",)),
    "ranking": (
        "Ranking NAS-Bench-201",
        ("rank_correlations", "ranking", "predictions", "training_curves"),
    ),
    "darts": ("Ranking DARTS cells", ("darts",)),
    "audit": ("The published protocol, audited", ("audit",)),
    "search": ("Search", ("search_progress", "search", "supernets")),
    "limits": ("Search under limits", ("pareto", "limits")),
    "darts_search": ("Search in the DARTS space", ("genotype", "darts_search")),
    "final_training": (
        "The found architecture, trained",
        ("final_training_curves", "final_training"),
    ),
    "short_trainings": ("Short trainings", ("short_trainings", "jpeg")),
    "selection": ("How our configuration was chosen", ("selection",)),
    "ablations": ("Ablations", ("ablations",)),
    "proxies": (
        "Training-free proxies",
        ("cost", "proxies", "speed", "independence", "proxies_stored"),
    ),
    "digits": (
        "Ranking digits-bench",
        ("correlations_digits201", "digits201", "predictions_digits201", "digits_search"),
    ),
    "graph": (
        "Ranking NAS-Bench-Graph",
        ("correlations_nasbench_graph", "nasbench_graph", "predictions_nasbench_graph"),
    ),
    "further": ("Further results", ()),
}
TITLES = {
    "digits201": "Every method's ranks, digits-bench",
    "correlations_digits201": "Kendall's tau of every method, digits-bench",
    "predictions_digits201": "Predicted and measured accuracy, digits-bench",
    "digits_search": "What the search finds, trained",
    "nasbench_graph": "Every method's ranks, NAS-Bench-Graph",
    "correlations_nasbench_graph": "Kendall's tau of every method, NAS-Bench-Graph",
    "predictions_nasbench_graph": "Predicted and measured accuracy, NAS-Bench-Graph",
    "ranking": "Every method's ranks, NAS-Bench-201",
    "darts": "Every method's ranks, NAS-Bench-301",
    "rank_correlations": "Kendall's tau of every method",
    "darts_search": "What every searcher found in the DARTS space",
    "search": "What every searcher found",
    "supernets": "Pruning with two scores of a supernet",
    "limits": "Searches under limits",
    "pareto": "Pareto fronts of score and cost",
    "audit": "What each habit adds",
    "genotype": "The found genotype",
    "predictions": "Predicted and measured accuracy",
    "search_progress": "The best so far",
    "selection": "Candidates on the development tasks",
    "ablations": "One value changed at a time",
    "final_training": "What was trained, on what",
    "final_training_curves": "Loss and accuracy after every epoch",
    "short_trainings": "Short trainings beside the benchmark",
    "jpeg": "What training on JPEGs costs",
    "proxies": "Proxies on real networks",
    "proxies_stored": "Beside the stored values",
    "independence": "How much proxies agree",
    "cost": "Rank correlation and cost",
    "speed": "What each method costs",
}
# How the page calls a family of methods, and what it is.
FAMILIES = (
    ("Predictors", "learn from labelled cells of one space and score those of another", PREDICTORS),
    ("Searchers", "walk a space by the scores that they are handed", SEARCHERS),
    ("Proxies of cells", "count or read the graph; no network is built", GRAPH_PROXIES),
    ("Proxies of networks", "look at a network before any training", NETWORK_PROXIES),
)
TYPES = {".png": "image/png", ".csv": "text/csv"}


@dataclass(frozen=True, slots=True)
class Result:
    """A table or a figure.

    Attributes:
        name: its file's, without the suffix.
        file: the CSV of a table, the PNG of a figure.
        caption: what it shows.
    """

    name: str
    file: Path
    caption: Markup

    @property
    def is_figure(self) -> bool:
        """Whether it is a figure."""
        return self.file.suffix == ".png"

    @property
    def title(self) -> str:
        """How the page calls it."""
        return TITLES.get(self.name, self.name.replace("_", " ").capitalize())

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

    @property
    def blocks(self) -> list[Table | Markup]:
        """The tables as the workflow renders them, and what stands between them."""
        return parse_markdown(self.file.with_suffix(".md").read_text())


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the page.

    Attributes:
        key: what links to it name.
        title: its heading.
        results: its figures and tables, in order.
    """

    key: str
    title: str
    results: tuple[Result, ...]


@dataclass(frozen=True, slots=True)
class Contents:
    """What the page shows.

    Attributes:
        sentences: what it says first.
        tiles: the numbers that stand large.
        dataset: of those numbers.
        claims: reported numbers beside the reproduced ones.
        results: all tables and figures.
        titles: how tables call a method, by its id.
        architectures: what ``pack_architectures`` returns; None where there are none to show.
        provenance: what ``record_provenance`` wrote, and its caption.
        resources: the fetched files.
    """

    sentences: list[str]
    tiles: list[Tile]
    dataset: str
    claims: list[Claim]
    results: list[Result]
    titles: dict[str, str]
    architectures: dict[str, Any] | None
    provenance: tuple[dict[str, Any], Markup]
    resources: list[Resource]


def parts(results: Sequence[Result]) -> list[Part]:
    """Return the page's parts; of results of one name a figure comes before its table."""
    named = {name for _, names in PARTS.values() for name in names}
    found = []
    for key, (title, names) in PARTS.items():
        own = [result for name in names for result in results if result.name == name]
        if key == "further":
            own = [result for result in results if result.name not in named]
        own.sort(key=lambda r: (names.index(r.name) if r.name in names else 0, not r.is_figure))
        if own:
            found.append(Part(key, title, tuple(own)))
    return found


def cards() -> list[tuple[str, str, dict[str, Card]]]:
    """Return title, description and cards by name of every family of methods."""
    return [
        (title, text, {name: family.module(name).CARD for name in family.names()})
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


def duration(seconds: float) -> str:
    """Return seconds as a person says them: "34 s", "12 min", "4 h 36 min"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def render_page(contents: Contents) -> str:
    """Return the page as HTML."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("tgnas", "page"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"headed": headed, "duration": duration}
    environment.tests["table"] = lambda block: isinstance(block, Table)
    facts, caption = contents.provenance
    return environment.get_template("page.html").render(
        contents=contents,
        parts=parts(contents.results),
        families=cards(),
        facts=facts,
        provenance_caption=caption,
        stages=stages(facts["seconds"]).to_dict("records"),
        config=yaml.safe_dump(facts["config"], sort_keys=False, width=100, allow_unicode=True),
        style=_companion("css"),
        script=_companion("js"),
    )


def _companion(kind: str) -> Markup:
    """Return a file of this package that stands in the page as it is."""
    text = (files("tgnas.page") / f"page.{kind}").read_text(encoding="utf-8")
    return Markup(text)
