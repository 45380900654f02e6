"""The network of many choices: what it must not see, and what it computes."""

from typing import get_args

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from strategies import cells, relabelled

from tgnas.cell import Cell, Cells
from tgnas.encodings import canonical, global_node
from tgnas.encodings.embeddings import KnownOperators, OperatorEmbeddings
from tgnas.methods.predictors._gcn import DenseGCN
from tgnas.methods.predictors._network import Network, normalised
from tgnas.methods.predictors.tgnas import (
    GRAPHS,
    Predictor,
    Settings,
    new_network,
    projected,
    ranking_loss,
)
from tgnas.operators import CODES, NAMES
from tgnas.spaces.architectures import Architectures

OURS = Settings(
    projected=True,
    layers=2,
    width=8,
    normalisation="row",
    norm="layer",
    bidirectional=True,
    residual=True,
    readout="mean",
    head_layers=1,
    degrees=True,
)
CHOICES = {
    name: get_args(Settings.model_fields[name].annotation)
    for name in ("normalisation", "norm", "readout")
}


def but(settings: Settings, **changed) -> Settings:
    """Return settings with some values changed."""
    return Settings(**settings.model_dump() | changed)


# Each choice once beside ours.
SHAPES = [but(OURS, **{name: value}) for name, known in CHOICES.items() for value in known]
SHAPES += [but(OURS, bidirectional=False), but(OURS, residual=False, head_layers=0, degrees=False)]
TRAINING_OPERATORS = ("input", "output", "conv_3x3", "conv_1x1", "max_pool_3x3")


@pytest.fixture(scope="module")
def vectors() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(len(NAMES), 12)).astype(np.float32)


def drawn(vectors: np.ndarray, shape: Settings, graph: str = "canonical") -> Predictor:
    """Return a predictor with random parameters and running statistics."""
    embeddings = OperatorEmbeddings(NAMES, vectors, "random", "")
    known = KnownOperators.of(embeddings, training=[CODES[name] for name in TRAINING_OPERATORS])
    settings, generator = but(shape, graph=graph), torch.Generator().manual_seed(0)
    network = new_network(known, settings)
    network.initialise(generator)
    for name, entry in network.named_buffers():
        if name.endswith(("running_mean", "running_var")):
            entry.uniform_(0.5, 2, generator=generator)
    return Predictor(network.eval(), settings)


def score(predictor: Predictor, *several: Cell) -> list[float]:
    return predictor.score(Architectures(Cells.from_cells(list(several)))).tolist()


def close(value: float):
    return pytest.approx(value, rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("graph", GRAPHS)
@pytest.mark.parametrize(
    "shape", SHAPES, ids=lambda shape: f"{shape.normalisation}-{shape.norm}-{shape.readout}"
)
@settings(max_examples=15)
@given(data=st.data())
def test_a_score_does_not_see_the_order_of_the_vertices(vectors, shape, graph, data):
    cell = data.draw(cells())
    one, other = score(drawn(vectors, shape, graph), cell, data.draw(relabelled(cell)))
    assert one == close(other)


@pytest.mark.parametrize(
    "shape", SHAPES, ids=lambda shape: f"{shape.normalisation}-{shape.norm}-{shape.readout}"
)
@settings(max_examples=15)
@given(several=st.lists(cells(), min_size=2, max_size=4))
def test_a_score_does_not_see_its_neighbours(vectors, shape, several):
    predictor = drawn(vectors, shape)
    together = score(predictor, *several)
    assert together == [close(score(predictor, cell)[0]) for cell in several]


@given(data=st.data(), cell=cells())
def test_the_canonical_score_does_not_see_an_identity(vectors, data, cell):
    assume(cell.edges)
    source, target = data.draw(st.sampled_from(cell.edges))
    moved = {(i + (i >= target), j + (j >= target)) for i, j in cell.edges}
    moved = moved - {(source, target + 1)} | {(source, target), (target, target + 1)}
    operators = (*cell.operators[:target], "identity", *cell.operators[target:])
    one, other = score(drawn(vectors, OURS), cell, Cell(operators, tuple(sorted(moved))))
    assert one == close(other)


def test_the_authors_shape_is_the_authors_network(vectors):
    # The same function as DenseGCN, which the predictor takes because it is faster.
    features = global_node.node_features(vectors)
    fast, general = DenseGCN(features, 4, 64), Network(features, Settings())
    fast.initialise(torch.Generator().manual_seed(0))
    with torch.no_grad():
        for number in range(4):
            layer = fast.convolutions[number]
            general.mixes[number].weight.copy_(layer.weight.T)
            general.mixes[number].bias.copy_(layer.bias)
        general.head[0].load_state_dict(fast.head.state_dict())
    sample = Cells.from_cells(
        [Cell(("input", "conv_3x3", "conv_1x1", "output"), ((0, 1), (0, 2), (1, 3), (2, 3)))] * 2
        + [Cell(("input", "max_pool_3x3", "output"), ((0, 1), (1, 2)))]
    )
    graphs = global_node.encode(sample)
    one = fast.train()(fast.prepare(graphs))
    other = general.train()(general.prepare(graphs))
    assert one.tolist() == [close(value) for value in other.tolist()]


def test_a_graphs_norm_counts_its_own_vertices_alone(vectors):
    network = drawn(vectors, but(OURS, norm="graph")).network
    values = torch.randn(2, 3, 8, generator=torch.Generator().manual_seed(0))
    there = torch.tensor([[True, True, True], [True, True, False]])
    found = network.norms[0](values, there)
    real = values[1, :2]
    expected = (real - real.mean(0)) / (real.var(0, unbiased=False) + 1e-5).sqrt()
    assert torch.allclose(found[1, :2], expected, atol=1e-5)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("none", [[0, 0, 0], [2, 0, 0], [1, 1, 0]]),
        ("row", [[0, 0, 0], [1, 0, 0], [0.5, 0.5, 0]]),
        ("symmetric", [[0, 0, 0], [2 / 6**0.5, 0, 0], [1 / 6**0.5, 1 / 2**0.5, 0]]),
    ],
)
def test_matrices_are_normalised_by_their_degrees(kind, expected):
    raw = torch.tensor([[[0.0, 0, 0], [2, 0, 0], [1, 1, 0]]])
    assert torch.allclose(normalised(raw, kind)[0], torch.tensor(expected).float())


def test_projected_vectors_keep_the_products_of_the_training_operators(vectors):
    codes = [CODES[name] for name in TRAINING_OPERATORS]
    found = projected(vectors, codes)
    assert found.shape == (len(NAMES), len(TRAINING_OPERATORS))
    assert found[codes] @ found[codes].T == pytest.approx(
        vectors[codes] @ vectors[codes].T, abs=1e-4
    )
    # Of another operator its products with them remain, and nothing else.
    assert found @ found[codes].T == pytest.approx(vectors @ vectors[codes].T, abs=1e-4)


def test_the_ranking_loss_is_the_mean_over_pairs_of_different_labels():
    scores, labels = torch.tensor([1.0, 3.0, 2.0]), torch.tensor([0.1, 0.1, 0.9])
    pairs = torch.tensor([2.0 - 1.0, 2.0 - 3.0])
    assert ranking_loss(scores, labels) == pytest.approx(float(torch.log1p((-pairs).exp()).mean()))


def test_equal_labels_have_no_ranking_loss():
    assert ranking_loss(torch.tensor([1.0, 2.0]), torch.tensor([0.5, 0.5])) == 0


def test_the_canonical_graph_is_read_with_multiplicities():
    doubled = Cell(("input", "identity", "output"), ((0, 1), (0, 2), (1, 2)))
    graphs = canonical.encode(Cells.from_cells([doubled]))
    assert graphs.aggregation.tolist() == [[[0, 0], [2, 0]]]
    assert graphs.counted.all()
