"""NAGO's generators: draws by hand, their networks, and the searches for theta."""

from pathlib import Path

import networkx as nx
import numpy as np
import pytest
import torch

from tgnas.errors import ConfigError
from tgnas.methods.generators import _outer, nago
from tgnas.methods.generators.nago import Generator, Settings, Theta, random_theta
from tgnas.networks.generated import Drawn, network_of_graph, widest
from tgnas.results import generators as result
from tgnas.studies import generators as study

RING = Theta(3, 2, 0.0, 2, 1.0, 4, 2, 0.0)
RECIPE = Path(__file__).parents[1] / "config/recipes/digits.yaml"


def drawn(theta: Theta, seed: int = 0):
    return Generator(np.array(theta)).sample(np.random.default_rng(seed))


def edges_of(architecture) -> set[tuple[int, int]]:
    return set(map(tuple, np.argwhere(architecture.cells.adjacency()[0]).tolist()))


def test_a_watts_strogatz_graph_that_nothing_rewires_is_its_ring():
    # Five nodes, each joined with one neighbour on either side.
    graph = nago.watts_strogatz(5, 2, 0.0, np.random.default_rng(0))
    assert sorted(map(sorted, graph.edges)) == [[0, 1], [0, 4], [1, 2], [2, 3], [3, 4]]


def test_a_hierarchy_of_rings_is_the_graph_that_a_hand_draws():
    # A ring of four is 0-1, 1-2, 2-3 and 0-3: its input is 0 and its output 3. Two of them in a
    # row (an Erdos-Renyi graph of two nodes with its only edge) have input 0 and output 7. Three
    # of these in a ring: the second hears the first, the third hears both.
    inner = {(0, 1), (1, 2), (2, 3), (0, 3)}
    row = inner | {(a + 4, b + 4) for a, b in inner} | {(3, 4)}
    whole = {(a + 8 * part, b + 8 * part) for part in range(3) for a, b in row}
    whole |= {(7, 8), (7, 16), (15, 16)}
    expected = {(a + 1, b + 1) for a, b in whole} | {(0, 1), (24, 25)}
    architecture = drawn(RING)
    assert edges_of(architecture) == expected
    stages = architecture.attributes["stage"][0].tolist()
    assert stages == [0, *[0] * 8, *[1] * 8, *[2] * 8, 2]


@pytest.mark.parametrize("seed", range(3))
def test_every_drawn_convolution_lies_on_a_path_from_the_image_to_the_classifier(seed):
    generator = np.random.default_rng(seed)
    theta = random_theta(Settings(most_nodes=5), generator)
    graph = nx.DiGraph(edges_of(drawn(theta, seed)))
    size = len(graph)
    assert nx.is_directed_acyclic_graph(graph)
    assert size == theta.top_nodes * theta.middle_nodes * theta.bottom_nodes + 2
    assert {n for n in graph if graph.in_degree(n) == 0} == {0}
    assert {n for n in graph if graph.out_degree(n) == 0} == {size - 1}


def test_a_draw_repeats_with_its_seed_and_differs_with_another():
    theta = Theta(4, 3, 0.5, 4, 0.5, 4, 3, 0.5)
    assert edges_of(drawn(theta)) == edges_of(drawn(theta)) != edges_of(drawn(theta, 1))


@pytest.mark.parametrize(
    ("theta", "message"),
    [
        (RING[:7], "theta has 7 numbers, not 8"),
        (RING._replace(top_nodes=2), "top_nodes is 2; allowed is at least 3"),
        (RING._replace(middle_density=1.5), "middle_density is 1.5; allowed is from 0 to 1"),
    ],
)
def test_a_theta_out_of_its_range_is_refused(theta, message):
    with pytest.raises(ConfigError, match=message):
        Generator(np.array(theta))


def test_a_network_has_as_many_parameters_as_counted_and_keeps_the_bound():
    architecture = drawn(RING)
    graph = Drawn.of(architecture)
    network = network_of_graph(architecture, 10, 60_000)
    count = sum(weight.numel() for weight in network.parameters())
    channels = widest(graph, 10, 60_000)
    assert count == graph.parameters(channels, 10) <= 60_000 < graph.parameters(channels + 1, 10)
    assert network(torch.zeros(2, 3, 8, 8)).shape == (2, 10)
    with pytest.raises(ConfigError, match=r"26 vertices has .* parameters at least; allowed are 9"):
        network_of_graph(architecture, 10, 9)


def test_the_memory_of_a_network_is_that_of_its_maps():
    # The image's stem, one convolution of each stage in a row, and two crossings; C = 1, side 8:
    # 64 + 64, then 2 channels of 4 x 4, then 4 of 2 x 2; each crossing puts out what it leads to.
    chain = Drawn(((), (0,), (1,), (2,), (3,)), (0, 0, 1, 2, 2))
    numbers = (64 + 64) + (32 + 32) + (16 + 16)
    assert chain.memory(1, 8) == numbers * 4 / 2**20


def test_a_vertex_weighs_what_it_hears():
    network = network_of_graph(drawn(RING), 10, 60_000)
    merged = network.vertices[3]  # the ring's output hears two
    merged.layers = torch.nn.Identity()
    with torch.no_grad():
        merged.weights.copy_(torch.tensor([0.0, 100.0]))
    heard = [torch.full((1, 1, 2, 2), 2.0), torch.full((1, 1, 2, 2), 5.0)]
    assert merged(heard).unique().tolist() == pytest.approx([0.5 * 2 + 5])


def density(theta: Theta, epochs: int) -> tuple[float, float]:
    """Evaluate a theta without a training: dense graphs are good, many nodes are dear."""
    return 100 * theta.middle_density - 10 / epochs, float(theta.top_nodes)


@pytest.mark.parametrize("search", ["random", "hyperband", "two_objectives"])
def test_a_search_for_theta_keeps_its_budget_and_repeats_with_its_seed(search):
    pytest.importorskip("optuna")
    found = []
    for _ in range(2):
        budget, generator = _outer.Budget(density, 60, 4), np.random.default_rng(0)
        if search == "random":
            _outer.at_random(budget, Settings(), generator)
        elif search == "hyperband":
            _outer.hyperband(budget, Settings(), 1, generator)
        else:
            _outer.two_objectives(budget, Settings(), generator)
        assert 0 <= budget.epochs < 4
        found.append(budget.best())
    assert found[0] == found[1]
    assert found[0].accuracy > 70


def test_hyperband_stops_trainings_that_are_behind():
    pytest.importorskip("optuna")
    budget = _outer.Budget(density, 80, 4)
    _outer.hyperband(budget, Settings(), 1, np.random.default_rng(0))
    assert budget.begun > len(budget.tried) > 0


def test_the_area_of_a_front_is_the_hands():
    # Memory 1 has 50 %, memory 2 has 80 %, a third is dominated; up to memory 4.
    area = result.hypervolume(np.array([80.0, 50, 40]), np.array([2.0, 1, 3]), 4.0)
    assert area == 50 * 1 + 80 * 2


def test_components_of_variance_are_the_hands():
    # Networks 2 apart in theta 0 and 6 apart in theta 1, seeds 2 apart; means of thetas 1 and 13.
    networks = np.array([[0.0, 2], [10, 16]])
    values = np.stack([networks - 1, networks + 1], axis=2)
    found = result.components(values)
    assert found["seeds"] == pytest.approx(2**0.5)
    assert found["within"] == pytest.approx((10 - 2 / 2) ** 0.5)  # variances 2 and 18
    assert found["between"] == pytest.approx((72 - 10 / 2) ** 0.5)
    assert found["difference"] == pytest.approx(9**0.5 - 67**0.5)


def test_thetas_that_differ_by_what_networks_differ_by_have_no_deviation():
    noise = np.random.default_rng(0).normal(size=(4000, 3, 2))
    found = result.components(noise)
    assert found["seeds"] == pytest.approx(1, abs=0.03)
    assert max(found["within"], found["between"]) < 0.2


def test_a_small_study_of_generators_fills_its_table():
    pytest.importorskip("optuna")
    settings = study.Settings(
        graphs=50, most_nodes=3, parameters=20_000, thetas=2, networks=2, repeats=2, epochs=1,
        lengths=(1, 2), shortest=1, budget=2, fresh=1, batch=300,
    )  # fmt: skip
    parts = [
        study.run(part, settings, {"recipe": RECIPE}, Path()) for part in study.parts(settings)
    ]
    frame = result.table(parts)
    edges = frame[(frame.part == "graphs") & (frame.measure == "edges")]
    assert edges.value.to_numpy() == pytest.approx(edges.theory, rel=0.1)
    assert set(frame[frame.part == "search"].name) == set(result.SEARCHES)
    assert [len(block.rows) for block in result.show(frame)] == [len(study.GRAPHS), 3, 4]
    assert len(result.figure(parts).axes) == 2
