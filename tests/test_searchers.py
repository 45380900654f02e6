"""Contracts of every searcher, and what each must do on a score that we can read."""

import numpy as np
import pytest

from tgnas.evaluation.search import known_scores, run_searches
from tgnas.methods.searchers import differential_evolution, pruning
from tgnas.methods.searchers._trace import Settings
from tgnas.registry import SEARCHERS
from tgnas.spaces.nasbench201 import SPACE

SETTINGS = Settings(budget=300, completions=8, population=10, generations=12)
WEIGHTS = np.random.default_rng(5).random((6, 5))


def additive(choices: np.ndarray) -> np.ndarray:
    """Score an architecture by a sum over its edges: the best choice of each edge is known."""
    return WEIGHTS[np.arange(6), choices].sum(axis=1)


@pytest.fixture(params=SEARCHERS.names())
def searcher(request):
    return SEARCHERS.module(request.param)


def search(module, seed=0, evaluate=additive):
    return module.search(SPACE, evaluate, SETTINGS, np.random.default_rng(seed))


def test_a_searcher_answers_with_an_architecture_that_it_scored(searcher):
    trace = search(searcher)
    answer = trace.all_choices()[[trace.answer]]
    assert additive(answer)[0] == trace.all_scores()[trace.answer]
    assert SPACE.format(SPACE.cells_of_choices(answer).cell(0)).startswith("|")


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


def test_the_supernet_score_tells_operators_apart_on_every_edge(nasbench201):
    accuracy = nasbench201.accuracy(dataset="cifar10-valid", split="validation", epochs=200)
    scorer = known_scores(nasbench201, accuracy)
    draws = np.random.default_rng(0).random((16, 6))
    damage = pruning.removal_scores(
        lambda rows: scorer(SPACE.cells_of_choices(rows)), pruning.remaining(SPACE), draws
    )
    assert all(len(set(edge)) == 5 for edge in damage.tolist())


def test_the_order_of_operators_does_not_decide_what_is_pruned():
    # The released code sorts by index: any scores give one cell. Ours follows the scores.
    answers = set()
    for seed in range(5):
        weights = np.random.default_rng(seed).random((6, 5))
        trace = search(pruning, evaluate=lambda rows, w=weights: w[np.arange(6), rows].sum(axis=1))
        answers.add(tuple(trace.all_choices()[trace.answer]))
    assert len(answers) == 5


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


def test_the_runs_of_a_search_are_written_with_their_progress():
    table = run_searches(
        SPACE,
        lambda cells: additive(SPACE.choices_of_cells(cells)),
        "random",
        {
            "runs": 3,
            "budget": 50,
            "completions": 4,
            "population": 5,
            "generations": 2,
            "differential_weight": 0.5,
            "crossover": 0.9,
        },
        seed=1,
    )
    assert list(table.run) == [0, 1, 2]
    assert table.architecture.nunique() == 3
    for row in table.itertuples():
        assert row.progress_architectures[-1] == row.architecture
        assert list(row.progress_queries) == sorted(row.progress_queries)
