"""Measures of scores against accuracies."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tgnas.evaluation import comparison, ranking
from tgnas.registry import GRAPH_PROXIES

VECTORS = st.integers(0, 10_000).map(
    lambda seed: np.random.default_rng(seed).integers(0, 9, (2, 30)).astype(float)
)
SETTINGS = {"top_share": 0.1, "at": [1, 10], "resamples": 20, "level": 0.95}


def test_kendall_tau_of_a_hand_calculation():
    # Pairs: (1,2) and (1,3) agree, (2,3) does not: (2 - 1) / 3.
    assert ranking.kendall_tau(np.array([1.0, 2, 3]), np.array([1.0, 3, 2])) == pytest.approx(1 / 3)


@given(VECTORS)
def test_spearman_rho_is_scipys(vectors):
    assert ranking.spearman_rho(*vectors) == pytest.approx(stats.spearmanr(*vectors).statistic)


@given(VECTORS)
def test_a_monotone_change_of_the_scores_changes_no_measure(vectors):
    scores, accuracies = vectors
    for of in (ranking.kendall_tau, ranking.spearman_rho):
        assert of(np.exp(scores / 3), accuracies) == pytest.approx(of(scores, accuracies))


@given(VECTORS)
def test_the_sign_is_kept(vectors):
    scores, accuracies = vectors
    assert ranking.kendall_tau(-scores, accuracies) == pytest.approx(
        -ranking.kendall_tau(scores, accuracies)
    )


def test_constant_scores_have_no_correlation():
    scores, accuracies = np.zeros(5), np.arange(5.0)
    assert np.isnan(ranking.kendall_tau(scores, accuracies))
    assert np.isnan(ranking.spearman_rho(scores, accuracies))


def test_scores_that_are_not_finite_are_counted_and_refused():
    with pytest.raises(ValueError, match="1 of 3 scores is not finite"):
        ranking.kendall_tau(np.array([1, np.nan, 2.0]), np.arange(3.0))


def test_a_single_architecture_is_refused():
    with pytest.raises(ValueError, match="each needs at least 3"):
        ranking.kendall_tau(np.ones(1), np.ones(1))


def test_precision_regret_and_rank_of_a_hand_made_case():
    accuracies = np.array([90.0, 94, 93, 80])
    scores = np.array([4.0, 1, 3, 2])
    assert ranking.precision_at_k(scores, accuracies, 2) == 0.5
    assert ranking.regret_at_k(scores, accuracies, 1) == 4
    assert ranking.rank_at_k(scores, accuracies, 1) == 3
    assert ranking.rank_at_k(scores, accuracies, 2) == 2


@given(VECTORS)
def test_perfect_scores_leave_no_regret(vectors):
    accuracies = vectors[0]
    assert ranking.regret_at_k(accuracies, accuracies, 1) == 0
    assert ranking.rank_at_k(accuracies, accuracies, 1) == 1
    assert ranking.precision_at_k(accuracies, accuracies, 5) == 1


def test_clusters_are_drawn_whole():
    clusters = np.array([0, 1, 0, 2, 2, 2])
    for rows in ranking.resampled_rows(clusters, 20, np.random.default_rng(0)):
        counts = np.bincount(rows, minlength=6)
        assert counts[0] == counts[2]
        assert counts[3] == counts[4] == counts[5]
        assert counts[0] + counts[1] + counts[3] == 3  # as many clusters as there are


def noisy(count, seeds, generator):
    accuracies = generator.random(count)
    return accuracies + generator.normal(0, 0.5, (seeds, count)), accuracies


def test_the_interval_holds_the_value_and_narrows_with_more_architectures():
    generator, widths = np.random.default_rng(0), []
    for count in (50, 2000):
        scores, accuracies = noisy(count, 1, generator)
        taus = ranking.bootstrap(scores, accuracies, np.arange(count), 100)
        low, high = ranking.interval(taus, 0.95)
        assert low < ranking.kendall_tau(scores[0], accuracies) < high
        widths.append(high - low)
    assert widths[1] < widths[0] / 2


def test_repeating_every_architecture_adds_no_evidence():
    scores, accuracies = noisy(100, 1, np.random.default_rng(0))
    once = ranking.bootstrap(scores, accuracies, np.arange(100), 200).std()
    twice = (np.repeat(part, 4, axis=-1) for part in (scores, accuracies, np.arange(100)))
    assert ranking.bootstrap(*twice, 200).std() == pytest.approx(once, rel=0.05)


def test_seeds_that_differ_widen_the_interval():
    scores, accuracies = noisy(2000, 1, np.random.default_rng(0))
    noise = np.random.default_rng(1).normal(size=(4, 2000))
    seeds = scores + np.array([[0], [0.5], [1], [2]]) * noise
    widths = [
        np.ptp(ranking.interval(ranking.bootstrap(part, accuracies, np.arange(2000), 100), 0.95))
        for part in (scores, seeds)
    ]
    assert widths[1] > 3 * widths[0]


def test_resamples_of_two_methods_are_paired():
    scores, accuracies = noisy(300, 5, np.random.default_rng(0))
    one, other = (
        ranking.bootstrap(part, accuracies, np.arange(300), 100) for part in (scores, 2 * scores)
    )
    np.testing.assert_array_equal(one, other)


def test_a_top_of_fewer_than_30_architectures_has_no_tau():
    for count, subsets in ((290, {"all"}), (300, {"all", "top"})):
        scores, accuracies = noisy(count, 1, np.random.default_rng(0))
        found, resampled = ranking.measure(scores, accuracies, np.arange(count), **SETTINGS)
        assert {m.subset for m in found[0]} == set(resampled) == subsets
        assert np.isfinite(ranking.top_tau(scores[0], accuracies, 0.1)) == ("top" in subsets)


def test_a_score_that_one_seed_lacks_is_left_out_of_that_seed_alone():
    scores, accuracies = noisy(60, 2, np.random.default_rng(0))
    scores[1, :10] = np.nan
    found, _ = ranking.measure(scores, accuracies, np.arange(60), **SETTINGS)
    assert [of_seed[0].architectures for of_seed in found] == [60, 50]


def test_every_measure_is_taken_and_named():
    scores, accuracies = noisy(400, 1, np.random.default_rng(0))
    (found,), _ = ranking.measure(scores, accuracies, np.arange(400), **SETTINGS)
    assert {(m.subset, m.name) for m in found if m.name.startswith("kendall")} == {
        ("all", "kendall_tau"),
        ("top", "kendall_tau"),
    }
    assert {m.architectures for m in found if m.subset == "top"} == {40}
    assert {"precision_at_10", "regret_at_1", "rank_at_10"} <= {m.name for m in found}


def test_effective_params_on_distinct_patterns_give_the_known_taus(nasbench201):
    # Measured apart: .621 / .586 / .547 on one representative of each live pattern.
    scores = GRAPH_PROXIES.load("effective_params")(
        nasbench201.architectures,
        space="nasbench201",
        dataset="cifar10",
        generator=np.random.default_rng(0),
    )
    config = SETTINGS | {
        "datasets": ["cifar10", "cifar100", "ImageNet16-120"],
        "split": "test",
        "epochs": 200,
    }
    unique = comparison.subsets_of(nasbench201, {}, whole=True)
    table, _ = ranking.measure_benchmark(nasbench201, scores[None], unique, config)
    kendall = table[
        (table.name == "kendall_tau") & (table.population == "unique") & (table.subset == "all")
    ]
    assert set(kendall.architectures) == {9445}
    assert list(kendall.value) == pytest.approx([0.621, 0.586, 0.547], abs=0.005)


def test_the_authors_dump_against_its_own_accuracies_gives_the_published_correlations(
    resource_file,
):
    # Measured apart on the authors' test.txt: tau .484, rho .682. Against our accuracies, another
    # mean over training seeds, the third digit differs.
    true, predicted = np.loadtxt(resource_file("nasbench201/authors_dump.txt")).T
    assert round(ranking.kendall_tau(predicted, true), 3) == 0.484
    assert round(ranking.spearman_rho(predicted, true), 3) == 0.682
