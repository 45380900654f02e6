"""The config and the sheet of experiments, checked before any job starts."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from tgnas.benchmarks.stored import STORED
from tgnas.errors import ConfigError, UnknownNameError
from tgnas.image_training.recipe import Recipe, read_recipe
from tgnas.registry import (
    BENCHMARKS,
    GRAPH_PROXIES,
    NETWORK_PROXIES,
    NETWORKS,
    PREDICTORS,
    SEARCHERS,
    SPACES,
)
from tgnas.spaces.nasbench201 import SPACE as NASBENCH201
from tgnas.training.distillation import SPACE as DISTILLED_BENCHMARK

FAMILIES = ("predictor", "leaked", "ensemble", "stored", "proxy")
LEAKED = "_leaked"
SMALL = "_small"  # a proxy of networks, on small ones of a whole space
# Accuracies of NAS-Bench-201 that are searched as if they were scores: ceilings, and the baseline
# that trains.
LABELLED = {
    f"oracle_{dataset}": {"dataset": dataset, "split": "test", "epochs": 200}
    for dataset in ("cifar10", "cifar100", "ImageNet16-120")
} | {"validation": {"dataset": "cifar10-valid", "split": "validation", "epochs": 200}}
COLUMNS = ("method", "family", "runs", "title")
# TG-NAS's rivals in the paper's heat map, in its order.
CORRELATED = (
    "flops",
    "params",
    "synflow",
    "grad_norm",
    "snip",
    "grasp",
    "naswot",
    "fisher",
    "l2_norm",
    "epe_nas",
    "jacov",
    "zen",
    "plain",
)


@dataclass(frozen=True, slots=True)
class Method:
    """One line of the sheet.

    Attributes:
        name: the method's id in paths and tables.
        family: predictor, leaked (a predictor whose epoch saw the test labels), ensemble,
            stored, proxy.
        seeds: the seeds it runs with.
        title: how tables call it.
    """

    name: str
    family: str
    seeds: tuple[int, ...]
    title: str


def complete(predictors: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return predictors with what they take from their `base` written out.

    Raises:
        ConfigError: bases that go round in a circle.
        UnknownNameError: a base that does not exist.
    """

    def written_out(name: str, above: tuple[str, ...]) -> dict[str, Any]:
        if name in above:
            raise ConfigError(f"config: predictors: the bases {' -> '.join((*above, name))} circle")
        own = dict(predictors[name])
        base = own.pop("base", None)
        if base is None:
            return own
        if base not in predictors:
            raise UnknownNameError(f"base of predictor {name}", base, predictors)
        return written_out(base, (*above, name)) | own

    return {name: written_out(name, ()) for name in predictors}


def candidates(config: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the configurations that selection compares: its start with each one's own values."""
    section = config["selection"]
    rows = {
        f"candidate {each['name']}": {"base": section["start"]} | each["change"]
        for each in section["candidates"]
    }
    found = complete(config["predictors"] | rows)
    return {name.removeprefix("candidate "): found[name] for name in rows}


def learned_from(row: dict[str, Any]) -> list[str]:
    """Return the benchmarks whose cells a predictor learns from, labelled or distilled."""
    return [DISTILLED_BENCHMARK] if "distil_from" in row else list(row["sources"])


def ablations(config: dict[str, Any]) -> dict[tuple[str, str, str], dict[str, Any]]:
    """Return the configuration of every variant by (base, axis, value).

    What the bases have otherwise is their own but for the common budget.
    """
    section, found = config["ablations"], {}
    rows = complete(config["predictors"])
    for base in section["bases"]:
        for axis in section["axes"]:
            for value in axis["values"]:
                changed = rows[base] | section["budget"] | {axis["key"]: value}
                found[base, axis["name"], str(value)] = changed
    return found


def recipes(config: dict[str, Any]) -> dict[str, Recipe]:
    """Return the recipe of every training that the config names.

    Raises:
        ConfigError: a recipe, or what is changed in it, is not allowed.
        UnknownNameError: a key or a name in it that does not exist.
    """
    section = config["final_training"]
    named = section["trainings"] | {key: section[key] for key in ("spread", "copies")}
    named |= {"digits_bench": config["digits_bench"]}
    return {
        name: read_recipe(Path(entry["recipe"]), entry["change"]) for name, entry in named.items()
    }


def network_proxies(config: dict[str, Any]) -> list[str]:
    """Return the proxies of networks that the config names, or all there are."""
    named = config["proxies"]["networks"]
    return NETWORK_PROXIES.names() if named == "all" else list(named)


def wanted(
    config: dict[str, Any], key: str, usual: Sequence[str], others: Sequence[str]
) -> tuple[str, ...]:
    """Return the tables or figures that a config names under a key, or the usual ones.

    Raises:
        UnknownNameError: one that is neither usual nor among the others.
    """
    names, known = tuple(config.get(key, usual)), {*usual, *others}
    for name in names:
        if name not in known:
            raise UnknownNameError(f"entry of {key}", name, known)
    return names


def correlated_methods(config: dict[str, Any]) -> list[str]:
    """Return the methods of the heat map: TG-NAS, then those of the paper's that are compared."""
    samples = {sample["benchmark"]: sample["methods"] for sample in config["proxies"]["samples"]}
    compared = {*samples["nasbench201"], *network_proxies(config)}
    return [config["search"]["predictor"], *(name for name in CORRELATED if name in compared)]


def check_config(config: dict[str, Any], schema: Path) -> None:
    """Refuse a config with an unknown key or a value that is not allowed.

    Raises:
        ConfigError: where, the value, what is allowed.
        UnknownNameError: a key or name that does not exist, with the nearest one that does.
    """
    rules = yaml.safe_load(schema.read_text())
    validator = jsonschema.Draft202012Validator(rules)
    for error in sorted(validator.iter_errors(config), key=lambda e: [str(p) for p in e.path]):
        place = ".".join(str(part) for part in error.path) or "the top level"
        if error.validator == "additionalProperties":
            known = error.schema.get("properties")
            if known is None:  # names are free, but not in every spelling
                raise ConfigError(f"config: {place}: {error.message}")
            unknown = next(key for key in error.instance if key not in known)
            raise UnknownNameError(f"config key at {place}", unknown, known)
        if error.validator == "enum" and isinstance(error.instance, str):
            raise UnknownNameError(f"value of {place}", error.instance, error.validator_value)
        raise ConfigError(f"config: {place}: {error.message}")
    _check_predictors(config, rules["properties"]["predictors"]["needed"])
    _check_ensembles(config)
    _check_selection(config)
    _check_shipped(config)
    _check_ablations(config)
    _check_embeddings(config)
    _check_search(config)
    _check_proxies(config)
    _check_trainings(config)
    _check_demo(config)


def _check_predictors(config: dict[str, Any], needed: Sequence[str]) -> None:
    for name, entry in complete(config["predictors"]).items():
        lacking = [key for key in needed if key not in entry]
        if lacking:
            raise ConfigError(f"config: predictors.{name} lacks {', '.join(lacking)}")
        PREDICTORS.module_name(entry["method"])
        for source in entry["sources"]:
            BENCHMARKS.module_name(source)
            if source not in config["training"]:
                raise UnknownNameError(f"source of predictor {name}", source, config["training"])
        if name in GRAPH_PROXIES.names():
            raise ConfigError(f"config: predictors.{name} bears the name of a proxy")
    rows = {f"predictors.{name}": row for name, row in complete(config["predictors"]).items()}
    rows |= {f"candidate {name}": row for name, row in candidates(config).items()}
    for name, row in rows.items():
        for target in row["auxiliary_targets"]:
            GRAPH_PROXIES.module_name(target)
        if row["auxiliary_targets"] and row["label"] != "rank":
            raise ConfigError(f"config: {name} has auxiliary_targets, which need the label rank")
        if "distil_from" in row:
            _check_distilled(name, row)
        elif not row["sources"]:
            raise ConfigError(f"config: {name} has neither a source nor a proxy to distil from")


def _check_distilled(name: str, row: dict[str, Any]) -> None:
    NETWORK_PROXIES.module_name(row["distil_from"])
    if row["sources"] or row["auxiliary_targets"] or row["label"] != "rank":
        raise ConfigError(
            f"config: {name} is distilled from {row['distil_from']} alone: it needs "
            "'sources: []', 'auxiliary_targets: {}' and 'label: rank'"
        )


def _check_ensembles(config: dict[str, Any]) -> None:
    stored = {name for names in STORED.values() for name in names}
    scored = [
        *config["predictors"],
        *GRAPH_PROXIES.names(),
        *sorted(stored - set(GRAPH_PROXIES.names())),
    ]
    for name, entry in config["ensembles"].items():
        if name in scored:
            raise ConfigError(f"config: ensembles.{name} bears the name of another method")
        for member in entry["members"]:
            if member not in scored:
                raise UnknownNameError(f"member of ensemble {name}", member, scored)


def _check_selection(config: dict[str, Any]) -> None:
    selection, known = config["selection"], candidates(config)
    combined = {each["name"]: each["members"] for each in selection["ensembles"]}
    for place, name in selection["chosen"].items():
        kind, names = ("candidate", known) if place == "candidate" else ("ensemble", combined)
        if name not in names:
            raise UnknownNameError(kind, name, names)
    for name, members in combined.items():
        if name in known:
            raise ConfigError(f"config: selection: ensemble {name} bears a candidate's name")
        for member in members:
            allowed = [*known, "parameters", *GRAPH_PROXIES.names()]
            if member not in allowed:
                raise UnknownNameError(f"member of ensemble {name}", member, allowed)
    for other in selection["others"]:
        BENCHMARKS.module_name(other)


def _check_search(config: dict[str, Any]) -> None:
    search = config["search"]
    for section in (search, search["constraints"], search["darts"]):
        for searcher in section["searchers"]:
            SEARCHERS.module_name(searcher)
    for baseline in search["baselines"]:
        GRAPH_PROXIES.module_name(baseline)
    methods = [*config["predictors"], *config["ensembles"], *STORED["nasbench201"]]
    small = [f"{proxy}{SMALL}" for proxy in config["reduced_networks"]["proxies"]]
    known = [*methods, *GRAPH_PROXIES.names(), *small, *LABELLED]
    for scorer in (*search["scorers"], *search["constraints"]["scorers"]):
        if scorer not in known:
            raise UnknownNameError("scorer", scorer, known)
    for predictor in (search["predictor"], search["darts"]["predictor"]):
        if predictor not in config["predictors"]:
            raise UnknownNameError("predictor", predictor, config["predictors"])


def _check_proxies(config: dict[str, Any]) -> None:
    for proxy in (*network_proxies(config), *config["reduced_networks"]["proxies"]):
        NETWORK_PROXIES.module_name(proxy)
    distilled = config["reduced_networks"]["distillation"]
    if distilled["shards"] > distilled["architectures"]:
        raise ConfigError(
            "config: reduced_networks.distillation has more shards than architectures"
        )
    rows, ensembles = complete(config["predictors"]), config["ensembles"]
    known = [*rows, *ensembles, *GRAPH_PROXIES.names()]
    seen: set[str] = set()
    for sample in config["proxies"]["samples"]:
        benchmark, methods = sample["benchmark"], sample["methods"]
        place = f"config: proxies: the sample of {benchmark}"
        BENCHMARKS.module_name(benchmark)
        NETWORKS.module_name(sample["space"])
        SPACES.module_name(sample["space"])
        if benchmark in seen:
            raise ConfigError(f"{place} stands there twice")
        seen.add(benchmark)
        if sample["shards"] > sample["architectures"]:
            raise ConfigError(f"{place} has more shards than architectures")
        for method in methods:
            if method not in known:
                raise UnknownNameError(f"method on {benchmark}", method, known)
            for member in ensembles.get(method, {"members": [method]})["members"]:
                if member in rows and benchmark in learned_from(rows[member]):
                    raise ConfigError(f"{place}: {member} has learned from {benchmark}")
    reference = config["search"]["predictor"]
    samples = {sample["benchmark"]: sample["methods"] for sample in config["proxies"]["samples"]}
    if reference not in samples.get("nasbench201", ()):
        raise ConfigError(f"config: proxies: {reference} is not compared on nasbench201")


def _check_trainings(config: dict[str, Any]) -> None:
    section = config["final_training"]
    for name, recipe in recipes(config).items():
        if name == "digits_bench" and recipe.dataset != "digits":
            raise ConfigError(f"config: digits_bench: {recipe.name} is of {recipe.dataset}")
        if name != "digits_bench" and recipe.dataset != "cifar10":
            raise ConfigError(
                f"config: final_training: {name} is of {recipe.dataset}; the workflow trains on "
                "cifar10 (an image folder: tgnas train-network)"
            )
        if name in ("short", "spread", "copies") and recipe.space != "nasbench201":
            raise ConfigError(f"config: final_training: {name} must be of space nasbench201")
    for text in section["copies"]["cells"].values():
        NASBENCH201.parse(text)


def _check_shipped(config: dict[str, Any]) -> None:
    rows = complete(config["predictors"])
    for name, entry in config["shipped"].items():
        if entry["predictor"] not in rows:
            raise UnknownNameError(f"predictor of shipped {name}", entry["predictor"], rows)
        if entry["measured_on"] in learned_from(rows[entry["predictor"]]):
            raise ConfigError(f"config: shipped.{name} is measured on what it learned from")


def _check_demo(config: dict[str, Any]) -> None:
    demo = config.get("demo")
    if demo is None:
        return
    for key in ("predictor", "drawn"):
        if demo[key] not in config["predictors"]:
            raise UnknownNameError(f"{key} of demo", demo[key], config["predictors"])
    SEARCHERS.module_name(demo["searcher"])


def _check_ablations(config: dict[str, Any]) -> None:
    rows = complete(config["predictors"])
    for base in config["ablations"]["bases"]:
        if base not in rows:
            raise UnknownNameError("base of ablations", base, rows)
        if "distil_from" in rows[base]:
            raise ConfigError(f"config: ablations: {base} learns no accuracy, but is distilled")


def _check_embeddings(config: dict[str, Any]) -> None:
    known = config["embeddings"]
    rows = {f"predictor {name}": row for name, row in complete(config["predictors"]).items()}
    rows |= {f"candidate {name}": row for name, row in candidates(config).items()}
    rows |= {f"ablation {'/'.join(name)}": row for name, row in ablations(config).items()}
    for name, row in rows.items():
        if row["embedding"] not in known:
            raise UnknownNameError(f"embedding of {name}", row["embedding"], known)
    for name, entry in known.items():
        if entry["model"] == "one_hot" and entry["components"]:
            raise ConfigError(f"config: embeddings.{name}: one_hot has no components to keep")


def read_methods(sheet: Path, config: dict[str, Any], target: str) -> dict[str, Method]:
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


def _method(row: dict[str, str], config: dict[str, Any], target: str) -> Method:
    name, family = row["method"], row["family"]
    known = {
        "predictor": list(config["predictors"]),
        "leaked": [predictor + LEAKED for predictor in config["predictors"]],
        "ensemble": list(config["ensembles"]),
        "stored": STORED.get(target, ()),
        "proxy": GRAPH_PROXIES.names(),
    }
    if family not in known:
        raise UnknownNameError("family", family, FAMILIES)
    if name not in known[family]:
        raise UnknownNameError(family, name, known[family])
    if row["runs"] not in ("seeds", "once"):
        raise UnknownNameError("value of runs", row["runs"], ("seeds", "once"))
    seeds = range(config["seeds"]) if row["runs"] == "seeds" else range(1)
    return Method(name, family, tuple(seeds), row["title"])
