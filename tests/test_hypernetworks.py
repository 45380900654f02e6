"""GHN-2: graphs, virtual edges, one round of messages and one tile by hand; training; the study."""

import json
from itertools import product

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import torch
from safetensors.torch import load_file
from torch import nn
from typer.testing import CliRunner

from tgnas.benchmarks.base import Benchmark
from tgnas.cell import Cell
from tgnas.cli.app import app
from tgnas.errors import ConfigError, CorruptTableError, UnreadableFileError
from tgnas.files import sha256_of
from tgnas.image_training.digits import open_digits
from tgnas.image_training.processes import Process
from tgnas.inference.networks import HYPERNETWORK
from tgnas.methods.contracts import Context, Hypernetwork
from tgnas.methods.hypernetworks import ghn2
from tgnas.methods.hypernetworks._handover import before_a_normalisation, scaled, set_statistics
from tgnas.methods.hypernetworks._network import (
    ConvolutionalDecoder,
    GatedGraphNetwork,
    Hypernet,
    MlpDecoder,
    joined,
    normalised,
    tiled,
)
from tgnas.methods.hypernetworks._settings import Ghn2Settings
from tgnas.networks.computational_graph import KINDS, ComputationalGraph, graph_of
from tgnas.networks.nasbench201 import build_network
from tgnas.networks.random_graphs import SPLITS, network_of, networks_of, space_of
from tgnas.results import hypernetworks as result
from tgnas.searching.oracles import network_keys
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.nasbench201 import SPACE as NB201
from tgnas.studies import hypernetworks as study
from tgnas.studies import initialisation

PROCESS = Process(0, 1, torch.device("cpu"))
RECIPE = study.Settings().recipe.model_copy(
    update={"train_images": 40, "validation_images": 1700, "epochs": 1, "batch": 20}
)
SMALL = Ghn2Settings(
    hidden=8, largest_channels=8, graphs=4, meta_batch=2, epochs=1, batch=20, channels=4
)


def graph(*edges: tuple[int, int], count: int = 4) -> ComputationalGraph:
    """Return a graph of vertices without parameters."""
    adjacency = np.zeros((count, count), dtype=bool)
    adjacency[tuple(np.transpose(edges))] = True
    return ComputationalGraph(
        np.zeros(count, dtype=np.int64),
        np.zeros((count, 4), dtype=np.int64),
        ("",) * count,
        adjacency,
    )


# Graphs


class Branches(nn.Module):
    """Two convolutions of one image are added to the image; the sum goes through a norm."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 3, padding=1, bias=False)
        self.last, self.head = nn.BatchNorm2d(3), nn.Linear(3, 2)

    def forward(self, images):
        added = images + self.first(images).relu() + self.second(images)
        return self.head(self.last(added).mean((2, 3)))


def test_a_graph_has_a_vertex_for_each_parameter_and_one_for_sums_that_follow_each_other():
    found = graph_of(Branches())
    kinds = [KINDS[kind] for kind in found.kinds]
    assert sorted(kinds) == sorted(
        ["input", "conv_1x1", "bias", "conv", "sum", "norm", "linear", "bias"]
    )
    by_name = dict(zip(found.names, range(len(found)), strict=True))
    total = kinds.index("sum")
    assert set(np.flatnonzero(found.edges[:, total])) == {
        kinds.index("input"),
        by_name["first.bias"],
        by_name["second.weight"],
    }
    assert found.edges[by_name["first.weight"], by_name["first.bias"]]
    assert found.edges[total, by_name["last.weight"]]
    assert found.shapes[by_name["second.weight"]].tolist() == [3, 3, 3, 3]
    assert found.shapes[by_name["head.weight"]].tolist() == [2, 3, 1, 1]


def test_every_edge_leads_to_a_higher_level_and_zeros_lead_nowhere():
    cell = NB201.parse(
        "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|none~0|none~1|nor_conv_1x1~2|"
    ).member(0)
    found = graph_of(build_network(cell, 10, 4, 1))
    source, target = np.nonzero(found.edges)
    assert (found.levels[source] < found.levels[target]).all()
    assert (source < target).all()


def test_a_sum_of_one_vertex_with_itself_joins_no_sum_that_others_hear():
    cell = Cell(
        ("input", "identity", "identity", "conv_1x1", "identity", "output"),
        ((0, 1), (0, 2), (1, 3), (1, 4), (2, 3), (2, 4), (3, 5), (4, 5)),
    )
    found = graph_of(network_of(cell, 10, 4, 1))
    assert not (found.edges & found.edges.T).any()
    assert np.isfinite(found.mean_path)


def test_an_unknown_layer_with_parameters_is_refused():
    with pytest.raises(ConfigError, match="parameters of PReLU are not predicted"):
        graph_of(nn.Sequential(nn.Conv2d(3, 3, 1), nn.PReLU()))


# Virtual edges: 0 -> 1 -> 2 -> 3 with a shortcut 0 -> 2


def test_virtual_edges_weigh_one_over_the_shortest_path():
    weights = graph((0, 1), (1, 2), (2, 3), (0, 2)).virtual_weights(50)
    by_hand = [[0, 1, 1, 1 / 2], [0, 0, 1, 1 / 2], [0, 0, 0, 1], [0, 0, 0, 0]]
    assert weights == pytest.approx(np.array(by_hand))


def test_longer_paths_are_no_virtual_edges():
    assert graph((0, 1), (1, 2), (2, 3)).virtual_weights(2)[0].tolist() == [0, 1, 0.5, 0]


def test_graphs_are_joined_without_edges_between_them():
    batch = joined([graph((0, 1), count=2), graph((0, 1), (1, 2), count=3)], 50)
    assert batch.bounds == [0, 2, 4, 5]
    # By level: both first vertices, both second ones, the third of the second graph.
    assert batch.near.nonzero().tolist() == [[2, 0], [3, 1], [4, 3]]
    assert batch.far[4].tolist() == [0, 0.5, 0, 1, 0]


# One round by hand: hidden 1, both MLPs the identity on what is positive, and a GRU of one number


def by_hand(message: float, state: float) -> float:
    """Return a GRU's new state: all weights 1, no biases."""
    gate = 1 / (1 + np.exp(-(message + state)))
    return float((1 - gate) * np.tanh(message + gate * state) + gate * state)


@pytest.mark.parametrize("virtual", [True, False])
def test_a_round_goes_along_the_edges_and_back(virtual):
    network = GatedGraphNetwork(2, virtual=virtual)
    for name, parameter in network.named_parameters():
        nn.init.constant_(parameter, 0.0 if "bias" in name else 1.0)
        if "update" in name and "weight" in name:
            parameter.data = torch.eye(2).repeat(3, 1)
    one = graph((0, 1), (1, 2), count=3)
    batch = joined([one], 50 if virtual else 1)
    states = torch.tensor([[0.5, 0.0], [0.2, 0.0], [0.1, 0.0]])
    found = network(states, batch.near, batch.far, batch.bounds)

    # An MLP gives in both channels h0 + h1 times its hidden width: 1 with virtual edges, else 2.
    def sent(state):
        return (1 if virtual else 2) * max(0.0, sum(state))

    def new(message, state):
        return [by_hand(message, value) for value in state]

    h = states.tolist()
    for order in ([0, 1, 2], [2, 1, 0]):
        first, second, third = order
        h[first] = new(0.0, h[first])
        h[second] = new(sent(h[first]) * (2 if virtual else 1), h[second])
        far = sent(h[first]) / 2 + sent(h[second]) if virtual else 0.0
        h[third] = new(sent(h[second]) + far, h[third])
    assert found.detach().numpy() == pytest.approx(np.array(h), abs=1e-6)


# Decoders


def test_a_tile_is_repeated_and_cut():
    tile = torch.tensor([[[1.0, 2.0], [3.0, 4.0]]])
    assert tiled(tile, (3, 3)).tolist() == [[[1, 2, 1], [3, 4, 3], [1, 2, 1]]]
    assert tiled(tile, (1, 1)).tolist() == [[[1]]]


def test_kernels_are_scaled_by_their_fan_in():
    assert normalised(torch.ones(1, 4, 2, 3, 3)).unique().item() == pytest.approx((2 / 18) ** 0.5)
    assert normalised(torch.ones(1, 4, 1, 3, 3)).unique().item() == pytest.approx((1 / 9) ** 0.5)


@pytest.mark.parametrize("decoder", [ConvolutionalDecoder, MlpDecoder])
def test_a_smaller_kernel_is_a_cut_of_the_largest(decoder):
    made, states = decoder(4, 6, 5), torch.randn(2, 4)
    whole = made(states, (6, 6, 5, 5))
    assert torch.allclose(made(states, (3, 2, 3, 1)), whole[:, :3, :2, :3, :1], atol=1e-6)


def test_a_normalisation_is_between_0_and_2_and_its_bias_between_minus_1_and_1():
    network = Hypernet(SMALL, 10)
    nn.init.constant_(network.vectors[2].weight, 0.0)
    network.vectors[2].bias.data = torch.tensor([2.0] * 8 + [-5.0] * 8)
    state = ghn2.predicted(network, Branches())
    sigmoid = 1 / (1 + np.exp(-0.5 * 2))
    assert state["last.weight"].tolist() == pytest.approx([2 * sigmoid] * 3)
    assert state["last.bias"].tolist() == pytest.approx([np.tanh(0.2 * -5)] * 3)


def test_a_classifier_of_other_classes_is_left_out_and_a_large_kernel_refused():
    assert "head.weight" not in ghn2.predicted(Hypernet(SMALL, 10), Branches())
    assert "head.weight" in ghn2.predicted(Hypernet(SMALL, 2), Branches())
    large = nn.Sequential(nn.Conv2d(3, 4, 7))
    with pytest.raises(ConfigError, match="at most 5 pixels a side are predicted, not 7 x 7"):
        ghn2.predicted(Hypernet(SMALL, 10), large)


# Random graphs


@pytest.mark.parametrize("name", SPLITS)
def test_networks_of_a_split_are_as_it_says_and_all_their_parameters_are_predicted(name):
    split, hypernet = SPLITS[name], Hypernet(SMALL, 10)
    some = space_of(split).sample(2, np.random.default_rng(1))
    for row, network in enumerate(networks_of(some, 10, normalised=split.normalised)):
        assert some.attributes["width"][row] in split.widths
        assert (some.cells.sizes <= 2 + 2 * split.steps[1]).all()
        has_norms = any(isinstance(part, nn.BatchNorm2d) for part in network.modules())
        assert has_norms == split.normalised
        state = ghn2.predicted(hypernet, network)
        shapes = {key: value.shape for key, value in network.named_parameters()}
        assert {key: value.shape for key, value in state.items()} == shapes


def test_a_seed_draws_the_same_random_graphs_and_they_are_read_back():
    space = space_of(SPLITS["dense"])
    first, again = (space.sample(20, np.random.default_rng(3)) for _ in range(2))
    strings = space.format(first)
    assert strings == space.format(again)
    assert len(set(strings)) == 20


# Training


@pytest.fixture(scope="module")
def trained():
    task = open_digits(RECIPE, PROCESS)
    generator = torch.Generator().manual_seed(0)
    space = space_of(SPLITS["in distribution"])
    return ghn2.train(space, task, SMALL, Context(), generator)


def test_what_is_trained_is_a_hypernetwork_and_predicts_the_same_twice(trained):
    assert isinstance(trained, Hypernetwork)
    assert np.isfinite(trained.history[0]["loss"])
    some = trained.space.sample(2, np.random.default_rng(5))
    scores = trained.score(some)
    assert ((scores >= 0) & (scores <= 100)).all()
    assert np.array_equal(scores, trained.score(some))


def test_a_saved_hypernetwork_predicts_the_same_in_half_precision(trained, tmp_path):
    ghn2.save(trained, tmp_path / "weights.safetensors")
    module, about = ghn2.load(tmp_path / "weights.safetensors")
    network = build_network(NB201.enumerate().member(77), 10, 4, 1)
    for name, value in trained.parameters_for(network).items():
        assert torch.allclose(ghn2.predicted(module, network)[name], value, atol=2e-3)
    assert about["settings"]["hidden"] == 8


def test_what_is_no_file_of_a_hypernetwork_is_refused(tmp_path):
    with pytest.raises(UnreadableFileError, match="cannot be read: No such file"):
        ghn2.load(tmp_path / "none.safetensors")
    (tmp_path / "other.safetensors").write_bytes(b"nothing")
    with pytest.raises(CorruptTableError, match="holds no weights of a hypernetwork"):
        ghn2.load(tmp_path / "other.safetensors")


def test_a_part_of_the_study_has_its_rows_and_leaves_its_weights(tmp_path):
    settings = study.Settings(recipe=RECIPE, hypernetwork=SMALL, unseen=2, cells=2)
    rows = study.run(study.WHOLE, settings, {}, tmp_path / "ghn2")
    counts = rows.groupby("measure").size()
    assert counts["accuracy"] == 2 * len(SPLITS)
    assert counts["cell"] == 2 * 3
    assert (tmp_path / "ghn2" / study.WEIGHTS).is_file()
    assert (tmp_path / "ghn2" / study.CARD).is_file()


def rng(seed):
    return np.random.default_rng(seed)


def test_unseen_graphs_compute_what_no_graph_does_that_was_learned_from_or_drawn_before():
    settings = study.Settings(unseen=60)
    learned = study.learned_from(settings, settings.hypernetwork.graphs)
    space = study.space_of_split("in distribution", 1)
    chosen = study.fresh(space, 60, settings.drawn, learned)
    keys = network_keys(Architectures.concatenate([learned, chosen]))
    assert len(set(keys[-60:])) == 60 and not set(keys[-60:]) & set(keys[:-60])
    drawn = space.sample(60, rng(settings.drawn))
    again = network_keys(Architectures.concatenate([learned, drawn]))
    assert set(again[-60:]) & set(again[:-60])  # so that drawing alone is not enough
    dense = study.fresh(study.space_of_split("dense", 1), 5, settings.drawn, learned)
    assert len(set(study.space_of_split("dense", 1).format(dense))) == 5


def test_untrained_weights_are_tested_on_the_statistics_of_the_images():
    settings = study.Settings(recipe=RECIPE, unseen=1)
    task = open_digits(RECIPE, PROCESS)
    rows = study._beside(settings, task)
    found = {row[2]: row[-1] for row in rows if row[:2] == ("kaiming", "accuracy")}
    for split, number, _, _, network in study._unseen(settings, task.classes):
        study.draw_kaiming(network, settings.seed, number)
        right = sum(
            int((network.train()(images).argmax(dim=1) == labels).sum())
            for images, labels in task.test_batches()
        )
        expected = 100 * right / sum(len(labels) for _, labels in task.test_batches())
        assert found[split] == pytest.approx(expected)


# What is handed over to a training


def test_only_kernels_that_a_normalisation_alone_hears_are_rescaled():
    assert before_a_normalisation(graph_of(Branches())) == []  # a sum hears both
    chain = nn.Sequential(
        nn.Conv2d(3, 3, 3, groups=3, bias=False), nn.ReLU(), nn.Conv2d(3, 4, 1, bias=False),
        nn.AvgPool2d(2), nn.Conv2d(4, 2, 1, bias=False), nn.BatchNorm2d(2), nn.Conv2d(2, 2, 1),
        nn.BatchNorm2d(2),
    )  # fmt: skip
    # Between the first two and the norm stands a pool, and behind the last a bias.
    assert before_a_normalisation(graph_of(chain)) == ["4.weight"]


def test_a_kernel_that_is_handed_over_is_as_large_as_kaimings_and_computes_the_same():
    network = nn.Sequential(nn.Conv2d(3, 4, 3, bias=False), nn.BatchNorm2d(4)).train()
    images, small = torch.randn(8, 3, 6, 6), {"0.weight": 0.1 * torch.randn(4, 3, 3, 3)}
    large = scaled(network, small)
    assert large["0.weight"].square().mean().item() == pytest.approx(2 / 27)
    before, after = (
        torch.func.functional_call(network, state, (images,)) for state in (small, large)
    )
    assert torch.allclose(before, after, atol=1e-3)


def test_running_statistics_are_the_mean_over_batches():
    network = nn.Sequential(nn.BatchNorm2d(1))
    batches = [(torch.full((2, 1, 1, 1), value), torch.zeros(2)) for value in (1.0, 4.0)]
    set_statistics(network, batches)
    assert network[0].running_mean.tolist() == [2.5]
    assert network[0].running_var.tolist() == [0]
    assert network[0].momentum == 0.1


def test_a_start_takes_the_rate_that_is_best_on_other_networks_and_is_trained_with_it(tmp_path):
    hypernetwork = tmp_path / "ghn2.parquet"
    hypernetwork.with_suffix("").mkdir()
    (tmp_path / "ghn2" / study.WEIGHTS).write_bytes(HYPERNETWORK.read_bytes())
    recipe = RECIPE.model_copy(update={"train_images": 200, "validation_images": 800, "batch": 100})
    settings = initialisation.Settings(
        recipe=recipe, rates=(1e-7, 0.1), tuned=1, trained=1, as_they_are=1, unseen=2
    )
    files, first = {"hypernetwork": hypernetwork}, {}
    for start in ("predicted", "handed_over"):
        rows = initialisation.run(start, settings, files, tmp_path / start)
        tuning, trained = (rows[rows.measure == name] for name in ("tuning", "trained"))
        assert (len(tuning), len(trained)) == (4, 2)
        assert set(trained.rate) == {initialisation.best_rate(tuning)}
        assert not set(trained.architecture) & set(tuning.architecture)
        first[start] = trained.value.iloc[0]
    # With statistics of their own both compute the same before the first step.
    assert first["handed_over"] > 60
    assert first["predicted"] == pytest.approx(first["handed_over"], abs=3)


@pytest.mark.parametrize("start", initialisation.STARTS)
def test_every_start_has_the_statistics_of_a_pass_over_the_images(start):
    task = open_digits(RECIPE, PROCESS)
    module, _ = ghn2.load(HYPERNETWORK)
    (network,) = networks_of(space_of(SPLITS["in distribution"]).sample(1, rng(7)), 10)
    initialisation.begin(network, start, module, task, 20, 0, 0)
    norms = [part for part in network.modules() if isinstance(part, nn.BatchNorm2d)]
    assert norms and all(part.running_mean.any() for part in norms[:1])


def test_a_rate_that_diverges_is_not_taken():
    rows = pd.DataFrame({"rate": [1.0, 1.0, 0.1], "epoch": 1, "value": [90, np.nan, 20]})
    assert initialisation.best_rate(rows) == 0.1
    with pytest.raises(ConfigError, match=r"diverge at all of the rates \[1.0\]"):
        initialisation.best_rate(rows[:2])


# The command


def test_the_command_writes_a_state_dict_that_the_network_takes(tmp_path):
    cell = "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|none~0|none~1|nor_conv_1x1~2|"
    output = tmp_path / "weights.safetensors"
    sizes = ["--set", "channels=8", "--set", "repeats=1"]
    call = ["initialise", "--network", cell, "--space", "nasbench201", "--output", str(output)]
    done = CliRunner().invoke(app, [*call, *sizes])
    assert done.exit_code == 0, done.output
    network = build_network(NB201.parse(cell).member(0), 10, 8, 1)
    network.load_state_dict(load_file(output))
    assert "parameters are predicted" in done.output


# The table


def test_an_accuracy_that_is_never_reached_counts_one_epoch_more_than_all():
    histories = pd.DataFrame([[50.0, 81.0, 85.0], [10.0, 20.0, 30.0], [80.0, 70.0, 90.0]])
    assert result._epochs(histories, pd.Series(80.0, range(3))).tolist() == [1, 3, 0]
    assert result._epochs(histories, pd.Series([85.0, 30.0, 95.0])).tolist() == [2, 2, 3]


def test_differences_are_paired_by_graph():
    rows = [
        (method, "accuracy", "wide", graph, "", 0, value)
        for method, values in {
            "kaiming": (10, 10, 10),
            "mlp_decoder": (20, 30, 40),
            "without_virtual_edges": (20, 20, 20),
            "ghn2": (25, 35, 45),
        }.items()
        for graph, value in enumerate(values)
    ]
    found = result._accuracies(pd.DataFrame(rows, columns=study.COLUMNS))
    (less,) = (row for row in found if row["name"] == "GHN-2 less MLP decoder")
    assert (less["mean"], less["low"], less["high"]) == (5, 5, 5)


def test_a_ranking_is_compared_with_params_resample_by_resample():
    accuracy = pd.Series(np.random.default_rng(0).normal(size=20))
    scores = {"same": accuracy, "#params": accuracy, "turned": -accuracy}
    found = {row["name"]: row for row in result._taus(scores, accuracy, "x")}
    assert list(found) == [
        "same x",
        "#params x",
        "turned x",
        *(f"{n} less #params, x" for n in ("same", "turned")),
    ]
    same = found["same less #params, x"]
    assert (same["mean"], same["low"], same["high"]) == (0, 0, 0)
    assert found["turned less #params, x"]["mean"] == pytest.approx(-2)
    assert found["same x"]["mean"] == 1


def test_the_packages_hypernetwork_is_that_of_its_card():
    card = json.loads(HYPERNETWORK.with_suffix(".json").read_text())
    assert sha256_of(HYPERNETWORK) == card["sha256"]
    assert HYPERNETWORK.stat().st_size < 2_000_000
    assert ghn2.load(HYPERNETWORK)[1]["settings"] == card["settings"]


def test_the_packages_hypernetwork_is_far_above_chance_on_an_unseen_graph():
    task = open_digits(study.Settings().recipe, PROCESS)
    module, _ = ghn2.load(HYPERNETWORK)
    split = SPLITS["in distribution"]
    (network,) = networks_of(space_of(split).sample(1, np.random.default_rng(7)), 10)
    assert ghn2.accuracy_of(network, ghn2.predicted(module, network), task) > 50


def test_the_table_has_every_split_both_starts_and_the_cells():
    rows = []
    for split, graph in product(SPLITS, range(3)):
        where = split, graph, f"{graph}", 0
        rows += [(name, "accuracy", *where, 10.0 + graph) for name in result.METHODS]
        sizes = ("vertices", "degree", "path", "parameters")
        rows += [("graphs", name, *where, 2.0 + graph) for name in sizes]
    starts = []
    for graph, epoch in product(range(3), (0, 1, 2)):
        where = "trained", graph, f"{graph}", 0.1, epoch
        starts += [("kaiming", *where, 40.0 * epoch + graph), ("predicted", *where, 5.0)]
        starts.append(("handed_over", *where, 85.0 + graph))
    for name, graph in product(("ghn2", "parameters", "kaiming"), range(3)):
        rows.append((name, "cell", "nasbench201", graph, f"{graph}", 0, float(graph)))
    known = pa.table(
        {"architecture": ["0", "1", "2"], "accuracy/cifar10/test/200": [0.0, 1.0, 2.0]}
    )
    label = {"split": "test", "epochs": 200}
    parts = [pd.DataFrame(rows, columns=study.COLUMNS)]
    trained = [pd.DataFrame(starts, columns=initialisation.COLUMNS)]
    frame = result.table(parts, trained, Benchmark("three", known), label)
    assert list(frame) == list(result.COLUMNS)
    by_name = frame[frame.block == "measures"].set_index("name")["mean"]
    assert by_name["#params of cells with NAS-Bench-201's CIFAR-10 accuracy"] == 1
    assert by_name["predicted weights' accuracy with accuracy trained alone"] == 1
    accuracies, measured, started, speed, graphs = result.show(frame)
    names = [row["weights"] for row in accuracies.rows]
    assert names[:5] == [*result.METHODS.values(), "chance"]
    assert len(graphs.rows) == len(SPLITS)
    assert str(graphs.rows[0]["vertices, published"]) == "192.3 ± 94.9"
    assert len(measured.rows) == len(by_name)
    assert str(started.rows[2]["epoch 1"]) == "+45.0 [+45.0, +45.0]"  # 85 from 40
    # Kaiming's weights reach 80 percent in the second epoch; those handed over have it at once.
    assert str(speed.rows[3]["epochs saved"]) == "+2.00 [+2.00, +2.00]"
    assert str(speed.rows[6]["graphs that reach it"]) == "0 %"
