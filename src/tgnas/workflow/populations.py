"""Who scores which architectures: the populations that a config names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any

from tgnas.benchmarks.stored import STORED, proxies_of
from tgnas.datasets import DATASETS
from tgnas.registry import BENCHMARKS, GRAPH_PROXIES, SPACES, Family
from tgnas.scoring import PATTERNS
from tgnas.training.distillation import MIXED_CELLS
from tgnas.training.distillation import SPACE as DISTILLED_BENCHMARK
from tgnas.workflow.config.models import Proxies, Sample, ZeroShotBenchmark
from tgnas.workflow.config.reading import Config
from tgnas.workflow.sheet import EARLIER, Method

PATTERN_POPULATION = "nasbench201_patterns"
ZERO_SHOT = "_zero_shot"  # a benchmark that the weights of the package rank
SUPERNET_POPULATION = "supernets"
TIMED_POPULATION = "nasbench201_timed"
# Cells of NAS-Bench-101 as networks of uniform width: what predictors are distilled from.
DISTILLATION_POPULATION = f"{DISTILLED_BENCHMARK}_uniform_width"


@dataclass(frozen=True, slots=True)
class Population:
    """A population and what is asked about it.

    Attributes:
        name: in paths.
        benchmark: that its architectures are of; empty where they are drawn from the space.
        space: theirs; empty where only the benchmark's module says it.
        architectures: how many are drawn, or "patterns", one of each live pattern; empty for the
            whole benchmark.
        networks: the file of ``tgnas.networks`` that builds its networks.
        inputs: the data set whose images networks see.
        size: of its networks; what is not named is as in the benchmark.
        shards: parts in which network proxies score it.
        timed: whether each architecture is scored and timed alone.
        methods: who scores it beside the network proxies.
        labels: the accuracies that scores are compared with.
        unlearned: packaged predictors that have learned none of what is drawn.
        folders: methods whose scores of it are another population's, and which.
    """

    name: str
    benchmark: str
    space: str = ""
    architectures: str = ""
    networks: str = ""
    inputs: str = "cifar10"
    size: Mapping[str, int] = field(default_factory=dict)
    shards: int = 1
    timed: bool = False
    methods: tuple[str, ...] = ()
    labels: Mapping[str, Any] = field(default_factory=dict)
    unlearned: tuple[str, ...] = ()
    folders: Mapping[str, str] = field(default_factory=dict)

    @property
    def space_name(self) -> str:
        """The name of its architectures' search space."""
        return self.space or _space_of(self.benchmark)

    @property
    def table(self) -> str:
        """The path of its benchmark's file."""
        return f"<benchmark_tables>/{self.benchmark}.arrow"

    @property
    def tables(self) -> list[str]:
        """The path of its benchmark's file; none of what is drawn from a space."""
        return [self.table] if self.benchmark else []

    @property
    def file(self) -> str:
        """The path of its file."""
        if self.architectures:
            return f"<results>/populations/{self.name}.parquet"
        return self.table

    @property
    def facts(self) -> dict[str, Any]:
        """What results say of it."""
        return {key: getattr(self, key) for key in ("benchmark", "inputs", "labels", "methods")}

    def scores(self, method: str) -> str:
        """Return the path of a method's scores of it."""
        return f"<results>/scores/{self.folders.get(method, self.name)}/{method}.parquet"


def populations(
    config: Config, sheets: Mapping[str, Mapping[str, Method]]
) -> dict[str, Population]:
    """Return the populations of a config by name: whole benchmarks, samples, patterns.

    Args:
        config: the whole config.
        sheets: the methods of every target.
    """
    labels = config.ranking.model_dump(mode="json")
    planned = [
        Population(target, target, methods=made(methods), labels=labels[target])
        for target, methods in sheets.items()
    ]
    for entry in config.zero_shot.benchmarks:
        planned += _zero_shot(entry, config)

    planned += [
        Population(name, name) for name in config.isolation.benchmarks if name not in sheets
    ]
    for sample in config.proxies.samples:
        planned += _samples(sample, config.proxies)
    shared = config.supernets
    planned.append(
        Population(
            SUPERNET_POPULATION,
            shared.benchmark,
            architectures=str(shared.architectures),
            methods=(*shared.methods, *shared.beside),
            labels=shared.labels.model_dump(mode="json"),
        )
    )
    reduced = config.reduced_networks
    planned.append(
        Population(
            PATTERN_POPULATION,
            "nasbench201",
            "nasbench201",
            PATTERNS,
            "nasbench201",
            size=reduced.size,
            shards=reduced.shards,
        )
    )
    planned.append(
        Population(
            DISTILLATION_POPULATION,
            DISTILLED_BENCHMARK,
            DISTILLED_BENCHMARK,
            str(reduced.distillation.architectures),
            "uniform_width",
            size=reduced.size,
            shards=reduced.distillation.shards,
        )
    )
    planned.append(
        Population(
            MIXED_CELLS,
            "",
            MIXED_CELLS,
            str(reduced.mixed_cells.architectures),
            "uniform_width",
            size=reduced.size,
            shards=reduced.mixed_cells.shards,
        )
    )
    return {population.name: population for population in planned}


def _zero_shot(entry: ZeroShotBenchmark, config: Config) -> list[Population]:
    """Return a benchmark that the weights of the package rank, once for each split.

    What has learned from the benchmark is left out, unless architectures are drawn beside those
    that it has learned from.
    """
    whole = entry.architectures == "all"
    predictors = {name: shipped.predictor for name, shipped in config.shipped.items()}
    of_predictors = {predictor: name for name, predictor in predictors.items()}

    def members(method: str) -> list[str]:
        ensemble = config.ensembles.get(method)
        return list(ensemble.members) if ensemble else [predictors.get(method, method)]

    def unknowing(method: str) -> bool:
        used = (config.predictors[m] for m in members(method) if m in config.predictors)
        learned = [row for row in used if entry.benchmark in row.learned_from]
        return not learned or (not whole and all(row.cells != "all" for row in learned))

    methods = [name for name in config.zero_shot.methods if unknowing(name)]
    # What no weights of the package score is scored with the whole benchmark, where it is.
    elsewhere = [*GRAPH_PROXIES.names(), *STORED.get(entry.benchmark, {})]
    scored = entry.benchmark in config.experiments.model_dump(exclude_none=True) and whole
    needed = {of_predictors[m] for name in methods for m in members(name) if m in of_predictors}
    first, *further = entry.splits
    own = Population(
        f"{entry.benchmark}{ZERO_SHOT}",
        entry.benchmark,
        architectures="" if whole else str(entry.architectures),
        inputs=next((name for name in entry.datasets if name in DATASETS), "cifar10"),
        methods=(*methods, *(proxies_of(entry.benchmark) if whole else ())),
        labels={"datasets": list(entry.datasets), "split": first, "epochs": entry.epochs},
        unlearned=tuple(sorted(needed)) if not whole else (),
        folders=dict.fromkeys(elsewhere, entry.benchmark) if scored else {},
    )
    again = [
        replace(
            own,
            name=f"{own.name}_{split}",
            labels={**own.labels, "split": split},
            folders=dict.fromkeys(own.methods, own.name) | dict(own.folders),
        )
        for split in further
    ]
    return [own, *again]


def _space_of(benchmark: str) -> str:
    return str(BENCHMARKS.module(benchmark).SPACE.name)


def made(methods: Mapping[str, Method]) -> tuple[str, ...]:
    """Return the methods of a sheet that jobs score."""
    return tuple(name for name, method in methods.items() if method.family != EARLIER)


def _samples(sample: Sample, section: Proxies) -> list[Population]:
    """Return the sample of a benchmark, the same for other images, and what is timed of it."""
    benchmark = sample.benchmark
    own = Population(
        f"{benchmark}_sample",
        benchmark,
        sample.space,
        str(sample.architectures),
        sample.space,
        size=sample.size,
        shards=sample.shards,
        timed=True,
        methods=sample.methods,
        labels=sample.labels.model_dump(mode="json"),
    )
    # Only network proxies see images, and only networks of labelled data sets are asked.
    further = [name for name in section.inputs if name in sample.labels.datasets]
    planned = [own] + [
        replace(own, name=f"{own.name}_{name}", inputs=name, methods=()) for name in further
    ]
    if benchmark == "nasbench201":
        # Few enough that all methods are timed within minutes of each other, on one core.
        count = str(section.timed)
        planned.append(replace(own, name=TIMED_POPULATION, architectures=count, shards=1))
    return planned


def compared(planned: Mapping[str, Population]) -> list[str]:
    """Return the samples that methods are compared on."""
    timed = [one.name for one in planned.values() if one.timed]
    return [name for name in timed if name != TIMED_POPULATION]


def scorers(population: Population, network_proxies: Sequence[str]) -> list[str]:
    """Return who scores a population: its methods, then the proxies that know its networks.

    Args:
        population: what is scored.
        network_proxies: those that the config names.
    """
    if not population.networks:
        return list(population.methods)
    harness = import_module("tgnas.scoring.harness")  # it imports torch, and few runs need it
    able = harness.scores_network_of
    known = [name for name in network_proxies if able(name, population.networks)]
    return [*population.methods, *known]


def space_modules(population: Population, *families: Family) -> list[str]:
    """Return the modules that are loaded by the name of a population's space."""
    name, families = population.space_name, (SPACES, *families)
    return [family.module_name(name) for family in families if name in family.names()]


def network_settings(population: Population, section: Proxies) -> dict[str, Any]:
    """Return what a score of a network depends on beside architecture and proxy."""
    settings = section.model_dump(include={"seed", "batch", "initialisation"})
    return settings | {"size": dict(population.size)}
