"""Populations: the architectures that methods score, in a fixed order.

A whole space is its benchmark's Arrow file. A part of it, or any other list, is a Parquet file
with the columns ``architecture`` and, where a benchmark knows it, ``row`` (of that benchmark); its
metadata names the space.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from jaxtyping import Bool, Float64

from tgnas.benchmarks.base import Benchmark, open_benchmark
from tgnas.benchmarks.stored_scores import ranked_last
from tgnas.costs.named import Costs
from tgnas.costs.sampling import sample_within
from tgnas.encodings.live import live_pattern
from tgnas.errors import ConfigError, CorruptTableError, number_of
from tgnas.resources.seals import read_parquet, write_parquet
from tgnas.scoring import PATTERNS
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.space import Space, open_space
from tgnas.training.splits import TrainingRows


@dataclass(frozen=True, eq=False)
class Population:
    """A list of architectures.

    Attributes:
        name: the file's.
        space: whose they are.
        table: the columns architecture and, where known, row.
        benchmark: the name of the benchmark that the rows are of.
    """

    name: str
    space: Space
    table: pd.DataFrame
    benchmark: str = ""

    def __len__(self) -> int:
        return len(self.table)

    @property
    def strings(self) -> list[str]:
        """The architectures' strings."""
        return self.table.architecture.tolist()

    @cached_property
    def architectures(self) -> Architectures:
        """The architectures."""
        return self.space.architectures(self.strings)

    def shard(self, shard: int, shards: int) -> "Population":
        """Return one of so many parts, as equal as can be."""
        places = np.array_split(np.arange(len(self)), shards)[shard]
        return replace(self, table=self.table.iloc[places])

    def known_of(self, benchmark: Benchmark) -> Benchmark:
        """Return what the benchmark that they were drawn from knows of them."""
        return Benchmark(benchmark.name, benchmark.table.take(self.table["row"].to_numpy()))


def draw(
    benchmark: Benchmark, count: int | str, seed: int, learned: Sequence[TrainingRows] = ()
) -> Population:
    """Return architectures of a benchmark, in its order.

    Args:
        benchmark: what they are drawn from.
        count: how many are drawn at random; or ``PATTERNS``, the first architecture of each live
            pattern. What is dead in a cell changes no output of its network, so one score stands
            for all of a pattern, whose string has zero operators where its cells are dead.
        seed: random seed.
        learned: rows that are not drawn, since methods have learned from them.

    Raises:
        ConfigError: the benchmark has fewer.
    """
    members = benchmark.architectures
    allowed = np.flatnonzero(~learned_of(benchmark, learned))
    if count == PATTERNS:
        members = live_pattern(members)
        rows = members.distinct()[0]
    elif int(count) > len(allowed):
        raise ConfigError(
            f"a sample of {count} asked for; {benchmark.name} has "
            f"{number_of(len(allowed), 'architecture')}"
        )
    else:
        generator = np.random.default_rng(seed)
        rows = np.sort(allowed[generator.choice(len(allowed), int(count), replace=False)])
    strings = benchmark.space.format(members[rows])
    table = pd.DataFrame({"row": rows, "architecture": strings})
    return Population(benchmark.name, benchmark.space, table, benchmark.name)


def draw_from_space(space: Space, count: int, seed: int) -> Population:
    """Return different architectures that are drawn from a space at random.

    Raises:
        ConfigError: the space has not so many, or cannot be drawn from.
    """
    members = sample_within(space, count, seed, (), Costs(space, {}))
    return Population(space.name, space, pd.DataFrame({"architecture": space.format(members)}))


def learned_of(
    population: Benchmark | Population, learned: Sequence[TrainingRows]
) -> Bool[np.ndarray, " N"]:
    """Tell which architectures' labels a method has learned."""
    if isinstance(population, Benchmark):
        name, rows = population.name, np.arange(len(population))
    else:
        name, rows = population.benchmark, population.table.get("row", pd.Series()).to_numpy()
    masks = [part.among(name, rows.astype(np.int64)) for part in learned if len(rows)]
    return np.any([np.zeros(len(population), dtype=bool), *masks], axis=0)


def spread_over(
    benchmark: Benchmark, patterns: Population, scores: Float64[np.ndarray, " M"]
) -> Float64[np.ndarray, " N"]:
    """Return the score of each architecture, which is its pattern's; failures rank last, equally.

    Args:
        benchmark: of N architectures.
        patterns: its M live patterns.
        scores: theirs.

    Raises:
        CorruptTableError: a pattern has no score.
    """
    strings = benchmark.space.format(live_pattern(benchmark.architectures))
    of_pattern = pd.Series(scores, patterns.strings)
    missing = set(strings) - set(of_pattern.index)
    if missing:
        raise CorruptTableError(
            f"no score of {number_of(len(missing), 'live pattern')} of {benchmark.name}"
        )
    return ranked_last(of_pattern.reindex(strings).fillna(-np.inf))


def write_population(path: Path, population: Population) -> None:
    """Write a population's file."""
    table = pa.Table.from_pandas(population.table, preserve_index=False)
    metadata = {"space": population.space.name, "benchmark": population.benchmark}
    write_parquet(path, table.replace_schema_metadata(metadata))


def open_population(path: Path) -> Benchmark | Population:
    """Return the population of a file: a whole benchmark, or a list of architectures.

    Raises:
        CorruptTableError: the file is neither.
    """
    if path.suffix == ".arrow":
        return open_benchmark(path)
    try:
        table = read_parquet(path)
        metadata = table.schema.metadata or {}
        space, benchmark = (metadata[key].decode() for key in (b"space", b"benchmark"))
        table.column("architecture")
    except (pa.ArrowException, OSError, LookupError, ValueError) as error:
        raise CorruptTableError(f"{path} is not a file of architectures: {error}") from error
    return Population(path.stem, open_space(space), table.to_pandas(), benchmark)
