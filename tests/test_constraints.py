"""Searches and samples under constraints of one's own; the commands as functions."""

import csv
import io
import json
import os
import signal
import threading
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pytest
from test_cli import BEST, CUT, EXAMPLES, tgnas, write

import tgnas as package
from tgnas.benchmarks.hw_nas_bench import RESOURCE
from tgnas.cli.search import BUDGET_HELP
from tgnas.costs.constraints import Constraint
from tgnas.costs.layers import count_parameters
from tgnas.errors import ConfigError, DataError, TgnasError, UnknownNameError
from tgnas.inference import costs as tables_of_costs
from tgnas.inference.costs import costs_of
from tgnas.inference.pretrained import load_pretrained
from tgnas.inference.scorers import load_scorer
from tgnas.inference.search import least_budget, search
from tgnas.processes import end_on_sigterm
from tgnas.registry import SEARCHERS
from tgnas.resources.fetch import available, mirror_folders, read_resources
from tgnas.spaces.space import open_space

ROOT = Path(__file__).parents[1]
NB201, DARTS = open_space("nasbench201"), open_space("darts")


def read(path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text())))


@pytest.mark.parametrize(
    ("text", "excess"),
    [
        ("params<=1.5", [0, 0, 1]),
        ("params >= 1.5e0", [1 / 3, 0, 0]),
        ("a:b<=-2", [1.5, 1.75, 2.5]),
        ("params>=-2", [0, 0, 0]),
        ("params<=0", [1, 1.5, 3]),
    ],
)
def test_a_constraint_is_kept_or_broken_by_a_share_of_its_bound(text, excess):
    constraint = Constraint.of(text)
    assert constraint.excess(np.array([1.0, 1.5, 3.0])) == pytest.approx(excess)
    assert (constraint.excess(np.array([np.nan])) > 0).all()


def test_a_value_one_step_beyond_a_bound_breaks_it():
    for bound in np.random.default_rng(0).lognormal(0, 20, 1000):
        above, below = (np.nextafter(bound, [end]) for end in (np.inf, 0.0))
        assert Constraint("params", True, bound).excess(above) > 0
        assert Constraint("params", False, bound).excess(below) > 0


@pytest.mark.parametrize("text", ["params", "params<1", "<=1", "params<=x", "params<=1.2.3", ""])
def test_what_is_no_constraint_is_refused_with_how_one_is_written(text):
    with pytest.raises(ConfigError, match="write COST<=NUMBER"):
        Constraint.of(text)


def test_built_in_costs_are_counted_and_others_are_those_of_ones_own_tables(tmp_path):
    (tmp_path / "each.csv").write_text(
        "operator,energy\nnor_conv_3x3,2.5\nnor_conv_1x1,1\nnone,0\n"
    )
    # As in HW-NAS-Bench's tables.
    (tmp_path / "all.csv").write_text(
        'net,edgegpu_latency\n"(2, 2, 2, 2, 2, 2)",7.5\n"(1, 1, 1, 1, 1, 1)",1\n'
    )
    costs = costs_of(NB201, [tmp_path / "each.csv", tmp_path / "all.csv"])
    both = NB201.architectures([BEST, CUT, BEST.replace("nor_conv_3x3", "skip_connect")])
    assert costs.of("params", both).tolist() == count_parameters(both).tolist()
    assert costs.of("energy", both).tolist() == [15, 0, 0]
    assert costs.of("latency:edgegpu", both).tolist()[:2] == [7.5, 1]
    assert np.isnan(costs.of("edgegpu_latency", both)[2])
    with pytest.raises(UnknownNameError, match=r"'flop' .did you mean 'flops'.*energy"):
        costs.of("flop", both)


def test_what_was_not_measured_is_not_known(tmp_path):
    (tmp_path / "all.csv").write_text('net,edgegpu_latency\n"(2, 2, 2, 2, 2, 2)",-1\n')
    costs = costs_of(NB201, [tmp_path / "all.csv"])
    assert np.isnan(costs.of("latency:edgegpu", NB201.architectures([BEST]))).all()


def test_latencies_of_nasbench201_are_fetched_when_one_is_asked_for(monkeypatch, tmp_path):
    sheet = read_resources(ROOT / "config/resources.tsv")
    assert sheet[RESOURCE.name] == RESOURCE
    if not any(available(RESOURCE, ROOT / "resources", [m]) for m in mirror_folders([])):
        pytest.skip("HW-NAS-Bench's table is in no mirror")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    tables_of_costs._of_devices.cache_clear()
    costs = costs_of(NB201)
    assert not list(tmp_path.rglob("*.csv"))
    latency = costs.of("latency:edgegpu", NB201.enumerate())
    assert latency.shape == (15_625,) and np.nanmin(latency) > 0
    assert list(tmp_path.rglob("hw_cifar10.csv"))
    costs_of(NB201).of("edgegpu_energy", NB201.enumerate()[:3])
    with pytest.raises(UnknownNameError, match="latency:edgegpu"):
        costs_of(DARTS).of("latency:edgegpu", DARTS.sample(1, np.random.default_rng(0)))
    tables_of_costs._of_devices.cache_clear()


def test_a_cost_that_is_left_empty_is_not_known_and_one_that_is_no_number_is_told(tmp_path):
    first, second = NB201.format(NB201.enumerate()[:2])
    (tmp_path / "a.csv").write_text(f"architecture,ms,mj,note\n{first},3,1,a\n{second},,x,b\n")
    costs = costs_of(NB201, [tmp_path / "a.csv"])
    both = NB201.architectures([first, second])
    assert costs.of("ms", both)[0] == 3
    assert np.isnan(costs.of("ms", both)[1])
    with pytest.raises(DataError, match=r"a.csv: row 2, column 'mj': 'x' is no finite number"):
        costs.of("mj", both)
    assert "note" not in costs.counters


def test_costs_of_operators_are_weighted_by_the_cells_share(tmp_path):
    (tmp_path / "a.csv").write_text("operator,ms\nsep_conv_3x3,1\nmax_pool_3x3,0\n")
    pairs = [("max_pool_3x3", n) for _ in range(4) for n in (0, 1)]
    only_normal = [("sep_conv_3x3", node) for _, node in pairs]
    parsed = DARTS.architectures([{"normal": only_normal, "reduce": pairs}])
    assert costs_of(DARTS, [tmp_path / "a.csv"]).of("ms", parsed).tolist() == [0.75 * 8]


@pytest.mark.parametrize("searcher", ["random", "regularised_evolution", "hybrid", "local_search"])
def test_what_is_found_keeps_the_constraints(searcher):
    bound = 4e5
    found = search(load_pretrained(), NB201, searcher, 900, constraints=[f"params<={bound}"])
    best = found.top(5)
    costs = count_parameters(NB201.architectures(best.column("architecture").to_pylist()), 10)
    assert (costs <= bound).all()
    assert best.column("params").to_pylist() == costs.tolist()
    assert best.column("architecture")[0].as_py() == found.architecture
    free = search(load_pretrained(), NB201, searcher, 900)
    assert free.score > found.score


def test_constraints_that_nothing_keeps_are_told_with_how_far_the_nearest_is():
    with pytest.raises(ConfigError, match="none of 50 scored architectures keeps params<=10; the"):
        search(load_pretrained(), NB201, "random", 50, constraints=["params<=10"])


def test_a_searchs_tables_agree(tmp_path):
    found = search(load_pretrained(), NB201, "random", 300)
    history = found.history()
    assert history.column("query").to_pylist() == list(range(1, 301))
    assert history.column("best")[-1].as_py() == found.score == max(history["score"].to_pylist())
    top = found.top(7, spread=True)
    assert len(set(top["architecture"].to_pylist())) == 7
    assert all(0 <= share <= 1 for share in top["agreement"].to_pylist()[:-1])
    flops = found.front(["score", "flops"])
    order = np.argsort(flops["flops"].to_numpy())
    assert (np.diff(flops["score"].to_numpy()[order]) > 0).all()
    assert flops["score"][0].as_py() == found.score
    assert found.front("score, flops").equals(flops)
    for count in (0, -2, 2.5):
        with pytest.raises(ConfigError, match=r"count: .* is not allowed"):
            found.top(count)
    with pytest.raises(ConfigError, match="'flops' stands twice"):
        found.front(["score", "flops", "flops"])
    with pytest.raises(ConfigError, match="a front is of score and of costs"):
        found.front(["flops"])


def test_the_command_writes_tables_a_figure_and_the_best(tmp_path):
    to, history = tmp_path / "front.csv", tmp_path / "history.jsonl.gz"
    done = tgnas(
        "search", "--space", "nats", "--searcher", "random", "--budget", 200, "--output", to,
        "--pareto", "score, params", "--history", history, "--constraint", "flops<=150",
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    facts = json.loads(done.stdout)
    rows = read(to)
    assert rows[0]["architecture"] == facts["architecture"]
    assert facts["flops"] <= 150
    assert (tmp_path / "front.png").read_bytes().startswith(b"\x89PNG")
    assert history.stat().st_size > 0


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--top", "3"], 2),
        (["--constraint", "parms<=1"], 2),
        (["--constraint", "params"], 2),
        (["--constraint", "params<=1.5M"], 2),
        (["--output", "a.csv", "--pareto", "score,flops", "--top", "3"], 2),
        (["--output", "a.csv", "--pareto", "score,flops", "--spread"], 2),
        (["--output", "a.csv", "--pareto", "score,flops,flops"], 2),
        (["--output", "-"], 2),
        (["--history", "-"], 2),
        (["--output", "a.csv", "--history", "./a.csv"], 2),
        (["--output", "/no/where.csv"], 3),
        (["--costs", "none.csv"], 3),
    ],
)
def test_a_wrong_constraint_or_output_is_told_before_anything_is_scored(arguments, code):
    done = tgnas("search", "--space", "nats", "--budget", 10**9, *arguments)
    assert done.exit_code == code
    assert done.stderr.strip().count("\n") <= 4


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            ["operator", "nor_conv_3x3", "nor_conv_1x1", "nor_conv_3x3"],
            r"row 3, column 'ms': .*'nor_conv_3x3'.* costs 3 here and 1 in row 1",
        ),
        (
            ["architecture", BEST, CUT, BEST],
            r"row 3, column 'ms': .* costs 3 here and 1 in row 1",
        ),
    ],
)
def test_a_table_that_says_two_costs_of_one_thing_is_refused(tmp_path, rows, message):
    table = tmp_path / "costs.csv"
    head, *things = rows
    table.write_text(f"{head},ms\n" + "".join(f"{t},{n}\n" for n, t in enumerate(things, 1)))
    with pytest.raises(DataError, match=message):
        costs_of(NB201, [table])
    table.write_text(f"{head},ms\n" + "".join(f"{thing},1\n" for thing in things))
    assert np.isfinite(costs_of(NB201, [table]).of("ms", NB201.architectures([BEST]))).all()


def test_an_operator_that_the_table_leaves_out_has_no_known_cost_but_a_skip_and_nothing_have_0(
    tmp_path,
):
    (tmp_path / "a.csv").write_text("operator,ms\nnor_conv_3x3,2\n")
    costs = costs_of(NB201, [tmp_path / "a.csv"])
    others = [BEST.replace("nor_conv_3x3", n, 1) for n in ("skip_connect", "none", "avg_pool_3x3")]
    found = costs.of("ms", NB201.architectures(others))
    assert found[:2].tolist() == [10, 10] and np.isnan(found[2])


def test_the_help_says_what_each_searcher_needs_at_least():
    for name in SEARCHERS.names():
        if "scores" in SEARCHERS.module(name).CARD.needs:
            assert name.split("_")[0] in BUDGET_HELP
    for space in (NB201, DARTS):
        assert f"{least_budget(space, 'pruning')} in {space.name}" in BUDGET_HELP
        least = least_budget(space, "hybrid")
        assert least == 2 * least_budget(space, "pruning")
    assert least_budget(NB201, "differential_evolution") == 8
    assert least_budget(NB201, "random") == least_budget(NB201, "regularised_evolution") == 1
    assert least_budget(NB201, "exhaustive") == 15_625


def test_evolution_scores_many_at_once():
    asked = []
    search(load_pretrained(), NB201, "regularised_evolution", 500, told=asked.append)
    assert sum(asked) == 500
    assert max(asked[1:]) == 25


def test_an_interrupted_search_keeps_the_best_so_far():
    told = []

    def stop(count: int) -> None:
        told.append(count)
        if len(told) == 3:
            raise KeyboardInterrupt

    found = search(load_pretrained(), NB201, "local_search", 10**6, told=stop)
    assert found.interrupted
    assert found.score == max(found.scores)
    assert found.queries == sum(told)


def test_an_interruption_within_the_first_query_keeps_what_was_scored_of_it():
    told = []

    def stop(count: int) -> None:
        told.append(count)
        raise KeyboardInterrupt

    found = search(load_scorer("params"), NB201, "random", 10**5, told=stop)
    assert found.interrupted
    assert found.queries == sum(told) < 10**5
    assert found.score == max(found.scores)


def test_what_a_search_under_constraints_returns_is_the_best_that_keeps_them():
    constraints = ["params<=400000"]
    found = search(load_scorer("params+flops"), NB201, "pruning", 1000, constraints=constraints)
    assert found.score == found.top(1)["score"][0].as_py()


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_sigterm_end_the_command_with_what_was_found(tmp_path, request, kind):
    for number in (signal.SIGINT, signal.SIGTERM):
        request.addfinalizer(partial(signal.signal, number, signal.getsignal(number)))
    # What is started in the background of a shell is born deaf to Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    end_on_sigterm()
    threading.Timer(4, os.kill, (os.getpid(), kind)).start()
    history = tmp_path / "h.csv"
    done = tgnas(
        "search", "--space", "nats", "--searcher", "local_search", "--budget", 10**6,
        "--output", tmp_path / "a.csv", "--history", history,
    )  # fmt: skip
    assert done.exit_code == 128 + kind, done.stderr
    assert json.loads(done.stdout)["queries"] == len(pa_csv.read_csv(history))
    assert "interrupted: the best of" in done.stderr


# Samples


def test_a_sample_is_of_different_members_that_keep_the_constraints_and_repeats(tmp_path):
    to = tmp_path / "a.csv"
    command = ["sample", "--space", "nats", "--count", 40, "--seed", 3, "--output", to]
    assert tgnas(*command, "--constraint", "params<=5e5").exit_code == 0
    rows = read(to)
    texts = [row["architecture"] for row in rows]
    assert len(set(texts)) == 40
    assert all(float(row["params"]) <= 5e5 for row in rows)
    assert package.sample("nats", 40, 3, ["params<=5e5"]) == texts
    assert package.sample("nats", 40, 4) != texts


def test_a_space_with_fewer_than_asked_for_says_how_many_there_are():
    with pytest.raises(ConfigError, match="found no more than 15,625 different architectures"):
        package.sample("nats", 20_000)


# The commands as functions


def test_the_public_names_are_listed_and_are_functions():
    names = ["search", "rank", "train", "evaluate", "sample", "score", "mutate", "neighbours"]
    assert set(names) <= set(dir(package))
    assert all(callable(getattr(package, name)) for name in names)
    public = {name for name in dir(package) if not name.startswith("__")}
    assert public == {name for name in package.__all__ if not name.startswith("__")}


def test_functions_give_what_commands_write(tmp_path):
    texts = package.sample("nats", 30)
    file = write(tmp_path / "a.csv", *texts)
    ranked = package.rank((text for text in texts), "nats", top=5)
    done = tgnas(
        "rank",
        "--space",
        "nats",
        "--architectures",
        file,
        "--top",
        5,
        "--output",
        tmp_path / "b.csv",
    )
    assert done.exit_code == 0
    rows = read(tmp_path / "b.csv")
    assert [row["architecture"] for row in rows] == ranked["architecture"].to_pylist()
    assert [row["name"] for row in rows] == [f"a{row}" for row in ranked["row"].to_pylist()]
    assert [float(r["agreement"]) for r in rows[:-1]] == ranked["agreement"].to_pylist()[:-1]
    scores = package.score(texts, "nats")
    facts = package.evaluate(texts, scores, "nats")
    assert facts["kendall_tau"] == pytest.approx(1)
    found = package.search("nats", "random", 50)
    assert found.architecture in package.sample("nats", 15_625 // 2) or found.queries == 50
    assert len(package.neighbours(found.architecture, "nats")) == 24
    assert package.mutate([found.architecture], "nats")[0] in package.neighbours(
        found.architecture, "nats"
    )


def test_a_function_trains_and_what_it_trained_scores(tmp_path):
    texts = package.sample(EXAMPLES / "own_space.yaml", 20)
    accuracies = np.arange(20.0)
    own, weights = EXAMPLES / "own_space.yaml", tmp_path / "w.safetensors"
    trained = package.train(texts, accuracies, own, weights, seeds=1, epochs=1)
    scores = trained.score(texts, EXAMPLES / "own_space.yaml")
    again = package.score(texts, EXAMPLES / "own_space.yaml", tmp_path / "w.safetensors")
    assert scores.tolist() == again.tolist()


@pytest.mark.parametrize("accuracies", [[1.0], [float("nan")] * 12, ["x"] * 12, [1.0] * 9], ids=str)
def test_accuracies_that_are_none_are_refused(accuracies):
    count = 9 if len(accuracies) == 9 else 12
    with pytest.raises(TgnasError):
        package.evaluate(package.sample("nats", count), accuracies, "nats")


# What scores are worth


def test_architectures_of_one_live_pattern_are_no_evidence_of_their_own():
    texts = package.sample("nats", 40)
    accuracies = np.random.default_rng(0).random(40)
    once, twice = (package.evaluate(texts * n, np.tile(accuracies, n), "nats") for n in (1, 2))
    assert twice["architectures"] == 80
    for facts in (once, once["baseline"]):
        assert facts["interval"][0] < facts["kendall_tau"] < facts["interval"][1]
    for name in ("interval", "baseline"):
        assert twice[name] == once[name]
    dead = ["|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"]
    few = package.evaluate([*texts[:1], *dead * 9], accuracies[:10], "nats")
    assert few["interval"] != once["interval"]  # a resample of the first alone has no tau


def test_rank_takes_what_score_wrote(tmp_path):
    file = write(tmp_path / "a.csv", *package.sample("nats", 30))
    common = ["--space", "nats", "--architectures"]
    assert tgnas("score", *common, file, "--output", tmp_path / "b.csv").exit_code == 0
    done = tgnas("rank", *common, tmp_path / "b.csv", "--output", tmp_path / "c.csv")
    assert done.exit_code == 0, done.stderr
    assert "by which it is ranked" in done.stderr
    assert tgnas("rank", *common, file, "--output", tmp_path / "d.csv").exit_code == 0
    first, second = (pa_csv.read_csv(tmp_path / f"{n}.csv") for n in "cd")
    assert first["architecture"] == second["architecture"]
    assert np.allclose(first["score"].to_numpy(), second["score"].to_numpy())


def test_an_agreement_is_of_members_and_not_of_their_offsets():
    predictor = load_pretrained()
    texts = package.sample("nasbench_macro", 40)
    share = predictor.agreement(texts, "nasbench_macro")
    assert np.allclose(share + share.T, 1)
    members = predictor.scores(texts, "nasbench_macro")
    assert share[0, 1] == (members[:, 0] > members[:, 1]).mean()


def test_nothing_is_concluded_from_fewer_than_ten(tmp_path):
    texts = package.sample("nats", 9)
    table = pa.table({"architecture": texts, "accuracy": np.arange(9.0)})
    pa_csv.write_csv(table, tmp_path / "a.csv")
    done = tgnas(
        "evaluate", "--space", "nats", "--architectures", tmp_path / "a.csv", "--accuracy-column",
        "accuracy",
    )  # fmt: skip
    assert done.exit_code == 1
    assert "from fewer than 10 nothing is concluded" in done.stderr


def test_a_space_without_counted_costs_has_a_baseline_too():
    texts = package.sample("nasbench_graph", 30)
    facts = package.evaluate(texts, np.random.default_rng(0).random(30), "nasbench_graph")
    assert facts["baseline"]["name"] == "live operators"
    assert facts["conclusion"]


@pytest.mark.parametrize(
    ("command", "read"),
    [
        (("suggest", "--space", "nats", "--count", "1"), "--known"),
        (("score", "--space", "nats"), "--architectures"),
        (("convert", "--space", "nats", "--to", "json"), "--architectures"),
        (("sample", "--space", "nats", "--count", "1"), "--costs"),
        (("rank", "--space", "nats"), "--architectures"),
        (("evaluate", "--space", "nats", "--accuracy-column", "accuracy"), "--architectures"),
        (("search", "--space", "nats", "--pareto", "accuracy,params"), "--oracle"),
    ],
)
def test_a_table_that_is_read_is_not_replaced_by_what_is_made_of_it(tmp_path, command, read):
    table = tmp_path / "known.csv"
    rows = "".join(f"{text},{90 + place}\n" for place, text in enumerate(package.sample("nats", 3)))
    table.write_text(held := f"architecture,accuracy\n{rows}")
    done = tgnas(*command, read, str(table), "--output", f"{tmp_path}/./known.csv")
    assert done.exit_code == 2
    assert "known.csv is named by another option, too" in " ".join(done.stderr.split())
    assert table.read_text() == held
