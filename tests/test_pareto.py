"""Costs of NAS-Bench-201, searches under constraints on them, Pareto fronts and their figure."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tgnas.benchmarks.hw_nas_bench import read_costs
from tgnas.costs.constraints import Constraint, by_debs_rule
from tgnas.costs.front import front
from tgnas.costs.layers import count_flops
from tgnas.encodings.live import live_pattern
from tgnas.errors import CorruptTableError
from tgnas.evaluation.pareto import fronts
from tgnas.results import _style as style
from tgnas.results import constraints, pareto
from tgnas.results._tables import markdown
from tgnas.searching.runs import Plan, run_constrained
from tgnas.spaces.space import open_space

CONSTRAINTS = {"dataset": "cifar10", "costs": ["flops", "edgegpu_latency"], "shares": [0.1, 0.5]}
CONSTRAINTS["searchers"] = ["exhaustive", "hybrid"]
RANKING = {"split": "test", "epochs": 200}


@pytest.fixture(scope="module")
def hw_file(resource_file):
    return resource_file("nasbench201/hw_cifar10.csv")


@pytest.fixture(scope="module")
def costs(hw_file, nasbench201):
    return read_costs(hw_file, nasbench201, "cifar10")


@pytest.fixture(scope="module")
def accuracy(nasbench201):
    return nasbench201.accuracy(dataset="cifar10", **RANKING)


def test_measured_costs_are_of_the_architectures_that_they_stand_beside(costs, nasbench201):
    # A synthesised accelerator takes as long as it has multiplications; any other order of
    # operators or edges loses this.
    assert list(costs.architecture) == nasbench201.strings
    assert stats.spearmanr(costs.flops, costs.fpga_latency).statistic > 0.96


def test_of_all_orders_of_the_edges_flops_rank_latencies_best_in_the_one_that_is_read(costs):
    architectures = open_space("nasbench201").architectures(list(costs.architecture))
    flops = count_flops(live_pattern(architectures))  # whose operators are live depends on edges
    codes = open_space("nasbench201").choices_of(architectures)
    place = np.empty(5**6, dtype=int)
    place[codes @ 5 ** np.arange(6)] = np.arange(len(codes))
    measured = costs.raspi4_latency.notna().to_numpy()
    latency = stats.rankdata(costs.raspi4_latency[measured])
    rho = {
        order: np.corrcoef(
            stats.rankdata(flops[place[codes[measured] @ 5 ** np.array(order)]]), latency
        )[0, 1]
        for order in permutations(range(6))
    }
    best = max(rho.values())
    assert best == pytest.approx(0.894, abs=5e-4)
    # The order that is read, and the same cell with input and output exchanged.
    assert {order for order in rho if rho[order] > best - 1e-9} == {
        (0, 1, 2, 3, 4, 5),
        (5, 4, 2, 3, 1, 0),
    }


def test_measured_costs_agree_with_the_file_on_one_architecture(costs):
    # The file's first row, (4, 3, 3, 0, 0, 0): average pooling, two 1x1 convolutions, three skips.
    text = "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|"
    text += "+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|"
    row = costs[costs.architecture == text].iloc[0]
    assert row.edgegpu_latency == pytest.approx(5.807418537139893)


def test_a_cost_that_was_not_measured_is_unknown(costs):
    assert costs.edgetpu_latency.isna().any()
    assert (costs.drop(columns="architecture").min() >= 0).all()


def test_a_file_of_costs_that_lacks_an_architecture_is_refused(hw_file, nasbench201, tmp_path):
    lines = hw_file.read_text().splitlines(keepends=True)
    (tmp_path / "short.csv").write_text("".join(lines[:-1]))
    with pytest.raises(CorruptTableError, match="does not list every architecture of nasbench201"):
        read_costs(tmp_path / "short.csv", nasbench201, "cifar10")
    (tmp_path / "other.csv").write_text("net,latency\n")
    with pytest.raises(CorruptTableError, match="the columns must be net, edgegpu_latency"):
        read_costs(tmp_path / "other.csv", nasbench201, "cifar10")


numbers = st.integers(0, 5)
points = st.integers(1, 3).flatmap(
    lambda costs: st.lists(st.tuples(*[numbers] * (costs + 1)), min_size=1, max_size=30)
)


@given(points)
def test_nothing_dominates_a_member_of_a_front_and_something_every_other(found):
    table = np.array(found, dtype=np.float64)
    costs, scores = table[:, 1:], table[:, 0]
    rows = front(costs, scores)
    assert (np.diff(costs[rows, 0]) >= 0).all()
    members = set(rows.tolist())
    for row in range(len(found)):
        as_good = (costs <= costs[row]).all(axis=1) & (scores >= scores[row])
        better = as_good & ((costs < costs[row]).any(axis=1) | (scores > scores[row]))
        same = as_good & ~better
        assert (row in members) == (not better.any() and row == np.flatnonzero(same)[0])


def test_an_unknown_cost_is_on_no_front():
    assert list(front(np.array([np.nan, 1.0]), np.array([9.0, 1.0]))) == [1]
    assert list(front(np.array([[0.0, np.nan], [1.0, 1.0]]), np.array([9.0, 1.0]))) == [1]


@given(st.lists(st.tuples(numbers, numbers), min_size=1, max_size=30), st.integers(1, 9))
def test_what_costs_too_much_is_worse_than_all_that_does_not(found, bound):
    costs, scores = np.array(found, dtype=np.float64).T.copy()
    cheap = costs <= bound
    if cheap.any():
        ruled = by_debs_rule(scores, Constraint("flops", True, float(bound)).excess(costs))
        assert np.array_equal(ruled[cheap], scores[cheap])
        assert (ruled[~cheap] < scores.min()).all()


@pytest.mark.parametrize("share", [0.25, 1.0])
def test_a_constraint_is_kept_by_its_share_and_by_no_unknown_cost(share):
    costs = np.array([1.0, 2, 3, 4, 5, np.nan])
    excess = Constraint.of_share("flops", costs, share).excess(costs)
    assert (excess[:5] == 0).sum() == (2 if share < 1 else 5)
    assert excess[5] >= excess.max() > 0


def test_an_incumbent_keeps_its_constraint(nasbench201, costs, accuracy):
    plan = Plan({name: {} for name in CONSTRAINTS["searchers"]}, runs=2, top=10)
    scores, space = np.stack([accuracy, -accuracy]), open_space("nasbench201")
    known = costs[CONSTRAINTS["costs"]]
    table = run_constrained(space, nasbench201, scores, known, CONSTRAINTS["shares"], plan)
    assert len(table) == 2 * 2 * 2 * (1 + 2)
    assert (table.value <= table.bound).all()
    first = table[(table.searcher == "exhaustive") & (table.seed == 0)]
    for row in first.itertuples():
        assert row.score == accuracy[costs[row.cost] <= row.bound].max()
    incumbents = table.assign(scorer="oracle", cifar10=table.score.abs())
    summary = constraints.summarise(incumbents, "cifar10")
    assert (summary.kept == 1).all()
    assert "(cheapest 10%)" in markdown(constraints.show(summary, "cifar10", {}))


def test_the_front_of_the_true_accuracy_has_no_regret(nasbench201, costs, accuracy):
    scores = {"oracle": accuracy[None], "reversed": -accuracy[None]}
    table = fronts(nasbench201, costs, scores, CONSTRAINTS, RANKING)
    assert (table[table.scorer == "oracle"].regret == 0).all()
    assert table[table.scorer == "reversed"].regret.max() > 0
    assert table[table.scorer == "oracle"].accuracy.max() == accuracy.max()
    assert "100%" in markdown(pareto.show(table, {}))


def test_the_figure_of_fronts_has_a_panel_for_each_cost(nasbench201, costs, accuracy, tmp_path):
    scores = {"oracle_cifar10": accuracy[None], "reversed": -accuracy[None]}
    table = fronts(nasbench201, costs, scores, CONSTRAINTS, RANKING)
    titles = {"reversed": "the other way round"}
    for name in ("first", "second"):
        figure = pareto.figure(table, nasbench201, costs, CONSTRAINTS, RANKING, titles)
        style.save(figure, tmp_path / f"{name}.png")
    assert [panel.get_xlabel() for panel in figure.axes] == [
        "FLOPs (millions)\n(lower is better)",
        "edgegpu latency (ms)\n(lower is better)",
    ]
    (legend,) = figure.legends
    assert legend.get_texts()[-1].get_text() == "front by the other way round"
    first, second = ((tmp_path / f"{name}.png").read_bytes() for name in ("first", "second"))
    assert first == second
