"""What to train next: from nothing, from a table, within limits, against a cost."""

import json
import runpy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import tgnas
from tgnas.benchmarks._digits import read_table
from tgnas.cli.app import app
from tgnas.errors import ConfigError, DataError
from tgnas.evaluation.pareto import expected_improvement, hypervolume
from tgnas.spaces.space import open_space

ROOT = Path(__file__).parents[1]
NB201 = open_space("nasbench201")


def command(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def digits():
    table = read_table()
    table = table[table.space == "nasbench201"]
    accuracy = table["validation_accuracy/0"]
    return table.assign(accuracy=accuracy)[["architecture", "accuracy", "parameters"]]


@pytest.fixture(scope="module")
def trained(digits, tmp_path_factory):
    file = tmp_path_factory.mktemp("trained") / "trained.csv"
    digits[:20].to_csv(file, index=False)
    return file


def test_an_empty_file_and_no_file_are_a_zero_shot_start(tmp_path):
    empty, header = tmp_path / "empty.csv", tmp_path / "header.csv"
    empty.write_text("")
    header.write_text("architecture,accuracy\n")
    files = [("--known", file) for file in (empty, header)]
    outputs = [command("suggest", "--space", "nasbench201", "--count", 3, *f) for f in (*files, ())]
    assert outputs[0].exit_code == 0, outputs[0].stderr
    assert len({done.stdout for done in outputs}) == 1
    assert outputs[0].stdout.count("zero-shot") == 3


def test_suggestions_are_of_the_space_are_new_and_repeat(digits, trained):
    first, second = (
        command("suggest", "--space", "nasbench201", "--known", trained, "--count", 5)
        for _ in range(2)
    )
    assert first.exit_code == 0, first.stderr
    assert first.stdout == second.stdout
    rows = [line.split(",") for line in first.stdout.splitlines()[1:]]
    suggested = [row[0] for row in rows]
    assert len(NB201.architectures(suggested)) == len(set(suggested)) == 5
    assert not set(suggested) & set(digits.architecture[:20])
    assert rows[0][1] == "best"
    assert all(float(row[3]) < float(row[2]) < float(row[4]) for row in rows)


def test_a_row_without_an_accuracy_is_not_suggested_again(digits):
    known = digits[:20]
    given = known.architecture.tolist(), known.accuracy.tolist()
    first = tgnas.suggest("nasbench201", *given, count=4).to_pylist()
    begun = [row["architecture"] for row in first]
    given = given[0] + begun, given[1] + [np.nan] * 4
    again = tgnas.suggest("nasbench201", *given, count=4).to_pylist()
    assert not set(begun) & {row["architecture"] for row in again}


def test_suggestions_keep_constraints(trained):
    limit = ("--constraint", "params<=0.3e6")
    done = command("suggest", "--space", "nasbench201", "--known", trained, "--count", 6, *limit)
    header, *rows = (line.split(",") for line in done.stdout.splitlines())
    assert header[-1] == "params"
    assert all(float(row[-1]) <= 0.3e6 for row in rows)


def test_constraints_that_nothing_keeps_are_refused(digits):
    with pytest.raises(ConfigError, match="not trained yet keeps params<=1"):
        tgnas.suggest("nasbench201", constraints=["params<=1"])
    with pytest.raises(DataError, match="1 accuracies of 2 architectures"):
        tgnas.suggest("nasbench201", digits.architecture[:2].tolist(), [1.0])


def test_suggestions_against_a_cost_spread_over_it(digits):
    known = digits[:40]
    given = known.architecture.tolist(), known.accuracy.tolist()
    table = tgnas.suggest("nasbench201", *given, count=6, against="params").to_pandas()
    assert set(table.why) == {"front"}
    assert table.params.nunique() > 1


def test_a_large_space_and_a_space_file_get_suggestions(tmp_path):
    assert len(tgnas.suggest("darts", count=2)) == 2
    file = tmp_path / "small.yaml"
    file.write_text(
        "name: small\noperators: {conv: conv_3x3, pool: max_pool_3x3, skip: identity}\n"
        "cells: {form: blocks, length: 3}\n"
    )
    every = open_space(file).format(open_space(file).enumerate())
    table = tgnas.suggest(file, every[:8], np.arange(8.0), count=30).to_pandas()
    assert set(table.architecture) == set(every[8:])


def test_a_search_of_a_table_returns_an_accuracy_of_it(digits, tmp_path):
    file = tmp_path / "known.csv"
    digits[:300].to_csv(file, index=False)
    done = command(
        "search", "--space", "nasbench201", "--oracle", file, "--budget", 40,
        "--searcher", "bayesian_optimisation",
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    found = json.loads(done.stdout)
    accuracy = dict(zip(digits.architecture, digits.accuracy, strict=True))
    assert found["accuracy"] == pytest.approx(accuracy[found["architecture"]])
    assert found["queries"] == 40
    assert found["best_accuracy"] == digits.accuracy[:300].max()


def test_a_searcher_of_scores_is_refused_with_a_table(digits):
    given = digits.architecture[:30].tolist(), digits.accuracy[:30].tolist()
    with pytest.raises(tgnas.errors.UnknownNameError, match="searcher of labels 'hybrid'"):
        tgnas.search_table(*given, "nasbench201", "hybrid")


def test_the_hypervolume_is_the_area_below_the_steps():
    costs, accuracies = np.array([1.0, 2.0, 3.0, 2.5]), np.array([1.0, 3.0, 4.0, 2.0])
    first, second, third = (2 - 1) * 1, (3 - 2) * 3, (4 - 3) * 4
    assert hypervolume(costs, accuracies, 4.0, 0.0) == first + second + third
    assert hypervolume(costs, accuracies, 0.5, 0.0) == 0.0


def test_the_expected_improvement_of_a_certain_accuracy_is_that_of_the_hypervolume():
    costs, mean = np.array([1.0, 3.0, 2.0, 4.0]), np.array([1.0, 2.0, 1.8, 0.5])
    known = np.array([0, 1])
    gain = expected_improvement(mean, np.full(4, 1e-9), costs, known)
    before = hypervolume(costs[known], mean[known], 4.0, 1.0)
    after = hypervolume(costs[:3], mean[:3], 4.0, 1.0)
    assert gain[2] == pytest.approx(after - before)
    assert gain[3] == pytest.approx(0.0, abs=1e-6)


def test_twenty_networks_are_trained_from_start_to_end(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    main = runpy.run_path(str(ROOT / "examples" / "twenty_networks.py"))["main"]
    table = tmp_path / "trained.csv"
    main(table, networks=3, together=3, epochs=1)
    found = main(table, networks=5, together=2, epochs=1)
    assert found.architecture.nunique() == 5
    assert list(found.why) == ["zero-shot"] * 3 + ["best", "bold"]
    assert pd.read_csv(table).accuracy.between(5, 100).all()
