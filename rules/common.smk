# What every rules file uses: the checked config, the methods, the digests of code.
import hashlib
import os
import re
from pathlib import Path

from snakemake.exceptions import WorkflowError

from tgnas.datasets import DATASETS, dataset_facts
from tgnas.errors import TgnasError, are, number_of
from tgnas.benchmarks.stored import STORED, files_of
from tgnas.training.distillation import MIXED_CELLS
from tgnas.training.distillation import SPACE as DISTILLED_BENCHMARK
from tgnas.validation import read_keys
from tgnas.workflow.config.checks import LABELLED, REDUCED, read_config
from tgnas.workflow.sheet import read_methods
from tgnas.resources.fetch import available, hand_on, mirror_folders, read_resources
from tgnas.resources.packaged import MPNET, installed
from tgnas.workflow.populations import (
    DISTILLATION_POPULATION,
    PATTERN_POPULATION,
    SUPERNET_POPULATION,
    TIMED_POPULATION,
    ZERO_SHOT,
    compared,
    made,
    network_settings,
    populations,
    scorers,
    space_modules,
)
from tgnas.workflow.provenance import code_digest, weights_digest
from tgnas.workflow.few_labels import FewLabelJobs
from tgnas.workflow.jobs import fork_jobs
from tgnas.workflow.searches import Searches
from tgnas.registry import (
    BENCHMARKS,
    GENERATORS,
    GRAPH_PROXIES,
    HYPERNETWORKS,
    NETWORKS,
    NETWORK_PROXIES,
    PREDICTORS,
    SEARCHERS,
    SEQUENCE_PROXIES,
    STUDIES,
    SUPERNETS,
)

# DGL writes into the home folder unless told; threads that spin starve their neighbours.
os.environ.setdefault("DGLBACKEND", "pytorch")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
try:
    # Of a key that stands twice Snakemake takes the last; jobs are handed what was read.
    for file in workflow.configfiles if workflow.is_main_process else []:
        read_keys(Path(file))
    CONFIG = read_config(config)
    # Where a file comes from changes no result, so mirrors reach the jobs outside of their params.
    hand_on(CONFIG.mirrors)
    SHEETS = {
        target: read_methods(Path(sheet), CONFIG, target)
        for target, sheet in CONFIG.experiments.model_dump(exclude_none=True).items()
    }
    RESOURCES = read_resources(Path("config/resources.tsv"))
    MIRRORS = mirror_folders([])
except TgnasError as error:
    raise WorkflowError(str(error)) from None

TARGETS = list(SHEETS)
POPULATIONS = populations(CONFIG, SHEETS)
# The samples that training-free proxies are compared on.
COMPARED = compared(POPULATIONS)
# Methods that are scored with a predictor of the package, and its name: its members' mean, or each.
SHIPPED_METHODS = {entry.predictor: name for name, entry in CONFIG.shipped.items()}
SHIPPED_METHODS |= {name: name for name in CONFIG.shipped}
# Sentence transformers that are unpacked before they are read.
MODEL_FILES = {
    MPNET.name: [f"<resources>/models/{MPNET.name}/{file}" for file in MPNET.unpacked]
}
NB201_DATASETS = ("cifar10", "cifar100", "ImageNet16-120")
LABELS = CONFIG.ranking.nasbench201
SEARCHES = Searches(CONFIG)
FEW_LABELS = FewLabelJobs(CONFIG)


wildcard_constraints:
    benchmark="|".join(BENCHMARKS.names()),
    target="|".join(TARGETS),
    training="|".join(CONFIG.final_training.trainings),
    place=r"\d+",
    predictor="|".join(CONFIG.predictors),
    population="|".join(POPULATIONS),
    drawn_population="|".join(n for n, p in POPULATIONS.items() if p.architectures),
    zero_shot_population="|".join(n for n in POPULATIONS if ZERO_SHOT in n),
    shipped_method="|".join(SHIPPED_METHODS),
    graph_proxy="|".join(GRAPH_PROXIES.names()),
    network_proxy="|".join(NETWORK_PROXIES.names()),
    supernet="|".join(CONFIG.supernets.methods),
    shard=r"\d+",
    digits_table="digits_bench|digits_long",
    inputs="|".join(DATASETS),
    searches="searches|constrained_searches",
    searchers=r"({0})(\+({0}))*".format("|".join(SEARCHERS.names())),
    space="nasbench201|darts",
    study="|".join(STUDIES.names()) or "none",
    part=r"[\w.-]+",
    few_target="|".join(CONFIG.few_labels.targets),
    learner="|".join(FEW_LABELS.learners),
    scorer=r"\w[\w-]*",
    dataset="|".join(NB201_DATASETS),
    method="|".join(sorted({name for sheet in SHEETS.values() for name in sheet})),
    candidate="|".join(CONFIG.candidates),
    shipped="|".join(CONFIG.shipped),
    embedding="|".join(CONFIG.embeddings),
    ensemble="|".join(CONFIG.ensembles),
    seed=r"\d+",


def of_every_seed(name):
    """Return a function from wildcards to a file of every seed of their predictor."""
    return lambda w: [
        f"<results>/predictors/{w.predictor}/seed{seed}/{name}"
        for seed in range(CONFIG.seeds)
    ]


def trained_or_shipped(w):
    """Return the files that a job's predictor is restored from: its seeds', or what is shipped."""
    shipped = CONFIG.shipped_as(w.predictor)  # no job makes it anew
    return [shipped] if shipped else of_every_seed("epochs.safetensors")(w)


def vectors_of(row):
    """Return the file of sentence vectors that a predictor's row names."""
    return f"<results>/embeddings/{row.embedding}.parquet"


def distilled_scores(row):
    """Return the scores that a predictor's row is distilled from, if any."""
    population = POPULATIONS[DISTILLATION_POPULATION]
    return [population.scores(row.distil_from)] if row.distil_from else []


def mixed_scores(row):
    """Return the scores of mixed cells that a predictor's row learns beside labels, if any."""
    return [POPULATIONS[MIXED_CELLS].scores(proxy) for proxy in row.distilled]


def resource_row(name):
    """Return what a fetched file depends on: its address and its hash."""
    return [RESOURCES[name].url, RESOURCES[name].sha256] if name in RESOURCES else None


def facts_of(w):
    """Return what builds the benchmark of a job."""
    from tgnas.workflow.benchmarks import benchmark_facts

    return benchmark_facts(w.benchmark)


def image_file():
    """Return the copy of CIFAR-10 that the config names, or the best that is at hand."""
    copies = {
        "official": "cifar10/cifar-10-python.tar.gz",
        "jpeg": "cifar10/cifar10_jpeg_q75.parquet",
    }
    wanted = CONFIG.final_training.images
    if wanted == "auto":
        resources = Path(folder("resources"))
        at_hand = (
            c for c in copies if available(RESOURCES[copies[c]], resources, MIRRORS)
        )
        wanted = next(at_hand, "official")
    return f"<resources>/{copies[wanted]}"


def code(script, *modules):
    """Return the parameter that holds the digest of a script and of what it loads by name.

    It is a function, so that a job works out its own digest and no other.
    """
    return lambda w: digest(script, *modules)


def digest(script, *modules):
    """Return the digest of a script and of the modules that it loads by name."""
    return code_digest(f"workflow/scripts/{script}.py", *modules)


def predictor_digest(script, predictor, *modules):
    """Return the digest of a script that loads a predictor."""
    return method_digest(script, CONFIG.predictors[predictor].method, *modules)


def method_digest(script, method, *modules):
    """Return the digest of a script that loads a file of the predictors."""
    return digest(script, f"tgnas.methods.predictors.{method}", *modules)


def training_digest(script, row):
    """Return the digest of a script that trains a predictor, and of what it learns by name."""
    proxies = filter(None, [*row.auxiliary_targets, row.drawn_by])
    loaded = [GRAPH_PROXIES.module_name(proxy) for proxy in proxies]
    loaded += [f"tgnas.spaces.{DISTILLED_BENCHMARK}"] if row.distil_from else []
    loaded += [f"tgnas.spaces.{MIXED_CELLS}"] if row.distilled else []
    return method_digest(script, row.method, *loaded)


def network_proxy_digest(script, w):
    """Return the digest of a script that scores networks of a population with a proxy."""
    population = POPULATIONS[w.drawn_population]
    proxy = NETWORK_PROXIES.module_name(w.network_proxy)
    networks = NETWORKS.module_name(population.networks)
    return digest(script, proxy, networks, *space_modules(population))


def predictor_of(shipped_method):
    """Return the predictor behind a method that is scored with the weights of the package."""
    return CONFIG.shipped[SHIPPED_METHODS[shipped_method]].predictor


def scores_of_population(name):
    """Return the score files of all that score a population."""
    population = POPULATIONS[name]
    methods = scorers(population, CONFIG.proxies.compared)
    return [population.scores(method) for method in methods]


def seeds_of_proxy(population, proxy):
    """Return the seeds that a graph proxy has on a population."""
    sheet = SHEETS.get(population, {})
    return list(sheet[proxy].seeds) if proxy in sheet else [CONFIG.proxies.seed]


def embedding_of(predictor):
    """Return what a predictor's sentence vectors are made by."""
    return CONFIG.embeddings[CONFIG.predictors[predictor].embedding].model_dump()


def ranking_of(target):
    """Return the config's section on ranking with the labels of a target."""
    return CONFIG.ranking.of(POPULATIONS[target].labels)


def at_hand(files):
    """Return the files that are there, each with its hash."""
    paths = [Path(file) for file in files if Path(file).exists()]
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def files_of_study(w):
    """Return the inputs of a study; `<images>` is the copy of CIFAR-10 that the config names."""
    asked = STUDIES.module(w.study).inputs(CONFIG.study(w.study))
    return {
        n: image_file() if file == "<images>" else file for n, file in asked.items()
    }


def study_digest(w):
    """Return the digest of a study and of what it loads by name."""
    named = getattr(STUDIES.module(w.study), "loaded", lambda settings: [])
    return digest("study", STUDIES.module_name(w.study), *named(CONFIG.study(w.study)))


def weights_of_study(w):
    """Return the digests of the weights of the package that a study scores with."""
    named = getattr(STUDIES.module(w.study), "shipped", lambda settings: [])
    return list(map(weights_digest, named(CONFIG.study(w.study))))


def folder(name):
    """Return the folder that a path variable stands for; params do not expand them."""
    return workflow.pathvars.get(name)


def left_out_for(benchmark):
    """Return the sources that share architectures with a benchmark, and itself."""
    learned = CONFIG.predictors[CONFIG.universal.predictor].sources
    kept = CONFIG.predictors[CONFIG.universal.spaces[benchmark].predictor].sources
    return sorted({benchmark, *learned} - set(kept))


def made_by(maker, stems):
    """Return those of the results that `all`, `proxies` or `readme` makes."""
    return [stem for stem in stems if RESULTS[stem].made_by == maker]


def on_page(page, stems):
    """Return those of the results that a page of the docs shows."""
    return [stem for stem in stems if RESULTS[stem].page == page]


def cards_of(families):
    """Return the modules that hold the cards of families of methods."""
    return [family.module_name(name) for family in families for name in family.names()]


def shown_results():
    """Return of each file that the page shows its module and what that depends on."""
    shown = ON_PAGE | {file: BESIDE[file] for file in at_hand(BESIDE)}
    return {
        file: {"name": RESULTS[stem].name, "values": RESULTS[stem].params(PLAN)}
        for file, stem in shown.items()
    }


def shipped_row(w):
    """Return the predictor that is shipped under a name."""
    return CONFIG.predictors[CONFIG.shipped[w.shipped].predictor]


def labels_of_shipped(w):
    """Return what a shipped predictor has learned: of each source its label, or the proxy distilled."""
    row = shipped_row(w)
    if row.distil_from:
        cells = CONFIG.reduced_networks.distillation.architectures
        return {DISTILLED_BENCHMARK: {"distil_from": row.distil_from, "cells": cells}}
    labels = {source: CONFIG.training[source].model_dump() for source in row.sources}
    cells = (
        row.cells if isinstance(row.cells, dict) else dict.fromkeys(labels, row.cells)
    )
    learned = {
        source: label | {"cells": cells[source]} for source, label in labels.items()
    }
    if row.distilled:
        count = CONFIG.reduced_networks.mixed_cells.architectures
        learned[MIXED_CELLS] = {"distil_from": ", ".join(row.distilled), "cells": count}
    return learned


def target_of_shipped(w):
    """Return what the card of a shipped predictor is measured on, or holds the rows of."""
    benchmark = CONFIG.shipped[w.shipped].measured_on
    if benchmark is None:
        return "<results>/tables/universal.csv"
    return f"<benchmark_tables>/{benchmark}.arrow"
