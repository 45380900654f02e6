"""The sheet of methods of a benchmark: what is scored, measured and tabulated there."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tgnas.benchmarks.stored import STORED
from tgnas.errors import ConfigError, UnknownNameError
from tgnas.registry import GRAPH_PROXIES
from tgnas.workflow.config.reading import Config

FAMILIES = ("predictor", "few_shot", "leaked", "ensemble", "stored", "earlier", "proxy")
# Numbers of earlier runs, for rows that are quoted and not made.
EARLIER = "earlier"
EARLIER_NUMBERS = "config/earlier.csv"
LEAKED = "_leaked"
COLUMNS = ("method", "family", "runs", "title")
# TG-NAS's rivals in the paper's heat map, in its order.
CORRELATED = (
    "flops", "params", "synflow", "grad_norm", "snip", "grasp", "naswot", "fisher", "l2_norm",
    "epe_nas", "jacov", "zen", "plain",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Method:
    """One line of the sheet.

    Attributes:
        name: the method's id in paths and tables.
        family: predictor (zero-shot), few_shot (a predictor that learns labels of the target),
            leaked (a predictor whose epoch saw the test labels), ensemble, stored, proxy, or
            earlier (no job makes it: its numbers are those of an earlier run).
        seeds: the seeds it runs with.
        title: how tables call it.
    """

    name: str
    family: str
    seeds: tuple[int, ...]
    title: str


def read_methods(sheet: Path, config: Config, target: str) -> dict[str, Method]:
    """Return the methods of a benchmark's sheet by name, in its order.

    Raises:
        ConfigError: a row that is not complete or not allowed; the message names file and line.
    """
    methods: dict[str, Method] = {}
    for line, row in _rows(sheet):
        try:
            method = _method(row, config, target)
        except (ConfigError, UnknownNameError) as error:
            raise ConfigError(f"{sheet}:{line}: {error}") from error
        if method.name in methods:
            raise ConfigError(f"{sheet}:{line}: method {method.name!r} stands there twice")
        if method.title in {other.title for other in methods.values()}:
            raise ConfigError(f"{sheet}:{line}: title {method.title!r} stands there twice")
        methods[method.name] = method
    return methods


def _rows(sheet: Path) -> Iterator[tuple[int, dict[str, str]]]:
    if not sheet.exists():
        raise ConfigError(f"{sheet}: no such sheet of experiments (config key 'experiments')")
    with sheet.open(newline="") as file:
        reader = csv.DictReader(file, delimiter="\t")
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise ConfigError(f"{sheet}:1: the columns must be {', '.join(COLUMNS)}")
        for row in reader:
            if None in row or None in row.values():
                raise ConfigError(f"{sheet}:{reader.line_num}: not {len(COLUMNS)} columns")
            yield reader.line_num, row


def methods_of(config: Config, target: str) -> dict[str, list[str]]:
    """Return the names that a line of a benchmark's sheet may have, by family."""
    return {
        "predictor": list(config.predictors),
        "few_shot": list(config.predictors),
        "leaked": [predictor + LEAKED for predictor in config.predictors],
        "ensemble": list(config.ensembles),
        "stored": list(STORED.get(target, ())),
        EARLIER: earlier_methods(target),
        "proxy": GRAPH_PROXIES.names(),
    }


def _method(row: dict[str, str], config: Config, target: str) -> Method:
    name, family = row["method"], row["family"]
    known = methods_of(config, target)
    if family not in known:
        raise UnknownNameError("family", family, FAMILIES)
    if name not in known[family]:
        raise UnknownNameError(family, name, known[family])
    if family in ("predictor", "few_shot"):
        learned = target in config.predictors[name].learned_from
        if learned != (family == "few_shot"):
            what = "learns labels of" if learned else "learns no label of"
            other = "few_shot" if learned else "predictor"
            raise ConfigError(f"{name} {what} {target}: its family is {other}, not {family}")
    if row["runs"] not in ("seeds", "once"):
        raise UnknownNameError("value of runs", row["runs"], ("seeds", "once"))
    if name in config.quoted:
        if name not in known[EARLIER]:
            raise UnknownNameError(f"method of {EARLIER_NUMBERS}", name, known[EARLIER])
        family = EARLIER
    seeds = range(config.seeds) if row["runs"] == "seeds" else range(1)
    return Method(name, family, tuple(seeds), row["title"])


def earlier_methods(target: str) -> list[str]:
    """Return the methods that an earlier run ranked a benchmark with."""
    with Path(EARLIER_NUMBERS).open(newline="") as file:
        rows = list(csv.DictReader(file))
    return list(dict.fromkeys(row["method"] for row in rows if row["benchmark"] == target))


def correlated_methods(config: Config) -> list[str]:
    """Return the methods of the heat map: TG-NAS, then those of the paper's that are compared."""
    sample = next(s for s in config.proxies.samples if s.benchmark == "nasbench201")
    compared = {*sample.methods, *config.proxies.compared}
    return [config.search.predictor, *(name for name in CORRELATED if name in compared)]
