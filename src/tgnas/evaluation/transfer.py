"""Development tasks: transfer from NAS-Bench-101 without a look at the test spaces.

Every choice of a predictor (graph, norm, loss, depth, ...) is made on these tasks: parts of
NAS-Bench-101 that the training cells do not resemble, and spaces that are no test space.
NAS-Bench-201 and NAS-Bench-301 are never among them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float64, Int64

from tgnas.benchmarks.base import Benchmark
from tgnas.cell import Cells
from tgnas.errors import ConfigError
from tgnas.evaluation.ranking import kendall_tau
from tgnas.operators import CODES, PADDING

TEST_SPACES = ("nasbench201", "nasbench301")
Labelled = tuple[Cells, Float64[np.ndarray, " _"]]


@dataclass(frozen=True, slots=True)
class Task:
    """Cells to learn from, and others to rank.

    Attributes:
        name: what the training cells lack.
        training: cells and accuracies in percent.
        targets: name -> cells and the accuracies of each of their data sets.
    """

    name: str
    training: Labelled
    targets: dict[str, tuple[Cells, list[Float64[np.ndarray, " _"]]]]


def development_tasks(
    source: Benchmark, others: Sequence[Benchmark], labels: dict[str, Any], size: int, tested: int
) -> Iterator[Task]:
    """Yield the tasks; which cells they hold depends on nothing but the sizes.

    Args:
        source: NAS-Bench-101.
        others: spaces to rank after training on a random part of the source.
        labels: dataset, split and epochs of the source's accuracy.
        size: training cells of each task, or all there are.
        tested: cells of the source that each task ranks.

    Raises:
        ConfigError: one of the others is a test space.
    """
    barred = [other.name for other in others if other.name in TEST_SPACES]
    if barred:
        raise ConfigError(f"{barred[0]} is a test space; nothing may be chosen on it")
    cells, accuracies = source.cells, source.accuracy(**labels)
    generator = np.random.default_rng(0)

    def drawn(members: Bool[np.ndarray, " N"], count: int) -> Int64[np.ndarray, " n"]:
        rows = np.flatnonzero(members)
        return np.sort(generator.choice(rows, min(count, len(rows)), replace=False))

    for name, unlike in held_out_parts(cells).items():
        rows, held = drawn(~unlike, size), drawn(unlike, tested)
        target = {name: (cells[held], [accuracies[held]])}
        yield Task(name, (cells[rows], accuracies[rows]), target)
    rows = drawn(np.ones(len(cells), dtype=bool), size)
    targets = {other.name: (other.cells, accuracies_of(other)) for other in others}
    yield Task("another_space", (cells[rows], accuracies[rows]), targets)


def held_out_parts(cells: Cells) -> dict[str, Bool[np.ndarray, " N"]]:
    """Return the parts of NAS-Bench-101 that are held out in turn, as masks."""
    adjacency, last = cells.adjacency(), cells.sizes - 1
    rows = np.arange(len(cells))
    found = {
        f"unseen_{name}": (cells.operators == CODES[name]).any(axis=1)
        for name in ("conv_3x3", "conv_1x1", "max_pool_3x3")
    }
    return found | {
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


def accuracies_of(benchmark: Benchmark) -> list[Float64[np.ndarray, " N"]]:
    """Return the test accuracies of every data set of a benchmark."""
    columns = [name for name in benchmark.table.column_names if "/test/" in name]
    return [benchmark.table.column(name).to_numpy() for name in columns]


def measure_transfer(
    tasks: Iterator[Task],
    fit: Callable[[Cells, Float64[np.ndarray, " N"], int], Callable[[Cells], np.ndarray]],
    seeds: int,
) -> list[Mapping[str, Any]]:
    """Return one row (target, seed, kendall_tau, trained, ranked) for each target and seed.

    A target of several data sets counts with the mean of its taus; architectures without a
    label are left out.

    Args:
        tasks: what to learn and to rank.
        fit: cells, accuracies and a seed -> what scores cells.
        seeds: number of seeds.
    """
    rows: list[Mapping[str, Any]] = []
    for task in tasks:
        for seed in range(seeds):
            predict = fit(*task.training, seed)
            for name, (cells, accuracies) in task.targets.items():
                scores = predict(cells)
                known = [(scores[k], true[k]) for true in accuracies for k in [np.isfinite(true)]]
                tau = float(np.mean([kendall_tau(*pair) for pair in known]))
                rows.append(
                    {
                        "target": name,
                        "seed": seed,
                        "kendall_tau": tau,
                        "trained": len(task.training[1]),
                        "ranked": len(cells),
                    }
                )
    return rows
