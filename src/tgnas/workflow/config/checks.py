"""What one key of the config says of another."""

import re
from collections.abc import Collection
from typing import Any

from tgnas.benchmarks._kin import kin, whole
from tgnas.benchmarks.stored import STORED, proxies_of
from tgnas.errors import ConfigError, UnknownNameError
from tgnas.methods.settings import read_settings
from tgnas.registry import (
    BENCHMARKS,
    GRAPH_PROXIES,
    NETWORK_PROXIES,
    PREDICTORS,
    SEARCHERS,
    SUPERNETS,
    Family,
    check_outside,
)
from tgnas.spaces.nasbench201 import SPACE as NASBENCH201
from tgnas.validation import validated
from tgnas.workflow.config.models import Predictor
from tgnas.workflow.config.reading import PACKAGED, Config, parse
from tgnas.workflow.sheet import earlier_methods, methods_of

OF_DIGITS = ("digits_bench", "digits_long")
REDUCED = "_reduced"  # a zero-cost proxy, on reduced networks of a whole space
PUBLISHED = "published"  # numbers of others, of config/reported.csv
# Accuracies of NAS-Bench-201 that are searched as if they were scores: ceilings, and the baseline
# that trains.
LABELLED = {
    f"oracle_{dataset}": {"dataset": dataset, "split": "test", "epochs": 200}
    for dataset in ("cifar10", "cifar100", "ImageNet16-120")
} | {"validation": {"dataset": "cifar10-valid", "split": "validation", "epochs": 200}}


def read_config(values: dict[str, Any]) -> Config:
    """Return the config of the dictionary that Snakemake has merged.

    Raises:
        ConfigError: where, the value, what is allowed.
        UnknownNameError: a key or name that does not exist, with the nearest one that does.
        ContractError: a method outside of the package does not keep the contract of its family.
    """
    config = parse(values)
    check_outside()
    for one in (
        _names,
        _predictors,
        _ensembles,
        _selection,
        _ablations,
        _search,
        _needs,
        _compared,
        _few_labels,
        _zero_shot,
        _samples,
        _trainings,
        _studies,
    ):
        one(config)
    if config.shipped_weights and config.pathvars.weights in (None, PACKAGED):
        raise ConfigError(
            "config: shipped_weights needs another folder in pathvars.weights, or a job may train "
            "the weights of the package anew and overwrite them (take --configfile "
            "config/shipped.yaml)"
        )
    for name, entry in config.shipped.items():
        _known(f"predictor of shipped {name}", entry.predictor, config.predictors)
        if entry.measured_on in config.predictors[entry.predictor].learned_from:
            raise ConfigError(f"config: shipped.{name} is measured on what it learned from")
    for name in (*config.isolation.steps, *config.isolation.embedders):
        _known("predictor of isolation", name, config.predictors)
    _known("predictor of universal", config.universal.predictor, config.predictors)
    for name in config.universal.shipped:
        _known("predictor of the package in universal.shipped", name, config.shipped)
    for name in config.universal.sequences:
        _known("space of universal.sequences", name, config.universal.spaces)
    for benchmark, space in config.universal.spaces.items():
        _known("benchmark of universal", benchmark, BENCHMARKS.names())
        _known(f"predictor of universal {benchmark}", space.predictor, config.predictors)
        learned = set(map(whole, config.predictors[space.predictor].learned_from))
        if shared := sorted(learned & kin(benchmark)):
            raise ConfigError(
                f"config: universal.{benchmark} is measured on what it learned from: "
                f"{', '.join(shared)}, whose cells are the same"
            )
    if config.demo:
        _known("predictor of demo", config.demo.predictor, config.predictors)
        _known("drawn of demo", config.demo.drawn, config.predictors)
    return config


def _known(kind: str, name: str, known: Collection[str]) -> None:
    if name not in known:
        raise UnknownNameError(kind, name, known)


def _names(config: Config) -> None:
    """Refuse a name that two of what is scored bear: their scores would be one file."""
    stored = {name for names in STORED.values() for name in names}
    proxies = {*GRAPH_PROXIES.names(), *NETWORK_PROXIES.names()}
    owners = dict.fromkeys(proxies, "a proxy") | dict.fromkeys(LABELLED, "an oracle")
    owners |= dict.fromkeys((f"{name}{REDUCED}" for name in proxies), "scores of reduced networks")
    owners |= dict.fromkeys(stored - proxies, "stored scores")
    owners |= {f"{name}_leaked": f"predictors.{name}, leaked" for name in config.predictors}
    for section in ("predictors", "ensembles", "shipped"):
        for name in getattr(config, section):
            if owner := owners.get(name):
                raise ConfigError(f"config: {section}.{name} bears the name of {owner}")
            owners[name] = f"{section}.{name}"


def _predictors(config: Config) -> None:
    for name, entry in config.embeddings.items():
        if entry.model == "one_hot" and entry.components:
            raise ConfigError(f"config: embeddings.{name}: one_hot has no components to keep")
    for name, predictor in config.predictors.items():
        _predictor(config, f"predictors.{name}", predictor)
    for name, predictor in config.candidates.items():
        _predictor(config, f"candidate {name}", predictor)
        if predictor.distilled:
            raise ConfigError(f"config: candidate {name}: candidates learn no `distilled` proxies")


def _predictor(config: Config, name: str, row: Predictor) -> None:
    place = name.replace("predictors.", "predictor ")
    for source in row.sources:
        _known(f"source of {place}", source, config.training)
    if isinstance(row.cells, dict) and set(row.cells) != set(row.sources):
        raise ConfigError(f"config: {name}: cells names {sorted(row.cells)}, not its sources")
    _known(f"embedding of {place}", row.embedding, config.embeddings)
    ranks = getattr(row.settings, "label", "rank") == "rank"
    if row.distilled and not hasattr(row.settings, "distilled_weight"):
        raise ConfigError(f"config: {name} is of the method {row.method}, which distils nothing")
    if row.distil_from:
        if row.sources or row.auxiliary_targets or not ranks:
            raise ConfigError(
                f"config: {name} is distilled from {row.distil_from} alone: it needs "
                "'sources: []', 'auxiliary_targets: {}' and 'label: rank'"
            )
    elif (row.strategy == "random") != (row.drawn_by is None):
        raise ConfigError(
            f"config: {name}: drawn_by belongs to the strategies stratified and top, which need it"
        )
    elif not row.sources:
        raise ConfigError(f"config: {name} has neither a source nor a proxy to distil from")
    elif row.auxiliary_targets and not ranks:
        raise ConfigError(f"config: {name} has auxiliary_targets, which need the label rank")


def _ensembles(config: Config) -> None:
    stored = sorted({name for names in STORED.values() for name in names})
    scored = dict.fromkeys([*config.predictors, *GRAPH_PROXIES.names(), *stored])
    for name, entry in config.ensembles.items():
        for member in entry.members:
            _known(f"member of ensemble {name}", member, scored)


def _selection(config: Config) -> None:
    known = [*config.candidates, "parameters", *GRAPH_PROXIES.names()]
    ensembles = [pair for part in config.rounds for pair in part.ensembles.items()]
    names = [name for name, _ in ensembles]
    for name, members in ensembles:
        if name in config.candidates or names.count(name) > 1:
            raise ConfigError(f"config: selection: the name of ensemble {name} is taken")
        for member in members:
            _known(f"member of ensemble {name}", member, known)
    _known("candidate", config.selection.chosen.candidate, config.candidates)
    _known("ensemble", config.selection.chosen.ensemble, names)
    _known("ensemble", config.selection.chosen.top, names)


def _ablations(config: Config) -> None:
    for base in config.ablations.bases:
        _known("base of ablations", base, config.predictors)
        if config.predictors[base].distil_from:
            raise ConfigError(f"config: ablations: {base} learns no accuracy, but is distilled")
        if config.predictors[base].distilled:
            raise ConfigError(f"config: ablations: {base} learns `distilled` proxies, no base does")
    names = [axis.name for axis in config.ablations.axes]
    for one in config.ablations.axes:
        place, values = f"config: ablations: the axis {one.name}", [*map(str, one.values)]
        if names.count(one.name) > 1:
            raise ConfigError(f"{place} stands there twice")
        for value in values:  # it is a file's name
            if values.count(value) > 1 or not re.fullmatch(r"[\w.-]+", value):
                why = "stands there twice" if values.count(value) > 1 else "is no word or number"
                raise ConfigError(f"{place}: the value {value!r} {why}")
    for (base, axis, value), row in config.ablated.items():
        _known(f"embedding of ablation {base}/{axis}/{value}", row.embedding, config.embeddings)


def _few_labels(config: Config) -> None:
    section = config.few_labels
    for name in (*section.learned, *section.queried):
        _known("target of few_labels", name, section.targets)
    limited = [section.methods or (), *(one.methods or () for one in section.targets.values())]
    for name in (name for names in limited for name in names):
        _known("method of few_labels", name, {**section.predictors, **section.searchers})
    for name, target in section.targets.items():
        shipped = config.shipped.get(target.start or "")
        start = shipped.predictor if shipped else target.start
        trained = config.predictors.get(start or "")
        learned_from = {whole(one) for one in trained.learned_from} if trained else set()
        if whole(target.benchmark) in learned_from:
            raise ConfigError(
                f"config: few_labels.targets.{name} starts from {target.start}, which has learned "
                f"labels of {target.benchmark}"
            )
    both = section.predictors.keys() & section.searchers.keys()
    if both:
        raise ConfigError(f"config: few_labels: {min(both)} is a predictor and a searcher")
    for name, one in section.predictors.items():
        _own_keys(f"few_labels.predictors.{name}", PREDICTORS, one.method, one.settings)
        if one.beside is not None:
            _known(
                f"entry that few_labels.predictors.{name} is compared with",
                one.beside,
                section.predictors,
            )
    for name, entry in section.searchers.items():
        place = f"few_labels.searchers.{name}"
        _own_keys(place, SEARCHERS, entry.searcher, entry.settings)
        for searched in entry.targets or ():
            _known(f"target of {place}", searched, section.targets)
        if entry.beside is not None:
            _known(f"entry that {place} is compared with", entry.beside, section.searchers)
        if entry.predictor:
            _own_keys(place, PREDICTORS, entry.predictor.method, entry.predictor.settings)


def _own_keys(place: str, family: Family, name: str, values: dict[str, Any]) -> None:
    validated(family.settings(name), values, place)


def _search(config: Config) -> None:
    search = config.search
    reduced = [f"{proxy}{REDUCED}" for proxy in config.reduced_networks.proxies]
    methods = [*config.predictors, *config.ensembles, *STORED["nasbench201"]]
    for scorer in (*search.scorers, *search.constraints.scorers):
        _known("scorer", scorer, [*methods, *GRAPH_PROXIES.names(), *reduced, *LABELLED])
    for predictor in (search.predictor, search.darts.predictor):
        _known("predictor", predictor, config.predictors)
    named = {name: list(SEARCHERS.settings(name).model_fields) for name in _searchers(config)}
    for key in search.settings:
        _known("config key at search.settings", key, {k for keys in named.values() for k in keys})
    for name, keys in named.items():
        own = {key: search.settings[key] for key in keys if key in search.settings}
        validated(SEARCHERS.settings(name), own, "search.settings")
    for predictor in search.surrogates.values():
        _known("surrogate", predictor, config.predictors)


def _searchers(config: Config) -> list[str]:
    """Return the searchers that the config names."""
    search = config.search
    named = [*search.searchers, *search.labelled, *search.surrogates, "exhaustive"]
    named += [*search.constraints.searchers, *search.darts.searchers]
    return list(dict.fromkeys([*named, *([config.demo.searcher] if config.demo else [])]))


def _needs(config: Config) -> None:
    """Refuse a searcher that uses other than what it is given, as far as its card says so."""
    search, few = config.search, config.few_labels.searchers
    places = {
        "search.searchers": ("scores", search.searchers),
        "search.constraints.searchers": ("scores", search.constraints.searchers),
        "search.darts.searchers": ("scores", search.darts.searchers),
        "search.labelled": ("labels", search.labelled),
        "demo.searcher": ("scores", [config.demo.searcher] if config.demo else []),
    }
    places |= {f"few_labels.searchers.{n}": ("labels", [one.searcher]) for n, one in few.items()}
    for place, (given, names) in places.items():
        for name in names:
            needs = SEARCHERS.needs(name)
            if needs is not None and given not in needs:
                raise ConfigError(
                    f"config: {place}: the card of searcher {name!r} needs {needs!r}, and here it "
                    f"is given {given}"
                )


def _compared(config: Config) -> None:
    """Refuse a name that nothing bears in what tables and sentences are about."""
    targets = config.experiments.model_dump(exclude_none=True)
    methods = {
        target: {name for names in methods_of(config, target).values() for name in names}
        for target in targets
    }
    for target, pairs in config.differences.items():
        _known("benchmark of differences", target, targets)
        for name in (name for pair in pairs for name in pair):
            _known(f"method of differences.{target}", name, methods[target])
    headline, every = config.headline, set().union(*methods.values())
    for name in (headline.published, headline.ours):
        _known("predictor of headline", name, config.predictors)
    _known("ensemble of headline", headline.joined, config.ensembles)
    for name in (headline.released, headline.baseline, *headline.methods):
        _known("method of headline", name, every)
    for name in headline.scorers:
        _known("scorer of headline", name, every | {*LABELLED, PUBLISHED})
    _known("searcher of headline", headline.searcher, SEARCHERS.names())
    earlier = {name for target in targets for name in earlier_methods(target)}
    for name in config.quoted:
        _known("method that an earlier run ranked, of quoted,", name, earlier)


def _zero_shot(config: Config) -> None:
    shipped = {entry.predictor for entry in config.shipped.values()}
    known = [*config.shipped, *shipped, *config.ensembles, *GRAPH_PROXIES.names()]
    for method in config.zero_shot.methods:
        _known("method of zero_shot", method, known)
        ensemble = config.ensembles.get(method)
        for member in ensemble.members if ensemble else ():
            if member not in (*shipped, *GRAPH_PROXIES.names()):
                raise ConfigError(
                    f"config: zero_shot: {method} needs {member}, which does not come with the "
                    "package"
                )
    named = [
        *config.zero_shot.headline,
        *(m for pair in config.zero_shot.differences for m in pair),
    ]
    for method in named:
        _known("method of zero_shot.methods", method, config.zero_shot.methods)
    stored = [name for e in config.zero_shot.benchmarks for name in proxies_of(e.benchmark)]
    ranked = [*config.zero_shot.methods, *stored]
    for method in config.zero_shot.readme or ():
        _known("method, or stored proxy, of zero_shot", method, ranked)
    names = [entry.benchmark for entry in config.zero_shot.benchmarks]
    if len(set(names)) < len(names):
        raise ConfigError("config: zero_shot.benchmarks names a benchmark twice")


def _samples(config: Config) -> None:
    for key in ("distillation", "mixed_cells"):
        drawn = getattr(config.reduced_networks, key)
        if drawn.shards > drawn.architectures:
            raise ConfigError(f"config: reduced_networks.{key} has more shards than architectures")
    known = [*config.predictors, *config.ensembles, *GRAPH_PROXIES.names()]
    samples = config.proxies.samples
    for number, sample in enumerate(samples):
        place = f"config: proxies: the sample of {sample.benchmark}"
        if sample.benchmark in [other.benchmark for other in samples[:number]]:
            raise ConfigError(f"{place} stands there twice")
        if sample.shards > sample.architectures:
            raise ConfigError(f"{place} has more shards than architectures")
        for method in sample.methods:
            _known(f"method on {sample.benchmark}", method, known)
            ensemble = config.ensembles.get(method)
            for member in ensemble.members if ensemble else [method]:
                learned = config.predictors.get(member)
                if learned and sample.benchmark in learned.learned_from:
                    raise ConfigError(f"{place}: {member} has learned from {sample.benchmark}")
    reference = config.search.predictor
    if not any(s.benchmark == "nasbench201" and reference in s.methods for s in samples):
        raise ConfigError(f"config: proxies: {reference} is not compared on nasbench201")


def _supernets(config: Config, dataset: str) -> None:
    section = config.supernets
    if dataset not in ("cifar10", "digits"):
        raise ConfigError(f"config: supernets: they learn from cifar10 or digits, not {dataset}")
    methods = config.supernet_methods
    for name, settings in config.supernet_settings.items():
        read_settings(SUPERNETS.settings(methods[name]), settings, f"supernets.own.{name}")
    _known("prior of supernets", section.prior, config.shipped)
    for name in section.settings:
        if not any(name in SUPERNETS.settings(m).model_fields for m in methods.values()):
            raise ConfigError(f"config: supernets.settings.{name}: no method has such a key")
    beside = [*config.predictors, *GRAPH_PROXIES.names()]
    for name in section.beside:
        _known("method beside supernets", name, beside)
    every = [*SUPERNETS.names(), *section.own, *beside]  # a pair that is not compared is left out
    for name in (method for pair in section.differences for method in pair):
        _known("method of supernets.differences", name, every)


def _trainings(config: Config) -> None:
    section = config.final_training
    if "short" not in section.trainings:
        raise ConfigError("config: final_training.trainings: the key 'short' is missing")
    for name, recipe in config.recipes.items():
        if name in OF_DIGITS and recipe.dataset != "digits":
            raise ConfigError(f"config: {name}: {recipe.name} is of {recipe.dataset}")
        if name == "supernets":
            _supernets(config, recipe.dataset)
        elif name not in OF_DIGITS and recipe.dataset != "cifar10":
            raise ConfigError(
                f"config: final_training: {name} is of {recipe.dataset}; the workflow trains on "
                "cifar10 (an image folder: tgnas train-network)"
            )
        if name in ("short", "short_trainings", "jpeg_copies") and recipe.space != "nasbench201":
            raise ConfigError(f"config: final_training: {name} must be of space nasbench201")
    for text in config.study("jpeg_copies").cells.values():
        NASBENCH201.parse(text)


def _studies(config: Config) -> None:
    for name in config.studies:
        config.study(name)
