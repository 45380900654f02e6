"""Predictors that learn few labels, searchers that query them, and what both start from."""

from dataclasses import replace
from importlib import resources

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import special, stats
from sklearn.ensemble import RandomForestRegressor
from torch import nn

from tgnas.benchmarks import digits201
from tgnas.benchmarks.base import open_benchmark, write_table
from tgnas.cell import Cell
from tgnas.encodings.embeddings import KnownOperators, OperatorEmbeddings
from tgnas.encodings.graph_features import graph_features
from tgnas.errors import ConfigError
from tgnas.evaluation.ranking import kendall_tau
from tgnas.few_labels.target import Target, learn, query
from tgnas.few_labels.transfer import transferred
from tgnas.inference.pretrained import load_pretrained
from tgnas.methods.contracts import Context
from tgnas.methods.few_labels import (
    OUTSIDE,
    LabelScale,
    _normal_scores_among,
    normal_scores,
    prepared,
    trend,
)
from tgnas.methods.predictors import _together, ctnas, fine_tuned, gaussian_process, gptp, renas
from tgnas.methods.predictors._network import Network
from tgnas.methods.searchers import random, regularised_evolution
from tgnas.methods.searchers._few import Candidates
from tgnas.methods.trained import load, save, train
from tgnas.methods.zero_shot import bare
from tgnas.operators import CODES
from tgnas.registry import PREDICTORS
from tgnas.results import label_searches
from tgnas.results.few_labels import table
from tgnas.searching.oracles import Oracle
from tgnas.searching.pool import Pool
from tgnas.spaces.architectures import of_cells
from tgnas.spaces.space import open_space, space_of
from tgnas.training.splits import TrainingRows, TrainingSet

VECTORS = OperatorEmbeddings.read(resources.files("tgnas") / "weights" / "minilm_short.parquet")
START = load_pretrained("canonical").weights
VALIDATION, TEST = (
    {"dataset": "digits", "split": split, "epochs": 6} for split in ("validation", "test")
)
OF_FEW_LABELS = [
    name
    for name in PREDICTORS.names()
    if PREDICTORS.module(name).CARD.needs == "labels of the target"
]
QUICK = {"epochs": 20, "trees": 20, "pretraining": 5, "first_steps": 200, "width": 100}
LEAST_TAU = {
    "renas": 0.0
}  # its matrices do not tell dead operators, of which digits-bench has many


@pytest.fixture(autouse=True)
def few_graphs(monkeypatch):
    """Let contrastive pre-training see few graphs, for it is repeated here."""
    monkeypatch.setattr(gptp, "GRAPHS", 20)


@pytest.fixture(scope="session")
def digits(tmp_path_factory):
    file = tmp_path_factory.mktemp("digits") / "digits201.arrow"
    write_table(digits201.build([]), file)
    return open_benchmark(file)


@pytest.fixture(scope="session")
def target(digits):
    return Target.of(digits, VECTORS, START, learned=VALIDATION, reported=TEST)


def settings_of(module, **values):
    known = QUICK | values
    fields = module.Settings.model_fields
    return module.Settings(**{name: known[name] for name in fields if name in known})


def features_of(operators, edges):
    return graph_features(of_cells(Cell(operators, edges)))[0]


def test_features_do_not_tell_the_order_of_vertices_apart():
    chain = ("input", "conv_3x3", "conv_1x1", "output")
    swapped = ("input", "conv_1x1", "conv_3x3", "output")
    edges = ((0, 1), (0, 2), (1, 3), (2, 3))
    assert np.array_equal(features_of(chain, edges), features_of(swapped, edges))
    assert not np.array_equal(
        features_of(chain, ((0, 1), (1, 2), (2, 3))), features_of(swapped, ((0, 1), (1, 2), (2, 3)))
    )


def test_a_skip_is_a_path_of_no_operator_and_a_zero_is_none():
    with_skip = features_of(
        ("input", "conv_3x3", "identity", "output"), ((0, 1), (0, 2), (1, 3), (2, 3))
    )
    plain = features_of(("input", "conv_3x3", "output"), ((0, 1), (0, 2), (1, 2)))
    cut = features_of(("input", "conv_3x3", "zero", "output"), ((0, 1), (0, 2), (1, 3), (2, 3)))
    assert np.array_equal(with_skip, plain)
    assert np.array_equal(cut, features_of(("input", "conv_3x3", "output"), ((0, 1), (1, 2))))


def test_normal_scores_lead_back_to_their_labels():
    labels = np.array([10.0, 90.0, 93.0, 93.0, 94.0])
    assert LabelScale.of(labels).back(normal_scores(labels)) == pytest.approx(labels)
    assert LabelScale.of(labels).back(np.array([5.0]))[0] > 94


def test_a_trend_is_the_prior_without_labels_and_the_labels_with_many():
    prior = np.random.default_rng(0).normal(size=2000)
    assert trend(prior[:0], prior[:0], 0.7) == 0.7
    assert trend(prior, -0.5 * prior, 0.7) == pytest.approx(-0.5, abs=0.01)


def test_a_prior_tells_scores_apart_among_the_highest_and_beyond_what_it_is_scaled_by(target):
    known = target.architectures.attributes
    order = np.argsort(known["zero_shot"])
    scores, prior = known["zero_shot"][order], known["prior"][order]
    assert np.array_equal(np.diff(prior) > 0, np.diff(scores) > 0)
    assert kendall_tau(prior, special.ndtri((stats.rankdata(scores) - 0.5) / len(scores))) > 0.99
    quantiles = target.context.inputs["graph"].quantiles
    asked = np.append(quantiles[[0, -1]], [quantiles[0] - 1e4, quantiles[-1] + 1, 1e4])
    lowest, highest, below, above, far = _normal_scores_among(quantiles, asked)
    assert lowest - OUTSIDE < below < lowest < highest < above < far < highest + OUTSIDE


def test_a_gaussian_process_is_the_textbooks(target):
    rows = np.arange(0, 300, 10)
    source = TrainingSet(target.architectures[rows], target.labels[rows])
    fitted = gaussian_process.fit(
        [source], gaussian_process.Settings(), target.context, torch.Generator()
    )
    seen = fitted.inputs.features(source.architectures)
    kernel = gaussian_process.covariance(seen, seen, "matern", fitted.scale) + 1
    noise = np.linalg.inv(fitted.inverse) - kernel
    assert noise == pytest.approx(noise[0, 0] * np.eye(len(rows)), abs=1e-6)
    mean, deviation = fitted.distribution(source.architectures)
    assert mean == pytest.approx(kernel @ fitted.inverse @ normal_scores(source.labels))
    assert (deviation < 1).all()


@pytest.mark.parametrize("name", OF_FEW_LABELS)
def test_a_predictor_of_few_labels_ranks_what_it_has_not_seen(name, target):
    settings = {key: QUICK[key] for key in PREDICTORS.settings(name).model_fields if key in QUICK}
    measured = learn(target, name, settings, sizes=[100], seeds=2, tested=400)
    assert measured.kendall_tau.mean() > LEAST_TAU.get(name, 0.25)
    assert measured.labels.tolist() == [100, 100]


@pytest.mark.parametrize(
    ("name", "inputs"),
    [("gaussian_process", "graph"), ("gaussian_process", "embedding"), ("gradient_boosting", "")],
)
def test_labels_teach_what_a_number_of_an_architecture_is_worth(name, inputs):
    operators = {"a": "conv_3x3", "b": "conv_1x1", "c": "sep_conv_5x5", "d": "max_pool_3x3"}
    columns = {"resolution": [96, 128, 160, 192, 224]}
    cells = {"form": "blocks", "length": 3}
    space = space_of({"name": "s", "operators": operators, "cells": cells, "columns": columns})
    every, generator = space.enumerate(), np.random.default_rng(0)
    labels = every.attributes["resolution"] + generator.normal(size=len(every))
    module, known = PREDICTORS.module(name), generator.permutation(len(every))[:40]
    settings = settings_of(module, inputs=inputs, trees=200)
    operators = KnownOperators.of(VECTORS, (), (CODES["input"],))
    context = Context(operators, start=START.as_start())
    sources = [TrainingSet(every[known], labels[known])]
    fitted = module.fit(sources, settings, context, torch.Generator().manual_seed(0))
    rest = np.setdiff1d(np.arange(len(every)), known)
    assert kendall_tau(fitted.score(every[rest]), labels[rest]) > 0.5  # 0 by cells alone


@pytest.mark.parametrize("name", OF_FEW_LABELS)
def test_a_predictor_of_few_labels_is_saved_with_what_it_started_from(name, digits, tmp_path):
    module, rows = PREDICTORS.module(name), np.arange(0, 400, 10)
    source = TrainingSet(digits.architectures[rows], digits.accuracy(**VALIDATION)[rows])
    trained, _ = train(name, [source], settings_of(module, prior=0.7), VECTORS, 0, start=START)
    asked = digits.architectures[:50]
    scores = trained.ensemble().scores(asked)
    save(tmp_path / "few.safetensors", trained)
    again = load(tmp_path / "few.safetensors", VECTORS).ensemble()
    assert again.scores(asked) == pytest.approx(scores, abs=1e-6)


def test_a_prior_alone_ranks_as_the_zero_shot_predictor(target):
    rows = np.array([3, 500])
    source = TrainingSet(target.architectures[rows], np.array([90.0, 90.0]))
    settings = gaussian_process.Settings(prior=0.7)
    fitted = gaussian_process.fit([source], settings, target.context, torch.Generator())
    zero_shot = target.architectures.attributes["zero_shot"]
    assert kendall_tau(fitted.distribution(target.architectures)[0], zero_shot) > 0.7


def test_a_prior_is_unlearned(target):
    rows = np.arange(0, 1000, 5)
    zero_shot = target.architectures.attributes["zero_shot"]
    source = TrainingSet(target.architectures[rows], -zero_shot[rows])
    settings = gaussian_process.Settings(prior=0.7)
    fitted = gaussian_process.fit([source], settings, target.context, torch.Generator())
    assert kendall_tau(fitted.score(target.architectures), -zero_shot) > 0.8


@pytest.mark.parametrize("kept", [True, False])
def test_labels_choose_against_a_prior_that_says_nothing_of_them(target, kept):
    rows = np.arange(0, 1000, 20)
    zero_shot = target.architectures.attributes["zero_shot"][rows]
    labels = zero_shot if kept else np.random.default_rng(0).permutation(zero_shot)
    source = TrainingSet(target.architectures[rows], labels)
    settings = gaussian_process.Settings(prior=0.7, doubted=True)
    fitted = gaussian_process.fit([source], settings, target.context, torch.Generator())
    assert bool(fitted.prior.any()) is kept
    alone = gaussian_process.Settings(prior=0.7 if kept else 0.0)
    same = gaussian_process.fit([source], alone, target.context, torch.Generator())
    assert fitted.score(target.architectures) == pytest.approx(same.score(target.architectures))


@pytest.mark.parametrize(
    ("learned", "asked", "message"),
    [
        ("digits201", "digits201", "digits201, which is the target"),
        ("nasbench201", "nasbench201_12_epochs", "nasbench201, whose networks are those of nas"),
        ("nasbench101_validation", "nasbench101", "nasbench101_validation, whose networks are"),
    ],
)
def test_a_start_that_has_learned_the_targets_networks_is_refused(digits, learned, asked, message):
    start = replace(START, rows=(TrainingRows(learned, np.arange(50)),))
    with pytest.raises(ConfigError, match=f"has learned labels of {message}"):
        Target.of(replace(digits, name=asked), VECTORS, start, learned=VALIDATION, reported=TEST)


def test_a_search_counts_labels_and_reports_what_it_did_not_choose_by(target):
    found = query(
        target,
        "bayesian_optimisation",
        {"budget": 30, "zero_shot": 0.5},
        {"method": "gaussian_process", "settings": {"prior": 0.7}},
        seeds=2,
        at=[10, 30],
    )
    assert found.queries.tolist() == [10, 30, 10, 30]
    assert (found.regret >= 0).all()
    assert np.isin(found.accuracy, target.reported).all()


def test_first_queries_of_a_zero_shot_start_are_its_best(target):
    candidates = Candidates(target.pool)
    rows = candidates.first(10, np.random.default_rng(0), 1.0)
    scores = target.architectures.attributes["zero_shot"]
    assert scores[rows].min() >= np.unique(scores)[-10]
    assert len(np.unique(scores[rows])) == 10


@pytest.mark.parametrize(
    ("count", "share", "best"),
    [(10, 0.2, 2), (10, 0.84, 8), (5, 0.5, 3), (3, 0.5, 2), (5, 0.05, 0)],
)
def test_a_share_of_the_first_queries_is_the_best_by_zero_shot_score(target, count, share, best):
    candidates = Candidates(target.pool)
    rows = candidates.first(count, np.random.default_rng(0), share)
    scores = target.architectures.attributes["zero_shot"]
    highest = np.unique(scores)[::-1][:best]
    assert scores[rows[:best]] == pytest.approx(highest)
    assert len(np.unique(rows)) == count
    assert not np.isin(scores[rows[best:]], np.unique(scores)[-count:]).any()


@pytest.mark.parametrize(
    ("searcher", "settings"),
    [
        (random, random.Settings(budget=10, zero_shot=1.0)),
        (
            regularised_evolution,
            regularised_evolution.Settings(budget=10, living=10, zero_shot=1.0),
        ),
    ],
)
def test_searches_that_fit_nothing_start_from_the_best_zero_shot_scores(searcher, settings, target):
    def answer(architectures, fidelity):
        assert fidelity is None
        return target.labels[target.pool.rows_of(architectures)], 0.0

    trace = searcher.search(
        target.pool, Oracle(answer, "label"), settings, np.random.default_rng(0)
    )
    scores = target.architectures.attributes["zero_shot"]
    asked = scores[target.pool.rows_of(trace.architectures)]
    assert asked == pytest.approx(np.unique(scores)[::-1][:10])


def test_searches_are_compared_run_by_run():
    def runs(accuracies, most=50):
        return pd.DataFrame(
            [
                {"queries": queries, "seed": seed, "accuracy": accuracy, "regret": 1.0}
                | {"found": float("nan"), "seconds": 0.0, "processor": 1.0}
                for queries in (20, most)
                for seed, accuracy in enumerate(accuracies)
            ]
        )

    frame = label_searches.table(
        [runs([90, 91, 92]), runs([91.0, 92.5, 93.0]), runs([92, 93.5], most=100)],
        order={"here": ["random", "bo", "bo_start"]},
        titles={"random": "random search", "bo": "BO", "bo_start": "the same, zero-shot start"},
        starting=["bo_start"],
        beside={"bo_start": "bo"},
    ).set_index(["method", "queries"])
    row = frame.loc["bo", 50]
    assert (row.beside, row.pairs) == ("random", 3)
    assert row.difference == pytest.approx(3.5 / 3)
    assert row.low < row.difference < row.high
    half = 4.303 * np.std([1, 1.5, 1], ddof=1) / 3**0.5  # Student's t of two degrees of freedom
    assert row.high - row.difference == pytest.approx(half, rel=1e-3)
    row = frame.loc["bo_start", 20]
    assert (row.beside, row.pairs, row.difference) == ("bo", 2, 1.0)
    assert (row.low, row.high) == (1.0, 1.0)
    assert frame.loc["bo_start", 100].pairs == 0
    assert frame.loc["random", 20].beside == ""
    _, differences = label_searches.show(frame.reset_index(), {"here": "Here"})
    assert [row["less"] for row in differences.rows] == ["random search", "BO"]


@pytest.mark.parametrize(
    ("found", "shown"),
    [
        ([20.0, 23.0], "21.5"),
        ([20.0, 22.0, 40.0], "22"),
        ([20.0, np.nan], "> 50"),
        ([20.0, 30.0, np.nan], "30"),
    ],
)
def test_the_median_to_the_best_counts_runs_that_never_reach_it(found, shown):
    rows = [{"queries": 50, "seed": seed, "found": query} for seed, query in enumerate(found)]
    rest = {"accuracy": 90.0, "regret": 1.0, "seconds": 0.0, "processor": 1.0}
    frame = label_searches.table(
        [pd.DataFrame(rows).assign(**rest)], {"here": ["bo"]}, {"bo": "BO"}, [], {}
    )
    (row,) = label_searches.show(frame, {})[0].rows
    assert str(row["to the best"]) == shown
    assert frame.found.item() == np.isfinite(found).mean()


def test_a_mutation_in_a_pool_is_a_listed_architecture(target):
    rows = np.arange(20)
    mutated = target.pool.mutate(target.architectures[rows], np.random.default_rng(0))
    places = target.pool.rows_of(mutated)
    assert (places >= 0).all()
    assert (places != rows).all()


def test_a_whole_pool_is_walked_on_as_its_space():
    space = open_space("nasbench201")
    context = Context(KnownOperators.of(VECTORS, (), (CODES["input"],)))
    listed, _ = prepared(space.enumerate(), context)
    pool = Pool.of(space, listed)
    one = listed[np.array([77])]
    assert np.array_equal(
        pool.choices_of(pool.neighbours(one)), space.choices_of(space.neighbours(bare(one)))
    )


def test_fits_repeat_with_their_generator(target):
    module = PREDICTORS.module("gradient_boosting")
    source = TrainingSet(target.architectures[:60], target.labels[:60])
    scores = [
        module.fit(
            [source], module.Settings(trees=10), target.context, torch.Generator().manual_seed(s)
        ).score(target.architectures[:100])
        for s in (0, 0, 1)
    ]
    assert np.array_equal(scores[0], scores[1])
    assert not np.array_equal(scores[0], scores[2])


@pytest.mark.parametrize("prior", [0.0, 0.7])
def test_a_forest_is_scikit_learns(target, prior):
    module, rows = PREDICTORS.module("random_forest"), np.arange(0, 300, 5)
    source = TrainingSet(target.architectures[rows], target.labels[rows])
    settings = module.Settings(trees=10, prior=prior)
    fitted = module.fit([source], settings, target.context, torch.Generator().manual_seed(3))
    seed = int(torch.randint(1 << 31, (), generator=torch.Generator().manual_seed(3)))
    slope, _ = fitted.slope
    target_of = normal_scores(source.labels) - slope * fitted.inputs.prior(source.architectures)
    mean = target_of.mean()
    forest = RandomForestRegressor(10, max_features=settings.share, random_state=seed)
    forest.fit(fitted.inputs.features(source.architectures), target_of - mean)
    asked = target.architectures[::7]
    said = forest.predict(fitted.inputs.features(asked)) + mean + slope * fitted.inputs.prior(asked)
    assert fitted.score(asked) == pytest.approx(fitted.labels.back(said))
    assert bool(slope) == bool(prior)


def test_an_mlp_has_as_many_layers_and_channels_as_are_set(target):
    module = PREDICTORS.module("mlp")
    source = TrainingSet(target.architectures[:40], target.labels[:40])
    settings = module.Settings(layers=2, width=30, steps=60)
    fitted = module.fit([source], settings, target.context, torch.Generator().manual_seed(0))
    layers = [nn.Linear(*pair) for pair in ((len(fitted.inputs.columns), 30), (30, 30), (30, 1))]
    plain = nn.Sequential(layers[0], nn.ReLU(), layers[1], nn.ReLU(), layers[2])
    names = [f"dense{place}.{kind}" for place in range(3) for kind in ("weight", "bias")]
    entries = [fitted.parameters[name][0] for name in names]
    plain.load_state_dict(dict(zip(plain.state_dict(), entries, strict=True)))
    features = fitted.inputs.features(source.architectures) * len(fitted.inputs.columns) ** 0.5
    with torch.no_grad():
        said = plain(torch.from_numpy(features).float())[:, 0].double().numpy()
    assert fitted.score(source.architectures) == pytest.approx(fitted.labels.back(said), abs=1e-3)


@pytest.mark.parametrize("predictor", ["gradient_boosting", "random_forest", "mlp"])
def test_weaknas_finds_better_ones_with_each_of_its_predictors_than_it_began_with(
    target, predictor
):
    chosen = {
        "method": predictor,
        "settings": settings_of(PREDICTORS.module(predictor)).model_dump(),
    }
    found = query(target, "weaknas", {"budget": 60}, chosen, seeds=2, at=[10, 60])
    assert found.queries.tolist() == [10, 60] * 2
    regrets = found.groupby("queries").regret.mean()
    assert regrets[60] < regrets[10]


def test_copies_are_learned_as_if_each_were_alone(target):
    rows = [np.arange(0, 300, 10), np.arange(1, 301, 10)]
    sources = [TrainingSet(target.architectures[part], target.labels[part]) for part in rows]
    settings = fine_tuned.Settings(steps=10)

    def generators():
        return [torch.Generator().manual_seed(seed) for seed in (0, 1)]

    asked = target.architectures[:40]
    together = fine_tuned.fit_together(sources, settings, target.context, generators())
    for one, source, generator in zip(together, sources, generators(), strict=True):
        alone = fine_tuned.fit([source], settings, target.context, generator)
        assert one.score(asked) == pytest.approx(alone.score(asked), abs=1e-3)


def test_a_warm_network_begins_with_the_order_of_the_zero_shot_one(target):
    source = TrainingSet(target.architectures[:30], target.labels[:30])
    settings = fine_tuned.Settings(steps=1, learning_rate=1e-9)
    generator = torch.Generator().manual_seed(0)
    scores = fine_tuned.fit([source], settings, target.context, generator)
    member = START.as_start().members[0]
    asked = bare(target.architectures[:300])
    live = member.score(asked) > -1
    assert (
        kendall_tau(scores.score(target.architectures[:300])[live], member.score(asked)[live])
        > 0.99
    )


def test_a_cold_network_is_drawn_as_tg_nas_draws_it(target):
    network = START.as_start().members[0].network
    kept = network.head[-1].weight.clone()
    copies = _together.drawn(network, [torch.Generator().manual_seed(seed) for seed in (0, 1)])
    fresh = Network(network.features.numpy(), network.settings)
    fresh.initialise(torch.Generator().manual_seed(1))
    assert all(torch.equal(copies[name][1], value) for name, value in fresh.named_parameters())
    assert copies["mixes.0.weight"].abs().max() > (network.mixes[0].in_features / 3) ** -0.5 * 0.99
    assert not torch.equal(*copies["mixes.0.weight"])
    assert torch.equal(network.head[-1].weight, kept)


def test_the_hinge_asks_for_the_labels_difference_up_to_a_margin_of_one():
    labels = torch.tensor([[3.0, 1.0, 0.75, 0.75]])
    assert _together.hinge(labels, labels).item() == 0
    # The first is asked to be ahead by 1 of the three others, the second by .25 of the last two.
    assert _together.hinge(labels * 0, labels).item() == pytest.approx((3 * 1 + 2 * 0.25) / 5)
    wanted = (3.0 + 2 * 3.25 + 2 * 0.5) / 5
    assert _together.hinge(-labels, labels).item() == pytest.approx(wanted)


@pytest.mark.parametrize(("loss", "least"), [("hinge", 0.62), ("mse", 0.75)])
def test_few_labels_that_a_prior_describes_hardly_change_its_order(target, loss, least):
    prior, sources = target.architectures.attributes["prior"], []
    for seed in range(3):
        generator = np.random.default_rng(seed)
        labels = prior + 0.3 * generator.normal(size=len(prior))
        rows = generator.choice(len(prior), 10, replace=False)
        sources.append(TrainingSet(target.architectures[rows], labels[rows]))
    generators = [torch.Generator().manual_seed(seed) for seed in range(3)]
    settings = renas.Settings(prior=0.7, loss=loss)
    fitted = renas.fit_together(sources, settings, target.context, generators)
    asked = slice(0, None, 3)
    taus = [kendall_tau(one.score(target.architectures[asked]), prior[asked]) for one in fitted]
    assert np.mean(taus) > least


def test_a_comparator_without_a_step_has_the_priors_order(target):
    source = TrainingSet(target.architectures[:10], target.labels[:10])
    settings = ctnas.Settings(prior=0.7, steps=1, learning_rate=1e-12)
    fitted = ctnas.fit([source], settings, target.context, torch.Generator().manual_seed(0))
    asked = target.architectures[::10]
    assert kendall_tau(fitted.score(asked), asked.attributes["prior"]) > 0.99


def test_views_of_one_graph_are_told_from_those_of_others():
    own = torch.eye(4)
    assert gptp.contrastive(own, own) < gptp.contrastive(own, own.roll(1, dims=0))
    chance = torch.ones(4, 4)
    assert gptp.contrastive(chance, chance).item() == pytest.approx(np.log(4))


def test_pre_training_is_the_same_for_every_draw_and_needs_no_label():
    table = np.random.default_rng(0).normal(size=(256, 5)).astype(np.float32).tobytes()
    first = gptp.pretrained(2, table)
    for cached in (gptp.pretrained, gptp._views):
        cached.cache_clear()
    torch.rand(3)  # nothing is drawn from the generator that all share
    again = gptp.pretrained(2, table)
    assert all(torch.equal(one[1], other[1]) for one, other in zip(first, again, strict=True))


@pytest.mark.parametrize("pretraining", [0, 2])
def test_gptps_head_reads_standardised_channels_of_the_encoder_that_is_used(target, pretraining):
    form = gptp._form(target.context)
    network, settings = form.network, gptp.Settings(pretraining=pretraining)
    begun, plain = (
        made([torch.Generator().manual_seed(seed) for seed in (0, 1)])
        for made in (
            lambda seeds: gptp.begun_with(network, settings, seeds),
            lambda seeds: _together.drawn(network, seeds),
        )
    )
    drawn_alike = torch.equal(begun["mixes.0.weight"], plain["mixes.0.weight"])
    assert drawn_alike is (pretraining == 0)
    assert torch.equal(*begun["mixes.0.weight"]) is (pretraining > 0)
    graphs = network.prepare(gptp._views(gptp.GRAPHS)[0])
    for row in (0, 1):
        channels = gptp.read_by(network, {n: entry[row] for n, entry in begun.items()}, graphs)
        said = channels @ begun["head.0.weight"][row].T + begun["head.0.bias"][row]
        # What the drawn head would have to read to say the same.
        read = torch.linalg.solve(
            plain["head.0.weight"][row].double(), (said - plain["head.0.bias"][row]).double().T
        )
        assert read.mean(dim=1).abs().max() < 1e-2
        assert read.std(dim=1).numpy() == pytest.approx(1, abs=1e-2)


def test_gptp_goes_on_from_its_pre_trained_encoder(target):
    source = TrainingSet(target.architectures[:30], target.labels[:30])
    settings, generator = gptp.Settings(steps=1, pretraining=2), torch.Generator()
    fitted = gptp.fit([source], settings, target.context, generator.manual_seed(0))
    assert fitted.parameters["mixes.0.weight"][0].numpy() == pytest.approx(
        dict(gptp.pretrained(2, fitted.form.network.features.numpy().tobytes()))[
            "mixes.0.weight"
        ].numpy(),
        abs=0.01,
    )


def test_matrices_weigh_each_edge_by_what_it_leads_to(target):
    form = renas.Form.of(target.architectures, target.context)
    chosen = target.architectures[np.array([700])]
    [read] = form.read(chosen)
    [matrices] = read.numpy()
    adjacency = chosen.cells.adjacency()[0]
    types = form.types[chosen.cells.operators[0]]
    assert matrices[0] == pytest.approx(adjacency * types)
    assert len(form.matrices) == 19 and len(matrices) == 7  # three stages of equal cells
    # A 3x3 convolution of the last stage has 9 x 64 x 64 weights and 2 x 64 of its normalisation.
    convolution = np.flatnonzero(chosen.cells.operators[0] == CODES["conv_3x3"])
    if len(convolution):
        wanted = np.log1p(9 * 64**2 + 2 * 64) / form.largest[0]
        column = matrices[-1][:, convolution[0]]
        assert column[adjacency[:, convolution[0]]] == pytest.approx(wanted)


def test_the_hinge_of_pairs_ranks_better_than_the_squared_error(target):
    prior, generator = target.architectures.attributes["prior"], np.random.default_rng(0)
    draws = [generator.choice(len(prior), 150, replace=False) for _ in range(3)]
    sources = [TrainingSet(target.architectures[rows], prior[rows]) for rows in draws]
    taus = []
    for loss in ("hinge", "mse"):
        generators = [torch.Generator().manual_seed(seed) for seed in range(3)]
        settings = renas.Settings(loss=loss)
        fitted = renas.fit_together(sources, settings, target.context, generators)
        scores = [one.score(target.architectures) for one in fitted]
        taus.append(np.mean([kendall_tau(one, prior) for one in scores]))
    assert taus[0] > taus[1] > 0.4


def test_equal_matrices_are_convolved_as_if_each_stood_there(target):
    form = renas.Form.of(target.architectures, target.context)
    copies = _together.drawn(form.network, [torch.Generator().manual_seed(0)])
    [read] = form.read(target.architectures[:5])
    once = form.scores(copies, (read[None],))[0]
    network = form.network
    network.load_state_dict({name: entry[0] for name, entry in copies.items()})
    hidden = read[:, form.matrices]
    for place in (1, 2):
        layer = network[f"convolution{place}"]
        hidden = torch.nn.functional.conv2d(hidden, layer.weight, layer.bias, padding=1)
        hidden = torch.nn.functional.max_pool2d(torch.relu(hidden), 2, ceil_mode=True)
    hidden = torch.relu(network["dense1"](hidden.flatten(1)))
    every = network["dense3"](torch.relu(network["dense2"](hidden)))[:, 0]
    assert once.detach().numpy() == pytest.approx(every.detach().numpy(), abs=1e-5)


def test_evolution_on_a_predictor_queries_what_it_has_not_seen(target):
    settings = {"budget": 40, "first": 20, "batch": 10, "evolved": 100}
    predictor = {"method": "gradient_boosting", "settings": {"trees": 20}}
    found = query(target, "guided_evolution", settings, predictor, seeds=1, at=[20, 40])
    assert found.queries.tolist() == [20, 40]
    assert (found.regret >= 0).all()


def test_differences_are_paired_and_have_an_interval():
    def frame(taus):
        columns = {"labels": 10, "seed": [0, 1, 2], "kendall_tau": taus}
        return pd.DataFrame(columns | {"top_tau": taus, "seconds": 1.0})

    given = [frame([0.1, 0.2, 0.3]), frame([0.2, 0.3, 0.4]), frame([0.2, 0.3, 0.7])]
    order = {"target": ["first", "second", "third"]}
    made = table(given, order, {}, [], {"third": "second"}).set_index("method")
    assert made.loc["second", ["difference", "low", "high"]].tolist() == pytest.approx([0.1] * 3)
    assert made.loc["third", "beside"] == "second"
    # Differences 0, 0, .3: mean .1, standard error .1, and 4.303 of Student's t with 2 degrees.
    assert made.loc["third", "high"] == pytest.approx(0.1 + 0.1 * 4.3027, abs=1e-4)


def test_what_was_learned_of_one_space_is_gone_on_with_in_another(digits):
    found = transferred(
        digits,
        digits,
        VECTORS,
        2,
        source_accuracy=VALIDATION,
        learned_accuracy=VALIDATION,
        reported_accuracy=TEST,
        source_labels=60,
        source_steps=20,
        labels=20,
        seeds=2,
        tested=200,
    )
    assert found.labels.tolist() == [0, 0, 20, 20]
    assert found.spearman_rho.between(-1, 1).all()
