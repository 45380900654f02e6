"""Which labelled architectures are drawn, and that nothing is measured on them."""

import numpy as np
import pytest

from tgnas.benchmarks.base import Benchmark, build_table
from tgnas.errors import ConfigError, CorruptTableError, UnknownNameError
from tgnas.scoring.populations import draw, learned_of
from tgnas.scoring.tables import read_scores, write_scores
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.space import open_space
from tgnas.training.auxiliary_targets import graph_scores
from tgnas.training.sources import labelled
from tgnas.training.splits import STRATEGIES, TrainingRows, draw_rows

LABEL = {"dataset": "cifar10", "split": "test", "epochs": 200}
ALL = {"cells": "all", "auxiliary_targets": {}}
SCORES = np.random.default_rng(0).permutation(1000).astype(float)


def test_the_default_draw_is_the_same_for_every_seed_of_a_method():
    drawn = np.sort(np.random.default_rng(0).choice(1000, 80, replace=False))
    assert np.array_equal(draw_rows(1000, 80), drawn)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_draw_has_so_many_different_rows_in_order_and_repeats_by_seed(strategy):
    one, again = (draw_rows(1000, 95, strategy=strategy, scores=SCORES, seed=3) for _ in range(2))
    assert len(one) == 95
    assert (np.diff(one) > 0).all()
    assert np.array_equal(one, again)


@pytest.mark.parametrize("strategy", ["random", "stratified"])
def test_another_seed_draws_others(strategy):
    one, other = (
        draw_rows(1000, 95, strategy=strategy, scores=SCORES, seed=seed) for seed in (0, 1)
    )
    assert not np.array_equal(one, other)


def test_a_stratified_draw_takes_equally_many_of_each_tenth():
    rows = draw_rows(1000, 50, strategy="stratified", scores=SCORES)
    assert np.bincount((SCORES[rows] // 100).astype(int)).tolist() == [5] * 10


def test_a_draw_from_the_top_takes_the_best():
    rows = draw_rows(1000, 50, strategy="top", scores=SCORES)
    assert sorted(SCORES[rows]) == list(range(950, 1000))


def test_only_rows_with_a_label_are_drawn():
    labelled = np.arange(0, 1000, 7)
    assert np.isin(draw_rows(labelled, 50), labelled).all()
    assert np.array_equal(draw_rows(labelled, "all"), labelled)


@pytest.mark.parametrize("count", [0, 1001])
def test_more_rows_than_there_are_cannot_be_drawn(count):
    with pytest.raises(
        ConfigError, match=f"{count:,} labelled architectures?; there are 1 to 1000"
    ):
        draw_rows(1000, count)


def test_a_strategy_without_its_score_is_refused():
    with pytest.raises(ConfigError, match="the strategy top needs a score"):
        draw_rows(1000, 5, strategy="top")


def test_an_unknown_strategy_is_answered_with_the_nearest_one():
    with pytest.raises(UnknownNameError, match=r"'stratify' \(did you mean 'stratified'\?\)"):
        draw_rows(1000, 5, strategy="stratify")


@pytest.fixture(scope="module")
def benchmark() -> Benchmark:
    """Return every 50th architecture of NAS-Bench-201 with drawn accuracies, ten unknown."""
    space = open_space("nasbench201")
    architectures = space.enumerate()[::50]
    accuracies = np.random.default_rng(0).uniform(10, 95, len(architectures))
    accuracies[:10] = np.nan
    columns = {"accuracy/cifar10/test/200": accuracies}
    table = build_table(space, architectures, space.format(architectures), columns)
    return Benchmark("small", table)


def test_all_labelled_architectures_are_those_with_an_accuracy(benchmark):
    source = labelled(benchmark, LABEL, ALL)
    known = np.isfinite(benchmark.accuracy(**LABEL))
    assert np.array_equal(source.labels, benchmark.accuracy(**LABEL)[known])
    assert np.array_equal(source.origin.rows, np.flatnonzero(known))
    assert (source.origin.benchmark, source.space) == ("small", "nasbench201")


def test_a_part_is_the_same_for_every_seed_unless_it_is_drawn_anew(benchmark):
    entry = ALL | {"cells": 30}
    once = [labelled(benchmark, LABEL, entry, seed).origin.rows for seed in (0, 1)]
    anew = [
        labelled(benchmark, LABEL, entry | {"drawn_anew": True}, seed).origin.rows
        for seed in (0, 1)
    ]
    assert np.array_equal(*once)
    assert np.array_equal(once[0], anew[0])
    assert not np.array_equal(*anew)


def test_labels_stay_with_their_architectures(benchmark):
    source = labelled(benchmark, LABEL, ALL | {"cells": 30})
    strings = open_space("nasbench201").format(source.architectures)
    known = dict(zip(benchmark.strings, benchmark.accuracy(**LABEL), strict=True))
    assert [known[text] for text in strings] == source.labels.tolist()


def test_the_best_by_a_graph_proxy_can_be_drawn(benchmark):
    source = labelled(benchmark, LABEL, ALL | {"cells": 20, "strategy": "top", "drawn_by": "flops"})
    flops = graph_scores("flops", benchmark.architectures[10:], "nasbench201")
    chosen = graph_scores("flops", source.architectures, "nasbench201")
    assert sorted(chosen) == sorted(flops)[-20:]


def test_more_than_are_labelled_cannot_be_drawn(benchmark):
    with pytest.raises(ConfigError, match="313 labelled architectures; there are 1 to 303"):
        labelled(benchmark, LABEL, ALL | {"cells": 313})


def test_architectures_of_several_cells_have_one_label(benchmark):
    space, pairs = (
        open_space("darts"),
        Architectures(benchmark.architectures.cells[:10], (0.5, 0.5)),
    )
    columns = {"accuracy/cifar10/test/200": np.arange(5.0)}
    two = Benchmark("pairs", build_table(space, pairs, list("abcde"), columns))
    source = labelled(two, LABEL, ALL)
    assert len(source) == len(source.architectures) == 5


def test_what_was_learned_from_is_known_again_in_a_part_of_the_benchmark(benchmark):
    part = draw(benchmark, 100, seed=0)
    rows = part.table["row"].to_numpy()
    learned = [TrainingRows("small", rows[[3, 5]]), TrainingRows("nasbench101", rows[[4]])]
    assert np.flatnonzero(learned_of(part, learned)).tolist() == [3, 5]
    assert np.flatnonzero(learned_of(benchmark, learned)).tolist() == rows[[3, 5]].tolist()
    assert not learned_of(benchmark, []).any()


def test_no_score_is_written_of_what_was_learned_from(benchmark, tmp_path):
    learned = np.zeros((2, len(benchmark)), dtype=bool)
    learned[0, [1, 3]] = learned[1, [2]] = True
    path, scores = tmp_path / "s.parquet", np.ones((2, len(benchmark)))
    write_scores(path, benchmark, scores, learned=learned)
    assert np.array_equal(np.isnan(read_scores(path, benchmark)), learned)


def test_a_file_with_scores_of_what_was_learned_from_is_not_measured(benchmark, tmp_path):
    learned = {"learned0": np.arange(len(benchmark)) < 2}
    path, scores = tmp_path / "s.parquet", np.ones((1, len(benchmark)))
    write_scores(path, benchmark, scores, more=learned)
    with pytest.raises(CorruptTableError, match="labels the method has learned; nothing may be"):
        read_scores(path, benchmark)
