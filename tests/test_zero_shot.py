"""Benchmarks that the weights of the package rank: what is scored, with what, and the table."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from conftest import script

from tgnas.benchmarks.base import Benchmark, build_table, write_table
from tgnas.costs.layers import count_parameters
from tgnas.encodings.live import live_pattern
from tgnas.errors import ConfigError, UnknownNameError
from tgnas.inference.asked import available
from tgnas.inference.pretrained import load_pretrained
from tgnas.methods.graph_proxies import effective_weights
from tgnas.registry import GRAPH_PROXIES
from tgnas.results import choosing, headline_zero_shot, zero_shot, zero_shot_differences
from tgnas.results._catalogue import Plan
from tgnas.results._tables import markdown
from tgnas.scoring.populations import Population, draw, write_population
from tgnas.scoring.tables import read_table
from tgnas.spaces.space import open_space
from tgnas.training.splits import TrainingRows
from tgnas.workflow.config.checks import read_config
from tgnas.workflow.populations import populations
from tgnas.workflow.provenance import weights_digest

ROOT = Path(__file__).parents[1]
PUBLISHED = ROOT / "results" / "paper" / "zero_shot.csv"
NB201 = open_space("nasbench201")
# Kendall's tau of canonical's mean score with the validation metrics of TransNAS-Bench-101's cells,
# measured apart with these weights, in the order of the table.
APART = (0.670, 0.582, 0.533, 0.416, 0.551, 0.680, 0.187)
WEIGHTS_APART = "7ee8a06a85a7"
GENERATOR = np.random.default_rng(0)  # of no influence


@pytest.fixture
def config() -> dict:
    """Read the shipped config."""
    return yaml.safe_load((ROOT / "config" / "config.yaml").read_text())


# The config, and who scores what


def test_an_ensemble_of_weights_that_are_not_shipped_is_refused(config):
    config["zero_shot"]["methods"].append("ensemble_gcn_no_auxiliary_params")
    with pytest.raises(ConfigError, match="needs tgnas_canonical_no_auxiliary, which does not"):
        read_config(config)


def test_a_pair_of_methods_that_are_not_measured_is_refused(config):
    config["zero_shot"]["differences"].append(["canonical", "random"])
    with pytest.raises(UnknownNameError, match=r"method of zero_shot.methods 'random'"):
        read_config(config)


def test_a_method_that_the_package_does_not_have_is_answered_with_the_nearest(config):
    config["zero_shot"]["methods"][1] = "canonica"
    with pytest.raises(UnknownNameError, match=r"'canonica' \(did you mean 'canonical'\?\)"):
        read_config(config)


def test_what_has_learned_from_a_benchmark_does_not_rank_it(config):
    config["zero_shot"]["methods"].append("darts")
    config["experiments"]["digits201"] = None
    planned = populations(read_config(config), {})
    of = {name: one.methods for name, one in planned.items()}
    assert {"code", "tgnas_code"} & set(of["nasbench101_zero_shot"]) == set()
    assert {"canonical", "ensemble_gcn_params", "darts"} <= set(of["nasbench101_zero_shot"])
    assert "darts" not in of["nasbench201_zero_shot"]
    assert "darts" in of["transnas_micro_zero_shot"]


def test_the_second_split_takes_the_scores_of_the_first(config):
    planned = populations(read_config(config), {})
    again = planned["transnas_micro_zero_shot_test"]
    assert again.labels["split"] == "test"
    for method in again.methods:
        assert again.scores(method) == planned["transnas_micro_zero_shot"].scores(method)


def test_what_no_weights_score_is_scored_once_with_the_whole_benchmark(config):
    planned = populations(read_config(config), {})["nasbench301_zero_shot"]
    assert planned.scores("params") == "<results>/scores/nasbench301/params.parquet"
    assert planned.scores("canonical") == "<results>/scores/nasbench301_zero_shot/canonical.parquet"
    assert "synflow" in planned.methods


# The scorer


@pytest.fixture
def benchmark() -> Benchmark:
    """Return 40 architectures of NAS-Bench-201 without any accuracy."""
    some = NB201.sample(40, np.random.default_rng(0))
    return Benchmark("nasbench201", build_table(NB201, some, NB201.format(some), {}))


def test_architectures_that_were_learned_from_are_not_drawn(benchmark):
    learned = [TrainingRows("nasbench201", np.arange(0, 40, 2))]
    drawn = draw(benchmark, 20, 0, learned)
    assert drawn.table.row.tolist() == list(range(1, 40, 2))
    with pytest.raises(ConfigError, match="has 20 architectures"):
        draw(benchmark, 21, 0, learned)


def scored(benchmark: Benchmark, folder: Path, **how: object) -> pd.DataFrame:
    """Return the table that the script writes of a population of a benchmark."""
    table, drawn, scores = (folder / name for name in ("a.arrow", "b.parquet", "c.parquet"))
    write_table(benchmark.table, table)
    population = draw(benchmark, 10, 0)
    write_population(drawn, population)
    script("score_with_shipped_weights")(
        architectures=drawn, benchmark=table, scores=scores, threads=1, **how
    )
    return read_table(scores, population)


def test_scores_are_those_of_the_packages_predictor(benchmark, tmp_path):
    population: Population = draw(benchmark, 10, 0)
    predictor = load_pretrained("canonical")
    joined = scored(benchmark, tmp_path, shipped="canonical", joined=True)
    assert joined.seed0.tolist() == predictor.score(population.strings, "nasbench201").tolist()
    each = scored(benchmark, tmp_path, shipped="canonical", joined=False)
    assert np.array_equal(
        each.filter(regex="^seed").to_numpy().T, predictor.scores(population.strings, "nasbench201")
    )


def test_no_score_is_written_of_what_was_learned_from(benchmark, tmp_path):
    # The weights called darts learned from all of NAS-Bench-201.
    accuracy = {"accuracy/cifar10/test/200": np.arange(15625.0)}
    every = NB201.enumerate()
    whole = Benchmark("a", build_table(NB201, every, NB201.format(every), accuracy))
    renamed = Benchmark("nasbench201", whole.table)
    table = tmp_path / "nasbench201.arrow"
    write_table(renamed.table, table)
    population = draw(renamed, 10, 0)
    write_population(tmp_path / "drawn.parquet", population)
    script("score_with_shipped_weights")(
        architectures=tmp_path / "drawn.parquet",
        benchmark=table,
        scores=tmp_path / "scores.parquet",
        shipped="darts",
        joined=True,
        threads=1,
    )
    assert read_table(tmp_path / "scores.parquet", population).seed0.isna().all()


def test_weights_that_the_package_lacks_have_no_digest():
    assert len({weights_digest(name) for name in available()}) == len(available())
    with pytest.raises(ConfigError, match="the package has no weights of 'nothing'"):
        weights_digest("nothing")


# Counting


def test_effective_weights_order_nasbench201_as_effective_parameters_do():
    every = NB201.enumerate()[::7]
    found = effective_weights.score(every, space="nasbench201", dataset="", generator=GENERATOR)
    counted = count_parameters(live_pattern(every), 10).astype(float)
    order = np.argsort(counted, kind="stable")
    assert (np.diff(found[order]) >= 0).all()
    assert len(np.unique(found)) > 20


def test_effective_weights_know_the_operators_of_the_space():
    macro = open_space("transnas_macro")
    some = macro.architectures(["64-1114-basic", "64-4111-basic", "64-11114-basic"])
    found = effective_weights.score(some, space="transnas_macro", dataset="", generator=GENERATOR)
    assert found.tolist() == [4 * 36, 4 * 36, 5 * 36]  # four 3x3 convolutions in each module


# The table


def measures(method: str, values: list[float], **about: object) -> pd.DataFrame:
    """Return the rows that measuring a method with some seeds leaves."""
    rows = [
        {
            "method": method,
            "seed": seed,
            "dataset": "cifar10",
            "population": population,
            "subset": "all",
            "name": name,
            "value": value - (population == "unique") * 0.1,
            "low": 0.1,
            "high": 0.9,
            "architectures": 10,
        }
        | about
        for seed, value in enumerate(values)
        for population in ("all", "unique")
        for name in ("kendall_tau", "spearman_rho", "regret_at_1")
    ]
    return pd.DataFrame(rows)


RANKED = {
    "nasbench201_zero_shot": {"benchmark": "nasbench201", "split": "test"},
    "transnas_micro_zero_shot": {"benchmark": "transnas_micro", "split": "validation"},
    "transnas_micro_zero_shot_test": {"benchmark": "transnas_micro", "split": "test"},
}
TITLES = {"canonical": "ours, joined", "tgnas_canonical": "ours"}


@pytest.fixture
def frame() -> pd.DataFrame:
    """Return the table of two methods on two benchmarks, and a number of others."""
    both = [
        pd.concat(
            [measures("canonical", [0.7], **of), measures("tgnas_canonical", [0.6, 0.8], **of)]
        )
        for of in ({}, {"dataset": "class_scene"}, {"dataset": "class_scene"})
    ]
    both[0] = pd.concat([both[0], measures("synflow_stored", [0.5])])
    reported = pd.DataFrame(
        [("zero_shot", "published/X", "class_scene", "spearman_rho", 0.79, "its authors")],
        columns=["table", "method", "dataset", "measure", "reported", "source"],
    )
    return zero_shot.table(both, reported, RANKED, TITLES, {"canonical": "0123"})


def test_rows_are_means_over_seeds_with_the_digest_of_their_weights(frame):
    of = frame[(frame.benchmark == "nasbench201") & (frame.measure == "kendall_tau")]
    everything = of[of.population == "all"].set_index("method")
    assert everything["mean"].to_dict() == pytest.approx(
        {"canonical": 0.7, "tgnas_canonical": 0.7, "synflow_stored": 0.5}
    )
    assert everything.loc["tgnas_canonical", "std"] == pytest.approx(0.1414, abs=1e-4)
    assert everything.loc["canonical", "weights"] == "0123"
    assert everything.loc["synflow_stored", "title"] == "synflow, as stored"
    assert set(frame.columns) == set(zero_shot.COLUMNS)


def test_distinct_architectures_lead_and_others_numbers_stand_beside_rho(frame):
    lead, intervals, *rest = zero_shot.show(frame, TITLES)
    assert [row["method"] for row in lead.rows] == [*TITLES.values(), "synflow, as stored"]
    assert str(lead.entry(0, "NB201 CIFAR-10")) == "0.600"
    assert str(lead.entry(1, "TransNAS scene")) == "0.600 ± 0.141"
    assert str(intervals.entry(0, "ours, joined")) == "0.600 [0.100, 0.900]"
    of_validation = next(t for t in rest if "rho" in t.title and "validation" in t.title)
    shown = {row["method"]: str(row["TransNAS scene"]) for row in of_validation.rows}
    assert shown["X, as published"] == "0.79"
    assert not any(
        "published" in row["method"] for t in rest if "test" in t.title for row in t.rows
    )


def test_readmes_table_has_its_methods_in_their_order(frame):
    methods = ["tgnas_canonical", "canonical"]
    (shown,) = headline_zero_shot.show(headline_zero_shot.table(frame, methods), methods)
    assert [row["Kendall tau"] for row in shown.rows] == ["ours", "ours, joined"]


def test_readmes_table_has_one_row_of_a_proxy_that_two_benchmarks_name_otherwise(frame):
    others = frame[frame.method == "synflow_stored"].assign(
        method="synflow", benchmark="nasbench301"
    )
    ids = ["synflow_stored", "synflow"]
    table = headline_zero_shot.table(pd.concat([frame, others]), ids)
    (shown,) = headline_zero_shot.show(table, ids)
    assert [row["Kendall tau"] for row in shown.rows] == ["synflow, as stored"]
    assert shown.columns == ["Kendall tau", "NB201 CIFAR-10", "NB301 CIFAR-10"]


def test_the_figure_has_a_row_for_each_benchmark(frame):
    panel = zero_shot.figure(frame, TITLES, ["canonical", "tgnas_canonical"]).axes[0]
    labels = [label.get_text() for label in panel.get_yticklabels()]
    assert labels == ["NB201 CIFAR-10", "TransNAS scene"]


def test_differences_are_those_of_paired_resamples():
    both = pd.concat([measures("canonical", [0.7]), measures("params", [0.6])])
    draws = pd.DataFrame(
        [
            (name, "cifar10", population, "all", place, tau + place / 100)
            for name, tau in (("canonical", 0.7), ("params", 0.6))
            for population in ("all", "unique")
            for place in range(10)
        ],
        columns=["method", "dataset", "population", "subset", "resample", "kendall_tau"],
    )
    ranked = {"nasbench201_zero_shot": {"benchmark": "nasbench201", "split": "test"}}
    rows = zero_shot_differences.table([both], [draws], ranked, [["canonical", "params"]], 0.95)
    assert rows.population.tolist() == ["all", "unique"]
    for column in ("difference", "low", "high"):
        assert rows[column].tolist() == pytest.approx([0.1, 0.1])
    titles = {"canonical": "ours", "params": "count"}
    distinct, every = zero_shot_differences.show(rows, titles)
    entry = distinct.entry(0, "ours, less count")
    assert str(entry) == str(every.entry(0, "ours, less count")) == "+0.100 [+0.100, +0.100]"
    assert distinct.entry(0, "benchmark") == "NB201 CIFAR-10, test"


# What is published


@pytest.fixture(scope="module")
def published() -> pd.DataFrame:
    return pd.read_csv(PUBLISHED)


def test_the_published_rows_are_of_the_weights_in_the_package(published):
    of_weights = published[published.method.isin(available())]
    assert len(of_weights)
    for method, rows in of_weights.groupby("method"):
        assert set(rows.weights) == {weights_digest(method)}


def test_published_taus_are_those_that_were_measured_apart(published):
    rows = published[
        (published.method == "canonical")
        & (published.benchmark == "transnas_micro")
        & (published.split == "validation")
        & (published.population == "all")
        & (published.measure == "kendall_tau")
    ]
    if set(rows.weights) != {WEIGHTS_APART}:
        pytest.skip("the package has other weights now")
    assert rows["mean"].tolist() == pytest.approx(APART, abs=6e-4)


def test_the_page_that_helps_to_choose_names_what_the_command_line_takes(config):
    own = yaml.safe_load((ROOT / "config" / "choosing.yaml").read_text())
    config["ensembles"] |= own["ensembles"]
    config["zero_shot"] |= own["zero_shot"]
    taken = choosing.params(Plan(read_config(config), {}, [], {}, lambda _: []))["taken"]
    assert taken["canonical_params_flops"] == "canonical+params+flops"
    assert "tgnas_canonical" not in taken  # one of its seeds, which no predictor of the package is
    for name in taken.values():
        assert set(name.split("+")) <= {*available(), *GRAPH_PROXIES.names()}


def test_a_choice_shows_the_tau_of_each_and_the_paired_difference():
    about = {"benchmark": "nds_enas", "dataset": "imagenet", "split": "test"}
    of = about | {"population": "unique", "architectures": 117}
    taus = [
        of | {"method": name, "measure": "kendall_tau", "mean": mean, "low": 0.1, "high": 0.7}
        for name, mean in (("joined", 0.6), ("params", 0.5), ("seed", 0.3))
    ]
    pair = {"first": "joined", "second": "params", "difference": 0.1, "low": -0.1, "high": 0.2}
    ranked = pd.DataFrame(taus).assign(std=np.nan)
    taken = {"joined": "canonical+params", "params": "params"}
    frame = choosing.table(ranked, pd.DataFrame([of | pair]), taken)
    assert list(frame) == list(choosing.COLUMNS)
    shown = markdown(choosing.show(frame, taken))
    assert "| `canonical+params` | 0.600 [0.100, 0.700] |" in shown
    assert "`canonical+params`, less `params` | +0.100 [-0.100, +0.200] |" in shown
    assert "0.300" not in shown
