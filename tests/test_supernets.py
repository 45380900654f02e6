"""Supernets and the methods that train them."""

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from conftest import ROOT
from scipy.stats import kendalltau
from torch import nn
from torch.func import functional_call

from tgnas.benchmarks._digits import LONG, read_card, read_table
from tgnas.benchmarks.base import Benchmark
from tgnas.benchmarks.stored_supernets import FILES
from tgnas.costs.layers import count_flops, count_parameters
from tgnas.errors import ConfigError, UnknownNameError
from tgnas.evaluation.weight_sharing import differences, resampled, summary
from tgnas.image_training.digits import open_digits
from tgnas.image_training.digits_bench import list_architectures
from tgnas.image_training.processes import Process
from tgnas.image_training.recipe import read_recipe
from tgnas.image_training.weight_sharing import Given
from tgnas.methods.contracts import Context
from tgnas.methods.settings import read_settings
from tgnas.methods.supernets import balenas, bossnas, d_darts, darts, few_shot, single_path
from tgnas.methods.supernets._blocks import through
from tgnas.methods.supernets._common import PathLearner, derived, fix_scales, statistics
from tgnas.methods.supernets._mixture import Mixture
from tgnas.networks import nasbench201
from tgnas.networks.supernet import (
    DARTS_EDGES,
    PairCell,
    StackedCell,
    Supernet,
    build_supernet,
    paths_of,
)
from tgnas.operators import CODES
from tgnas.registry import BENCHMARKS, NETWORKS, SUPERNETS
from tgnas.results import d_darts_cells as beside_shared
from tgnas.results import darts_supernets as drawn_searches
from tgnas.results import supernets
from tgnas.results._tables import markdown
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.nasbench201 import RESIDUAL_BLOCK
from tgnas.spaces.space import open_space
from tgnas.studies import d_darts_cells, darts_supernets

IMAGES = torch.from_numpy(np.random.default_rng(0).normal(size=(4, 3, 8, 8)))


def stand_alone(space: str, supernet: Supernet, architecture: Architectures) -> torch.nn.Module:
    """Return the network of one architecture with a supernet's weights."""
    cells = architecture.member(0)
    network = NETWORKS.module(space).build_network(cells, *supernet.sizes)
    for part in {"stem", "last", "classifier"} & {name for name, _ in network.named_children()}:
        getattr(network, part).load_state_dict(getattr(supernet, part).state_dict())
    for own, layer in zip(network.stages, supernet.stages, strict=True):
        if isinstance(layer, StackedCell):
            edges = zip(own.operators, cells.operators[1:-1], layer.edges, strict=True)
            for operator, name, edge in edges:
                operator.load_state_dict(edge[name].state_dict())
        elif isinstance(layer, PairCell):
            own.first.load_state_dict(layer.first.state_dict())
            own.second.load_state_dict(layer.second.state_dict())
            names = cells[int(layer.reduces)].operators[2:-1]
            for place, (operator, name) in enumerate(zip(own.operators, names, strict=True)):
                edge = DARTS_EDGES.index((own.nodes[place], 2 + place // 2))
                operator.load_state_dict(layer.edges[edge][name].state_dict())
        else:
            own.load_state_dict(layer.state_dict())
    return network.double()


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(("space", "layers"), [("nasbench201", 2), ("darts", 3)])
def test_a_path_computes_what_its_stand_alone_network_does(space, layers, training):
    torch.manual_seed(0)
    supernet = build_supernet(space, 10, 4, layers).double().train(training)
    architectures = open_space(space).sample(8, np.random.default_rng(1))
    for row, gates in enumerate(paths_of(space, architectures)):
        alone = stand_alone(space, supernet, architectures[[row]]).train(training)
        assert torch.equal(supernet(IMAGES, gates), alone(IMAGES))


class Quadratic(torch.nn.Module):
    """A loss of weights and architecture parameters whose second order is known by autograd."""

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.weights = torch.nn.Parameter(torch.randn(6, generator=generator).double())
        self.alphas = torch.nn.Parameter(torch.randn(4, generator=generator).double())
        self.mixed = torch.randn(6, 4, generator=generator).double()

    def trained(self, weights=None):
        weights = self.weights if weights is None else weights
        return (torch.sin(weights) * (self.mixed @ torch.tanh(self.alphas))).sum() + weights.pow(
            4
        ).sum()

    def held_out(self, weights=None):
        weights = self.weights if weights is None else weights
        return ((weights - 1) ** 2 * torch.exp(self.mixed @ self.alphas / 4)).sum()


def test_the_second_order_gradient_is_that_of_autograd_through_one_step():
    loss, rate, decay = Quadratic(), 0.02, 0.01
    (step,) = torch.autograd.grad(loss.trained(), [loss.weights], create_graph=True)
    stepped = loss.weights - rate * (step + decay * loss.weights)
    (exact,) = torch.autograd.grad(loss.held_out(stepped), [loss.alphas])
    before = loss.weights.detach().clone()
    found = darts.second_order(
        loss.trained, loss.held_out, [loss.weights], loss.alphas, rate=rate, decay=decay
    )
    assert torch.allclose(found, exact, rtol=1e-3)
    assert torch.equal(loss.weights.detach(), before)


@pytest.mark.parametrize("momentum", [0.0, 0.5])
@pytest.mark.parametrize(("activation", "step"), [(nn.Softplus, 0.01), (nn.ReLU, 1e-6)])
def test_the_second_order_gradient_of_a_supernet_is_that_of_autograd(
    activation, step, momentum, monkeypatch
):
    """The paper's step of .01 is for smooth losses: it crosses the kinks of rectifiers."""
    monkeypatch.setattr(darts, "STEP", step)
    torch.manual_seed(0)
    supernet = build_supernet("nasbench201", 10, 4, 1).double().train()
    fix_scales(supernet)
    rectifiers = [
        (parent, name)
        for parent in supernet.modules()
        for name, child in parent.named_children()
        if isinstance(child, nn.ReLU)
    ]
    for parent, name in rectifiers:
        setattr(parent, name, activation())
    learned = {n: p for n, p in supernet.named_parameters() if p.requires_grad}
    alphas = torch.randn(1, 6, 5, dtype=torch.float64, requires_grad=True)
    images = torch.randn(32, 3, 8, 8, dtype=torch.float64)
    given = np.ones((1, 6, 5), dtype=bool), torch.arange(32) % 10

    def loss(images, values):
        buffers = {name: buffer.clone() for name, buffer in supernet.named_buffers()}
        state = dict(zip(learned, values, strict=True)) | buffers
        mixture = images, given[0], alphas.softmax(dim=-1)
        return nn.functional.cross_entropy(functional_call(supernet, state, mixture), given[1])

    weights = tuple(learned.values())
    added = [momentum * torch.randn_like(weight) for weight in weights]
    gradients = torch.autograd.grad(loss(images, weights), weights, create_graph=True)
    stepped = [
        weight - 0.01 * (gradient + 0.003 * weight + more)
        for weight, gradient, more in zip(weights, gradients, added, strict=True)
    ]
    (exact,) = torch.autograd.grad(loss(images.flip(3), stepped), [alphas])
    ours = darts.second_order(
        lambda: loss(images, weights),
        lambda: loss(images.flip(3), weights),
        weights,
        alphas,
        rate=0.01,
        decay=0.003,
        momentum=added,
    )
    assert (ours - exact).norm() < 1e-3 * exact.norm()


# Liu et al., ICLR 2019, figures 4 and 5 (second order), and their code's of the first.
DARTS_GENOTYPES = {
    "second": "Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), "
    "('sep_conv_3x3', 1), ('sep_conv_3x3', 1), ('skip_connect', 0), ('skip_connect', 0), "
    "('dil_conv_3x3', 2)], normal_concat=[2, 3, 4, 5], reduce=[('max_pool_3x3', 0), "
    "('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 1), ('max_pool_3x3', 0), "
    "('skip_connect', 2), ('skip_connect', 2), ('max_pool_3x3', 1)], reduce_concat=[2, 3, 4, 5])",
    "first": "Genotype(normal=[('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('skip_connect', 0), "
    "('sep_conv_3x3', 1), ('skip_connect', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), "
    "('skip_connect', 2)], normal_concat=[2, 3, 4, 5], reduce=[('max_pool_3x3', 0), "
    "('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 0), ('max_pool_3x3', 0), "
    "('skip_connect', 2), ('skip_connect', 2), ('avg_pool_3x3', 0)], reduce_concat=[2, 3, 4, 5])",
}


@pytest.mark.parametrize("order", DARTS_GENOTYPES)
def test_derivation_gives_the_published_genotype_of_alphas_that_prefer_its_pairs(order):
    space = open_space("darts")
    gates = paths_of("darts", space.parse(DARTS_GENOTYPES[order]))[0]
    noise = np.random.default_rng(0).random(gates.shape)
    strengths = np.where(gates, 2.0, noise)
    strengths[..., -1] = 9.0  # "none" is the strongest everywhere, and is left out
    assert np.array_equal(paths_of("darts", derived(space, strengths))[0], gates)


@pytest.mark.parametrize(("space", "layers"), [("nasbench201", 1), ("darts", 3)])
def test_mixtures_learn_the_scales_of_normalisations_outside_of_cells_alone(space, layers):
    supernet = build_supernet(space, 10, 4, layers)
    fix_scales(supernet)
    cells = {
        norm
        for cell in supernet.modules()
        if isinstance(cell, StackedCell | PairCell)
        for norm in cell.modules()
        if isinstance(norm, nn.BatchNorm2d)
    }
    norms = {norm for norm in supernet.modules() if isinstance(norm, nn.BatchNorm2d)}
    assert cells and norms - cells
    assert all(norm.weight.requires_grad == (norm not in cells) for norm in norms if norm.affine)


def test_the_variational_update_finds_mean_and_deviation_of_a_quadratic():
    torch.manual_seed(0)
    curvature, optimum = torch.tensor([4.0, 1.0, 9.0]), torch.tensor([1.0, -2.0, 0.5])
    gaussian = balenas.Variational(torch.zeros(3), torch.ones(3), 0.01, 0.005, 1e-6, 1)
    means, deviations = [], []
    for step in range(6000):
        gaussian.update(curvature * (gaussian.draw() - optimum))
        if step > 2000:
            means.append(gaussian.mean.clone())
            deviations.append(gaussian.deviation)
    assert torch.allclose(torch.stack(means).mean(0), optimum, atol=0.05)
    assert torch.allclose(torch.stack(deviations).mean(0), curvature.rsqrt(), rtol=0.1)


def test_the_ablation_loss_is_the_normalised_contribution_with_its_sign_turned():
    # Without the cells the loss is 1.5, 2.0 and 2.5; with all it is 1: they contribute .5, 1, 1.5.
    loss = d_darts.contributions(torch.tensor(1.0), torch.tensor([1.5, 2.0, 2.5]))
    deviation = (0.5**2 * 2 / 3) ** 0.5
    assert torch.allclose(loss, torch.tensor([0.5, 0.0, -0.5]) / deviation)
    assert not d_darts.contributions(torch.tensor(1.0), torch.tensor([2.0, 2.0])).any()


def test_the_auxiliary_loss_of_d_darts_drives_gates_away_from_one_half(task):
    space = open_space("nasbench201")
    settings = d_darts.Settings(channels=4, layers=1, batch=300, auxiliary=1e6, ablation=0.0)
    learner = d_darts._Learner(build_supernet("nasbench201", 10, 4, 1), space, task, settings, 3)
    gates = torch.full((3, 6, 5), 0.5)
    gates[0], gates[1] = 0.6, 0.4
    with torch.no_grad():
        learner.alphas.copy_(torch.logit(gates))
    batches = list(task.train_batches(0, 0, 300))
    learner.step_alphas(Given(batches[0], iter(batches), np.random.default_rng(0)))
    gradient = learner.alphas.grad
    assert (gradient[0] < 0).all() and (gradient[1] > 0).all()
    expected = -1e6 * 2 * 0.1 * 0.24 / 90  # of the mean over the 90 gates of all cells
    assert torch.allclose(gradient[0], torch.tensor(expected), rtol=1e-2)


def test_the_parameters_of_one_cell_of_d_darts_change_no_other_cell():
    torch.manual_seed(0)
    supernet = build_supernet("nasbench201", 10, 4, 1).double().eval()
    gates = np.ones((3, 6, 5), dtype=bool)
    weights = torch.rand(3, 6, 5).double()
    outputs = {}

    def keep(_, given, output):
        outputs.setdefault(len(outputs), output.detach())

    first = next(m for m in supernet.modules() if isinstance(m, StackedCell))
    first.register_forward_hook(keep)
    supernet(IMAGES, gates, weights)
    changed = weights.clone()
    changed[2] = 0.0
    supernet(IMAGES, gates, changed)
    assert torch.equal(outputs[0], outputs[1])
    assert not torch.equal(supernet(IMAGES, gates, weights), supernet(IMAGES, gates, changed))


def test_fair_paths_have_no_operator_of_an_edge_twice():
    paths = np.stack(bossnas.fair_paths(6, 5, 4, np.random.default_rng(0)))[:, 0]
    assert paths.sum(axis=2).tolist() == [[1] * 6] * 4
    assert paths.sum(axis=0).max() == 1


@pytest.fixture(scope="module")
def task():
    recipe = read_recipe(Path("config/recipes/digits.yaml"))
    return open_digits(recipe, Process(0, 1, torch.device("cpu"))).validated()


SMALL = {"channels": 4, "layers": 1, "epochs": 2, "batch": 100}
QUICK = {
    "split_epochs": 1,
    "teacher_epochs": 1,
    "population": 4,
    "derived_from": 5,
    "candidates": 20,
    "samples": 2,
}


def trained(name, task, folder=None, **more):
    method = SUPERNETS.module(name)
    asked = SMALL | QUICK | more
    settings = method.Settings(
        **{k: v for k, v in asked.items() if k in method.Settings.model_fields}
    )
    context = Context(checkpoints=folder)
    generator = torch.Generator().manual_seed(3)
    return method, method.train(open_space("nasbench201"), task, settings, context, generator)


@pytest.mark.parametrize("name", SUPERNETS.names())
def test_every_method_scores_architectures_and_repeats_itself_after_a_kill(name, task, tmp_path):
    architectures = open_space("nasbench201").sample(6, np.random.default_rng(0))
    method, whole = trained(name, task)
    scores = whole.score(architectures)
    assert np.isfinite(scores).all()
    assert len(np.unique(scores)) > 1
    trained(name, task, tmp_path, epochs=2)
    newest = max(tmp_path.glob("*.pt"), key=lambda path: path.stat().st_mtime)
    newest.unlink()  # the last checkpoint is lost: the one before is resumed from
    _, again = trained(name, task, tmp_path)
    assert np.array_equal(again.score(architectures), scores)
    if hasattr(method, "derive"):
        assert len(method.derive(whole)) == 1


def test_a_block_of_dna_is_given_what_the_teachers_block_before_gives(task):
    method, whole = trained("dna", task)
    learner, images = whole.learner, task.pixels[1][:8]
    features = method.features_of(learner.teacher, images)
    stages = iter(learner.teacher.stages)
    by_hand = [next(stages)(learner.teacher.stem(images))]
    for block in range(1, 3):
        reduction, cell = next(stages), next(stages)
        by_hand.append(cell(reduction(by_hand[block - 1])))
    assert all(torch.equal(one, other) for one, other in zip(features, by_hand, strict=True))
    before = [learner.teacher.stem(images), *features]
    assert not any(
        torch.allclose(one, other)
        for one, other in zip(before, features, strict=False)
        if one.shape == other.shape
    )  # every block of the teacher does something
    gates = paths_of("nasbench201", open_space("nasbench201").parse(RESIDUAL_BLOCK))[0]
    given = through(learner.blocks[1], features[0], gates)
    assert torch.equal(
        learner.losses(images, features, gates)[1], method.distance(given, features[1])
    )


def test_dna_derives_the_best_rated_of_what_keeps_the_bounds(task):
    method, whole = trained("dna", task, constraints=("flops<=40", "params<=5e5"))
    assert len(whole.candidates.distinct()[0]) == 20
    assert (count_flops(whole.candidates) <= 40).all()
    assert (count_parameters(whole.candidates) <= 5e5).all()
    (derived,) = whole.score(method.derive(whole))
    assert derived == whole.score(whole.candidates).max()
    _, unbounded = trained("dna", task)
    assert count_flops(unbounded.candidates).max() > 40


@pytest.mark.parametrize(
    ("constraint", "error", "message"),
    [
        ("flops<=1", ConfigError, "no more than 0 different architectures that keep flops<=1"),
        ("flops<1", ConfigError, "write COST<=NUMBER"),
        ("watts<=1", UnknownNameError, "watts"),
    ],
)
def test_a_bound_that_nothing_keeps_is_refused_before_dna_is_trained(
    constraint, error, message, task, monkeypatch
):
    monkeypatch.setattr("tgnas.methods.supernets.dna.learn", lambda *_, **__: 1 / 0)
    with pytest.raises(error, match=message):
        trained("dna", task, constraints=(constraint,))


def test_a_path_that_connects_nothing_changes_no_block_of_dna(task, monkeypatch):
    _, whole = trained("dna", task)
    learner, nothing = whole.learner, np.zeros((1, 6, 5), dtype=bool)
    nothing[..., 0] = True  # "none" on every edge
    monkeypatch.setattr(learner, "draw", lambda _: nothing)
    before = {name: p.clone() for name, p in learner.supernet.named_parameters()}
    batch = next(task.train_batches(0, 0, 60))
    loss = learner.step(Given(batch, iter(()), np.random.default_rng(0)))
    assert torch.isfinite(loss)
    assert all(torch.equal(p, before[name]) for name, p in learner.supernet.named_parameters())


def test_the_targets_of_bossnas_are_the_mean_of_a_copy_that_moves_slowly(task):
    method, whole = trained("bossnas", task, moving=0.5)
    networks = whole.learner.modules
    paths = method.fair_paths(6, 5, 4, np.random.default_rng(0))
    images = task.pixels[1][:8]
    mean, _ = method._mean(networks["moving"], 0, images, paths)
    outputs = [through(networks["moving"]["blocks"][0], images, path) for path in paths]
    each = torch.stack([networks["moving"]["heads"][0](output) for output in outputs])
    assert torch.allclose(mean, each.mean(0), atol=1e-6)
    assert not any(p.requires_grad for p in networks["moving"].parameters())


def test_the_copy_of_bossnas_moves_by_its_share_of_what_was_learned(task):
    _, whole = trained("bossnas", task, moving=0.75)
    networks = whole.learner.modules
    before = [p.clone() for p in networks["moving"].parameters()]
    batch = next(task.train_batches(0, 0, 60))
    whole.learner.step(Given(batch, iter(()), np.random.default_rng(0)))
    after = zip(networks["moving"].parameters(), networks["online"].parameters(), strict=True)
    for old, (slow, learned) in zip(before, after, strict=True):
        assert torch.allclose(slow, 0.75 * old + 0.25 * learned, atol=1e-6)
    assert not all(map(torch.equal, before, networks["moving"].parameters()))


def test_without_noise_and_of_one_sample_the_stabilised_proxy_is_plain_single_path_training(task):
    architectures = open_space("nasbench201").sample(4, np.random.default_rng(0))
    plain = trained("single_path", task)[1].score(architectures)
    alone = trained("stabilised", task, temperature=0.0, samples=1)[1]
    assert np.array_equal(alone.score(architectures), plain)
    both = trained("stabilised", task, temperature=0.0)[1]
    first, last = (sample.score(architectures) for sample in both.samples)
    assert np.array_equal(last, plain) and not np.array_equal(first, plain)
    assert np.allclose(both.score(architectures), (first + last) / 2)


def test_noise_moves_the_weights_and_more_samples_than_epochs_are_refused(task):
    still, moved = (
        trained("stabilised", task, temperature=temperature)[1].samples[-1].supernet
        for temperature in (0.0, 1e-6)
    )
    pairs = zip(still.parameters(), moved.parameters(), strict=True)
    assert not any(torch.equal(one, other) for one, other in pairs)
    with pytest.raises(ConfigError, match="samples: 3 are more than the 2 epochs"):
        trained("stabilised", task, samples=3)


def test_sub_supernets_of_few_shot_nas_start_at_the_rate_of_the_split(task):
    _, still = trained("few_shot", task, split_rate=1e-12, lowest_rate=0.0)
    one, other = (part.supernet.parameters() for part in still.parts[:2])
    assert all(torch.allclose(a, b, atol=1e-8) for a, b in zip(one, other, strict=True))
    _, moved = trained("few_shot", task)
    one, other = (part.supernet.parameters() for part in moved.parts[:2])
    assert not all(torch.allclose(a, b, atol=1e-8) for a, b in zip(one, other, strict=True))


def test_the_controller_of_enas_learns_from_what_its_reward_exceeds_the_baseline_by(task):
    _, whole = trained("enas", task)
    learner, controller = whole.learner, whole.learner.controller
    learner.modules.baseline.fill_(torch.nan)  # as at the start: the first reward is the baseline
    learner.optimizers["controller"].state.clear()
    moved, batches = [], list(task.train_batches(0, 0, 60))
    for batch in batches[:2]:
        before = [p.clone() for p in controller.parameters()]
        learner.step(Given(batch, iter(batches), np.random.default_rng(0)))
        pairs = zip(before, controller.parameters(), strict=True)
        moved.append(not all(torch.equal(one, other) for one, other in pairs))
    assert moved == [False, True]
    assert 0 < learner.modules.baseline < 1


def test_the_gaussian_of_balenas_starts_as_its_prior(task):
    learner = balenas._Learner(
        build_supernet("nasbench201", 10, 4, 1),
        open_space("nasbench201"),
        task,
        balenas.Settings(prior=0.25, observations=100),
    )
    assert torch.allclose(learner.gaussian.deviation, torch.tensor(0.2))


@pytest.mark.parametrize("name", ["dna", "bossnas"])
def test_statistics_of_a_block_alone_are_not_recomputed_over_whole_paths(name):
    with pytest.raises(UnknownNameError, match="statistics 'recomputed'; known: batch"):
        read_settings(SUPERNETS.module(name).Settings, {"statistics": "recomputed"}, name)


LONG_ENOUGH = {"channels": 4, "layers": 1, "epochs": 40, "batch": 100}
KILLED = f"""
import sys, torch
from pathlib import Path
from tgnas.image_training.digits import open_digits
from tgnas.image_training.processes import Process
from tgnas.image_training.recipe import read_recipe
from tgnas.methods.contracts import Context
from tgnas.methods.supernets import single_path
from tgnas.spaces.space import open_space
torch.set_num_threads(int(sys.argv[2]))
recipe = read_recipe(Path("config/recipes/digits.yaml"))
task = open_digits(recipe, Process(0, 1, torch.device("cpu"))).validated()
settings, context = single_path.Settings(**{LONG_ENOUGH}), Context(checkpoints=Path(sys.argv[1]))
generator = torch.Generator().manual_seed(3)
single_path.train(open_space("nasbench201"), task, settings, context, generator)
"""


def test_a_supernet_whose_process_is_killed_goes_on_to_the_same_weights(task, tmp_path):
    checkpoint = tmp_path / "phase0.pt"
    command = [sys.executable, "-c", KILLED, str(tmp_path), str(torch.get_num_threads())]
    with subprocess.Popen(command, cwd=ROOT) as process:
        while not checkpoint.exists():
            assert process.poll() is None
            time.sleep(0.01)
        process.kill()
    done = len(torch.load(checkpoint, weights_only=True)["history"])
    assert 1 <= done < LONG_ENOUGH["epochs"]
    resumed, whole = (
        trained("single_path", task, folder, **LONG_ENOUGH)[1] for folder in (tmp_path, None)
    )
    assert resumed.history[done - 1]["seconds"] != whole.history[done - 1]["seconds"]
    pairs = zip(resumed.supernet.parameters(), whole.supernet.parameters(), strict=True)
    assert all(torch.equal(one, other) for one, other in pairs)


def test_recomputed_statistics_are_those_of_training_batches(task):
    _, scorer = trained("single_path", task, statistics="recomputed", recomputed_over=3)
    gates = paths_of("nasbench201", open_space("nasbench201").sample(1, np.random.default_rng(1)))[
        0
    ]
    with statistics(scorer, gates), torch.no_grad():
        seen = [b for b, _ in list(task.train_batches(0, 0, 100))[:3]]
        convolved = [scorer.supernet.stem[0](images).mean(dim=(0, 2, 3)) for images in seen]
        kept = scorer.supernet.stem[1].running_mean
    assert torch.allclose(kept, torch.stack(convolved).mean(0), atol=1e-5)


class Parameters:
    """A prior that counts convolutions of 3 x 3."""

    def score(self, architectures):
        return (architectures.cells.operators == CODES["conv_3x3"]).sum(axis=1).astype(float)


def test_the_split_by_a_prior_is_at_the_edge_that_tells_most():
    class Last:
        def score(self, architectures):
            return (architectures.cells.operators[:, 6] == CODES["conv_3x3"]).astype(float)

    assert few_shot.telling_edge(open_space("nasbench201"), Last()) == 5


def test_a_contest_takes_the_path_that_the_prior_prefers(task):
    space = open_space("nasbench201")
    settings = few_shot.Settings(channels=4, layers=1, contest=20)
    supernet = build_supernet("nasbench201", 10, 4, 1)
    learner = PathLearner(supernet, space, task, settings, prior=Parameters())
    gates = np.stack([learner.draw(np.random.default_rng(seed))[0] for seed in range(20)])
    assert gates[..., 3].sum(axis=1).mean() > 2  # of uniform paths 1.2 operators are 3 x 3


def test_settings_that_ask_for_a_prior_are_refused_where_there_is_none(task):
    with pytest.raises(ConfigError, match="contest: its settings ask for a zero-shot prior"):
        trained("single_path", task, contest=2)


@pytest.mark.parametrize(
    ("name", "asked", "message"),
    [
        ("single_path", {"precision": "bfloat16"}, "precision: bfloat16 needs a CUDA device, not"),
        ("balenas", {"precision": "bfloat16"}, "not the device cpu; allowed: float32"),
        ("darts", {"step": "captured"}, "a captured step .* not the device cpu; allowed: eager"),
    ],
)
def test_what_only_a_gpu_does_is_refused_on_a_cpu(name, asked, message, task):
    with pytest.raises(ConfigError, match=message):
        trained(name, task, **asked)


def test_a_step_on_sampled_paths_has_no_form_that_is_captured():
    with pytest.raises(UnknownNameError, match="step"):
        read_settings(single_path.Settings, {"step": "captured"})


def test_a_mixture_of_a_path_alone_has_gradients_of_zero_that_would_move_other_operators():
    torch.manual_seed(0)
    supernet = build_supernet("nasbench201", 10, 4, 1).double()
    gates = paths_of("nasbench201", open_space("nasbench201").sample(1, np.random.default_rng(3)))
    supernet(IMAGES, gates[0]).sum().backward()
    of_path = {name: p.grad for name, p in supernet.named_parameters()}
    supernet.zero_grad(set_to_none=True)
    one_hot = torch.from_numpy(gates[0]).double()
    supernet(IMAGES, np.ones_like(gates[0]), one_hot).sum().backward()
    before = {name: p.detach().clone() for name, p in supernet.named_parameters()}
    torch.optim.SGD(supernet.parameters(), lr=0.1, weight_decay=0.1).step()
    moved = set()
    for name, parameter in supernet.named_parameters():
        if of_path[name] is not None:
            assert torch.allclose(parameter.grad, of_path[name])
            continue
        assert not parameter.grad.any()
        moved |= {name} if not torch.equal(parameter, before[name]) else set()
    assert moved  # by the weight decay


def learner_of_darts(task, **asked):
    torch.manual_seed(0)
    settings = darts.Settings(channels=4, layers=1, batch=60, **asked)
    supernet = build_supernet("nasbench201", 10, 4, 1)
    return darts._Learner(supernet, open_space("nasbench201"), task, settings)


@pytest.mark.parametrize(("order", "alike"), [("first", False), ("second", True)])
def test_the_finite_difference_of_the_second_order_is_of_float32(order, alike, task):
    batches = list(task.train_batches(0, 0, 60))
    gradients = []
    for precision in ("float32", "bfloat16"):  # which a CPU can do, too, if slowly
        learner = learner_of_darts(task, order=order, precision=precision)
        learner.step_alphas(Given(batches[0], iter(batches[1:]), np.random.default_rng(0)))
        gradients.append(learner.alphas.grad)
    assert torch.equal(*gradients) == alike


on_a_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")


@pytest.fixture(scope="module")
def task_on_a_gpu():
    recipe = read_recipe(Path("config/recipes/digits.yaml"))
    return open_digits(recipe, Process(0, 1, torch.device("cuda"))).validated()


@on_a_gpu
@pytest.mark.parametrize(
    ("name", "more"),
    [("darts", {"order": "first"}), ("darts", {}), ("d_darts", {}), ("balenas", {})],
)
def test_a_captured_step_of_the_weights_trains_as_the_eager_one_does(name, more, task_on_a_gpu):
    # 300 images in batches of 80: the last of an epoch has 60 and is not replayed.
    asked = more | {"batch": 80, "epochs": 3}
    eager, captured = (
        trained(name, task_on_a_gpu, step=step, **asked)[1] for step in ("eager", "captured")
    )
    for line, other in zip(eager.history, captured.history, strict=True):
        assert other["loss"] == pytest.approx(line["loss"], rel=1e-3)
    apart = eager.learner.alphas - captured.learner.alphas
    assert apart.abs().mean() < 0.05 * eager.learner.alphas.abs().mean()
    ours, theirs = (dict(m.learner.supernet.named_parameters()) for m in (eager, captured))
    for parameter, value in ours.items():
        assert torch.allclose(value, theirs[parameter], rtol=1e-2, atol=1e-3), parameter


@on_a_gpu
def test_a_captured_step_goes_on_after_a_kill(task_on_a_gpu, tmp_path):
    asked = {"step": "captured", "batch": 80, "epochs": 3}
    whole = trained("balenas", task_on_a_gpu, tmp_path, **asked)[1]
    (tmp_path / "mixture.pt").unlink()  # the last checkpoint is lost: the one before is resumed
    again = trained("balenas", task_on_a_gpu, tmp_path, **asked)[1]
    assert [line["epoch"] for line in again.history] == [1, 2, 3]
    assert again.history[-1]["loss"] == pytest.approx(whole.history[-1]["loss"], rel=1e-3)


@on_a_gpu
@pytest.mark.parametrize("name", SUPERNETS.names())
def test_every_method_trains_in_bfloat16_as_in_float32_but_for_rounding(name, task_on_a_gpu):
    exact, half = (
        trained(name, task_on_a_gpu, precision=precision)[1]
        for precision in ("float32", "bfloat16")
    )
    for line, other in zip(exact.history, half.history, strict=True):
        assert other["loss"] == pytest.approx(line["loss"], rel=0.05)
    architectures = open_space("nasbench201").sample(6, np.random.default_rng(0))
    assert np.isfinite(half.score(architectures)).all()


@pytest.mark.parametrize(("space", "operators"), [("nasbench201", 5), ("darts", 8)])
def test_an_edge_has_each_operator_once_in_the_order_of_the_gates(space, operators):
    supernet = build_supernet(space, 10, 4, 3)
    cells = [module for module in supernet.modules() if hasattr(module, "edges")]
    assert len(set(supernet.operators)) == len(supernet.operators) == operators
    assert all(tuple(edge) == supernet.operators for cell in cells for edge in cell.edges)


def test_a_cell_of_the_darts_supernet_that_is_passed_by_runs_none_of_its_operators():
    torch.manual_seed(0)
    supernet = build_supernet("darts", 10, 4, 3).double().eval()
    weights = torch.rand(3, 14, 8).double()
    changed = weights.clone()
    changed[1] = 0.0
    outputs = [
        supernet(IMAGES, np.ones((3, 14, 8), dtype=bool), given, without=without)
        for given in (weights, changed)
        for without in (1, None)
    ]
    assert torch.equal(outputs[0], outputs[2])
    assert not torch.equal(outputs[1], outputs[3])
    assert not torch.equal(outputs[0], outputs[1])


def test_d_darts_derives_the_mean_gates_of_the_cells_of_each_kind(task):
    space = open_space("darts")
    settings = d_darts.Settings(channels=4, layers=4, epochs=1, batch=300, ablation=0.0)
    learner = d_darts._Learner(build_supernet("darts", 10, 4, 4), space, task, settings, rows=4)
    gates = torch.rand(4, 14, 8)
    with torch.no_grad():
        learner.alphas.copy_(torch.logit(gates))
    normal, reduction = learner.mean_gates()  # cells 1 and 2 of 4 reduce
    assert torch.allclose(normal, (gates[0] + gates[3]) / 2, atol=1e-5)
    assert torch.allclose(reduction, (gates[1] + gates[2]) / 2, atol=1e-5)
    gates[..., -1] = settings.threshold  # that of "none" says nothing
    kinds = torch.stack([(gates[0] + gates[3]) / 2, (gates[1] + gates[2]) / 2])
    expected = derived(space, kinds.numpy())
    assert learner.derive().row_keys() == expected.row_keys()


def test_d_darts_rates_an_operator_above_none_where_its_mean_gate_is_above_a_half(task):
    space = open_space("nasbench201")
    settings = d_darts.Settings(channels=4, layers=1, batch=300)
    learner = d_darts._Learner(build_supernet("nasbench201", 10, 4, 1), space, task, settings, 3)
    gates = torch.full((3, 6, 5), 0.5)
    gates[..., 0] = 0.99  # of "none", which says nothing
    gates[:, 0, 1], gates[:, 0, 2] = torch.tensor([0.4, 0.6, 0.8]), 0.2  # in the mean .6 and .2
    with torch.no_grad():
        learner.alphas.copy_(torch.logit(gates))
    first_edge = np.zeros((3, 6), dtype=int)
    first_edge[:, 0] = 0, 1, 2
    scores = Mixture(learner, space, []).score(space.of_choices(first_edge))
    assert scores == pytest.approx([0.0, np.log(0.6 / 0.4), np.log(0.2 / 0.8)], abs=1e-5)


def test_every_cell_of_d_darts_derives_by_its_own_gates(task):
    space = open_space("nasbench201")
    settings = d_darts.Settings(channels=4, layers=1, batch=300, threshold=0.85)
    learner = d_darts._Learner(build_supernet("nasbench201", 10, 4, 1), space, task, settings, 3)
    gates = torch.full((3, 6, 5), 0.5)
    gates[..., 0] = 0.99  # of "none", which says nothing
    for cell, operator in enumerate((1, 2, 3)):
        gates[cell, :, operator] = 0.9
    gates[1, 4, 2] = 0.84  # into the last vertex, which hears two other edges
    with torch.no_grad():
        learner.alphas.copy_(torch.logit(gates))
    cells = d_darts.derive_cells(Mixture(learner, space, []))
    expected = np.repeat([[1], [2], [3]], 6, axis=1)
    expected[1, 4] = 0
    assert np.array_equal(space.choices_of(cells), expected)


def test_each_vertex_that_d_darts_derives_keeps_its_strongest_edge(task):
    space = open_space("nasbench201")
    settings = d_darts.Settings(channels=4, layers=1, batch=300, threshold=0.85)
    learner = d_darts._Learner(build_supernet("nasbench201", 10, 4, 1), space, task, settings, 3)
    gates = torch.full((3, 6, 5), 0.1)
    gates[:, 2, 3], gates[:, 5, 4] = 0.2, 0.2  # 1 -> 2 and 2 -> 3, far below the threshold
    with torch.no_grad():
        learner.alphas.copy_(torch.logit(gates))
    (kept,) = space.choices_of(learner.derive())
    assert kept[0]  # the one edge into vertex 1, whatever its gates
    assert kept[1:].tolist() == [0, 3, 0, 0, 4]


def test_a_deeper_network_of_d_darts_repeats_the_cells_of_each_stage():
    space = open_space("nasbench201")
    cells = space.sample(6, np.random.default_rng(2))  # two cells of each stage
    network = d_darts.deeper(cells, 5, 10, 4)
    stacked = [m for m in network.stages if isinstance(m, nasbench201.CellModule)]
    places = [0, 1, 0, 1, 0, 2, 3, 2, 3, 2, 4, 5, 4, 5, 4]
    for number, (module, place) in enumerate(zip(stacked, places, strict=True)):
        alone = nasbench201.CellModule(cells.member(place), 4 << number // 5)
        assert repr(module) == repr(alone)
    assert torch.isfinite(network(IMAGES.float())).all()
    with pytest.raises(ValueError, match="4 cells for 3 stages"):
        d_darts.deeper(cells[:4], 5, 10, 4)


def test_a_network_of_equal_cells_is_that_of_the_cell_to_the_bit():
    cell = open_space("nasbench201").sample(1, np.random.default_rng(5))
    torch.manual_seed(0)
    usual = nasbench201.build_network(cell.member(0), 10, 4, 2)
    torch.manual_seed(0)
    listed = d_darts.deeper(cell[[0, 0, 0]], 2, 10, 4)
    assert torch.equal(usual(IMAGES.float()), listed(IMAGES.float()))
    assert repr(usual) == repr(listed)


def test_shared_gates_of_d_darts_are_those_of_every_cell_and_derive_no_single_one(task):
    method, whole = trained("d_darts", task, shared=True)
    assert whole.learner.alphas.shape == (1, 6, 5)
    assert len(method.derive(whole)) == 1
    with pytest.raises(ConfigError, match="no cell has parameters of its own"):
        method.derive_cells(whole)


@pytest.mark.parametrize(
    ("supernet", "published"), [("one_shot", 0.485), ("few_shot", 0.551)]
)  # Zhao et al., ICML 2021, on NAS-Bench-201
def test_the_released_supernets_rank_as_published(supernet, published, resource_file):
    alone, shared = (
        json.loads(resource_file(FILES[name]).read_text()) for name in ("alone", supernet)
    )
    pairs = np.array([(float(shared[key]), float(value)) for key, value in alone.items()])
    found = kendalltau(*pairs.T).statistic
    assert len(pairs) == 15625 and found == pytest.approx(published, abs=5e-4)
    table = pd.read_csv(ROOT / "results/paper/supernets_stored.csv")
    (row,) = table[(table.supernet == supernet) & (table.population == "all")].itertuples()
    assert row.tau_alone == pytest.approx(found)


def test_the_networks_trained_for_long_are_distinct_ones_of_digits_bench():
    table, card = read_table(LONG), read_card(LONG)
    assert table[["space", "architecture"]].equals(list_architectures(**card["architectures"]))
    assert set(table.architecture) < set(read_table().architecture)
    benchmark = Benchmark(LONG, BENCHMARKS.load("digits201_long")())
    accuracies = benchmark.accuracy(dataset="digits", split="test", epochs=100)
    own = table.filter(like="test_accuracy/").mean(axis=1).to_numpy(np.float64)
    assert len(benchmark) == 50 and np.allclose(accuracies, own)


def test_of_two_known_accuracies_nothing_is_said_of_ranks():
    scores, known = np.arange(10.0).reshape(2, 5), np.arange(5.0)
    few = np.array([1.0, 2.0, np.nan, np.nan, np.nan])
    found = summary(scores, {"few": few, "all": known}, np.arange(5), 1.0)
    assert found["all_tau_distinct"] == pytest.approx(1) and np.isnan(found["few_tau_distinct"])
    assert found.keys() == {n.replace("all", "few") for n in found} | found.keys()
    assert set(resampled(scores, {"few": few, "all": known}, np.arange(5), 3)) == {
        "all",
        "agreement",
    }


def test_a_truly_best_share_of_few_networks_has_no_tau_and_no_column():
    known = np.arange(300.0)
    few = np.where(known < 50, known, np.nan)
    found = summary(np.stack([known, known]), {"alone": known, "long": few}, np.arange(300), 0.1)
    assert found["alone_tau_top"] == pytest.approx(1) and np.isnan(found["long_tau_top"])
    frame = pd.DataFrame([dict.fromkeys(supernets.COLUMNS, np.nan) | found | {"title": "one"}])
    alone, long, *_ = supernets.show(frame)
    assert "KT, top" in alone.columns and "KT, top" not in long.columns


def test_what_is_known_of_some_architectures_only_is_measured_on_those():
    scores = np.array([[1.0, 2.0, 3.0, 4.0, 5.0], [1.0, 2.0, 3.0, 5.0, 4.0]])
    accuracies = {"some": np.array([1.0, np.nan, 2.0, 4.0, 3.0])}
    found = summary(scores, accuracies, np.arange(5), 1.0)
    assert found["some_tau_distinct"] == pytest.approx((2 / 3 + 1) / 2)  # of 6 pairs 1 and 0 wrong
    assert found["some_rank"] == 1.5  # the picks are the last but one and the best
    assert found["agreement"] == pytest.approx(0.8)  # of 10 pairs 1 is the other way round


def test_a_difference_is_paired_and_its_interval_says_whether_it_is_open():
    generator = np.random.default_rng(0)
    true = generator.normal(size=120)
    good, other = (true + generator.normal(0, noise, (3, 120)) for noise in (0.3, 1.5))
    methods = {
        name: resampled(scores, {"truth": true}, np.arange(120), 60)
        for name, scores in {"good": good, "other": other, "again": good}.items()
    }
    frame = differences(methods, [("good", "other"), ("good", "again"), ("good", "absent")], 0.95)
    helps, same = (frame[frame.second == name].set_index("measure") for name in ("other", "again"))
    assert set(frame.second) == {"other", "again"}
    assert (helps.low > 0).all() and helps.index.tolist() == ["truth", "agreement"]
    assert (same[["difference", "low", "high"]] == 0).all(axis=None)


def test_a_search_in_the_darts_space_derives_a_genotype_and_places_it(tmp_path, monkeypatch):
    name, space = "d_darts", open_space("darts")
    members = space.sample(30, np.random.default_rng(0))

    class Known:
        architectures = members

        def __len__(self):
            return 30

        def accuracy(self, **_):
            return np.linspace(90, 95, 30)

    Known.space = space
    monkeypatch.setattr("tgnas.benchmarks.base.open_benchmark", lambda _: Known())
    shared = {"channels": 4, "layers": 3, "epochs": 1, "batch": 150}
    settings = darts_supernets.Settings(
        shared=shared, seeds=2, recipe=str(ROOT / "config/recipes/digits.yaml")
    )
    part = next(p for p in darts_supernets.parts(settings) if p == f"{name}-seed1")
    rows = darts_supernets.run(part, settings, {"known": tmp_path}, tmp_path)
    assert len(rows) == 1 and rows.seed[0] == 1
    assert space.format(space.parse(rows.genotype[0])) == [rows.genotype[0]]
    assert 0 <= rows.placed[0] <= 1 and not rows.listed[0]
    frame = drawn_searches.table([rows], {name: name})
    assert name in markdown(drawn_searches.show(frame))


def test_networks_of_derived_cells_stand_beside_those_of_shared_ones(tmp_path):
    search = {"channels": 4, "layers": 1, "epochs": 2, "batch": 150, "alpha_rate": 1.0}
    settings = d_darts_cells.Settings(
        search=search, seeds=1, trainings=1, change={"epochs": 1}, parameters=9000, widest=6
    )
    assert d_darts_cells.parts(settings) == ["own-seed0", "shared-seed0"]
    files = {"recipe": ROOT / "config/recipes/digits.yaml"}
    rows = [
        d_darts_cells.run(part, settings, files, tmp_path / part)
        for part in d_darts_cells.parts(settings)
    ]
    own, shared = rows
    assert len(own.cells[0].split()) == 3 and len(shared.cells[0].split()) == 1
    frame = beside_shared.table(rows)
    assert frame.layers.tolist() == [1, 2, 1, 2]
    first = beside_shared.show(frame)[0].rows[0]
    assert first["own - shared"].value == pytest.approx(own.test[0] - shared.test[0])


def test_a_variant_of_a_method_is_called_by_what_is_its_own():
    files = {"dna": "dna", "bounded": "dna", "darts": "darts", "long": "darts"}
    files["averaged"] = "stabilised"
    own = {
        "averaged": {"temperature": 0.0, "lowest_rate": 0.02},
        "dna": {},
        "bounded": {"constraints": ["flops<=52"]},
        "darts": {"epochs": 50},
        "long": {"order": "first", "epochs": 250},
    }
    assert list(supernets.titles_of(files, own).values()) == [
        *("DNA", "DNA, flops<=52", "DARTS", "DARTS, first order, 250 epochs"),
        "stabilised share-parameter proxy (reconstruction), no noise",
    ]
