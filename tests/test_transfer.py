"""The development tasks: what is held out, and that no test space is among them."""

import numpy as np
import pytest

from tgnas.benchmarks.base import Benchmark, build_table
from tgnas.cell import Cell, Cells
from tgnas.errors import ConfigError, CorruptTableError
from tgnas.evaluation.ranking import kendall_tau
from tgnas.evaluation.selection import PARAMETERS, measure_candidates, measure_transfer
from tgnas.operators import CODES
from tgnas.scoring.transfer import (
    Target,
    development_tasks,
    held_out_parts,
    longest_paths,
    read_transfer,
    transfer_scores,
    write_transfer,
)
from tgnas.spaces.architectures import Architectures, of_cells
from tgnas.spaces.nasbench101 import SPACE, enumerate_cells
from tgnas.training.auxiliary_targets import graph_scores

LABELS = {"dataset": "cifar10", "split": "test", "epochs": 108}
FINAL = "accuracy/cifar10/test/108"
TOP = 0.1  # inside which ranks are measured again


@pytest.fixture(scope="module")
def source() -> Benchmark:
    """Return all cells of at most 5 vertices with drawn accuracies."""
    cells, hashes = enumerate_cells(max_vertices=5)
    accuracies = np.random.default_rng(0).uniform(80, 95, len(cells))
    columns = {FINAL: accuracies, "parameters/cifar10": np.arange(len(cells))}
    return Benchmark("nasbench101", build_table(SPACE, Architectures(cells), hashes, columns))


def other(name: str, accuracies: dict[str, np.ndarray]) -> Benchmark:
    cell = Cell(("input", "conv_3x3", "output"), ((0, 1), (1, 2)))
    size = len(next(iter(accuracies.values())))
    counts = {f"parameters/{name.split('/')[1]}": np.arange(size) for name in accuracies}
    strings = [str(k) for k in range(size)]
    table = build_table(SPACE, of_cells(*[cell] * size), strings, accuracies | counts)
    return Benchmark(name, table)


def tasks(source: Benchmark, *others: Benchmark, size: int = 50, tested: int = 20):
    return {t.name: t for t in development_tasks(source, others, LABELS, size, tested)}


def test_what_a_task_ranks_is_not_what_it_trains_on(source):
    parts = held_out_parts(source.architectures.cells)
    for name, task in tasks(source).items():
        if name in parts:
            assert not held_out_parts(task.training.architectures.cells)[name].any()
            assert held_out_parts(task.targets[name].architectures.cells)[name].all()


def test_an_unseen_operator_is_in_every_ranked_cell_and_in_no_training_cell(source):
    task = tasks(source)["unseen_max_pool_3x3"]
    pool = CODES["max_pool_3x3"]
    assert not (task.training.architectures.cells.operators == pool).any()
    assert (
        (task.targets["unseen_max_pool_3x3"].architectures.cells.operators == pool)
        .any(axis=1)
        .all()
    )


def test_labels_stay_with_their_cells(source):
    known = {
        (cell.operators.tobytes(), cell.edges.tobytes()): label
        for cell, label in zip(
            (source.architectures.cells[k : k + 1] for k in range(len(source))),
            source.accuracy(**LABELS),
            strict=True,
        )
    }
    for task in tasks(source).values():
        for cells, labels in (
            (task.training.architectures, task.training.labels),
            *((t.architectures, t.accuracies[0]) for t in task.targets.values()),
        ):
            for row, label in enumerate(labels):
                cell = cells.cells[row : row + 1]
                assert known[cell.operators.tobytes(), cell.edges.tobytes()] == label


def test_the_tasks_are_the_same_every_time(source):
    for one, again in zip(tasks(source).values(), tasks(source).values(), strict=True):
        assert np.array_equal(one.training.labels, again.training.labels)


@pytest.mark.parametrize("name", ["nasbench201", "nasbench301"])
def test_a_test_space_is_refused(source, name):
    target = other(name, {"accuracy/cifar10/test/200": np.arange(3.0)})
    with pytest.raises(ConfigError, match=f"{name} is a test space; nothing may be chosen on it"):
        tasks(source, target)


def test_longest_paths_are_counted_in_edges():
    cell = Cell(("input", "conv_3x3", "conv_1x1", "output"), ((0, 1), (0, 3), (1, 2), (2, 3)))
    assert longest_paths(Cells.from_cells([cell])).tolist() == [[0, 1, 2, 3]]


def test_what_is_ranked_does_not_depend_on_the_number_of_training_cells(source):
    few, many = tasks(source, size=20), tasks(source, size=200)
    for name in held_out_parts(source.architectures.cells):
        one, other = few[name].targets[name], many[name].targets[name]
        assert np.array_equal(one.architectures.cells.edges, other.architectures.cells.edges)


@pytest.fixture
def ranked(source):
    """Return a target of two data sets, and scores that follow the first one's accuracies."""
    up, half = np.arange(4.0), np.array([0.0, 1.0, 2.0, np.nan])
    target = other("some_space", {"accuracy/a/test/1": up, "accuracy/b/test/1": -half})
    only = [task for task in tasks(source, target).values() if task.name == "another_space"]

    def fit(training, seed):
        return lambda architectures: np.arange(len(architectures), dtype=float)

    return only[0].targets, transfer_scores(iter(only), fit, seeds=2)


def test_a_target_of_several_data_sets_counts_with_its_mean_tau(ranked):
    targets, scores = ranked
    rows = measure_candidates(targets, {"start": scores}, [], TOP)
    assert rows.kendall_tau.tolist() == [0.0, 0.0]  # +1 on a, -1 on b's known three
    assert rows.seed.tolist() == [0, 1]
    assert set(rows.target) == {"some_space"}


def test_inside_the_best_share_only_its_own_order_counts(ranked):
    targets, _ = ranked
    target = targets["some_space"]
    for count, inside in ((300, -1.0), (290, np.nan)):  # of 29 nothing is said
        true = np.arange(float(count))
        up = Target("one", target.architectures, [true], [true])
        turned = true[None].copy()
        turned[0, -30:] *= -1  # the best, in the wrong order and below all others
        wrong = 30 * (count - 30) + 30 * 29 / 2
        tau = 1 - 2 * wrong / (count * (count - 1) / 2)
        assert measure_transfer([turned], up) == [pytest.approx(tau)]
        assert measure_transfer([turned], up, share=0.1) == pytest.approx([inside], nan_ok=True)


def test_the_number_of_parameters_can_be_a_member(ranked):
    targets, scores = ranked
    down = {name: -values for name, values in scores.items()}
    members = {"down": 0.25, PARAMETERS: 0.75}
    both = [{"name": "both", "members": members, "over_seeds": False}]
    rows = measure_candidates(targets, {"down": down}, both, TOP)
    of = rows.groupby("candidate").kendall_tau.apply(list)
    assert of["both"] == [0.0, 0.0]  # the heavier member decides: as if the scores went up
    targets["some_space"].accuracies.pop()
    targets["some_space"].parameters.pop()
    rows = measure_candidates(targets, {"down": down}, both, TOP)
    of = rows.groupby("candidate").kendall_tau.apply(list)
    assert (of["down"], of["both"]) == ([-1.0, -1.0], [1.0, 1.0])


def test_a_graph_proxy_can_be_a_member(source):
    targets = tasks(source)["larger"].targets
    target = targets["larger"]
    both = [{"name": "counts", "members": {"topology": 1}, "over_seeds": True}]
    rows = measure_candidates(
        targets, {"start": {"larger": np.zeros((2, len(target.architectures)))}}, both, TOP
    )
    found = rows[rows.candidate == "counts"].kendall_tau.item()
    topology = graph_scores("topology", target.architectures, "nasbench101")
    assert found == pytest.approx(kendall_tau(topology, target.accuracies[0]))


def test_seeds_of_an_ensemble_can_be_averaged_to_one(ranked):
    targets, scores = ranked
    both = [{"name": "ensemble", "members": {"start": 1}, "over_seeds": True}]
    rows = measure_candidates(targets, {"start": scores}, both, TOP)
    assert (rows.candidate == "ensemble").sum() == 1


def test_scores_of_targets_are_read_as_they_were_written(tmp_path):
    scores = {"one": np.arange(6.0).reshape(2, 3), "other": np.ones((2, 5))}
    write_transfer(tmp_path / "start.parquet", scores)
    found = read_transfer(tmp_path / "start.parquet")
    assert list(found) == list(scores)
    assert all(np.array_equal(found[name], scores[name]) for name in scores)


def test_a_file_of_something_else_is_refused(tmp_path):
    path = tmp_path / "start.parquet"
    path.write_text("no")
    with pytest.raises(CorruptTableError, match=r"start.parquet is damaged, or no file"):
        read_transfer(path)
