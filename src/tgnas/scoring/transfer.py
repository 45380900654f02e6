"""Transfer: predictors trained on development tasks, without a look at the test spaces.

Every choice of a predictor (graph, norm, loss, depth, ...) is made on these tasks: parts of
NAS-Bench-101 that the training cells do not resemble, and spaces that are no test space.
NAS-Bench-201, NAS-Bench-301 and TransNAS-Bench-101 are never among them.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from jaxtyping import Bool, Float64, Int64

from tgnas.benchmarks.base import Benchmark
from tgnas.cell import Cells
from tgnas.errors import ConfigError, CorruptTableError
from tgnas.operators import CODES, PADDING
from tgnas.resources.seals import read_parquet, write_parquet
from tgnas.spaces.architectures import Architectures
from tgnas.training.splits import TrainingSet

TEST_SPACES = ("nasbench201", "nasbench301", "transnas_micro", "transnas_macro")
Scores = Float64[np.ndarray, "_ N"]


@dataclass(frozen=True, slots=True)
class Target:
    """Architectures to rank.

    Attributes:
        space: the search space's name.
        architectures: N of them.
        accuracies: of each data set; NaN is unknown.
        parameters: of the networks for each data set. No development space has parameters that
            cannot change the output, so they are the effective ones.
    """

    space: str
    architectures: Architectures
    accuracies: list[Float64[np.ndarray, " N"]]
    parameters: list[Float64[np.ndarray, " N"]]


@dataclass(frozen=True, slots=True)
class Task:
    """Architectures to learn from, and others to rank.

    Attributes:
        name: what the training cells lack.
        training: architectures and accuracies in percent, or a proxy's scores of them.
        targets: what is ranked, by name.
    """

    name: str
    training: TrainingSet
    targets: dict[str, Target]


def development_tasks(
    source: Benchmark,
    others: Sequence[Benchmark],
    labels: dict[str, Any],
    size: int | str,
    tested: int,
) -> Iterator[Task]:
    """Yield the tasks; which cells they hold depends on nothing but the sizes.

    Args:
        source: NAS-Bench-101.
        others: spaces to rank after training on a random part of the source.
        labels: dataset, split and epochs of the source's accuracy.
        size: training cells of each task at most, or "all".
        tested: cells of the source that each task ranks.

    Raises:
        ConfigError: one of the others is a test space.
    """
    barred = [other.name for other in others if other.name in TEST_SPACES]
    if barred:
        raise ConfigError(f"{barred[0]} is a test space; nothing may be chosen on it")
    most = len(source) if size == "all" else int(size)
    known, accuracies = source.architectures, source.accuracy(**labels)
    space = source.space.name
    parameters = source.cost("parameters", dataset=labels["dataset"]).astype(np.float64)

    def drawn(members: Bool[np.ndarray, " N"], count: int) -> Int64[np.ndarray, " n"]:
        rows = np.flatnonzero(members)
        # The same cells are ranked whatever the number of training cells is.
        generator = np.random.default_rng(0)
        return np.sort(generator.choice(rows, min(count, len(rows)), replace=False))

    for name, unlike in held_out_parts(known.cells).items():
        rows, held = drawn(~unlike, most), drawn(unlike, tested)
        target = Target(space, known[held], [accuracies[held]], [parameters[held]])
        yield Task(name, TrainingSet(known[rows], accuracies[rows], space), {name: target})
    rows = drawn(np.ones(len(known), dtype=bool), most)
    targets = {other.name: target_of(other) for other in others}
    yield Task("another_space", TrainingSet(known[rows], accuracies[rows], space), targets)


def distillation_tasks(tasks: Iterator[Task], source: TrainingSet) -> Iterator[Task]:
    """Yield the tasks with what is distilled in place of accuracies, but for what is held out.

    Args:
        tasks: those of ``development_tasks``.
        source: architectures of NAS-Bench-101 with a proxy's scores.
    """
    parts = held_out_parts(source.architectures.cells)
    for task in tasks:
        held_out = parts.get(task.name, np.zeros(len(source), dtype=bool))
        yield replace(task, training=source[np.flatnonzero(~held_out)])


def held_out_parts(cells: Cells) -> dict[str, Bool[np.ndarray, " N"]]:
    """Return the parts of NAS-Bench-101 that are held out in turn, as masks."""
    adjacency, last = cells.adjacency(), cells.sizes - 1
    rows = np.arange(len(cells))
    parts = {
        f"unseen_{name}": (cells.operators == CODES[name]).any(axis=1)
        for name in ("conv_3x3", "conv_1x1", "max_pool_3x3")
    }
    return parts | {
        "larger": cells.sizes == cells.vertices,
        "deeper": longest_paths(cells)[rows, last] > cells.vertices // 2,
        "input_feeds_output": adjacency[rows, 0, last],
    }


def longest_paths(cells: Cells) -> Int64[np.ndarray, "N V"]:
    """Return the number of edges of the longest path from the first vertex to each."""
    adjacency = cells.adjacency()
    length = np.zeros(cells.operators.shape, dtype=np.int64)
    for vertex in range(1, cells.vertices):
        through = np.where(adjacency[:, :vertex, vertex], length[:, :vertex] + 1, 0)
        length[:, vertex] = through.max(axis=1)
    return np.where(cells.operators == PADDING, 0, length)


def target_of(benchmark: Benchmark) -> Target:
    """Return a whole benchmark as a target: the test accuracies of every data set.

    A data set whose networks' parameters are not known is left out.
    """
    names = benchmark.table.column_names
    counted = {name.split("/")[1] for name in names if name.startswith("parameters/")}
    columns = [name for name in names if "/test/" in name and name.split("/")[1] in counted]
    accuracies = [benchmark.table.column(name).to_numpy() for name in columns]
    datasets = [name.split("/")[1] for name in columns]
    costs = [benchmark.cost("parameters", dataset=dataset) for dataset in datasets]
    # Where there is no accuracy either they may be unknown; such architectures are not ranked.
    known = [np.nan_to_num(cost.astype(np.float64)) for cost in costs]
    return Target(benchmark.space.name, benchmark.architectures, accuracies, known)


def transfer_scores(
    tasks: Iterator[Task],
    fit: Callable[[TrainingSet, int], Callable[[Architectures], np.ndarray]],
    seeds: int,
) -> dict[str, Scores]:
    """Return the scores of every target, a row for each seed.

    Args:
        tasks: what to learn and to rank.
        fit: training set and seed -> what scores architectures.
        seeds: number of seeds.
    """
    of_targets: dict[str, list[np.ndarray]] = {}
    for task in tasks:
        for seed in range(seeds):
            score = fit(task.training, seed)
            for name, target in task.targets.items():
                of_targets.setdefault(name, []).append(score(target.architectures))
    return {name: np.stack(rows) for name, rows in of_targets.items()}


def write_transfer(path: Path, scores: dict[str, Scores]) -> None:
    """Write a Parquet file with a row for each target and seed."""
    rows = [(name, s, row) for name, of in scores.items() for s, row in enumerate(of)]
    names, seeds, values = zip(*rows, strict=True)
    table = {"target": names, "seed": seeds, "scores": [v.astype(np.float32) for v in values]}
    write_parquet(path, pa.table(table))


def read_transfer(path: Path) -> dict[str, Scores]:
    """Return what ``write_transfer`` wrote.

    Raises:
        CorruptTableError: the file is not of that form.
    """
    try:
        table = read_parquet(path).select(["target", "seed", "scores"])
    except (LookupError, ValueError) as error:
        raise CorruptTableError(f"{path} is not a file of transfer scores: {error}") from error
    of_targets: dict[str, list[np.ndarray]] = {}
    for row in table.to_pylist():
        of_targets.setdefault(row["target"], []).append(np.array(row["scores"], dtype=np.float64))
    return {name: np.stack(rows) for name, rows in of_targets.items()}
