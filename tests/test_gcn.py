"""The GCN: its two back ends, its hand-written gradient, and the loop that trains it."""

import logging
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from tgnas.cell import Cells
from tgnas.encodings.global_node import encode, node_features
from tgnas.encodings.live import is_dead
from tgnas.errors import ConfigError, CorruptTableError, UnknownNameError
from tgnas.methods.predictors._gcn import BACK_ENDS, GCN, _ConvolveNormaliseRelu
from tgnas.methods.predictors.tgnas import Settings
from tgnas.methods.trained import load, own_settings, save, train
from tgnas.operators import NAMES
from tgnas.spaces.architectures import Architectures
from tgnas.training.fit import MeanOverCells, fit
from tgnas.training.optimisation import Optimisation
from tgnas.training.sources import labelled as draw
from tgnas.training.splits import TrainingSet

FINAL = {"dataset": "cifar10", "split": "test", "epochs": 108}


def drawn(back_end: str, vectors: np.ndarray, seed: int = 0) -> GCN:
    """Return a network of the authors' sizes with random parameters and running statistics."""
    generator = torch.Generator().manual_seed(seed)
    network = BACK_ENDS[back_end](node_features(vectors), layers=4, width=64)
    network.initialise(generator)
    for norm in network.norms:
        norm.running_mean.uniform_(-1, 1, generator=generator)
        norm.running_var.uniform_(0.5, 2, generator=generator)
    return network


def scores_of(network: GCN, graphs) -> torch.Tensor:
    with torch.inference_mode():
        return network.eval()(network.prepare(graphs))


@pytest.fixture(scope="module")
def graphs(nasbench201):
    """Encode every 50th architecture of NAS-Bench-201."""
    return encode(nasbench201.architectures.cells[::50])


# Two back ends


@pytest.mark.parametrize("back_end", BACK_ENDS)
@pytest.mark.parametrize(("width", "count"), [(384, 37761), (768, 62337)])
def test_it_has_the_parameters_of_the_authors_code(back_end, width, count):
    network = drawn(back_end, np.zeros((len(NAMES), width), dtype=np.float32))
    assert sum(parameter.numel() for parameter in network.parameters()) == count


def test_parameters_are_drawn_as_in_the_authors_code(embeddings):
    network = drawn("dense", embeddings.vectors)
    for convolution in network.convolutions:
        assert 0.049 < convolution.weight.abs().max() <= 0.05
        assert 0.1 < convolution.bias.abs().max() <= 1 / 8
    assert 0.1 < network.head.weight.abs().max() <= 1 / 8


@pytest.mark.parametrize(("source", "target"), [("dense", "dgl"), ("dgl", "dense")])
def test_both_back_ends_give_the_same_scores(embeddings, graphs, source, target):
    trained = drawn(source, embeddings.vectors)
    other = drawn(target, embeddings.vectors, seed=1)
    other.load_state_dict(trained.state_dict())
    scores = scores_of(trained, graphs)
    assert scores.std() > 1e-3
    assert (scores - scores_of(other, graphs)).abs().max() < 1e-5


def test_both_back_ends_give_the_same_gradients(embeddings, graphs):
    labels, found = torch.linspace(0, 1, len(graphs)), {}
    for back_end in BACK_ENDS:
        network = drawn(back_end, embeddings.vectors).train()
        functional.mse_loss(network(network.prepare(graphs)), labels).backward()
        found[back_end] = {name: entry.grad for name, entry in network.named_parameters()}
    for name, gradient in found["dense"].items():
        if name.startswith("convolutions") and name.endswith("bias"):
            assert not gradient.any()  # zero in truth, rounding noise in the other
        else:
            assert (gradient - found["dgl"][name]).abs().max() < 1e-4 * gradient.abs().max()


def test_both_back_ends_move_the_running_statistics_alike(embeddings, graphs):
    networks = [drawn(back_end, embeddings.vectors).train() for back_end in BACK_ENDS]
    for network in networks:
        network(network.prepare(graphs))
    for one, other in zip(networks[0].norms, networks[1].norms, strict=True):
        torch.testing.assert_close(one.running_mean, other.running_mean, rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(one.running_var, other.running_var, rtol=1e-4, atol=1e-5)


# The layer with its own gradient


def layer_inputs(dtype: torch.dtype) -> tuple[list[torch.Tensor], torch.Tensor, nn.BatchNorm1d]:
    """Return hidden, weight, bias, scale and shift, an aggregation, and a norm of that state."""
    generator = torch.Generator().manual_seed(0)
    shapes = [(5 * 4, 6), (6, 3), (3,), (3,), (3,)]
    leaves = [torch.randn(shape, generator=generator, dtype=dtype) for shape in shapes]
    aggregation = torch.randint(0, 2, (5, 4, 4), generator=generator).to(dtype)
    norm = nn.BatchNorm1d(3).to(dtype)
    norm.running_mean.uniform_(-1, 1, generator=generator)
    norm.load_state_dict(norm.state_dict() | {"weight": leaves[3], "bias": leaves[4]})
    return [leaf.requires_grad_() for leaf in leaves], aggregation, norm


def plain_layer(leaves, aggregation, norm):
    """Return the layer as torch's own operations make it."""
    hidden, weight, bias, scale, shift = leaves
    summed = hidden @ weight
    if aggregation is not None:
        summed = (aggregation @ summed.view(5, 4, 3)).view(20, 3)
    running = norm.running_mean, norm.running_var
    return functional.batch_norm(summed + bias, *running, scale, shift, training=True).relu()


def fused_layer(leaves, aggregation, norm):
    hidden, weight, bias, scale, shift = leaves
    running = norm.running_mean, norm.running_var
    return _ConvolveNormaliseRelu.apply(hidden, weight, bias, aggregation, scale, shift, running)


@pytest.mark.parametrize("aggregates", [False, True])
@pytest.mark.parametrize(("dtype", "near"), [(torch.float64, 1e-12), (torch.float32, 1e-5)])
def test_the_fused_layer_has_the_output_and_gradients_of_plain_torch(dtype, near, aggregates):
    found = []
    for layer in (plain_layer, fused_layer):
        leaves, aggregation, norm = layer_inputs(dtype)
        out = layer(leaves, aggregation if aggregates else None, norm)
        (out * torch.arange(60, dtype=dtype).view(20, 3).sin()).sum().backward()
        found.append([out.detach(), *(leaf.grad for leaf in leaves)])
    for plain, fused in zip(*found, strict=True):
        torch.testing.assert_close(fused, plain, rtol=near, atol=near)


def test_the_fused_layer_moves_the_running_statistics_as_batch_normalisation_does():
    leaves, aggregation, norm = layer_inputs(torch.float64)
    fused_layer(leaves, aggregation, norm)
    _, _, expected = layer_inputs(torch.float64)
    hidden, weight, bias, *_ = leaves
    expected((aggregation @ (hidden @ weight).view(5, 4, 3)).view(20, 3) + bias)
    torch.testing.assert_close(norm.running_mean, expected.running_mean)
    torch.testing.assert_close(norm.running_var, expected.running_var)


# The loop

SHORT = Optimisation(epochs=5, batch=64, step_epochs=2)


class KilledError(Exception):
    """Stands for the end of the process."""


def run_loop(graphs, vectors, checkpoint=None, digest="mine", steps=10**9, optimisation=SHORT):
    """Fit the scores of another network; end after that many steps as a kill would."""
    generator = torch.Generator().manual_seed(7)
    network = drawn("dense", vectors)
    network.initialise(generator)
    inputs, losses = network.prepare(graphs), []
    labels = scores_of(drawn("dense", vectors, seed=9), graphs)

    def loss_of(index):
        losses.append(functional.mse_loss(network(inputs.select(index)), labels[index]))
        if len(losses) > steps:
            raise KilledError
        return losses[-1]

    fitted = fit(network, loss_of, len(graphs), optimisation, generator, checkpoint, digest)
    return fitted, len(losses)


def killed(graphs, vectors, checkpoint, epochs):
    """Train and end in the middle of the epoch behind that many."""
    with pytest.raises(KilledError):
        run_loop(graphs, vectors, checkpoint, steps=epochs * STEPS + 2)


STEPS = 5  # of an epoch: 313 graphs in batches of 64


@pytest.fixture(scope="module")
def whole(graphs, embeddings):
    """Train without interruption."""
    return run_loop(graphs, embeddings.vectors)[0]


def assert_same(one, other):
    assert one.epochs.keys() == other.epochs.keys()
    assert all(torch.equal(one.epochs[name], other.epochs[name]) for name in one.epochs)
    for ours, theirs in zip(one.history, other.history, strict=True):
        assert ours | {"seconds": 0} == theirs | {"seconds": 0}


def test_training_repeats_to_the_bit(graphs, embeddings, whole):
    fitted, steps = run_loop(graphs, embeddings.vectors)
    assert_same(fitted, whole)
    assert steps == 5 * STEPS


def test_the_loss_falls_and_the_rate_steps(whole):
    assert whole.history[-1]["loss"] < whole.history[0]["loss"]
    rates = [row["learning_rate"] for row in whole.history]
    assert rates == pytest.approx([1e-3, 1e-3, 1e-4, 1e-4, 1e-5])
    assert [row["epoch"] for row in whole.history] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("epochs", [0, 1, 3, 4])
def test_a_killed_training_resumes_to_the_bit(graphs, embeddings, whole, tmp_path, epochs):
    checkpoint = tmp_path / "new" / "checkpoint.pt"
    killed(graphs, embeddings.vectors, checkpoint, epochs)
    fitted, steps = run_loop(graphs, embeddings.vectors, checkpoint)
    assert_same(fitted, whole)
    assert steps == (5 - epochs) * STEPS


def test_a_finished_training_is_not_repeated(graphs, embeddings, whole, tmp_path):
    run_loop(graphs, embeddings.vectors, tmp_path / "checkpoint.pt")
    fitted, steps = run_loop(graphs, embeddings.vectors, tmp_path / "checkpoint.pt")
    assert_same(fitted, whole)
    assert steps == 0


def test_a_checkpoint_of_another_digest_is_ignored(graphs, embeddings, whole, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    killed(graphs, embeddings.vectors, tmp_path / "checkpoint.pt", 2)
    fitted, steps = run_loop(graphs, embeddings.vectors, tmp_path / "checkpoint.pt", "other")
    assert_same(fitted, whole)
    assert steps == 5 * STEPS
    assert "is of other settings, data or code and is ignored" in caplog.text


DAMAGES = {
    "empty": lambda content: b"",
    "cut": lambda content: content[: len(content) // 2],
    "another file": lambda content: b"not a checkpoint",
    "one bit": lambda content: content[:40000] + bytes([content[40000] ^ 1]) + content[40001:],
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_checkpoint_gives_way_to_the_one_before(
    graphs, embeddings, whole, tmp_path, caplog, damage
):
    checkpoint = tmp_path / "checkpoint.pt"
    killed(graphs, embeddings.vectors, checkpoint, 3)
    checkpoint.write_bytes(DAMAGES[damage](checkpoint.read_bytes()))
    fitted, steps = run_loop(graphs, embeddings.vectors, checkpoint)
    assert_same(fitted, whole)
    assert steps == (5 - 2) * STEPS
    assert "is damaged and is passed over" in caplog.text


def test_two_damaged_checkpoints_mean_a_fresh_start(graphs, embeddings, whole, tmp_path):
    for name in ("checkpoint.pt", "checkpoint.pt.previous"):
        (tmp_path / name).write_bytes(b"not a checkpoint")
    fitted, steps = run_loop(graphs, embeddings.vectors, tmp_path / "checkpoint.pt")
    assert_same(fitted, whole)
    assert steps == 5 * STEPS


# The mean over the cells of an architecture


def architectures_of(count: int, weights: tuple[float, ...], start: int = 0) -> Architectures:
    """Return architectures whose cells can be told apart by the bits of their edges."""
    numbers = np.arange(start, start + count * len(weights))
    operators = np.zeros((len(numbers), 3), dtype=np.uint8)
    return Architectures(Cells(operators, numbers.astype(np.uint8)[:, None]), weights)


def test_the_score_of_an_architecture_is_the_weighted_mean_of_its_cells():
    mean = MeanOverCells([architectures_of(3, (0.75, 0.25))])
    index = torch.tensor([2, 0])
    assert mean.rows(index).tolist() == [4, 5, 0, 1]
    assert mean(torch.tensor([4.0, 8.0, 1.0, 5.0]), index).tolist() == [5.0, 2.0]


def test_sources_may_differ_in_the_cells_of_an_architecture():
    mean = MeanOverCells([architectures_of(2, (1.0,)), architectures_of(2, (0.75, 0.25))])
    index = torch.tensor([3, 1])
    assert mean.rows(index).tolist() == [4, 5, 1]
    assert mean(torch.tensor([4.0, 8.0, 7.0]), index).tolist() == [5.0, 7.0]


# The predictor

BRIEF = Settings(epochs=30, batch=32, step_epochs=20)
ENTRY = {"cells": 400, "auxiliary_targets": {}}


@pytest.fixture(scope="module")
def source(nasbench101) -> TrainingSet:
    """Take 400 real architectures with their accuracies in percent."""
    return draw(nasbench101, FINAL, ENTRY)


def fitted(source, embeddings, settings=BRIEF, seed=0, **context):
    """Return the predictor after each epoch, and the history."""
    return train("tgnas", [source], settings, embeddings, seed, **context)


@pytest.fixture(scope="module")
def learned(source, embeddings):
    """Train on them."""
    return fitted(source, embeddings)


def last(trained):
    return trained[-1:].ensemble().members[0]


def assert_same_training(one, other):
    assert one[0].states.keys() == other[0].states.keys()
    assert all(torch.equal(entry, other[0].states[n]) for n, entry in one[0].states.items())
    for ours, theirs in zip(one[1], other[1], strict=True):
        assert ours | {"seconds": 0} == theirs | {"seconds": 0}


def test_it_learns_more_of_real_cells_than_a_constant(learned, source):
    losses = [row["loss"] for row in learned[1]]
    assert losses[-1] < losses[0]
    scores, accuracies = last(learned[0]).score(source.architectures), source.labels / 100
    assert np.mean((scores - accuracies) ** 2) < np.var(accuracies)


def test_its_scores_are_accuracies_as_fractions(learned, nasbench201):
    scores = last(learned[0]).score(nasbench201.architectures[:3000])
    assert scores.shape == (3000,)
    assert 0 < scores.mean() < 1.5


def test_it_scores_no_cells_with_no_scores(learned, source):
    assert last(learned[0]).score(source.architectures[:0]).shape == (0,)


@pytest.mark.parametrize("back_end", BACK_ENDS)
def test_one_seed_gives_one_predictor(source, embeddings, back_end):
    settings = Settings(back_end=back_end, epochs=1)
    one, again, other = (fitted(source, embeddings, settings, seed) for seed in (0, 0, 1))
    assert_same_training(one, again)
    heads = [trained.states["head.weight"] for trained, _ in (one, other)]
    assert not torch.equal(*heads)


def test_other_labels_are_not_trained_from_the_same_checkpoint(source, embeddings, tmp_path):
    settings, turned = Settings(epochs=1), TrainingSet(source.architectures, source.labels[::-1])
    _, first = fitted(source, embeddings, settings, checkpoints=tmp_path)
    _, second = fitted(turned, embeddings, settings, checkpoints=tmp_path)
    assert (tmp_path / "checkpoint.pt").exists()
    assert first[0]["loss"] != second[0]["loss"]


def test_architectures_of_two_cells_are_learned_and_scored_as_a_whole(embeddings, nasbench201):
    pairs = Architectures(nasbench201.architectures[:300].cells, (0.75, 0.25))
    first = Architectures(pairs.cells[::2])
    learned, _ = fitted(TrainingSet(pairs, np.linspace(80, 90, 150)), embeddings)
    member = last(learned)
    one, other = member.score(first), member.score(Architectures(pairs.cells[1::2]))
    dead = is_dead(pairs)
    assert 0 < dead.sum() < len(pairs)
    assert (member.score(pairs)[dead] == -1).all()
    assert member.score(pairs)[~dead] == pytest.approx((0.75 * one + 0.25 * other)[~dead])


def test_saved_weights_load_as_the_same_predictor(learned, source, embeddings, tmp_path):
    save(tmp_path / "epochs.safetensors", learned[0])
    loaded = load(tmp_path / "epochs.safetensors", embeddings)
    scores = last(loaded).score(source.architectures)
    assert np.array_equal(scores, last(learned[0]).score(source.architectures))
    assert loaded.settings == BRIEF
    assert loaded.operators == ("input", "output", "conv_3x3", "conv_1x1", "max_pool_3x3")


def test_every_saved_epoch_can_be_loaded(learned, source, embeddings, tmp_path):
    save(tmp_path / "epochs.safetensors", learned[0])
    loaded = load(tmp_path / "epochs.safetensors", embeddings)
    scores = loaded.ensemble().scores(source.architectures)
    assert np.array_equal(scores[-1], last(learned[0]).score(source.architectures))
    assert len(np.unique(scores, axis=0)) == 30


def test_a_weights_file_knows_which_architectures_were_learned_from(
    learned, source, embeddings, tmp_path
):
    save(tmp_path / "epochs.safetensors", learned[0])
    (rows,) = load(tmp_path / "epochs.safetensors", embeddings).rows
    assert rows.benchmark == "nasbench101"
    assert np.array_equal(rows.rows, source.origin.rows)


def test_two_saved_files_are_the_same_to_the_bit(learned, tmp_path):
    for name in ("one", "other"):
        save(tmp_path / name, learned[0])
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


def test_a_file_of_something_else_is_refused(embeddings, tmp_path):
    (tmp_path / "epochs.safetensors").write_bytes(b"not weights" * 100)
    with pytest.raises(CorruptTableError, match="is damaged"):
        load(tmp_path / "epochs.safetensors", embeddings)


@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.99])
def test_a_truncated_file_of_weights_is_refused(learned, embeddings, tmp_path, share):
    path = tmp_path / "epochs.safetensors"
    save(path, learned[0])
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(CorruptTableError, match="is damaged"):
        load(path, embeddings)


def test_weights_for_other_embeddings_are_refused(learned, embeddings, tmp_path):
    save(tmp_path / "epochs.safetensors", learned[0])
    turned = replace(embeddings, vectors=embeddings.vectors[:, ::-1].copy())
    with pytest.raises(CorruptTableError, match="holds no weights for these embeddings"):
        load(tmp_path / "epochs.safetensors", turned)


CONFIG = {
    "method": "tgnas",
    "threads": 1,
    "graph": "global_node",
    "layers": 2,
    "width": 16,
    "normalisation": "none",
    "norm": "batch",
    "bidirectional": False,
    "residual": False,
    "readout": "last",
    "head_layers": 0,
    "degrees": False,
    "projected": False,
    "operator_attributes": [],
    "label": "accuracy",
    "loss": "mse",
    "back_end": "dgl",
    "epochs": 3,
    "batch": 8,
    "learning_rate": 0.01,
    "weight_decay": 0.0,
    "step_epochs": 2,
    "lr_gamma": 0.5,
}


def test_an_entry_of_the_config_becomes_settings():
    made = Settings(
        layers=2,
        width=16,
        back_end="dgl",
        epochs=3,
        batch=8,
        learning_rate=0.01,
        weight_decay=0.0,
        step_epochs=2,
        lr_gamma=0.5,
    )
    assert own_settings(CONFIG) == made


@pytest.mark.parametrize(
    ("key", "wrong", "right"),
    [
        ("back_end", "dence", "dense"),
        ("graph", "canonicle", "canonical"),
        ("norm", "bach", "batch"),
        ("readout", "men", "mean"),
        ("loss", "mes", "mse"),
        ("label", "ranks", "rank"),
        ("normalisation", "rows", "row"),
    ],
)
def test_an_unknown_choice_is_answered_with_the_nearest_one(key, wrong, right):
    with pytest.raises(UnknownNameError, match=rf"'{wrong}' \(did you mean '{right}'"):
        own_settings(CONFIG | {key: wrong})


def test_dgl_runs_the_authors_network_alone():
    with pytest.raises(ConfigError, match="dgl runs the network of the authors' code only"):
        own_settings(CONFIG | {"norm": "graph"})


def test_where_dgl_is_not_installed_its_back_end_says_so_in_a_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "dgl.nn.pytorch", None)
    with pytest.raises(ConfigError, match=r"needs the package dgl 1.1.3, .*back_end: dense"):
        BACK_ENDS["dgl"](np.zeros((256, 4), dtype=np.float32), 2, 8)


@pytest.mark.parametrize("key", ["layers", "width", "epochs", "learning_rate", "weight_decay"])
def test_a_negative_setting_is_refused(key):
    with pytest.raises(ConfigError, match=f"settings: {key}: -1.* is not allowed"):
        own_settings(CONFIG | {key: type(CONFIG[key])(-1)})
