"""Contracts of every searcher, and what each must do on a score that we can read."""

from dataclasses import asdict, replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from tgnas.benchmarks.authors_dump import read_dump
from tgnas.errors import ConfigError
from tgnas.methods.graph_proxies import effective_params
from tgnas.methods.searchers import differential_evolution, pruning, regularised_evolution
from tgnas.methods.searchers._trace import Settings, neighbours
from tgnas.registry import SEARCHERS
from tgnas.search.runs import compare_partial_scores, known, live, look_up, run_searches, standing
from tgnas.spaces.darts import SPACE as DARTS
from tgnas.spaces.nasbench201 import SPACE

SETTINGS = Settings(budget=300, completions=8, population=10, generations=12, living=20, sample=5)
RUNS = asdict(SETTINGS) | {"runs": 3, "top": 10}
RANKING = {"datasets": ["cifar10", "cifar100"], "split": "test", "epochs": 200}
WEIGHTS = np.random.default_rng(5).random((6, 5))


def additive(choices: np.ndarray) -> np.ndarray:
    """Score an architecture by a sum over its edges: the best choice of each edge is known."""
    return WEIGHTS[np.arange(6), choices].sum(axis=1)


@pytest.fixture(params=SEARCHERS.names())
def searcher(request):
    return SEARCHERS.module(request.param)


def search(module, seed=0, evaluate=additive, **changed):
    settings = replace(SETTINGS, **changed)
    return module.search(SPACE, evaluate, settings, np.random.default_rng(seed))


def test_a_searcher_answers_with_an_architecture_that_it_scored(searcher):
    trace = search(searcher)
    answer = trace.all_choices()[[trace.answer]]
    assert additive(answer)[0] == trace.all_scores()[trace.answer]
    assert SPACE.format(SPACE.of_choices(answer))[0].startswith("|")


def test_a_searcher_repeats_with_its_seed(searcher):
    first, second = search(searcher), search(searcher)
    assert np.array_equal(first.all_choices(), second.all_choices())
    assert first.answer == second.answer


def test_a_searcher_counts_every_query(searcher):
    asked = []
    trace = search(searcher, evaluate=lambda rows: (asked.append(len(rows)), additive(rows))[1])
    assert trace.queries == sum(asked)


def test_a_searcher_beats_the_mean_of_the_space(searcher):
    trace = search(searcher)
    assert trace.all_scores()[trace.answer] > WEIGHTS.mean(axis=1).sum()


@pytest.mark.parametrize(
    ("name", "queries"),
    [
        ("random", 300),
        ("local_search", 300),
        ("regularised_evolution", 300),
        ("exhaustive", 15625),
        ("pruning", (31 + 25 + 19 + 13) * 8 + 1),
        ("differential_evolution", 10 * 13),
        ("hybrid", (31 + 25 + 19 + 13) * 8 + 1 + 10 * 13),
    ],
)
def test_a_searcher_spends_exactly_its_budget(name, queries):
    assert search(SEARCHERS.module(name)).queries == queries


def test_the_default_budget_of_random_search_is_the_hybrids():
    assert Settings().budget == (31 + 25 + 19 + 13) * 16 + 1 + 20 * 51


def test_exhaustive_search_finds_the_best_of_all():
    trace = search(SEARCHERS.module("exhaustive"))
    assert list(trace.all_choices()[trace.answer]) == list(WEIGHTS.argmax(axis=1))


def test_pruning_finds_the_best_operator_of_every_edge_of_an_additive_score():
    # Common draws make an additive score's removal costs depend on the edge alone.
    settings = Settings(completions=256)
    trace = pruning.search(SPACE, additive, settings, np.random.default_rng(0))
    assert list(trace.all_choices()[trace.answer]) == list(WEIGHTS.argmax(axis=1))


def real_scores(name, nasbench201, resource_file):
    """Return scores that no label of the target has made."""
    if name == "released predictor":
        return read_dump(resource_file("nasbench201/authors_dump.txt"), nasbench201)
    about = {"space": "nasbench201", "dataset": "cifar10"}
    architectures = nasbench201.architectures
    return effective_params.score(architectures, **about, generator=np.random.default_rng(0))


def removal_scores(evaluate, supernet="mean"):
    drawn = pruning.draws(16, 6, np.random.default_rng(0))
    full, score = pruning.remaining(SPACE), pruning.PARTIAL_SCORES[supernet]
    return pruning.removal_scores(evaluate, full, drawn, score)


def test_the_supernet_score_tells_operators_apart_on_every_edge(nasbench201, resource_file):
    scores = real_scores("released predictor", nasbench201, resource_file)
    damage = removal_scores(known(SPACE, nasbench201, scores))
    assert all(len(set(edge)) == 5 for edge in damage.tolist())


def test_the_supernet_score_of_a_proxy_ties_only_operators_without_weights(
    nasbench201, resource_file
):
    scores = real_scores("effective #params", nasbench201, resource_file)
    damage = removal_scores(known(SPACE, nasbench201, scores))
    convolutions = [list(SPACE.operators).index(name) for name in ("nor_conv_1x1", "nor_conv_3x3")]
    assert all(
        edge[place] not in np.delete(edge, place) for edge in damage for place in convolutions
    )


def test_the_best_completion_as_the_supernet_score_ties_operators(nasbench201, resource_file):
    scores = real_scores("released predictor", nasbench201, resource_file)
    evaluators = [known(SPACE, nasbench201, scores)]
    table = compare_partial_scores(SPACE, evaluators, RUNS | {"completions": 16})
    tied = table.groupby("partial").tied.mean()
    assert tied["mean"] == 0 < tied["best"]
    assert set(table.searcher) == {"pruning"}


def test_the_supernet_score_is_a_setting():
    first, second = (search(pruning, partial_architecture=name) for name in pruning.PARTIAL_SCORES)
    assert not np.array_equal(first.all_choices(), second.all_choices())


def test_the_order_of_operators_does_not_decide_what_is_pruned():
    # The released code sorts by index: any scores give one cell. Ours follows the scores.
    answers = set()
    for seed in range(5):
        weights = np.random.default_rng(seed).random((6, 5))
        trace = search(pruning, evaluate=lambda rows, w=weights: w[np.arange(6), rows].sum(axis=1))
        answers.add(tuple(trace.all_choices()[trace.answer]))
    assert len(answers) == 5


def test_every_operator_is_in_its_share_of_the_completions():
    rows = pruning.completions(
        pruning.remaining(SPACE), pruning.draws(20, 6, np.random.default_rng(0))
    )
    assert all(np.bincount(edge).tolist() == [4] * 5 for edge in rows.T)
    assert len(np.unique(rows, axis=0)) > 15


def test_completions_use_only_what_is_left():
    left = pruning.remaining(SPACE)
    left[2, [0, 3]] = False
    rows = pruning.completions(left, np.random.default_rng(0).random((500, 6)))
    assert set(rows[:, 2]) == {1, 2, 4}
    assert all(set(rows[:, edge]) == set(range(5)) for edge in (0, 1, 3, 4, 5))


def test_every_operator_has_an_equal_share_of_the_unit_interval():
    grid = np.repeat(np.linspace(0, 1, 1000, endpoint=False)[:, None], 6, axis=1)
    counts = np.bincount(differential_evolution.discretise(SPACE, grid)[:, 0])
    assert list(counts) == [200] * 5
    assert differential_evolution.discretise(SPACE, np.ones((1, 6))).max() == 4


def test_differential_evolution_never_loses_its_best():
    trace = search(differential_evolution)
    generations = [part.max() for part in trace.scores]
    assert trace.all_scores()[trace.answer] == max(generations)


def test_neighbours_differ_in_one_decision_and_are_all_there():
    here = np.array([0, 1, 2, 3, 4, 0])
    around = neighbours(SPACE, here)
    assert set((around != here).sum(axis=1)) == {1}
    assert len(np.unique(around, axis=0)) == len(around) == 6 * 4


def test_a_mutation_changes_one_decision_that_has_a_choice():
    generator, here = np.random.default_rng(0), np.zeros(24, dtype=np.int64)
    children = [regularised_evolution.mutated(DARTS, here, generator) for _ in range(400)]
    changed = np.stack(children) != here
    assert set(changed.sum(axis=1)) == {1}
    # Nodes 2 can only take from the two inputs: decisions 0 and 12.
    assert set(np.flatnonzero(~changed.any(axis=0))) == {0, 12}


def test_evolution_with_one_living_architecture_is_a_random_walk():
    walk = search(regularised_evolution, living=1, sample=1).all_choices()
    assert {int((a != b).sum()) for a, b in pairwise(walk)} == {1}


def test_local_search_goes_on_at_a_random_architecture_when_no_neighbour_is_better():
    trace = search(SEARCHERS.module("local_search"))
    starts = [part for part in trace.choices if len(part) == 1]
    assert len(starts) > 1
    assert list(trace.all_choices()[trace.answer]) == list(WEIGHTS.argmax(axis=1))


def darts_additive(choices: np.ndarray) -> np.ndarray:
    weights = np.random.default_rng(6).random((24, 10))
    return weights[np.arange(24), choices].sum(axis=1)


@pytest.mark.parametrize("name", [n for n in SEARCHERS.names() if n != "exhaustive"])
def test_a_searcher_finds_a_genotype_of_the_darts_space(name):
    trace = SEARCHERS.load(name)(DARTS, darts_additive, SETTINGS, np.random.default_rng(0))
    answer = trace.all_choices()[[trace.answer]]
    assert darts_additive(answer)[0] == trace.all_scores()[trace.answer]
    assert DARTS.format(DARTS.of_choices(answer))[0].startswith("Genotype(normal=[('")


def test_a_space_that_is_too_large_is_not_enumerated():
    exhaustive = SEARCHERS.load("exhaustive")
    with pytest.raises(ConfigError, match=r"darts has 1\.1e\+18 architectures; at most 1,000,000"):
        exhaustive(DARTS, darts_additive, SETTINGS, np.random.default_rng(0))


def test_both_cells_of_a_genotype_count_by_their_share():
    def predict(cells):
        normal = np.arange(len(cells)) % 2 == 0
        return np.where(normal, 1.0, 5.0)

    rows = np.zeros((3, 24), dtype=np.int64)
    assert live(DARTS, predict)(rows) == pytest.approx([0.75 * 1 + 0.25 * 5] * 3)


def test_looked_up_scores_are_those_of_the_architecture(nasbench201):
    scores = np.arange(15625.0)
    rows = np.random.default_rng(0).integers(0, 5, (50, 6))
    place = {text: row for row, text in enumerate(nasbench201.strings)}
    found = known(SPACE, nasbench201, scores)(rows)
    assert list(found) == [place[text] for text in SPACE.format(SPACE.of_choices(rows))]


def test_every_row_of_choices_of_the_whole_space_is_another_architecture():
    assert len(np.unique(SPACE.choices_of(SPACE.enumerate()), axis=0)) == 15625


def test_validation_accuracy_chooses_among_the_best_scored(nasbench201):
    accuracy = nasbench201.accuracy(dataset="cifar10", split="test", epochs=200)
    runs = run_searches(SPACE, known(SPACE, nasbench201, -accuracy), "exhaustive", RUNS, seed=0)
    table = look_up(runs, nasbench201, RANKING)
    worst = np.sort(accuracy)[:10]
    assert table["cifar10"][0] == worst[0]
    assert table["cifar10 top"][0] in worst[1:]
    assert len(runs.top[0]) == 10


def test_an_answer_stands_above_the_listed_architectures_that_its_seed_scores_lower(nasbench201):
    listed = nasbench201.strings
    found = pd.DataFrame({"architecture": [listed[0], "new"], "seed": [0, 1], "score": [2.0, 2.0]})
    table = standing(found, nasbench201, np.array([[1.0, 3.0, 4.0, 5.0], [0.0, 1.0, 1.0, 2.0]]))
    assert list(table.listed) == [True, False]
    assert list(table.above) == [0.25, 0.75]


def test_the_runs_of_a_search_are_written_with_their_progress():
    table = run_searches(SPACE, additive, "random", RUNS | {"budget": 50}, seed=1)
    assert list(table.run) == [0, 1, 2]
    assert table.architecture.nunique() == 3
    for row in table.itertuples():
        assert row.progress_architectures[-1] == row.top[0] == row.architecture
        assert list(row.progress_queries) == sorted(row.progress_queries)
        assert len(set(row.top)) == 10
