"""The development tasks: what is held out, and that no test space is among them."""

import numpy as np
import pytest

from tgnas.benchmarks.base import Benchmark, build_table
from tgnas.cell import Cell, Cells
from tgnas.errors import ConfigError
from tgnas.evaluation.transfer import (
    development_tasks,
    held_out_parts,
    longest_paths,
    measure_transfer,
)
from tgnas.operators import CODES
from tgnas.spaces.nasbench101 import SPACE

LABELS = {"dataset": "cifar10", "split": "test", "epochs": 108}
FINAL = "accuracy/cifar10/test/108"


@pytest.fixture(scope="module")
def source() -> Benchmark:
    """Return all cells of at most 5 vertices with drawn accuracies."""
    cells, hashes = SPACE.enumerate(max_vertices=5)
    accuracies = np.random.default_rng(0).uniform(80, 95, len(cells))
    return Benchmark("nasbench101", build_table(cells, hashes, {FINAL: accuracies}))


def other(name: str, accuracies: dict[str, np.ndarray]) -> Benchmark:
    cell = Cell(("input", "conv_3x3", "output"), ((0, 1), (1, 2)))
    size = len(next(iter(accuracies.values())))
    cells = Cells.from_cells([cell] * size)
    return Benchmark(name, build_table(cells, [str(k) for k in range(size)], accuracies))


def tasks(source: Benchmark, *others: Benchmark, size: int = 50, tested: int = 20):
    return {t.name: t for t in development_tasks(source, others, LABELS, size, tested)}


def test_what_a_task_ranks_is_not_what_it_trains_on(source):
    parts = held_out_parts(source.cells)
    for name, task in tasks(source).items():
        if name in parts:
            assert not held_out_parts(task.training[0])[name].any()
            assert held_out_parts(task.targets[name][0])[name].all()


def test_an_unseen_operator_is_in_every_ranked_cell_and_in_no_training_cell(source):
    task = tasks(source)["unseen_max_pool_3x3"]
    pool = CODES["max_pool_3x3"]
    assert not (task.training[0].operators == pool).any()
    assert (task.targets["unseen_max_pool_3x3"][0].operators == pool).any(axis=1).all()


def test_labels_stay_with_their_cells(source):
    known = {
        (cell.operators.tobytes(), cell.edges.tobytes()): label
        for cell, label in zip(
            (source.cells[k : k + 1] for k in range(len(source))),
            source.accuracy(**LABELS),
            strict=True,
        )
    }
    for task in tasks(source).values():
        for cells, labels in (task.training, *((c, a[0]) for c, a in task.targets.values())):
            for row, label in enumerate(labels):
                cell = cells[row : row + 1]
                assert known[cell.operators.tobytes(), cell.edges.tobytes()] == label


def test_the_tasks_are_the_same_every_time(source):
    for one, again in zip(tasks(source).values(), tasks(source).values(), strict=True):
        assert np.array_equal(one.training[1], again.training[1])


@pytest.mark.parametrize("name", ["nasbench201", "nasbench301"])
def test_a_test_space_is_refused(source, name):
    target = other(name, {"accuracy/cifar10/test/200": np.arange(3.0)})
    with pytest.raises(ConfigError, match=f"{name} is a test space; nothing may be chosen on it"):
        tasks(source, target)


def test_longest_paths_are_counted_in_edges():
    cell = Cell(("input", "conv_3x3", "conv_1x1", "output"), ((0, 1), (0, 3), (1, 2), (2, 3)))
    assert longest_paths(Cells.from_cells([cell])).tolist() == [[0, 1, 2, 3]]


def test_a_target_of_several_data_sets_counts_with_its_mean_tau(source):
    up, half = np.arange(4.0), np.array([0.0, 1.0, 2.0, np.nan])
    target = other("some_space", {"accuracy/a/test/1": up, "accuracy/b/test/1": -half})
    only = [task for task in tasks(source, target).values() if task.name == "another_space"]

    def fit(cells, accuracies, seed):
        return lambda ranked: np.arange(len(ranked), dtype=float)

    rows = measure_transfer(iter(only), fit, seeds=2)
    assert [row["kendall_tau"] for row in rows] == [0.0, 0.0]  # +1 on a, -1 on b's known three
    assert [row["seed"] for row in rows] == [0, 1]
    assert rows[0]["target"] == "some_space"
