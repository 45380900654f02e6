"""Searches by comparison, by gradient and by policy: each does what its paper says it does."""

from dataclasses import dataclass, field, replace
from importlib import resources

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import special

from tgnas.benchmarks import digits201
from tgnas.benchmarks.base import open_benchmark, write_table
from tgnas.encodings.embeddings import OperatorEmbeddings
from tgnas.encodings.sequences import Sequences, Vocabulary
from tgnas.errors import ConfigError
from tgnas.few_labels.target import Target, query
from tgnas.inference.pretrained import load_pretrained
from tgnas.inference.suggestions import context_of
from tgnas.methods.few_labels import prepared
from tgnas.methods.light_contracts import Trace
from tgnas.methods.predictors import ctnas, gaussian_process, nao
from tgnas.methods.searchers import bayesian_optimisation, irlas, mnasnet
from tgnas.methods.searchers import ctnas as ctnas_search
from tgnas.methods.searchers import nao as nao_search
from tgnas.methods.searchers._controller import Controller, Labels, standardised
from tgnas.methods.searchers._few import Candidates
from tgnas.operators import CODES
from tgnas.registry import SEARCHERS
from tgnas.results import latency_searches as fronts
from tgnas.searching.live import Surrogate
from tgnas.searching.oracles import Oracle
from tgnas.searching.pool import Pool
from tgnas.spaces.space import open_space
from tgnas.studies import latency_searches
from tgnas.training.splits import TrainingSet

VECTORS = OperatorEmbeddings.read(resources.files("tgnas") / "weights" / "minilm_short.parquet")
DIGITS = {"dataset": "digits", "epochs": 6}
NB201 = open_space("nasbench201")


@pytest.fixture(scope="module")
def target(tmp_path_factory):
    file = tmp_path_factory.mktemp("digits") / "digits201.arrow"
    write_table(digits201.build([]), file)
    start = load_pretrained("canonical").weights
    splits = ({**DIGITS, "split": split} for split in ("validation", "test"))
    learned, reported = splits
    return Target.of(open_benchmark(file), VECTORS, start, learned=learned, reported=reported)


@pytest.fixture(scope="module")
def labelled(target):
    rows = np.random.default_rng(0).choice(len(target.labels), 200, replace=False)
    return rows, TrainingSet(target.architectures[rows], target.labels[rows], target.pool.name)


@pytest.fixture(scope="module")
def moving(target, labelled):
    return nao.fit(
        [labelled[1]],
        nao.Settings(first_steps=350),
        target.context,
        torch.Generator().manual_seed(0),
    )


@pytest.mark.parametrize("name", ["nasbench101", "nasbench201", "darts"])
def test_sequences_tell_architectures_apart_and_lead_back_to_them(name):
    listed = open_space(name).sample(200, np.random.default_rng(0))
    listed = listed[listed.distinct()[0]]
    sequences = Sequences.of(listed)
    nodes = np.zeros(len(listed), dtype=np.int64)
    for place in range(len(sequences.sizes)):
        tokens = sequences.tokens[:, place]
        assert sequences.allowed(place, nodes)[np.arange(len(listed)), tokens].all()
        nodes = sequences.follow(place, nodes, tokens)
    assert np.array_equal(sequences.rows(nodes), np.arange(len(listed)))


def test_a_token_that_the_vocabulary_lacks_is_one_past_its_last():
    vocabulary = Vocabulary.of(NB201.enumerate()[np.array([0, 1, 15624])])
    tokens = vocabulary.encode(NB201.enumerate()[::500])
    assert (tokens <= np.array(vocabulary.sizes)).all()
    assert (tokens == np.array(vocabulary.sizes)).any()


def test_a_controller_writes_listed_architectures_alone_and_learns_which_are_good(target):
    sequences = Sequences.of(target.architectures)
    controller = Controller(sequences, 32, 0.02, 0.0, np.random.default_rng(0))
    good = sequences.tokens[:, 0] == 2
    before = good[controller.sample(500)].mean()
    assert before == pytest.approx(good.mean(), abs=0.1)
    for _ in range(25):
        rows = controller.sample(32)
        controller.learn(rows, good[rows] - good[rows].mean())
    assert good[controller.sample(500)].mean() > 0.9


def test_a_clip_bounds_how_far_a_sample_moves(target):
    sequences = Sequences.of(target.architectures)
    moved = []
    for clip in (0.01, 1e9):
        generator = np.random.default_rng(0)
        controller = Controller(sequences, 16, 0.01, 0.0, generator, clip=clip, passes=4)
        rows = controller.sample(8)
        controller.learn(rows, np.ones(8))
        inputs = controller._inputs(rows)
        with torch.no_grad():
            every = controller.network(*inputs)
        moved.append(float(every.gather(2, inputs[0][:, :, None]).sum()))
    assert moved[0] < moved[1]


def test_what_is_drawn_where_a_policy_writes_nothing_new_is_queried_and_not_learned_from(target):
    oracle = Oracle(lambda asked, f: (np.arange(len(asked)) + 50.0, 0.0))
    labels = Labels(Trace(oracle), Candidates(target.pool))
    rows, generator = np.array([3, 5, 3]), np.random.default_rng(0)
    assert labels.of(rows, 20, generator)[0].tolist() == [3, 5, 3]
    again, known = labels.of(rows, 20, generator)
    assert again.tolist() == [3, 5, 3]
    assert known.tolist() == [50.0, 51.0, 50.0]
    assert len(labels.known) == labels.trace.queries == 3


def test_comparisons_of_two_both_ways_sum_to_about_one_and_order_the_unseen(target, labelled):
    rows, source = labelled
    fitted = ctnas.fit([source], ctnas.Settings(), target.context, torch.Generator().manual_seed(0))
    rest = np.setdiff1d(np.arange(len(target.labels)), rows)[:150]
    unseen, labels = target.architectures[rest], target.labels[rest]
    wins = fitted.compare(unseen, unseen)
    assert np.abs(wins + wins.T - 1).mean() < 0.1
    differ = labels[:, None] - labels
    told = (wins > 0.5) == (differ > 0)
    assert told[np.abs(differ) > 0].mean() > 0.7


def test_comparators_that_are_fitted_together_are_those_that_are_fitted_alone(target, labelled):
    _, source = labelled
    sources = [source[np.arange(0, 40)], source[np.arange(40, 80)]]
    settings = ctnas.Settings(steps=10, hidden=16)
    generators = [torch.Generator().manual_seed(seed) for seed in (3, 4)]
    together = ctnas.fit_together(sources, settings, target.context, generators)
    alone = ctnas.fit([sources[1]], settings, target.context, torch.Generator().manual_seed(4))
    some = target.architectures[:50]
    assert together[1].score(some) == pytest.approx(alone.score(some), abs=1e-4)
    assert not np.allclose(together[0].score(some), alone.score(some), atol=1e-3)


def test_a_comparator_learns_a_pseudo_label(target, labelled):
    settings = ctnas.Settings(steps=20, pair_steps=50)
    fitted = ctnas.fit([labelled[1]], settings, target.context, torch.Generator().manual_seed(0))
    one, other = target.architectures[:1], target.architectures[1:2]
    before = fitted.compare(one, other)[0, 0]
    learned = fitted.learn_pairs(one, other)
    assert learned.compare(one, other)[0, 0] > before
    assert fitted.learn_pairs(other, one).compare(one, other)[0, 0] < before
    wins = learned.compare(one, labelled[1].architectures)
    assert learned.score(one) == pytest.approx(wins.mean(axis=1), abs=1e-6)
    again = ctnas.restore(fitted.state, settings, target.context)
    with pytest.raises(ConfigError, match="read from a file learns no more pairs"):
        again.learn_pairs(one, other)


@dataclass(frozen=True, eq=False)
class Knowing:
    """A comparator that knows labels, and what it has been asked and told."""

    target: Target
    baselines: list[int] = field(default_factory=list)
    pairs: list[tuple[int, int]] = field(default_factory=list)

    def score(self, architectures):
        return self.target.labels[self.target.pool.rows_of(architectures)]

    def compare(self, architectures, others):
        if len(others) == 1:
            self.baselines.extend(self.target.pool.rows_of(others).tolist())
        return special.expit(self.score(architectures)[:, None] - self.score(others))

    def learn_pairs(self, better, worse):
        rows = (self.target.pool.rows_of(one) for one in (better, worse))
        self.pairs.extend(zip(*(row.tolist() for row in rows), strict=True))
        return self


def test_a_tournament_changes_the_baseline_and_adds_a_pseudo_label(target):
    candidates, generator = Candidates(target.pool), np.random.default_rng(0)
    candidates.rows = [int(np.argmin(target.labels))]
    controller = Controller(Sequences.of(target.architectures), 8, 0.01, 0.0, generator)
    comparator, settings = Knowing(target), ctnas_search.Settings(steps=4, tournament=2, samples=8)
    ranked = ctnas_search._round(comparator, controller, candidates, 0, settings)
    first, second, third = target.labels[comparator.baselines]
    assert first < second <= third == target.labels[ranked[0]]
    for baseline, pair in zip(comparator.baselines[:2], comparator.pairs, strict=True):
        better, worse = target.labels[list(pair)]
        assert baseline in pair
        assert better > worse


def test_an_embedding_is_decoded_to_what_was_encoded(target, moving):
    rows = np.arange(0, len(target.labels), 3)
    back = moving.moved(target.architectures[rows], 0.0)
    tokens = moving.sequences.tokens
    assert (tokens[back] == tokens[rows]).mean() >= 0.99


@pytest.mark.parametrize("length", [0.2, 1.0])
def test_an_embedding_is_predicted_higher_up_the_gradient_and_lower_down_it(target, length):
    tokens = torch.from_numpy(Sequences.of(target.architectures).tokens[::20])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = nao.Network(Sequences.of(target.architectures).sizes, 16)
    before, up, down = (network.uphill(tokens, moved) for moved in (0.0, length, -length))
    for embedded in (before, up, down):
        assert embedded.norm(dim=2).numpy() == pytest.approx(1, abs=1e-5)
    with torch.no_grad():
        assert (network.predict(up) > network.predict(before)).all()
        assert (network.predict(down) < network.predict(before)).all()


def test_nao_tells_pairs_apart(target, labelled, moving):
    rest = np.setdiff1d(np.arange(len(target.labels)), labelled[0])
    labels, scores = target.labels[rest], moving.score(target.architectures[rest])
    differ = np.sign(labels[:, None] - labels)
    told = np.sign(scores[:, None] - scores) == differ
    assert told[differ != 0].mean() > 0.7


def test_what_is_decoded_is_open_and_the_best_predicted_first(target, labelled, moving):
    candidates = Candidates(target.pool)
    candidates.open[labelled[0]] = False
    new = nao_search.decoded(moving, candidates, labelled[0][:50], 20, nao_search.Settings())
    scores = moving.score(target.architectures[new])
    assert candidates.open[new].all()
    assert (np.diff(scores) <= 0).all()
    assert len(new) == 20


def test_nothing_is_decoded_where_all_of_it_was_queried(target, labelled, moving):
    candidates = Candidates(target.pool)
    candidates.open[:] = False
    new = nao_search.decoded(moving, candidates, labelled[0][:50], 20, nao_search.Settings())
    assert len(new) == 0


def test_no_architectures_have_no_sequences(target, moving):
    none = moving.sequences.vocabulary.encode(target.architectures[:0])
    assert none.shape == (0, len(moving.sequences.sizes))


def test_rewards_are_those_of_the_paper():
    accuracies, costs = np.array([70.0, 70.0, 70.0]), np.array([40.0, 80.0, 160.0])
    soft = mnasnet.rewards_of(accuracies, costs, 80.0, "soft")
    hard = mnasnet.rewards_of(accuracies, costs, 80.0, "hard")
    assert soft == pytest.approx([70 * 2**0.07, 70, 70 * 2**-0.07])
    assert hard == pytest.approx([70, 70, 35])


def test_features_of_an_expert_are_of_its_live_graph():
    block = irlas.EXPERTS["nasbench201"]
    cut = block.replace("skip_connect~0", "none~0")
    dead = block.replace("skip_connect~2", "none~2")
    [one], [other], [less] = (
        irlas.features_of(NB201.parse(text), 1.0) for text in (block, cut, dead)
    )
    vertices = len(NB201.parse(block).cells.operators[0])
    feeding = slice(-vertices, None)  # which vertices feed each
    shapes = [f.reshape(vertices, -1)[:, feeding] for f in (one, other, less)]
    # Input, two convolutions, two skips and the output have six edges; without the outer skip two
    # less, and without the inner one nothing but the outer one's two.
    assert [shape.sum() for shape in shapes] == [6, 4, 2]
    codes = one.reshape(vertices, -1)[:, :-vertices].sum(axis=0)
    assert codes[CODES["zero"]] == 0
    assert codes[CODES["conv_3x3"]] == codes[CODES["identity"]] == 2


def test_the_experts_feature_expectations_are_matched():
    every = NB201.enumerate()
    settings, generator = irlas.Settings(steps=25), np.random.default_rng(0)
    listed = irlas.features_of(every, settings.discount)
    [expert] = irlas.features_of(NB201.parse(irlas.EXPERTS["nasbench201"]), settings.discount)
    sequences = Sequences.of(every)
    found = irlas.mirror_stimulus(listed, expert, sequences, settings, generator)
    assert found.distances[-1] <= 0.35 * found.distances[0]
    assert np.linalg.norm(expert - found.matched) == pytest.approx(found.distances[-1])
    likeness = listed @ found.weights
    assert likeness.max() == pytest.approx(expert @ found.weights)


def test_a_mirror_stimulus_draws_the_policy_to_the_expert(target):
    [expert] = irlas.features_of(NB201.parse(irlas.EXPERTS["nasbench201"]), 1.0)
    every = irlas.features_of(target.architectures, 1.0)
    likeness = standardised(every @ (expert - every.mean(axis=0)))
    alike = []
    for mirror in (0.0, 5.0):
        noise, generator = np.random.default_rng(1), np.random.default_rng(0)
        oracle = Oracle(lambda asked, f, noise=noise: (noise.normal(size=len(asked)), 0.0))
        settings = irlas.Settings(rounds=1, steps=15, learning_rate=0.03, mirror=mirror, budget=100)
        queried = irlas.search(target.pool, oracle, settings, generator).architectures
        # The stimulus falls over the budget: its half counts.
        alike.append(likeness[target.pool.rows_of(queried)][:50].mean())
    assert alike[1] > alike[0] + 0.1


def test_optimism_queries_what_is_unsure(target):
    candidates, count = Candidates(target.pool), len(target.labels)
    mean, deviation = np.linspace(0, 1, count), np.linspace(2, 0, count)
    optimism = np.array([0.0, 2.0])
    chosen = bayesian_optimisation.optimistic(mean, deviation, candidates, optimism)
    assert chosen.tolist() == [count - 1, 0]
    surrogate = Surrogate("gaussian_process", gaussian_process.Settings(), target.context)
    queried = []
    for value in (0.0, 5.0):
        oracle = Oracle(lambda asked, f: (target.labels[target.pool.rows_of(asked)], 0.0))
        settings = bayesian_optimisation.Settings(budget=9, optimism=value)
        generator = np.random.default_rng(0)
        trace = bayesian_optimisation.search(target.pool, oracle, settings, generator, surrogate)
        queried.append(target.pool.rows_of(trace.architectures).tolist())
    assert queried[0][:6] == queried[1][:6]  # the first place of a batch has no optimism
    assert queried[0][6] != queried[1][6]


@pytest.mark.parametrize(
    ("searcher", "settings", "predictor"),
    [
        ("ctnas", {"first": 10, "batch": 10, "steps": 4, "tournament": 2}, "ctnas"),
        ("nao", {"first": 10, "batch": 10}, "nao"),
        ("mnasnet", {}, None),
        ("irlas", {"rounds": 1, "steps": 3}, None),
    ],
)
@pytest.mark.parametrize("start", [0.0, 0.5])
def test_a_search_queries_its_budget_once_each(target, searcher, settings, predictor, start):
    chosen = {"budget": 30, "zero_shot": start, **settings}
    quick = {"steps": 5, "prior": 0.7 * (start > 0)}
    quick |= {"first_steps": 20} if predictor == "nao" else {}
    fitted = {"method": predictor, "settings": quick} if predictor else None
    found = query(target, searcher, chosen, fitted, seeds=1, at=[30])
    assert found.queries.tolist() == [30]
    assert (found.regret >= 0).all()


def test_an_expert_must_be_known(target):
    space = open_space("darts")
    oracle = Oracle(lambda a, f: (np.zeros(len(a)), 0.0))
    with pytest.raises(ConfigError, match="no expert in darts"):
        irlas.search(space, oracle, irlas.Settings(), np.random.default_rng(0))
    assert Trace(oracle).queries == 0


@pytest.mark.parametrize("searcher", ["ddpnas", "differential_evolution", "pruning"])
def test_a_table_of_a_part_of_a_space_is_told_from_a_space_without_choices(searcher):
    listed = NB201.enumerate()[::100]
    pool, module = Pool.of(NB201, listed), SEARCHERS.module(searcher)
    oracle = Oracle(lambda asked, f: (np.zeros(len(asked)), 0.0))
    for space, message in (
        (
            pool,
            f"{searcher} needs a table of all 15,625 architectures of nasbench201, and this "
            "one has 157; random, .* search a part",
        ),
        (open_space("nasbench101"), f"{searcher} needs independent choices, which nasbench101"),
    ):
        with pytest.raises(
            ConfigError, match=message.replace(searcher, searcher.replace("_", "."))
        ):
            module.search(space, oracle, module.Settings(), np.random.default_rng(0))


def test_a_study_of_two_goals_measures_fronts_by_what_was_not_chosen_by():
    every = NB201.enumerate()[::100]
    sizes = (NB201.choices_of(every) % 3).sum(axis=1)
    labels = 60.0 + 2.0 * sizes + np.random.default_rng(0).normal(size=len(sizes))
    listed, context = prepared(every, context_of(NB201, every, load_pretrained("canonical")))
    listed = replace(listed, attributes={**listed.attributes, "cost": 10.0 + sizes})
    settings = latency_searches.Settings(at=(20, 50), batch=20, shard=10)
    assert latency_searches.parts(settings)[:2] == ["random-0", "random-1"]
    for search in latency_searches.SEARCHES:
        rows = latency_searches.measured(
            search, settings, (0,), NB201, listed, labels, labels, context
        )
        found = [row["hypervolume"] for row in rows]
        assert [row["queries"] for row in rows] == [20, 50]
        assert 0 < found[0] <= found[1] <= 1


def test_fronts_of_each_cost_have_a_table_and_a_panel_of_their_own():
    about = {"search": ["random", "front"] * 6, "seed": [0, 0, 1, 1, 2, 2] * 2, "queries": 50}
    frame = pd.DataFrame({**about, "cost": ["edgegpu_latency"] * 6 + ["flops"] * 6})
    frame = frame.assign(members=3, accuracy=94.0, processor=1.0, hypervolume=[0.9, 0.95] * 6)
    frame.loc[6:, "hypervolume"] = [0.8, 0.83] * 3
    measured = [part for _, part in frame.groupby("search")]
    table = fronts.table(measured)
    assert list(table.columns) == list(fronts.COLUMNS)
    differences = table[table.search == "front"].set_index("cost").difference
    assert differences.to_dict() == pytest.approx({"edgegpu_latency": 5.0, "flops": 3.0})
    titles = ["Accuracy and EdgeGPU latency", "Accuracy and FLOPs"]
    assert [shown.title for shown in fronts.show(table)] == titles
    assert [panel.get_title() for panel in fronts.figure(table).axes] == titles
