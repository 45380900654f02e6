"""Contracts of every searcher, and what each must do on a score that we can read."""

from importlib import resources
from itertools import pairwise, product
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from tgnas.benchmarks.base import Benchmark
from tgnas.benchmarks.stored_scores import read_dump
from tgnas.encodings.embeddings import KnownOperators, OperatorEmbeddings
from tgnas.errors import ConfigError, ContractError, UnknownNameError
from tgnas.methods.contracts import Context
from tgnas.methods.few_labels import prepared
from tgnas.methods.graph_proxies import effective_params
from tgnas.methods.light_contracts import Trace
from tgnas.methods.predictors import ctnas, gaussian_process, nao
from tgnas.methods.searchers import ddpnas, differential_evolution, pruning
from tgnas.methods.settings import read_settings
from tgnas.methods.zero_shot import bare
from tgnas.registry import SEARCHERS
from tgnas.searching.live import Surrogate
from tgnas.searching.oracles import Listing, Oracle, measured, predicted, searched, tabulated
from tgnas.searching.pool import Pool
from tgnas.searching.runs import Plan, compare_partial_scores, look_up, run_searches, standing
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.space import Space, open_space

EXAMPLES = Path(__file__).parents[1] / "examples"
SPACE, DARTS, NB101 = map(open_space, ("nasbench201", "darts", "nasbench101"))
FOLDER = resources.files("tgnas") / "weights"
SMALL = {
    "budget": 300,
    "completions": 8,
    "population": 10,
    "generations": 12,
    "living": 20,
    "sample": 5,
    "steps": 10,
    "tournament": 5,
    "rounds": 1,
}
RANKING = {"datasets": ["cifar10", "cifar100"], "split": "test", "epochs": 200}
WEIGHTS = np.random.default_rng(5).random((6, 5))


def additive(architectures: Architectures, space=SPACE, weights=WEIGHTS) -> np.ndarray:
    """Score an architecture by a sum over its edges: the best choice of each edge is known."""
    choices = space.choices_of(architectures)
    return weights[np.arange(choices.shape[1]), choices].sum(axis=1)


def darts_additive(architectures: Architectures) -> np.ndarray:
    return additive(architectures, DARTS, np.random.default_rng(6).random((24, 10)))


def size_of(architectures: Architectures) -> np.ndarray:
    """Score a cell by its 3x3 convolutions and edges, as anybody can count them."""
    edges = np.bitwise_count(architectures.cells.edges).sum(axis=1)
    return edges + 10.0 * (architectures.cells.operators == CONVOLUTION).sum(axis=1)


CONVOLUTION = NB101.operators["conv3x3-bn-relu"]


def small(module, **changed):
    """Return a searcher's settings with small budgets."""
    known = {**SMALL, **changed}
    return module.Settings(**{k: known[k] for k in module.Settings.model_fields if k in known})


def search(module, seed=0, score=additive, space=SPACE, **changed):
    oracle, generator = Oracle(predicted(score)), np.random.default_rng(seed)
    if "scores" in module.CARD.needs:
        return module.search(space, oracle, small(module, **changed), generator)
    settings = small(module, **{"budget": 40, **changed})
    pool = WHOLE if module is ddpnas else POOL
    surrogate = SURROGATES[getattr(module, "SURROGATE", "gaussian_process")]
    return module.search(pool, oracle, settings, generator, surrogate)


def plan(searcher, runs=3, top=10, **changed):
    return Plan({searcher: dict(small(SEARCHERS.module(searcher), **changed))}, runs, top)


def incumbent_of(trace):
    return bare(trace.architectures[trace.incumbent : trace.incumbent + 1])


def same(first, second):
    cells = first.architectures.cells, second.architectures.cells
    return all(
        np.array_equal(getattr(cells[0], part), getattr(cells[1], part))
        for part in ("operators", "edges")
    )


# Searchers of labels choose among listed architectures, and fit a predictor on what they queried.
OPERATORS = KnownOperators.of(OperatorEmbeddings.read(FOLDER / "minilm_short.parquet"))
DRAWN = SPACE.sample(600, np.random.default_rng(3))
LISTED, CONTEXT = prepared(DRAWN[DRAWN.distinct()[0]], Context(OPERATORS))
POOL = Pool.of(SPACE, LISTED)
WHOLE = Pool.of(SPACE, SPACE.enumerate())
SURROGATES = {
    "gaussian_process": Surrogate("gaussian_process", gaussian_process.Settings(), CONTEXT),
    "ctnas": Surrogate("ctnas", ctnas.Settings(steps=20, hidden=16), CONTEXT),
    "nao": Surrogate("nao", nao.Settings(steps=20, first_steps=20), CONTEXT),
}
WITHOUT_CHOICES = ["local_search", "random", "regularised_evolution"]  # walk on any space


# Those that walk on any space; of programs alone see test_alphanas.py.
ANYWHERE = [name for name in SEARCHERS.names() if name != "alphanas"]


@pytest.fixture(params=ANYWHERE)
def searcher(request):
    return SEARCHERS.module(request.param)


def test_a_searcher_returns_an_architecture_of_the_space_that_it_scored(searcher):
    trace = search(searcher)
    incumbent = incumbent_of(trace)
    assert additive(incumbent)[0] == trace.scores[trace.incumbent]
    assert SPACE.format(incumbent)[0].startswith("|")


def test_a_searcher_repeats_with_its_seed(searcher):
    first, second = search(searcher), search(searcher)
    assert same(first, second)
    assert first.incumbent == second.incumbent


def test_an_oracle_counts_every_query_of_a_searcher(searcher):
    trace = search(searcher)
    assert trace.oracle.queries == trace.queries == len(trace.scores) == len(trace.architectures)
    assert trace.oracle.distinct == len(trace.architectures.distinct()[0])


def test_a_searcher_beats_the_mean_of_the_space(searcher):
    trace = search(searcher)
    assert trace.scores[trace.incumbent] > WEIGHTS.mean(axis=1).sum()


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
    default = SEARCHERS.module("random").Settings().budget
    assert default == (31 + 25 + 19 + 13) * 16 + 1 + 20 * 51


def test_a_searcher_refuses_what_it_does_not_read(searcher):
    with pytest.raises(UnknownNameError, match="'temperature'"):
        read_settings(searcher.Settings, {"temperature": 1})


def choices(trace):
    return SPACE.choices_of(trace.architectures)


def test_exhaustive_search_finds_the_best_of_all():
    trace = search(SEARCHERS.module("exhaustive"))
    assert list(choices(trace)[trace.incumbent]) == list(WEIGHTS.argmax(axis=1))


def test_pruning_finds_the_best_operator_of_every_edge_of_an_additive_score():
    # Common draws make an additive score's removal costs depend on the edge alone.
    trace = search(pruning, completions=256)
    assert list(choices(trace)[trace.incumbent]) == list(WEIGHTS.argmax(axis=1))


def real_scores(name, nasbench201, resource_file):
    """Return scores that no label of the target has made."""
    if name == "released predictor":
        return read_dump(resource_file("nasbench201/authors_dump.txt"), nasbench201)
    about = {"space": "nasbench201", "dataset": "cifar10"}
    generator = np.random.default_rng(0)
    return effective_params.score(nasbench201.architectures, **about, generator=generator)


def source_of(benchmark, scores):
    return tabulated(Listing(SPACE, benchmark.architectures), scores)


def removal_scores(source, partial_score="mean"):
    drawn = pruning.draws(16, 6, np.random.default_rng(0))
    return pruning.removal_scores(
        lambda rows: source(SPACE.of_choices(rows), None)[0],
        pruning.whole(SPACE),
        drawn,
        pruning.PARTIAL_SCORES[partial_score],
    )


def test_the_score_of_a_partial_architecture_tells_operators_apart_on_every_edge(
    nasbench201, resource_file
):
    scores = real_scores("released predictor", nasbench201, resource_file)
    damage = removal_scores(source_of(nasbench201, scores))
    assert all(len(set(edge)) == 5 for edge in damage.tolist())


def test_the_score_of_a_partial_architecture_by_a_proxy_ties_only_operators_without_weights(
    nasbench201, resource_file
):
    scores = real_scores("effective #params", nasbench201, resource_file)
    damage = removal_scores(source_of(nasbench201, scores))
    spelled = list(SPACE.operators)
    convolutions = [spelled.index(name) for name in ("nor_conv_1x1", "nor_conv_3x3")]
    assert all(
        edge[place] not in np.delete(edge, place) for edge in damage for place in convolutions
    )


def test_the_best_completion_as_the_score_of_a_partial_architecture_ties_operators(
    nasbench201, resource_file
):
    scores = real_scores("released predictor", nasbench201, resource_file)
    source = source_of(nasbench201, scores)
    table = compare_partial_scores(SPACE, [source], plan("pruning", completions=16))
    tied = table.groupby("partial").tied.mean()
    assert tied["mean"] == 0 < tied["best"]
    assert set(table.searcher) == {"pruning"}


def test_the_score_of_a_partial_architecture_is_a_setting():
    first, second = (search(pruning, partial_architecture=name) for name in pruning.PARTIAL_SCORES)
    assert not same(first, second)


def test_the_order_of_operators_does_not_decide_what_is_pruned():
    # The released code sorts by index: any scores give one cell. Ours follows the scores.
    incumbents = set()
    for seed in range(5):
        weights = np.random.default_rng(seed).random((6, 5))
        trace = search(pruning, score=lambda found, w=weights: additive(found, weights=w))
        incumbents.add(tuple(choices(trace)[trace.incumbent]))
    assert len(incumbents) == 5


def test_every_operator_is_in_its_share_of_the_completions():
    rows = pruning.completions(pruning.whole(SPACE), pruning.draws(20, 6, np.random.default_rng(0)))
    assert all(np.bincount(edge).tolist() == [4] * 5 for edge in rows.T)
    assert len(np.unique(rows, axis=0)) > 15


def test_completions_use_only_what_is_left():
    left = pruning.whole(SPACE)
    left[2, [0, 3]] = False
    rows = pruning.completions(left, np.random.default_rng(0).random((500, 6)))
    assert set(rows[:, 2]) == {1, 2, 4}
    assert all(set(rows[:, edge]) == set(range(5)) for edge in (0, 1, 3, 4, 5))


def test_every_operator_has_an_equal_share_of_the_unit_interval():
    sizes = np.full(6, 5)
    grid = np.repeat(np.linspace(0, 1, 1000, endpoint=False)[:, None], 6, axis=1)
    counts = np.bincount(differential_evolution.discretise(sizes, grid)[:, 0])
    assert list(counts) == [200] * 5
    assert differential_evolution.discretise(sizes, np.ones((1, 6))).max() == 4


def test_differential_evolution_never_loses_its_best():
    trace = search(differential_evolution)
    generations = [scores.max() for _, scores in trace.batches]
    assert trace.scores[trace.incumbent] == max(generations)


def test_evolution_with_one_living_architecture_is_a_random_walk():
    walk = choices(search(SEARCHERS.module("regularised_evolution"), living=1, sample=1))
    assert {int((a != b).sum()) for a, b in pairwise(walk)} == {1}


def test_a_mutation_changes_one_decision_that_has_a_choice():
    generator, here = np.random.default_rng(0), DARTS.of_choices(np.zeros((400, 24), dtype=int))
    changed = DARTS.choices_of(DARTS.mutate(here, generator)) != 0
    assert set(changed.sum(axis=1)) == {1}
    # Nodes 2 can only take from the two inputs: decisions 0 and 12.
    assert set(np.flatnonzero(~changed.any(axis=0))) == {0, 12}


def test_local_search_goes_on_at_a_random_architecture_when_no_neighbour_is_better():
    trace = search(SEARCHERS.module("local_search"))
    starts = [scores for _, scores in trace.batches if len(scores) == 1]
    assert len(starts) > 1
    assert list(choices(trace)[trace.incumbent]) == list(WEIGHTS.argmax(axis=1))


OF_SCORES = [n for n in ANYWHERE if "scores" in SEARCHERS.module(n).CARD.needs]


@pytest.mark.parametrize("name", [name for name in OF_SCORES if name != "exhaustive"])
def test_a_searcher_finds_a_genotype_of_the_darts_space(name):
    trace = search(SEARCHERS.module(name), score=darts_additive, space=DARTS)
    incumbent = incumbent_of(trace)
    assert darts_additive(incumbent)[0] == trace.scores[trace.incumbent]
    assert DARTS.format(incumbent)[0].startswith("Genotype(normal=[('")


@pytest.mark.parametrize("name", WITHOUT_CHOICES)
def test_a_searcher_of_neighbours_finds_a_cell_of_nasbench101(name):
    module = SEARCHERS.module(name)
    trace, again = (search(module, score=size_of, space=NB101) for _ in range(2))
    assert trace.queries == 300
    assert same(trace, again)
    assert NB101.format(incumbent_of(trace))[0].count("conv3x3-bn-relu") >= 3


@pytest.mark.parametrize("name", ["pruning", "differential_evolution", "hybrid"])
def test_a_searcher_of_choices_says_so_where_there_are_none(name):
    with pytest.raises(ConfigError, match="needs independent choices, which nasbench101 does not"):
        search(SEARCHERS.module(name), score=size_of, space=NB101)


def test_the_accuracies_of_nasbench101_are_searched(nasbench101):
    # Ying et al., section 5: evolution beats random search with the same trainings.
    source = measured(nasbench101, Listing(NB101, nasbench101.architectures), **LABEL)
    runs = pd.concat(
        run_searches(NB101, [source], plan(name, budget=500), label="cifar10 test")
        for name in ("random", "regularised_evolution", "local_search")
    )
    best = runs.groupby("searcher").score.mean()
    everything = nasbench101.accuracy(dataset="cifar10", split="test", epochs=108)
    assert best["regularised_evolution"] > best["random"] > np.quantile(everything, 0.95)
    assert best.max() <= everything.max()


LABEL = {"dataset": "cifar10", "split": "test"}


def test_an_isomorphic_cell_has_the_accuracy_of_the_listed_one(nasbench101):
    listing = Listing(NB101, nasbench101.architectures)
    cells = ["input,conv3x3-bn-relu,conv1x1-bn-relu,output;0-1,0-2,1-3,2-3"]
    cells += ["input,conv1x1-bn-relu,conv3x3-bn-relu,output;0-1,0-2,1-3,2-3"]
    first, second = listing.rows(NB101.architectures(cells))
    assert first == second


def test_a_block_at_another_place_and_another_resolution_are_another_network():
    space = open_space(EXAMPLES / "mobile_blocks.yaml")
    three = space.architectures(
        [
            "k3e3-skip-k3e3-k3e3-k3e3-k3e3-k3e3-k3e3-k3e3 resolution=192",
            "skip-k3e3-k3e3-k3e3-k3e3-k3e3-k3e3-k3e3-k3e3 resolution=192",
            "k3e3-skip-k3e3-k3e3-k3e3-k3e3-k3e3-k3e3-k3e3 resolution=224",
        ]
    )
    assert Listing(space, three[:1]).find(three).tolist() == [0, -1, -1]


def test_a_space_that_is_too_large_is_not_enumerated():
    with pytest.raises(ConfigError, match=r"darts has 1\.1e\+18 architectures; at most 1,000,000"):
        search(SEARCHERS.module("exhaustive"), score=darts_additive, space=DARTS)


def test_looked_up_scores_are_those_of_the_architecture(nasbench201):
    architectures = SPACE.sample(50, np.random.default_rng(0))
    place = {text: row for row, text in enumerate(nasbench201.strings)}
    scores = source_of(nasbench201, np.arange(15625.0))(architectures, None)[0]
    assert list(scores) == [place[text] for text in SPACE.format(architectures)]


def test_an_architecture_that_a_table_does_not_list_is_named(nasbench201):
    listing = Listing(SPACE, nasbench201.architectures[:10])
    with pytest.raises(ConfigError, match=r"\|nor_conv_3x3~0\|.* of nasbench201 has no score"):
        listing.rows(nasbench201.architectures[5000:5001])


def test_labels_are_for_searchers_that_declare_to_use_them(nasbench201):
    source = source_of(nasbench201, np.arange(15625.0))
    with pytest.raises(ConfigError, match="searcher pruning needs scores, not labels"):
        run_searches(SPACE, [source], plan("pruning"), label="cifar10-valid validation")


def test_runs_that_query_labels_say_so(nasbench201):
    listing = Listing(SPACE, nasbench201.architectures)
    source = measured(nasbench201, listing, dataset="cifar10-valid", split="validation")
    runs = run_searches(SPACE, [source], plan("random"), label="cifar10-valid validation")
    seen = nasbench201.accuracy(dataset="cifar10-valid", split="validation", epochs=200)
    assert set(runs.label) == {"cifar10-valid validation"}
    assert list(runs.score) == [seen[nasbench201.strings.index(a)] for a in runs.architecture]


def test_a_fidelity_that_was_not_trained_is_refused(nasbench201):
    listing = Listing(SPACE, nasbench201.architectures)
    source = measured(nasbench201, listing, dataset="cifar100", split="test")
    with pytest.raises(ConfigError, match="accuracies after 200 epochs of cifar100, not after 12"):
        Oracle(source).query(nasbench201.architectures[:2], fidelity=12)
    with pytest.raises(ConfigError, match="only measured accuracies have a fidelity"):
        Oracle(predicted(additive)).query(nasbench201.architectures[:2], fidelity=12)


def test_trainings_cost_their_seconds_at_the_fidelity_that_is_queried(nasbench201):
    columns = {"accuracy/cifar10/test/12": np.arange(15625.0)}
    columns |= {"training_seconds/cifar10/12": np.full(15625, 30.0)}
    table = nasbench201.table
    for name, values in columns.items():
        table = table.append_column(name, pa.array(values))
    short = Benchmark("nasbench201", table)
    listing = Listing(SPACE, short.architectures)
    oracle = Oracle(measured(short, listing, dataset="cifar10", split="test"))
    assert list(oracle.query(short.architectures[7:9], fidelity=12)) == [7, 8]
    assert oracle.training_seconds == 60
    oracle.query(short.architectures[7:9])  # 200 epochs, of which no seconds are known
    assert (oracle.training_seconds, oracle.queries, oracle.distinct) == (60, 4, 2)


def test_validation_accuracy_chooses_among_the_best_scored(nasbench201):
    accuracy = nasbench201.accuracy(dataset="cifar10", split="test", epochs=200)
    runs = run_searches(SPACE, [source_of(nasbench201, -accuracy)], plan("exhaustive"))
    table = look_up(runs, nasbench201, RANKING)
    worst = np.sort(accuracy)[:10]
    assert table["cifar10"][0] == worst[0]
    assert table["cifar10 top"][0] in worst[1:]
    assert len(runs.top[0]) == 10


def test_an_incumbent_stands_above_the_listed_architectures_that_its_seed_scores_lower(nasbench201):
    listed = nasbench201.strings
    runs = pd.DataFrame({"architecture": [listed[0], "new"], "seed": [0, 1], "score": [2.0, 2.0]})
    table = standing(runs, nasbench201, np.array([[1.0, 3.0, 4.0, 5.0], [0.0, 1.0, 1.0, 2.0]]))
    assert list(table.listed) == [True, False]
    assert list(table.above) == [0.25, 0.75]


def test_the_runs_of_a_search_are_written_with_their_progress():
    table = run_searches(SPACE, [predicted(additive)] * 2, plan("random", budget=50))
    assert list(table.seed) == [0, 0, 0, 1, 1, 1]
    assert list(table.run) == [0, 1, 2] * 2
    assert table.architecture.nunique() == 6
    for row in table.itertuples():
        assert row.progress_architectures[-1] == row.top[0] == row.architecture
        assert list(row.progress_queries) == sorted(row.progress_queries)
        assert len(set(row.top)) == 10


def test_the_update_of_ddpnas_is_the_hand_calculations():
    theta, left = np.array([[0.5, 0.3, 0.2]]), np.array([[True, True, False]])
    choices = np.array([[0], [1]])
    sweeps = [(choices, np.array([91.0, 92.0])), (choices[::-1], np.array([96.0, 92.0]))]
    moved = ddpnas.updated(theta, left, sweeps, ddpnas.Settings())
    # Softmaxes (91, 92) and (92, 96): the second option has 1 / (1 + 1/e) and 1 / (1 + 1/e^4).
    second = (1 / (1 + np.exp(-1.0)) + 1 / (1 + np.exp(-4.0))) / 2
    raw = np.array([1 - second + 0.5 * 0.5, second + 0.5 * 0.3])
    assert moved[0] == pytest.approx([*(raw / raw.sum()), 0.0])


def test_ddpnas_drops_the_least_likely_but_neither_kind_whole():
    weighted = np.array([[True, True, False, False, False]])
    theta, left = np.array([[0.05, 0.3, 0.2, 0.25, 0.2]]), np.ones((1, 5), dtype=bool)
    kept = []
    for _ in range(4):
        left = ddpnas.dropped(theta, left, weighted)
        kept.append(np.flatnonzero(left[0]).tolist())
    assert kept == [[1, 2, 3, 4], [1, 3, 4], [1, 3], [1, 3]]


def test_a_sweep_of_ddpnas_takes_every_option_once():
    left = np.array([[True, True, True], [True, False, True]])
    rows = ddpnas.sweep(left, np.random.default_rng(0))
    assert sorted(rows[:, 0]) == [0, 1, 2]
    assert set(rows[:, 1]) == {0, 2}


def test_a_sweep_of_ddpnas_has_every_order_alike():
    left, generator = np.ones((2, 3), dtype=bool), np.random.default_rng(0)
    firsts = [tuple(ddpnas.sweep(left, generator)[0]) for _ in range(1800)]
    counts = [firsts.count(pair) for pair in product(range(3), repeat=2)]
    assert counts == pytest.approx([200] * 9, abs=60)


def test_weaknas_queries_among_the_best_predicted():
    trace = search(SEARCHERS.module("weaknas"), budget=60, among=5, first=20)
    late, early = trace.scores[40:].mean(), trace.scores[:20].mean()
    assert late > early
    assert len(trace.architectures.distinct()[0]) == trace.queries == 60


@pytest.mark.parametrize(
    ("search", "fault"),
    [
        (lambda _space, _oracle: None, "search gives None, not a Trace"),
        (lambda _space, oracle: Trace(oracle), "search makes no query"),
        (lambda space, oracle: queried(Trace(oracle), space, 2), "search chooses no incumbent"),
        (
            lambda space, oracle: queried(Trace(oracle), space, 9).choose_best(),
            "search makes 9 queries of a budget of 4",
        ),
        (
            lambda space, oracle: queried(Trace(oracle), space, 2, past=1).choose_best(),
            "search makes 3 queries, of which its trace has 2",
        ),
    ],
)
def test_a_searcher_that_breaks_its_contract_is_told_in_a_line(monkeypatch, search, fault):
    module = SEARCHERS.module("random")

    def broken(space, oracle, settings, generator, surrogate=None):
        return search(space, oracle)

    monkeypatch.setattr(module, "search", broken)
    oracle = Oracle(predicted(lambda architectures: np.arange(float(len(architectures)))))
    settings = module.Settings(budget=4)
    with pytest.raises(ContractError, match="searcher 'random': ") as told:
        searched("random", SPACE, oracle, settings, np.random.default_rng(0))
    assert fault in str(told.value)


def queried(trace: Trace, space: Space, count: int, past: int = 0) -> Trace:
    """Return a trace that has queried, and its oracle more often where `past` says so."""
    trace.query(space.sample(count, np.random.default_rng(0)))
    if past:
        trace.oracle.query(space.sample(past, np.random.default_rng(1)))
    return trace
