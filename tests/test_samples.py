"""Samples and what is said of them: drawn, scored, joined, measured, tabulated, drawn."""

from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest
import torch
from test_network_modules import SMALL

from tgnas.benchmarks import stored_scores as readers
from tgnas.errors import ConfigError, CorruptTableError
from tgnas.evaluation import agreement as stored
from tgnas.evaluation import comparison
from tgnas.evaluation.ranking import spearman_rho
from tgnas.registry import GRAPH_PROXIES, NETWORK_PROXIES
from tgnas.resources.seals import write_parquet
from tgnas.results import _style as style
from tgnas.results import cost, independence, proxies, proxies_stored, speed
from tgnas.results._tables import markdown
from tgnas.scoring import harness
from tgnas.scoring.ensembles import combine
from tgnas.scoring.harness import Settings
from tgnas.scoring.populations import (
    Population,
    draw,
    learned_of,
    open_population,
    write_population,
)
from tgnas.scoring.tables import failed, read_table, write_scores
from tgnas.scoring.timing import score_population
from tgnas.training.splits import TrainingRows

FIDELITY = {"split": "test", "epochs": 200}
LABELS = {"datasets": ["cifar10", "cifar100", "ImageNet16-120"], "split": "test", "epochs": 200}
RANKING = {"top_share": 0.1, "at": [1, 10], "resamples": 10, "level": 0.95} | LABELS
TITLES = {"tgnas_code": "TG-NAS, authors' code"}
SETUP = pd.DataFrame(
    {"method": ["tgnas_code"], "embedding": [2.0], "training": [100.0], "loading": [0.5]}
)
REPORTED = pd.DataFrame(
    [
        ("proxies", "zen", "cifar10", "kendall_tau", 0.29, "published"),
        ("proxies", "meco", "cifar10", "spearman_rho", 0.894, "published"),
        ("speed", "tgnas_code", None, "ratio", 300, "the paper"),
    ],
    columns=["table", "method", "dataset", "measure", "reported", "source"],
)


@pytest.fixture(scope="module")
def population(nasbench201):
    return draw(nasbench201, 40, seed=0)


@pytest.fixture(scope="module")
def sample(population):
    return population.table


@pytest.fixture(scope="module")
def target(nasbench201, population):
    return population.known_of(nasbench201)


def scored(sample: pd.DataFrame, values, milliseconds: float = 10.0) -> pd.DataFrame:
    """Return a table of scores of one seed."""
    table = pd.DataFrame({"architecture": sample.architecture, "seed0": values})
    return table.assign(milliseconds=milliseconds, build=5.0)


@pytest.fixture(scope="module")
def tables(sample, target):
    """Make scores of a trained, a counted and two kinds of computed methods, zen failing twice."""
    generator, accuracy = np.random.default_rng(0), target.accuracy(dataset="cifar10", **FIDELITY)
    noisy = [accuracy + generator.normal(0, 5, len(accuracy)) for _ in range(4)]
    noisy[3][:2] = np.nan
    costs = {"tgnas_code": 0.5, "params": 0.05, "meco": 30.0, "zen": 90.0}
    pairs = zip(costs.items(), noisy, strict=True)
    found = {name: scored(sample, values, cost) for (name, cost), values in pairs}
    found["tgnas_code"] = found["tgnas_code"].assign(seed1=noisy[1], batched=0.01)
    return found


def measured(target, tables) -> pd.DataFrame:
    """Return the measures of all methods of a sample."""
    subsets = comparison.subsets_of(target, tables, whole=False)
    about = {"subsets": subsets, "ranking": RANKING}
    return pd.concat(
        comparison.measure_method(target, name, table, **about)[0] for name, table in tables.items()
    )


@pytest.fixture(scope="module")
def summary(target, tables):
    about = {"benchmark": "nasbench201", "inputs": "cifar10"}
    return proxies.table([measured(target, tables)], [about], TITLES, REPORTED)


@pytest.fixture(scope="module")
def ratios(summary, tables):
    return speed.summarise(summary, speed.median_costs(tables), SETUP, "tgnas_code", 1000)


# Drawing, scoring, joining


def test_a_sample_is_a_function_of_its_seed(nasbench201, sample):
    again, other = (draw(nasbench201, 40, seed=seed).table for seed in (0, 1))
    pd.testing.assert_frame_equal(sample, again)
    assert set(sample["row"]) != set(other["row"])


def test_a_population_is_written_and_opened(population, tmp_path):
    write_population(tmp_path / "drawn.parquet", population)
    opened = open_population(tmp_path / "drawn.parquet")
    pd.testing.assert_frame_equal(opened.table, population.table)
    assert (opened.name, opened.space.name) == ("drawn", "nasbench201")


def test_a_file_without_a_space_is_no_population(population, tmp_path):
    write_parquet(tmp_path / "other.parquet", population.table)
    with pytest.raises(CorruptTableError, match=r"other\.parquet is not a file of architectures"):
        open_population(tmp_path / "other.parquet")


def test_a_sample_names_the_architectures_of_its_rows(nasbench201, sample, target):
    listed = nasbench201.strings
    assert list(sample.architecture) == [listed[row] for row in sample["row"]]
    assert target.strings == list(sample.architecture)
    assert sample["row"].is_unique


def test_a_sample_larger_than_its_benchmark_is_refused(nasbench201):
    with pytest.raises(ConfigError, match="a sample of 15626 asked for; nasbench201 has 15,625"):
        draw(nasbench201, 15626, seed=0)


def test_what_a_method_has_learned_is_not_measured(nasbench201, population):
    learned = [TrainingRows("nasbench201", population.table["row"].to_numpy()[:3])]
    assert np.flatnonzero(learned_of(population, learned)).tolist() == [0, 1, 2]
    of_all = np.flatnonzero(learned_of(nasbench201, learned))
    assert of_all.tolist() == learned[0].rows.tolist()
    elsewhere = [TrainingRows("nasbench101", np.arange(3))]
    assert not learned_of(population, elsewhere).any()


def test_shards_make_up_the_population(population):
    parts = [population.shard(shard, 3) for shard in range(3)]
    assert [len(part) for part in parts] == [14, 13, 13]
    pd.testing.assert_frame_equal(pd.concat(part.table for part in parts), population.table)


def first(population: Population, count: int) -> Population:
    """Return the first few of a population."""
    return replace(population, table=population.table.head(count))


def shards_of(population: Population, proxy: str, shards: int) -> list[pd.DataFrame]:
    """Score reduced networks with a proxy on noise."""
    space = "nasbench201"
    settings = Settings(batch=8, size=SMALL[space])
    images = np.random.default_rng(0).normal(size=(8, 3, 8, 8)).astype(np.float32)
    batch = harness.Batch(torch.from_numpy(images), torch.arange(8) // 2)
    return [
        harness.shard_table(
            harness.measure(
                population.shard(shard, shards).strings,
                [proxy],
                batch,
                settings,
                space=space,
                classes=10,
            ),
            proxy,
        )
        for shard in range(shards)
    ]


def test_ranks_within_a_population_do_not_depend_on_the_shards(population, tmp_path):
    few, tables = first(population, 6), []
    for shards in (1, 3):
        joined = harness.join_shards(shards_of(few, "az_nas", shards), few, "az_nas")
        write_scores(tmp_path / "scores.parquet", few, *joined)
        tables.append(read_table(tmp_path / "scores.parquet", few))
    assert list(tables[0].seed0) == list(tables[1].seed0)
    assert tables[0].filter(like="component/").shape == (6, 4)
    assert (tables[0].milliseconds > 0).all()


def test_shards_of_another_population_are_refused(population):
    parts = shards_of(first(population, 3), "l2_norm", 1)
    with pytest.raises(CorruptTableError, match="l2_norm do not list the architectures of"):
        harness.join_shards(parts, first(population, 4), "l2_norm")


def test_a_graph_proxy_is_timed_alone_and_with_all_others(population):
    proxy, about = GRAPH_PROXIES.load("params"), {"space": "nasbench201", "dataset": "cifar10"}
    count = partial(proxy, **about, generator=np.random.default_rng(0))
    scores, costs = score_population(lambda a: np.stack([count(a)] * 2), population, timed=True)
    assert scores[1].tolist() == count(population.architectures).tolist()
    assert 0 < costs["batched"][0] < np.median(costs["milliseconds"])


def test_a_population_that_is_not_timed_is_scored_at_once(population):
    scores, costs = score_population(lambda a: np.ones((1, len(a))), population, timed=False)
    assert scores.shape == (1, 40)
    assert not costs


def test_an_ensemble_costs_what_its_members_cost(tables):
    members = [tables["tgnas_code"], tables["params"].assign(batched=0.001)]
    scores, costs = combine(members, over_seeds=True, weights=[3, 1])
    assert costs["milliseconds"][0] == pytest.approx(2 * 0.5 + 0.05)
    assert len(scores) == 1
    assert len(combine(members, over_seeds=False, weights=[3, 1])[0]) == 2


def test_an_ensemble_with_a_member_of_unknown_cost_has_none(tables):
    members = [tables["tgnas_code"], tables["params"]]
    assert combine(members, over_seeds=True, weights=[3, 1])[1] == {}


# Measures


def keys_of(target, tables, ranking=RANKING):
    subsets = comparison.subsets_of(target, tables, whole=False)
    return {
        name: comparison.key_of(target, table, subsets, ranking, "code")
        for name, table in tables.items()
    }


def test_what_was_measured_of_the_same_scores_is_kept_to_the_bit(tmp_path, target, tables):
    keys, path = keys_of(target, tables), tmp_path / "measures.csv"
    table = measured(target, tables)
    table.assign(key=table.method.map(keys)).to_csv(path, index=False)
    kept = pd.concat(comparison.measured_before(path, keys).values())
    assert list(kept.value) == list(table.value)


def test_what_was_measured_of_other_scores_or_otherwise_is_not_kept(tmp_path, target, tables):
    keys, path = keys_of(target, tables), tmp_path / "measures.csv"
    table = measured(target, tables)
    table.assign(key=table.method.map(keys)).to_csv(path, index=False)
    changed = tables | {"params": tables["params"].assign(seed0=-tables["params"].seed0)}
    assert set(comparison.measured_before(path, keys_of(target, changed))) == {*tables} - {"params"}
    other = keys_of(target, tables, RANKING | {"resamples": 11})
    assert comparison.measured_before(path, other) == {}
    assert comparison.measured_before(tmp_path / "none.csv", keys) == {}


def test_failures_are_counted_and_left_out(target, tables):
    measures = measured(target, tables)
    zen = measures[(measures.method == "zen") & (measures.subset == "all")]
    assert set(zen.failures) == {2}
    assert set(zen.architectures) == {38}
    others = measures[(measures.method == "meco") & (measures.subset == "all")]
    sizes = others.groupby("population").architectures.first()
    assert sizes.to_dict() == {"all": 40, comparison.COMMON: 38}


def test_a_component_that_is_not_finite_is_a_failure(sample):
    table = scored(sample, 1.0).assign(**{"component/one": 1.0, "component/two": np.nan})
    assert failed(table).sum() == 40


def test_independence_has_every_pair_and_every_accuracy(target, tables):
    found = comparison.independence(target, tables, RANKING)
    assert len(found) == 7 * 8 / 2
    own = found[found.one == found.other]
    assert list(own.spearman_rho) == pytest.approx([1] * 7)
    assert set(found[(found.one == "zen")].architectures) == {38}


# What others stored


@pytest.fixture(scope="module")
def stored_columns(resource_file, nasbench201):
    return {
        each: readers.read_stored(each.source, each.column, resource_file(each.file), nasbench201)
        for each in stored.COLUMNS
    }


def test_naslibs_tuples_are_read_as_the_architectures_that_others_stored(stored_columns):
    of = {(each.source, each.column): values for each, values in stored_columns.items()}
    both = of[stored.NASLIB, "zen"], of[stored.SUITE_ZERO, "zen"]
    known = both[1].notna() & (both[1] > -1e7) & (both[0] > -1e7)
    assert spearman_rho(*(values[known].to_numpy() for values in both)) > 0.98


def test_the_number_of_convolutions_ranks_the_stored_l2_norms(nasbench201, stored_columns):
    of = {(each.source, each.column): values for each, values in stored_columns.items()}
    norms = of[stored.SUITE_ZERO, "l2_norm"].to_numpy()
    convolutions = np.array([float(text.count("nor_conv")) for text in nasbench201.strings])
    known = np.isfinite(norms)
    assert known.sum() == 9445
    assert spearman_rho(convolutions[known], norms[known]) == pytest.approx(0.970, abs=5e-4)


def test_a_stored_failure_ranks_below_all_that_did_not_fail():
    given = pd.Series([2.0, -np.inf, 1.0, -np.inf], name="naswot")
    assert readers.ranked_last(given).tolist() == [2, 0, 1, 0]
    with pytest.raises(CorruptTableError, match="naswot lacks values"):
        readers.ranked_last(pd.Series([1.0, np.nan], name="naswot"))


@pytest.mark.parametrize("content", [b"no archive", b""])
def test_what_is_no_archive_of_naslib_is_refused(tmp_path, nasbench201, content):
    (tmp_path / "zen.zip").write_bytes(content)
    with pytest.raises(CorruptTableError, match="is not NASLib's archive of zen"):
        readers.read_naslib(tmp_path / "zen.zip", "zen", nasbench201)


def test_stored_values_are_those_of_the_architecture(nasbench201, sample, target, stored_columns):
    costs = {"params": "parameters", "flops": "flops"}
    tables = {
        name: scored(sample, target.cost(kind, dataset="cifar10")) for name, kind in costs.items()
    }
    found = stored.agreement(nasbench201, sample, tables, stored_columns, RANKING)
    rows = found.set_index(["source", "column"])
    for name in costs:
        row = rows.loc[(stored.SUITE_ZERO, name)]
        assert row.spearman_rho == pytest.approx(1)
        assert 10 < row.architectures < 40
    assert set(rows.loc[stored.SUITE_ZERO].stored) == {9445}
    finite = {"naswot": 15424, "logsynflow": 15625, "nregions": 15625}
    assert rows.loc[stored.FREEREA].stored.to_dict() == finite


def test_stored_counts_are_those_of_every_architecture_that_is_stored(nasbench201, stored_columns):
    costs = {"params": nasbench201.cost("parameters", dataset="cifar10") / 1e6}
    costs["flops"] = nasbench201.cost("flops", dataset="cifar10")
    for each, values in stored_columns.items():
        if each.source == stored.SUITE_ZERO and each.column in costs:
            known = values.notna().to_numpy()
            assert values[known].to_numpy() == pytest.approx(costs[each.column][known])


def test_every_stored_column_is_of_a_proxy_that_exists():
    names = {*NETWORK_PROXIES.names(), *GRAPH_PROXIES.names()}
    assert {each.proxy for each in stored.COLUMNS} <= names
    for each in stored.COLUMNS:
        assert not each.component or each.component in harness.components_of(each.proxy)


def test_a_file_without_a_stored_column_is_refused(tmp_path, nasbench201):
    (tmp_path / "a.csv").write_text("net_str,params\n")
    with pytest.raises(CorruptTableError, match=r"a\.csv:1: the columns zen"):
        readers.read_suite_zero(tmp_path / "a.csv", "zen", nasbench201)
    (tmp_path / "b.csv").write_text("index,naswot\n0,1.5\n")
    with pytest.raises(CorruptTableError, match="does not list every architecture once"):
        readers.read_freerea(tmp_path / "b.csv", "naswot", nasbench201)


def test_a_low_agreement_has_its_reason_or_none_is_known(nasbench201, sample, stored_columns):
    noise = np.random.default_rng(0).random(40)
    tables = {name: scored(sample, noise) for name in ("l2_norm", "jacov")}
    found = stored.agreement(nasbench201, sample, tables, stored_columns, RANKING)
    lines = markdown(proxies_stored.show(found, LABELS)).splitlines()
    assert "two draws of it agree" in next(line for line in lines if "l2_norm" in line)
    assert "| not known" in next(line for line in lines if "jacov" in line)


# Tables


@pytest.mark.parametrize("proxy", [*NETWORK_PROXIES.names(), *GRAPH_PROXIES.names()])
def test_every_proxy_is_described_by_its_card(proxy):
    about = proxies.describe(proxy, {})
    assert about["cost"] in cost.LOOKS
    assert about["title"]


def test_the_comparison_has_one_row_for_each_method_data_set_and_population(summary):
    assert len(summary) == 4 * 3 * 2
    assert list(summary.title.unique()) == ["TG-NAS, authors' code", "#params", "MeCo", "Zen-score"]
    zen = summary[(summary.method == "zen") & (summary.dataset == "cifar10")].iloc[0]
    assert (zen.failures, zen.milliseconds, zen.build) == (2, 90, 5)
    assert zen["KT low"] <= zen.KT <= zen["KT high"]
    assert zen.difference == pytest.approx(zen.KT - 0.29)


def test_a_published_rho_is_compared_with_rho(summary):
    meco = summary[(summary.method == "meco") & (summary.dataset == "cifar10")].iloc[0]
    assert meco.difference == pytest.approx(meco.SPR - 0.894)
    assert summary[summary.method == "params"].reported.isna().all()


def test_the_comparison_reads_as_markdown(summary):
    text = markdown(proxies.show(summary, RANKING))
    assert "**Kendall tau inside the true top 10%**" in text
    assert "90.0 + 5.00 build" in text
    assert "0.500 + 5.00 build (0.0100 batched)" in text
    assert "40 of NB201" in text


def test_a_method_that_did_not_score_a_benchmark_has_no_number_there(summary):
    other = summary[summary.method == "zen"].assign(benchmark="nasbench101", dataset="cifar10")
    both = pd.concat([summary, other.drop_duplicates("population")])
    text = markdown(proxies.show(both, RANKING))
    row = next(line for line in text.splitlines() if line.startswith("| #params"))
    assert row.rstrip(" |").endswith("-")


def test_ratios_are_to_the_reference(ratios):
    rows = ratios.set_index("method")
    assert rows.loc["tgnas_code"].ratio == rows.loc["tgnas_code"].search_ratio == 1
    assert rows.loc["zen"].ratio == pytest.approx(95 / 5.5)
    assert rows.loc["zen"].ratio_scoring == pytest.approx(180)
    assert rows.loc["zen"].ratio_batched == pytest.approx(9500)


def test_set_up_stands_apart_and_counts_on_both_sides_of_a_search(ratios):
    rows = ratios.set_index("method")
    assert rows.loc["tgnas_code"].search_seconds == pytest.approx(5.5)
    assert rows.loc["zen"].search_ratio_with_setup == pytest.approx(95 / (5.5 + 102.5))
    assert np.isnan(rows.loc["zen"].training)


def test_what_the_paper_reports_stands_below_the_ratios(ratios):
    reported = REPORTED[REPORTED.table == "speed"].to_dict("records")
    text = markdown(speed.show(ratios, reported, 1000))
    assert "- reported ratio: 300 (the paper)" in text
    assert text.index("Zen-score") < text.index("#params")


# Figures


def test_every_method_of_the_cost_figure_is_named_and_none_covers_another(summary):
    figure = cost.draw(summary, "cifar10")
    texts = [text for text in figure.axes[0].texts if text.get_text()]
    assert {text.get_text() for text in texts} == set(summary.title)
    boxes = [text.get_window_extent() for text in texts]
    assert not any(
        one.overlaps(other) for place, one in enumerate(boxes) for other in boxes[:place]
    )
    assert figure.axes[0].get_xscale() == "log"


def test_a_method_without_a_defined_tau_is_not_drawn(summary):
    constant = summary.assign(KT=np.where(summary.method == "zen", np.nan, summary.KT))
    figure = cost.draw(constant, "cifar10")
    assert "Zen-score" not in {text.get_text() for text in figure.axes[0].texts}


def test_the_heat_map_is_symmetric_and_ends_with_the_accuracies(target, tables):
    found = comparison.independence(target, tables, RANKING)
    panel = independence.draw(found, TITLES).axes[0]
    values = panel.images[0].get_array()
    assert np.array_equal(values, values.T)
    labels = [label.get_text() for label in panel.get_yticklabels()]
    assert labels[0] == "TG-NAS, authors' code"
    assert labels[-3] == "CIFAR-10 accuracy"


@pytest.mark.parametrize("name", ["cost", "independence"])
def test_the_same_data_give_the_same_bytes(tmp_path, summary, target, tables, name):
    for path in (tmp_path / "a.png", tmp_path / "b.png"):
        figure = (
            cost.draw(summary, "cifar10")
            if name == "cost"
            else independence.draw(comparison.independence(target, tables, RANKING), TITLES)
        )
        style.save(figure, path)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
