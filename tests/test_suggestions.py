"""What to train next: from nothing, from a table, under constraints, against a cost."""

import json
import runpy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import tgnas
from tgnas.benchmarks._digits import read_table
from tgnas.cli.app import app
from tgnas.costs.front import hypervolume
from tgnas.costs.layers import count_flops
from tgnas.errors import ConfigError, DataError
from tgnas.inference.fronts import (
    Rounds,
    expected_improvement,
    improving,
    search_front,
    zero_shot_front,
)
from tgnas.inference.pretrained import load_pretrained
from tgnas.inference.suggestions import context_of
from tgnas.methods.contracts import Context
from tgnas.methods.few_labels import prepared
from tgnas.methods.predictors.gaussian_process import Settings
from tgnas.methods.searchers._few import Candidates
from tgnas.searching.live import Surrogate
from tgnas.searching.oracles import network_keys
from tgnas.searching.pool import Pool
from tgnas.spaces.space import open_space, space_of

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


def test_what_connects_nothing_is_suggested_only_where_nothing_else_is_left():
    dead = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"
    skip = "|none~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|"
    small = [one for one in NB201.format(NB201.enumerate()) if "conv" not in one]  # all of 73,306
    for left in ([dead, skip], [dead]):
        begun = [one for one in small if one not in left]
        found = tgnas.suggest(
            "nasbench201", begun, [np.nan] * len(begun), constraints=["params<=73306"]
        )
        assert found.column("architecture").to_pylist() == left[-1:]


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
    with pytest.raises(DataError, match="1 accuracy of 2 architectures"):
        tgnas.suggest("nasbench201", digits.architecture[:2].tolist(), [1.0])


def test_a_table_of_the_whole_space_leaves_nothing_to_suggest(tmp_path):
    space = open_space("transnas_micro")
    every, known = space.format(space.enumerate()), tmp_path / "known.csv"
    known.write_text("architecture,accuracy\n" + "".join(f"{text},\n" for text in every[1:]))
    some = ("suggest", "--space", "transnas_micro", "--known", known, "--count", 2)
    done = command(*some, "--predictor", "canonical")
    assert done.exit_code == 0, done.stderr
    assert done.stdout.splitlines()[1].startswith(every[0])
    assert "1 of 2 asked for: found no more" in done.stderr
    known.write_text(known.read_text() + f"{every[0]},\n")
    done = command(*some, "--predictor", "canonical")
    assert done.exit_code == 1
    assert "each of 4,096 architectures of transnas_micro stands in the table" in done.stderr


@pytest.mark.parametrize("name", ["nasbench101", "nasbench201", "darts"])
def test_no_suggestion_computes_what_another_or_a_trained_one_does(name):
    space, generator = open_space(name), np.random.default_rng(1)
    trained = space.sample(20, generator)
    given = space.format(trained), generator.random(20).tolist()
    suggested = tgnas.suggest(space, *given, 16, predictor="canonical")
    keys = network_keys(space.architectures(suggested["architecture"].to_pylist() + given[0]))
    assert len(suggested) == 16 == len(set(keys[:16]) - set(keys[16:]))


def test_suggestions_against_a_cost_spread_over_it(digits):
    known = digits[:40]
    given = known.architecture.tolist(), known.accuracy.tolist()
    table = tgnas.suggest("nasbench201", *given, count=6, against="params").to_pandas()
    assert set(table.why) == {"front"}
    assert table.params.nunique() > 1


@pytest.fixture
def drawn():
    """Return candidates with scores, costs and normal accuracies that nothing was learned from."""
    generator = np.random.default_rng(0)
    costs = generator.uniform(1, 2, size=300)
    scores = 4 * (costs - 1.5) + generator.normal(size=300)
    listed = replace(NB201.enumerate()[:300], attributes={"zero_shot": scores})
    return Candidates(Pool.of(NB201, listed)), scores, costs


def test_the_zero_shot_start_against_a_cost_is_a_better_front_than_the_best_scores(drawn):
    candidates, scores, costs = drawn
    chosen, best = zero_shot_front(candidates, costs, 6), candidates.best(scores, 6)
    of_front, of_best = (
        hypervolume(costs[rows], scores[rows], 2.0, 0.0) for rows in (chosen, best)
    )
    assert chosen[0] == best[0]
    assert of_front > 1.03 * of_best > 0


def test_what_is_being_trained_counts_as_if_it_had_turned_out_as_expected(drawn):
    candidates, mean, costs = drawn
    candidates.rows, candidates.open[7] = [7], False
    first = improving(candidates, mean, np.full(300, 0.5), costs, 5)
    candidates.rows, candidates.open[first[:2]] = [7, *first[:2].tolist()], False
    assert improving(candidates, mean, np.full(300, 0.5), costs, 3).tolist() == first[2:].tolist()
    assert not set(first) & {7}


def test_what_has_an_unknown_cost_enlarges_no_front(drawn):
    candidates, mean, costs = drawn
    costs[np.argsort(-mean)[:5]] = np.nan
    chosen = improving(candidates, mean, np.full(300, 0.5), costs, 50)
    assert np.isfinite(costs[chosen]).all()


def test_a_cost_that_nothing_has_is_refused(tmp_path):
    table = tmp_path / "costs.csv"
    # No other architecture is the same graph.
    first = "+".join(
        "|" + "".join(f"nor_conv_3x3~{source}|" for source in range(node)) for node in (1, 2, 3)
    )
    table.write_text(f"architecture,watts\n{first},1.0\n")
    given = [first], [90.0]
    with pytest.raises(ConfigError, match="watts is not known of any architecture that could be"):
        tgnas.suggest("nasbench201", *given, against="watts", costs=[table])


def test_a_search_of_the_front_reaches_more_hypervolume_than_drawn_architectures(digits):
    every = NB201.architectures(digits.architecture.tolist())
    listed, context = prepared(every, context_of(NB201, every, load_pretrained("canonical")))
    accuracy, costs = (digits[name].to_numpy(dtype=float) for name in ("accuracy", "parameters"))
    surrogate = Surrogate("gaussian_process", Settings(), context)
    median, gained = float(np.median(accuracy)), []
    for seed in range(4):
        candidates, generator = Candidates(Pool.of(NB201, listed)), np.random.default_rng(seed)
        rounds = Rounds(40, batch=5)
        found = search_front(candidates, accuracy, costs, surrogate, rounds, generator)
        assert len(set(found.tolist())) == 40
        drawn = np.random.default_rng(seed).choice(len(digits), 40, replace=False)
        ours, theirs, whole = (
            hypervolume(costs[rows], accuracy[rows], costs.max(), median)
            for rows in (found, drawn, np.arange(len(digits)))
        )
        gained.append((ours - theirs) / whole)
    assert np.mean(gained) > 0.03


def test_the_command_writes_the_front_of_a_table_with_its_figure(digits, tmp_path):
    file, front = tmp_path / "known.csv", tmp_path / "front.csv"
    digits[:200].to_csv(file, index=False)
    given = ("search", "--space", "nasbench201", "--oracle", file, "--budget", 25)
    goals = ("--pareto", "accuracy,params", "--output", front)
    done = command(*given, *goals, "--history", tmp_path / "all.csv")
    assert done.exit_code == 0, done.stderr
    found, queried = pd.read_csv(front), pd.read_csv(tmp_path / "all.csv")
    assert json.loads(done.stdout)["queries"] == len(queried) == 25
    assert found.params.is_monotonic_increasing
    assert found.accuracy.is_monotonic_increasing
    for row in found.itertuples():
        cheaper = queried[queried.params <= row.params]
        assert cheaper.accuracy.max() == row.accuracy
    assert (tmp_path / "front.png").stat().st_size > 1000
    refused = command(*given, *goals, "--searcher", "random")
    assert "expected improvement alone" in refused.stderr


def test_suggestions_against_a_cost_draw_the_front_so_far(trained, tmp_path):
    known = ("--known", trained, "--figure", tmp_path / "front.png")
    done = command("suggest", "--space", "nasbench201", *known, "--against", "params")
    assert done.exit_code == 0, done.stderr
    assert "on the front of 20 trained" in done.stderr
    assert (tmp_path / "front.png").stat().st_size > 1000
    refused = command("suggest", "--space", "nasbench201", *known).stderr
    assert "no effect without --against" in refused


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


@pytest.mark.parametrize("columns", [{}, {"resolution": [32, 64]}])
def test_suggestions_keep_the_network_and_the_numbers_of_a_space_file(columns):
    cells = {"form": "blocks", "length": 3}
    operators = {"a": "conv_3x3", "b": "conv_1x1", "c": "sep_conv_5x5"}
    network = {"width": 32, "stages": [{"cells": 1}, {"cells": 2, "stride": 2, "width": 96}]}
    about = {"name": "b", "operators": operators, "cells": cells, "network": network}
    space = space_of(about | {"columns": columns})
    every = space.enumerate()
    texts, flops = space.format(every), count_flops(every)
    table = tgnas.suggest(space, count=6, constraints=[f"flops<={np.median(flops)}"]).to_pandas()
    counted = dict(zip(texts, flops, strict=True))
    assert table.flops.tolist() == [counted[text] for text in table.architecture]
    assert (table.flops <= np.median(flops)).all()
    scores = dict(zip(texts, load_pretrained().score(every, space), strict=True))
    best = sorted((s for t, s in scores.items() if counted[t] <= np.median(flops)), reverse=True)
    assert [scores[text] for text in table.architecture] == pytest.approx(best[:6])
    known = tgnas.suggest(space, texts[:9], flops[:9], count=2, against="params").to_pandas()
    assert not set(known.architecture) & set(texts[:9])
    assert set(known.architecture) < set(texts)


@pytest.mark.parametrize("listed_whole", [True, False])
def test_a_walk_in_a_pool_changes_cells_and_numbers(listed_whole):
    cells = {"form": "blocks", "length": 2}
    operators = {"a": "conv_3x3", "b": "conv_1x1", "c": "sep_conv_5x5"}
    columns = {"resolution": [32 + side for side in range(20)]}  # more than neighbours in a pool
    space = space_of({"name": "b", "operators": operators, "cells": cells, "columns": columns})
    every = space.enumerate()[:: 1 if listed_whole else 2]
    listed, _ = prepared(every, Context())
    pool, generator = Pool.of(space, listed), np.random.default_rng(0)
    walked, seen = listed[:30], set()
    for _ in range(40):
        walked = pool.mutate(walked, generator)
        assert (pool.rows_of(walked) >= 0).all()
        seen |= set(pool.format(walked))
    assert len({text.split()[0] for text in seen}) == 9
    assert len({text.split()[1] for text in seen}) == (20 if listed_whole else 10)


def test_a_search_of_a_table_returns_an_accuracy_of_it(digits, tmp_path):
    file = tmp_path / "known.csv"
    digits[:300].to_csv(file, index=False)
    asked = ("search", "--space", "nasbench201", "--oracle", file)
    done = command(*asked, "--budget", 40, "--searcher", "bayesian_optimisation")
    assert done.exit_code == 0, done.stderr
    assert command(*asked, "--budget", 40).stdout == done.stdout  # the searcher that is not named
    found = json.loads(done.stdout)
    accuracy = dict(zip(digits.architecture, digits.accuracy, strict=True))
    assert found["accuracy"] == pytest.approx(accuracy[found["architecture"]])
    assert found["queries"] == 40
    assert found["best_accuracy"] == digits.accuracy[:300].max()


def test_an_architecture_that_was_trained_twice_has_the_mean_of_its_accuracies(digits, tmp_path):
    file, some = tmp_path / "known.csv", digits[["architecture", "accuracy"]][:12]
    highest = some.loc[some.accuracy.idxmax()]
    again = some.assign(accuracy=np.where(some.index == highest.name, highest.accuracy - 50, 0))
    again = again[again.index == highest.name]
    pd.concat([some, again]).to_csv(file, index=False)
    done = command("search", "--space", "nasbench201", "--oracle", file, "--searcher", "random")
    assert done.exit_code == 0, done.stderr
    others = some.accuracy[some.index != highest.name]
    assert json.loads(done.stdout)["best_accuracy"] == pytest.approx(others.max())


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
