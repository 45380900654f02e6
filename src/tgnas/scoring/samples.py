"""Random samples of a benchmark's architectures: scored in shards, timed, joined, measured.

Every method of one sample ends in a table of scores with the columns ``architecture``, ``seed0``,
``seed1``, ..., the components behind them where it has any (``component/NAME``), ``milliseconds``
(processor time of scoring one architecture alone), ``build`` (of parsing it and building what is
scored) and, where many can be scored at once, ``batched`` (milliseconds for each of all together).
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations_with_replacement
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float64, Int64

from tgnas.benchmarks.base import Benchmark
from tgnas.errors import ConfigError, CorruptTableError
from tgnas.evaluation.ranking import measure_seeds, spearman_rho
from tgnas.scoring.harness import BUILD, Measured, aggregate, components_of
from tgnas.scoring.tables import SEED
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.space import open_space
from tgnas.training.ranks import mean_rank

COMPONENT, MILLISECONDS, BATCHED = "component/", "milliseconds", "batched"
SCORED_BY_ALL = "common"  # population of the architectures on which no method failed
# Scores of N architectures, one row for each seed.
ScoreArchitectures = Callable[[Architectures], Float64[np.ndarray, "S N"]]


def draw_sample(benchmark: Benchmark, space: str, size: int, seed: int) -> pd.DataFrame:
    """Return architectures drawn at random: their row of the benchmark, ascending, and string.

    Raises:
        ConfigError: the benchmark has fewer.
    """
    if size > len(benchmark):
        raise ConfigError(f"a sample of {size} asked for; {benchmark.name} has {len(benchmark)}")
    rows = np.sort(np.random.default_rng(seed).choice(len(benchmark), size, replace=False))
    strings = open_space(space).format(benchmark.architectures[rows])
    return pd.DataFrame({"row": rows, "architecture": strings})


def sampled(benchmark: Benchmark, rows: Int64[np.ndarray, " N"]) -> Benchmark:
    """Return what a benchmark knows of some of its rows."""
    return Benchmark(benchmark.name, benchmark.table.take(rows))


def shard_of(sample: pd.DataFrame, shard: int, shards: int) -> pd.DataFrame:
    """Return one of so many parts of a sample, as equal as can be."""
    return sample.iloc[np.array_split(np.arange(len(sample)), shards)[shard]]


def shard_table(found: Iterable[Measured], proxy: str) -> pd.DataFrame:
    """Return components and milliseconds of one proxy of networks, a row per architecture."""
    rows = [
        (one.architecture, *one.components[proxy], one.milliseconds[proxy], one.milliseconds[BUILD])
        for one in found
    ]
    names = [COMPONENT + name for name in components_of(proxy)]
    return pd.DataFrame(rows, columns=["architecture", *names, MILLISECONDS, BUILD])


def join_shards(shards: Sequence[pd.DataFrame], sample: pd.DataFrame, proxy: str) -> pd.DataFrame:
    """Return a proxy's table of scores: its components are aggregated over the whole sample.

    Raises:
        CorruptTableError: the shards do not list the sample's architectures in its order.
    """
    table = pd.concat(shards, ignore_index=True)
    if list(table.architecture) != list(sample.architecture):
        raise CorruptTableError(
            f"the shards of {proxy} do not list the architectures of the sample"
        )
    scores = aggregate(proxy, table.filter(like=COMPONENT).to_numpy(dtype=np.float64))
    table.insert(1, f"{SEED}0", scores)
    return table


def score_cells(score: ScoreArchitectures, sample: pd.DataFrame, space: str) -> pd.DataFrame:
    """Return the table of scores of a method: each architecture alone, then all at once for time.

    The milliseconds are of one seed.
    """
    rows, parse = [], open_space(space).architectures
    for architecture in sample.architecture:
        start = time.process_time()
        one = parse([architecture])
        parsed = time.process_time()
        scores = score(one)[:, 0]
        end = time.process_time()
        rows.append((*scores, 1e3 * (end - parsed) / len(scores), 1e3 * (parsed - start)))
    architectures = parse(list(sample.architecture))
    start = time.process_time()
    seeds = len(score(architectures))
    batched = 1e3 * (time.process_time() - start) / seeds / len(sample)
    columns = [*(f"{SEED}{seed}" for seed in range(seeds)), MILLISECONDS, BUILD]
    table = pd.DataFrame(rows, columns=columns).assign(**{BATCHED: batched})
    table.insert(0, "architecture", sample.architecture.to_numpy())
    return table


def combine(
    members: Sequence[pd.DataFrame], *, over_seeds: bool, weights: Sequence[float | int]
) -> pd.DataFrame:
    """Return the mean rank of members within the sample; it costs what its members cost.

    Where seeds are averaged all of them must be scored, and all of them count.
    """
    scores = mean_rank([seeds_of(m) for m in members], over_seeds=over_seeds, weights=weights)
    table = pd.DataFrame({"architecture": members[0].architecture})
    table[[f"{SEED}{seed}" for seed in range(len(scores))]] = scores.T
    for cost in (MILLISECONDS, BATCHED):
        runs = [len(seeds_of(member)) if over_seeds else 1 for member in members]
        table[cost] = sum(m[cost] * times for m, times in zip(members, runs, strict=True))
    return table.assign(**{BUILD: sum(member[BUILD] for member in members)})


def seeds_of(table: pd.DataFrame) -> Float64[np.ndarray, "S N"]:
    """Return the scores of a table of scores."""
    return table.filter(regex=f"^{SEED}[0-9]+$").to_numpy(dtype=np.float64).T


def failed(table: pd.DataFrame) -> np.ndarray:
    """Tell for each architecture whether a score or a component of it is not finite, shape (N,)."""
    numbers = table.filter(regex=f"^({COMPONENT}|{SEED}[0-9])")
    return ~np.isfinite(numbers.to_numpy(dtype=np.float64)).all(axis=1)


def measure_sample(
    target: Benchmark, tables: Mapping[str, pd.DataFrame], ranking: dict[str, Any]
) -> pd.DataFrame:
    """Return the measures of every method on a sample, and what it costs.

    Columns: those of ``measure_seeds``, where population is "all" (architectures that the method
    has a score of) or ``SCORED_BY_ALL``; then failures, milliseconds, build (medians) and batched.

    Args:
        target: the benchmark, cut to the sample.
        tables: the table of scores of every method.
        ranking: the config's section, with the sample's labels.
    """
    broken = np.any([~np.isfinite(seeds_of(table)).all(axis=0) for table in tables.values()], 0)
    found = []
    for method, table in tables.items():
        scores = seeds_of(table)
        own = measure_seeds(target, method, scores, ranking)
        own = own[own.population == "all"]
        shared = measure_seeds(target, method, np.where(broken, np.nan, scores), ranking)
        shared = shared[shared.population == "all"].assign(population=SCORED_BY_ALL)
        costs = {kind: table[kind].median() for kind in (MILLISECONDS, BUILD)}
        costs[BATCHED] = table[BATCHED].median() if BATCHED in table else np.nan
        both = pd.concat([own, shared]).assign(failures=failed(table).sum(), **costs)
        found.append(both)
    return pd.concat(found, ignore_index=True)


def independence(
    target: Benchmark, tables: Mapping[str, pd.DataFrame], ranking: dict[str, Any]
) -> pd.DataFrame:
    """Return Spearman's rho of every pair of methods, and of each with each data set's accuracy.

    Columns: one, other (names; accuracies as "accuracy/DATASET"), spearman_rho, architectures
    (those that both have a score of). Of several seeds the first speaks.
    """
    fidelity = {"split": ranking["split"], "epochs": ranking["epochs"]}
    columns = {name: seeds_of(table)[0] for name, table in tables.items()}
    columns |= {
        f"accuracy/{name}": target.accuracy(dataset=name, **fidelity)
        for name in ranking["datasets"]
    }
    rows = []
    for one, other in combinations_with_replacement(columns, 2):
        both = np.isfinite(columns[one]) & np.isfinite(columns[other])
        rho = spearman_rho(columns[one][both], columns[other][both])
        rows.append((one, other, rho, int(both.sum())))
    return pd.DataFrame(rows, columns=["one", "other", "spearman_rho", "architectures"])
