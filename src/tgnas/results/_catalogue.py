"""All results of a run: the modules of this folder, some of them one for each variant.

A module defines

- ``TITLE``, ``SECTION`` (of the page) and ``CAPTION``, in which ``{name}`` quotes a parameter
  and ``{seeds:seed}`` one with what it counts, and where its figure shows something else
  ``FIGURE_TITLE`` and ``FIGURE_CAPTION``;
- ``params(plan)``: what depends on the config, all of it JSON;
- ``inputs(plan)``, ``COLUMNS``, ``table(...)`` and ``show(frame, ...)`` if it is a table;
- ``figure_inputs(plan)`` and ``figure(...)`` if it is a figure; ``frame`` is its own table;
- ``variants(plan)`` if there are several of it: then the functions may take ``variant``, too;
- ``loaded(plan)`` if it loads modules by name: their code counts with its own;
- ``MADE_BY``, if not `all`: `proxies`, `readme` (where all that it reads is made) or `others`,
  or one of these for some of its variants and `others` for the rest;
- ``PAGE``, if a page of its own shows it (``docs/PAGE.md``, `-` for `_`; `snakemake publish_PAGE`);
- ``PLACE`` in its section, 0 unless it says otherwise.

``table``, ``show`` and ``figure`` are handed inputs and parameters by name, those that they name.
Files are opened first (``opened``); files of scores are left to ``tgnas.scoring.tables``. What is
slow to import is imported inside of functions: the workflow imports every module that it asks.
"""

import inspect
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from string import Formatter
from types import ModuleType
from typing import Any

import pandas as pd

from tgnas.benchmarks.base import open_benchmark
from tgnas.errors import ConfigError, CorruptTableError, UnknownNameError, number_of
from tgnas.registry import RESULTS
from tgnas.resources.seals import read_parquet
from tgnas.workflow.config.reading import Config
from tgnas.workflow.few_labels import FewLabelJobs
from tgnas.workflow.searches import Searches
from tgnas.workflow.sheet import Method

REPORTED = "config/reported.csv"
REPORTED_COLUMNS = ["table", "method", "dataset", "measure", "reported", "source"]
# Names in COLUMNS that stand for one of several: what it is, and which there are.
PLACEHOLDERS = {
    "DATASET": ("a data set with test accuracies", ("cifar10", "cifar100", "ImageNet16-120")),
    "TARGET": (
        "a development target: cells of NAS-Bench-101 that training lacked (an operator, a size, a "
        "depth, an edge from input to output), or another benchmark",
        (
            *(f"unseen_{operator}" for operator in ("conv_3x3", "conv_1x1", "max_pool_3x3")),
            *("larger", "deeper", "input_feeds_output", "nasbench_macro", "nasbench_graph"),
        ),
    ),
}
# The page's sections in order; a new one stands at the end.
SECTIONS = (
    "Reported and reproduced",
    "Ranking NAS-Bench-201",
    "Ranking NAS-Bench-301",
    "The published protocol, audited",
    "Search",
    "Search under constraints",
    "Search in the DARTS space",
    "The chosen architecture, trained",
    "Short trainings",
    "How our configuration was chosen",
    "Ablations",
    "Training-free proxies",
    "Weight sharing",
    "Ranking digits-bench",
    "Ranking NAS-Bench-Graph",
    "A few labels of the target",
    "Any space",
    "Sequences",
    "Predicted weights",
    "Generated networks",
    "Synthesised networks",
)


@dataclass(frozen=True)
class Plan:
    """What is known of a run before it starts.

    Attributes:
        config: the whole configuration.
        sheets: the methods of each benchmark that is ranked, by name.
        ablations: base, axis and value of every ablation.
        samples: the samples of the comparison of proxies: benchmark, inputs, labels, ...
        scores_of_sample: the files of scores of a sample, by its name.
    """

    config: Config
    sheets: Mapping[str, Mapping[str, Method]]
    ablations: Sequence[tuple[str, str, str]]
    samples: Mapping[str, Mapping[str, Any]]
    scores_of_sample: Callable[[str], list[str]]

    def titles(self, target: str = "nasbench201") -> dict[str, str]:
        """Return how tables call the methods of a benchmark, in the order of its sheet."""
        return {name: method.title for name, method in self.sheets[target].items()}

    def families(self, target: str = "nasbench201") -> dict[str, str]:
        """Return the family of each method of a benchmark."""
        return {name: method.family for name, method in self.sheets[target].items()}

    @property
    def all_titles(self) -> dict[str, str]:
        """How tables call all methods; where sheets differ the first one's title stands."""
        every = (self.titles(target) for target in reversed(list(self.sheets)))
        return {name: title for titles in every for name, title in titles.items()}

    @cached_property
    def predictors(self) -> dict[str, dict[str, Any]]:
        """The configuration of every predictor."""
        return {name: row.flat() for name, row in self.config.predictors.items()}

    def ranking(self, target: str = "nasbench201") -> dict[str, Any]:
        """Return how rankings are measured, with the labels of a benchmark."""
        return self.config.ranking.of(self.labels(target))

    def labels(self, target: str = "nasbench201") -> dict[str, Any]:
        """Return data sets, split and epochs of a benchmark's accuracies."""
        return getattr(self.config.ranking, target).model_dump(mode="json")

    def reported(self, table: str) -> list[dict[str, Any]]:
        """Return what others reported of what a table is about."""
        every = _opened("reported", REPORTED)
        return every[every.table == table][["measure", "reported", "source"]].to_dict("records")

    @property
    def searches(self) -> Searches:
        """The searches, and their files."""
        return Searches(self.config)

    @property
    def few_labels(self) -> FewLabelJobs:
        """The jobs of methods that see a few labels, and their files."""
        return FewLabelJobs(self.config)


@dataclass(frozen=True)
class Result:
    """A result of a run.

    Attributes:
        name: its module's.
        variant: which of several it is, or nothing.
    """

    name: str
    variant: str = ""

    @property
    def stem(self) -> str:
        """The name of its files, without suffix."""
        return f"{self.name}_{self.variant}" if self.variant else self.name

    @property
    def module(self) -> ModuleType:
        """Its module."""
        return RESULTS.module(self.name)

    def makes(self, kind: str) -> bool:
        """Tell whether there is a table, or a figure."""
        return hasattr(self.module, kind)

    @property
    def made_by(self) -> str:
        """What makes it."""
        made_by = getattr(self.module, "MADE_BY", "all")
        return made_by if isinstance(made_by, str) else made_by.get(self.variant, "others")

    @property
    def page(self) -> str:
        """The page that shows it beside the report, or nothing."""
        return getattr(self.module, "PAGE", "")

    def _ask(self, function: str, plan: Plan) -> Any:
        hook = getattr(self.module, function, None)
        return call(hook, {"plan": plan, "variant": self.variant}) if hook else {}

    def inputs(self, plan: Plan, kind: str) -> dict[str, Any]:
        """Return the files that a table or a figure is made of."""
        if kind == "table":
            return self._ask("inputs", plan)
        own = {"frame": f"<results>/tables/{self.stem}.csv"} if self.makes("table") else {}
        return own | self._ask("figure_inputs", plan)

    def tables(self, plan: Plan) -> list[str]:
        """Return the names of the tables that it is made of."""
        files = [f for v in self.inputs(plan, "table").values() for f in _listed(v)]
        return [Path(file).stem for file in files if file.startswith("<results>/tables/")]

    def params(self, plan: Plan) -> dict[str, Any]:
        """Return what it depends on beside its inputs."""
        return self._ask("params", plan)

    def modules(self, plan: Plan) -> list[str]:
        """Return the modules whose code a digest of its jobs cannot see in imports."""
        return [RESULTS.module_name(self.name), *(self._ask("loaded", plan) or ())]


def catalogue(plan: Plan) -> dict[str, Result]:
    """Return all results that a run can make, by the names of their files."""
    results = {}
    for name in RESULTS.names():
        variants = getattr(RESULTS.module(name), "variants", None)
        for variant in variants(plan) if variants else [""]:
            result = Result(name, variant)
            results[result.stem] = result
    return results


def wanted(plan: Plan, kind: str) -> list[str]:
    """Return the tables or the figures that `all` makes: those that the config names, or all.

    Raises:
        UnknownNameError: the config names one that there is not.
    """
    known = {stem: result for stem, result in catalogue(plan).items() if result.makes(kind)}
    usual = [stem for stem, result in known.items() if result.made_by == "all"]
    named = getattr(plan.config, f"{kind}s")
    for name in named or ():
        if name not in known:
            raise UnknownNameError(f"entry of {kind}s", name, known)
    return usual if named is None else list(named)


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def call(function: Callable, values: Mapping[str, Any]) -> Any:
    """Return what a function makes of those of the given values that it names."""
    names = inspect.signature(function).parameters
    return function(**{name: value for name, value in values.items() if name in names})


# Tables that are summarised further are read to the last bit, which pandas's default is not.
EXACT = frozenset({"incumbents", "trainings"})


def given(
    module: ModuleType, files: Mapping[str, Any], params: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what a module's functions may name: inputs with their files opened, and parameters.

    Scores and what a module names ``UNREAD`` stay paths.

    Raises:
        ConfigError: an input and a parameter have the same name.
    """
    if clash := files.keys() & params.keys():
        raise ConfigError(f"{module.__name__}: {', '.join(clash)} is an input and a parameter")
    unread = {"scores", *getattr(module, "UNREAD", ())}
    own = {"frame": read_frame(Path(files["frame"]), module)} if "frame" in files else {}
    opened = {n: _opened(n if n not in unread else "", file) for n, file in files.items()}
    return opened | own | dict(params)


def _opened(name: str, value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_opened(name, path) for path in value]
    path = Path(value)
    if not name:
        return path
    if path.suffix == ".csv":
        table = pd.read_csv(path, float_precision="round_trip" if name in EXACT else None)
        if name == "reported" and list(table.columns) != REPORTED_COLUMNS:
            columns = ", ".join(REPORTED_COLUMNS)
            raise CorruptTableError(f"{path}:1: the columns must be {columns}")
        return table
    if path.suffix == ".json":
        return json.loads(path.read_text())
    readers = {".parquet": lambda path: read_parquet(path).to_pandas(), ".arrow": open_benchmark}
    return readers.get(path.suffix, Path)(path)


def read_frame(path: Path, module: ModuleType) -> pd.DataFrame:
    """Return a table as its module wrote it."""
    return pd.read_csv(path, dtype=getattr(module, "TYPES", None))


def caption(module: ModuleType, params: Mapping[str, Any], kind: str) -> str:
    """Return the caption of a table or a figure as Markdown.

    Raises:
        ConfigError: it quotes what there is not.
    """
    return _filled(module, "CAPTION", params, kind)


def title(module: ModuleType, params: Mapping[str, Any], kind: str) -> str:
    """Return the title of a table or a figure."""
    return _filled(module, "TITLE", params, kind)


def section(module: ModuleType, params: Mapping[str, Any]) -> str:
    """Return the section of the page that a result stands in."""
    return _filled(module, "SECTION", params, "table")


class _Counting(Formatter):
    """Writes a value with what it counts where a name stands for its format: ``{seeds:seed}``."""

    def format_field(self, value: Any, format_spec: str) -> str:
        if not re.fullmatch("[a-z]{2,}( [a-z]+)*", format_spec):
            return format(value, format_spec)
        return (
            number_of(value, format_spec) if isinstance(value, int) else f"{value} {format_spec}s"
        )


class _InMarkdown(_Counting):
    """Writes values so that none becomes a link or HTML, whatever the config says."""

    def format_field(self, value: Any, format_spec: str) -> str:
        return re.sub(r"([\[\]<])", r"\\\1", super().format_field(value, format_spec))


def _filled(module: ModuleType, name: str, params: Mapping[str, Any], kind: str) -> str:
    text = getattr(module, name)
    if kind == "figure":
        text = getattr(module, f"FIGURE_{name}", text)
    try:
        writer = _InMarkdown() if name == "CAPTION" else _Counting()
        return " ".join(writer.format(text, **params).split())
    except (KeyError, IndexError) as error:
        raise ConfigError(f"{module.__name__}: {name} quotes what there is not: {error}") from error
