"""The NAS-Bench-201 network: its operators by hand, its size against the benchmark's tables."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from strategies import sized

from tgnas.cell import Cell
from tgnas.costs.layers import count_flops, count_parameters
from tgnas.errors import InvalidCellError
from tgnas.networks.layers import OPERATORS
from tgnas.networks.nasbench201 import CellModule, ReductionBlock, build_network
from tgnas.operators import NAMES
from tgnas.resources.fetch import mirror_folders, read_resources
from tgnas.spaces.architectures import of_cells
from tgnas.spaces.nasbench201 import SPACE
from tgnas.spaces.space import in_space
from tgnas.training.seeds import seeded

ROOT = Path(__file__).parents[1]
DATASETS = [("cifar10", 10, 1e6), ("cifar100", 100, 1e6), ("ImageNet16-120", 120, 1)]


def real_file(name: str) -> Path:
    row = read_resources(ROOT / "config" / "resources.tsv")[name]
    places = [ROOT / "resources" / name, *(m / row.mirror_path for m in mirror_folders([]))]
    found = [place for place in places if place.is_file()]
    if not found:
        pytest.skip(f"{name} is neither in resources/ nor in a mirror")
    return found[0]


GRAPH = SPACE.enumerate().member(0).edges


def cell_of(*operators: str) -> Cell:
    return Cell(("input", *operators, "output"), GRAPH)


def image() -> torch.Tensor:
    return torch.arange(-4.0, 5.0).reshape(1, 1, 3, 3)  # -4 .. 4, row by row


@pytest.mark.parametrize(("dataset", "classes", "unit"), DATASETS)
def test_parameters_equal_the_benchmark_on_every_architecture(dataset, classes, unit):
    strings = pd.read_csv(real_file(f"nasbench201/nasgraph_{dataset}.csv"))["arch str"]
    table = pd.read_csv(real_file(f"nasbench201/freerea_{dataset}_params.csv"))["params"]
    expected = np.rint(table.to_numpy() * unit).astype(np.int64)
    assert len(expected) == 15625
    assert np.array_equal(
        count_parameters(SPACE.architectures(strings.tolist()), classes), expected
    )


def test_flops_equal_the_zero_cost_table_on_every_row():
    table = pd.read_csv(real_file("nasbench201/zero_cost_proxies.csv"))
    found = count_flops(SPACE.architectures(table.net_str.tolist()), classes=10, image=32)
    assert len(table) == 9445
    assert np.array_equal(found, table.flops)


def test_flops_of_smaller_images_equal_the_zero_cost_table():
    # First row of nb201_ImageNet16-120_zc_proxies.csv: 4.820032 million.
    architecture = (
        "|avg_pool_3x3~0|+|skip_connect~0|none~1|+|nor_conv_1x1~0|avg_pool_3x3~1|nor_conv_1x1~2|"
    )
    assert count_flops(SPACE.architectures([architecture]), classes=120, image=16)[0] == 4.820032


@pytest.mark.parametrize("name", [NAMES[code] for code in SPACE.operators.values()])
def test_a_cell_of_one_operator_has_as_many_parameters_as_counted(name):
    cell = cell_of(*[name] * 6)
    built = sum(weight.numel() for weight in build_network(cell, 10).parameters())
    assert built == count_parameters(in_space(of_cells(cell), "nasbench201"), 10)[0]


def test_a_sample_of_networks_has_as_many_parameters_as_counted():
    every = SPACE.enumerate()
    sample = every[np.random.default_rng(0).choice(len(every), 10, replace=False)]
    networks = [build_network(sample.member(row), 7, channels=4, repeats=2) for row in range(10)]
    built = [sum(weight.numel() for weight in network.parameters()) for network in networks]
    assert built == count_parameters(sized(sample, width=4, depth=6), 7).tolist()


def test_a_network_of_another_spaces_cell_is_refused():
    with pytest.raises(InvalidCellError):
        build_network(Cell(("input", "conv_3x3", "output"), ((0, 1), (1, 2))), 10)


def test_zero_gives_zeros_and_a_gradient_of_zero():
    images = image().requires_grad_()
    given = OPERATORS["zero"](1)(images)
    given.sum().backward()
    assert not given.any()
    assert images.grad is not None
    assert not images.grad.any()


def test_identity_gives_its_input():
    assert torch.equal(OPERATORS["identity"](1)(image()), image())


def test_average_pool_leaves_its_padding_out():
    # Corner: (-4 - 3 - 1 + 0) / 4 = -2; top edge: (-4 - 3 - 2 - 1 + 0 + 1) / 6 = -1.5.
    expected = [[-2.0, -1.5, -1.0], [-0.5, 0.0, 0.5], [1.0, 1.5, 2.0]]
    assert OPERATORS["avg_pool_3x3"](1)(image())[0, 0].tolist() == expected


def test_a_1x1_convolution_is_relu_then_weight_then_batch_norm():
    operator = OPERATORS["conv_1x1"](1)
    torch.nn.init.constant_(operator[1].weight, 2.0)
    # ReLU and weight give 0 five times, then 2, 4, 6, 8: mean 20/9, variance 120/9 - 400/81.
    doubled = torch.tensor([[0.0, 0, 0], [0, 0, 2], [4, 6, 8]])
    expected = (doubled - 20 / 9) / (680 / 81 + 1e-5) ** 0.5
    torch.testing.assert_close(operator(image())[0, 0], expected)


def test_a_3x3_convolution_sums_its_neighbours_and_pads_with_zeros():
    operator = OPERATORS["conv_3x3"](1).eval()  # statistics at their start: mean 0, variance 1
    torch.nn.init.ones_(operator[1].weight)
    # After ReLU: 0 0 0 / 0 0 1 / 2 3 4.
    expected = torch.tensor([[0.0, 1, 1], [5, 10, 8], [5, 10, 8]])
    torch.testing.assert_close(operator(image())[0, 0], expected / (1 + 1e-5) ** 0.5)


@pytest.mark.parametrize(
    ("operators", "times"),
    [
        # Node 3 = op03(x) + op13(n1) + op23(n2), n2 = op02(x) + op12(n1): 1 + 1 + (1 + 1).
        (["identity"] * 6, 4),
        (["identity", "zero", "zero", "zero", "identity", "zero"], 1),
        (["identity", "zero", "identity", "zero", "zero", "identity"], 1),
        (["zero", "identity", "zero", "identity", "identity", "identity"], 2),
        (["zero"] * 6, 0),
    ],
)
def test_a_cell_adds_up_what_reaches_each_node(operators, times):
    assert torch.equal(CellModule(cell_of(*operators), 1)(image()), times * image())


def test_a_reduction_block_halves_the_side_and_keeps_its_shortcut_linear():
    block = ReductionBlock(2, 4)
    for part in block.main:
        torch.nn.init.zeros_(part[1].weight)
    torch.nn.init.ones_(block.shortcut[1].weight)
    given = block(torch.full((1, 2, 4, 4), -1.5))
    assert torch.equal(given, torch.full((1, 4, 2, 2), -3.0))  # two channels of mean -1.5


def test_a_network_gives_one_logit_for_each_class():
    network = build_network(cell_of(*["conv_1x1"] * 6), 7, channels=4, repeats=1)
    assert network(torch.zeros(2, 3, 16, 16)).shape == (2, 7)


def test_a_network_has_three_stages_of_cells_and_two_reductions():
    network = build_network(cell_of(*["identity"] * 6), 10)
    kinds = [type(layer).__name__ for layer in network.stages]
    stage = ["CellModule"] * 5
    assert kinds == [*stage, "ReductionBlock", *stage, "ReductionBlock", *stage]


def test_the_same_seed_gives_the_same_weights_and_leaves_the_global_generator_alone():
    before = torch.get_rng_state()
    networks = []
    for seed in (1, 1, 2):
        with seeded(seed):
            networks.append(build_network(cell_of(*["conv_3x3"] * 6), 10, channels=4, repeats=1))
    first, second, other = networks
    assert torch.equal(before, torch.get_rng_state())
    assert torch.equal(first.classifier.weight, second.classifier.weight)
    assert not torch.equal(first.classifier.weight, other.classifier.weight)
