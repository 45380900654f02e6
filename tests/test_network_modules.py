"""Architectures as torch modules: operators by hand, sizes as counted, every space forward."""

import json

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import members, sized
from torch import nn

from tgnas.cell import Cell
from tgnas.costs.layers import count_flops, count_parameters
from tgnas.errors import InvalidCellError
from tgnas.networks import darts, nasbench101, nasbench201, nasbench_macro
from tgnas.operators import NAMES
from tgnas.registry import NETWORKS, SPACES
from tgnas.spaces.architectures import Architectures, of_cells
from tgnas.spaces.darts import genotype
from tgnas.spaces.space import in_space, open_space

# The least size of each space's network that 8 x 8 images pass through, for fast tests.
SMALL: dict[str, dict[str, int]] = {
    "darts": {"channels": 4, "layers": 4},
    "nasbench101": {"channels": 12, "repeats": 1},
    "nasbench201": {"channels": 4, "repeats": 1},
    "nasbench_macro": {"channels": 4},
    "programs": {"channels": 4},
}
# `uniform_width` builds cells of other spaces.
OF_SPACES = sorted({*NETWORKS.names()} & {*SPACES.names()})
UNIT = 1 / (1 + 1e-5) ** 0.5  # what a fresh batch normalisation scales by while evaluating


def built(space: str, member, classes: int = 10, **size: int) -> nn.Module:
    return NETWORKS.load(space)(member, classes, **(size or SMALL[space]))


def count(network: nn.Module) -> int:
    return sum(weight.numel() for weight in network.parameters())


def counted(space: str, member, classes: int = 10, **size: int) -> int:
    network = size and {
        "width": size["channels"],
        "depth": size.get("layers") or 3 * size.get("repeats", 0) or None,
    }
    return int(count_parameters(sized(architecture_of(space, member), **network), classes)[0])


def architecture_of(space: str, member) -> Architectures:
    cells = [member] if isinstance(member, Cell) else list(member)
    return in_space(of_cells(*cells, cell_weights=open_space(space).cell_weights), space)


def image() -> torch.Tensor:
    """Return one image: -4 -3 -2 / -1 0 1 / 2 3 4."""
    return torch.arange(-4.0, 5).reshape(1, 1, 3, 3)


def set_to(module: nn.Module, value: float) -> nn.Module:
    """Return a module in evaluation whose convolutions have one weight, normalisations 1 and 0."""
    for part in module.modules():
        if isinstance(part, nn.Conv2d):
            nn.init.constant_(part.weight, value)
    return module.eval()


def close(values: list, scale: float = 1) -> object:
    return pytest.approx(scale * np.array(values), rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("space", OF_SPACES)
@settings(max_examples=10)
@given(data=st.data())
def test_every_member_of_a_space_gives_one_logit_for_each_class(space, data):
    network = built(space, data.draw(members(space)), 7)
    assert network(torch.zeros(2, 3, 8, 8)).shape == (2, 7)


@pytest.mark.parametrize("space", ["nasbench201", "nasbench_macro"])
@settings(max_examples=10)
@given(data=st.data())
def test_a_small_network_has_as_many_parameters_as_counted(space, data):
    member = data.draw(members(space))
    assert count(built(space, member, 7)) == counted(space, member, 7, **SMALL[space])


@pytest.mark.parametrize("space", OF_SPACES)
@settings(max_examples=5)
@given(data=st.data())
def test_a_network_of_the_benchmarks_size_has_as_many_parameters_as_counted(space, data):
    member = data.draw(members(space))
    with torch.device("meta"):
        network = NETWORKS.load(space)(member, 10)
    assert count(network) == counted(space, member)


def operations(module: nn.Module, images: torch.Tensor, found: torch.Tensor) -> int:
    """Return what one layer costs, counted as NAS-Bench-Suite-Zero does."""
    if isinstance(module, nn.Conv2d):
        return found.numel() * module.weight[0].numel()
    if isinstance(module, nn.BatchNorm2d):
        return found.numel() * (1 + module.affine)
    if isinstance(module, nn.ReLU):
        return found.numel()
    if isinstance(module, nn.MaxPool2d | nn.AvgPool2d):
        kernel = module.kernel_size
        return found.numel() * (kernel if isinstance(kernel, int) else kernel[0]) ** 2
    if isinstance(module, nn.AdaptiveAvgPool2d):
        return images.shape[1] * (images.shape[2] + 1) ** 2
    return module.weight.numel() if isinstance(module, nn.Linear) else 0


@pytest.mark.parametrize("space", ["darts", "nasbench101", "nasbench201"])
@settings(max_examples=5)
@given(data=st.data())
def test_the_layers_of_a_network_do_as_many_operations_as_counted(space, data):
    member, seen = data.draw(members(space)), []
    with torch.device("meta"):
        network = NETWORKS.load(space)(member, 10).train()
        for layer in network.modules():
            layer.register_forward_hook(
                lambda layer, given, found: seen.append(operations(layer, given[0], found))
            )
        network(torch.empty(1, 3, 32, 32))
    flops = count_flops(architecture_of(space, member), 10, 32)
    assert sum(seen) == round(flops[0] * 1e6)


@pytest.mark.parametrize("space", OF_SPACES)
def test_the_stages_of_a_network_are_what_its_input_passes_through_in_turn(space):
    member = next(iter(example(space)))
    network = built(space, member)
    assert isinstance(network.classifier, nn.Linear)
    assert len(network.stages) > 1
    assert sum(isinstance(part, nn.AdaptiveAvgPool2d) for part in network.modules()) == 1


def example(space: str):
    """Yield members of a space that together have all its operators."""
    found = SPACES.load(space)
    if space == "darts":
        for name in found.operators:
            pairs = [(name, node) for _ in range(4) for node in (0, 1)]
            yield found.parse(genotype(pairs, pairs)).member(0)
    elif space == "nasbench101":
        for code in found.operators.values():
            name = NAMES[code]
            yield Cell(("input", name, name, "output"), ((0, 1), (0, 2), (1, 2), (2, 3)))
    else:
        for choice in range(max(map(len, found.choices))):
            yield found.of_choices([[choice] * len(found.choices)]).member(0)


@pytest.mark.parametrize("space", OF_SPACES)
def test_a_gradient_flows_back_through_every_operator(space):
    for member in example(space):
        network = built(space, member)
        images = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
        network(images).sum().backward()
        assert all(weight.grad is not None for weight in network.classifier.parameters())


@pytest.mark.parametrize("space", OF_SPACES)
def test_a_cell_of_another_space_has_no_network(space):
    foreign = Cell(("input", "graph_convolution", "output"), ((0, 1), (1, 2)))
    with pytest.raises(InvalidCellError):
        built(space, (foreign, foreign) if space == "darts" else foreign)


# Any cell in NAS-Bench-201's skeleton


@settings(max_examples=10)
@given(data=st.data())
def test_a_cell_of_nasbench201_has_its_own_network_where_vertices_sum(data):
    member, images = data.draw(members("nasbench201")), torch.randn(2, 3, 8, 8)
    found = []
    for networks in ("nasbench201", "uniform_width"):
        torch.manual_seed(0)
        found.append(built(networks, member, **SMALL["nasbench201"])(images))
    assert torch.equal(*found)


def test_where_vertices_sum_a_cell_of_nasbench101_has_all_channels_at_every_vertex():
    inner = ("conv_3x3", "max_pool_3x3", "conv_1x1")
    edges = ((0, 1), (0, 2), (0, 4), (1, 3), (2, 3), (3, 4))
    network = built("uniform_width", cell101(inner, *edges), channels=4, repeats=1)
    cells = [part for part in network.modules() if isinstance(part, nasbench201.CellModule)]
    for cell, width in zip(cells, (4, 8, 16), strict=True):
        three, pool, one = cell.operators
        assert (three[1].out_channels, one[1].out_channels) == (width, width)
        assert isinstance(pool, nn.MaxPool2d)
        images = torch.randn(2, width, 8, 8)
        wanted = images + one(three(images) + pool(images))
        assert torch.allclose(cell(images), wanted)


def test_where_vertices_sum_an_operator_without_a_module_is_named():
    with pytest.raises(InvalidCellError, match=r"no network whose vertices sum has graph_conv"):
        built(
            "uniform_width", cell101(("graph_convolution",), (0, 1), (1, 2)), channels=4, repeats=1
        )


# NAS-Bench-101


def cell101(operators: tuple[str, ...], *edges: tuple[int, int]) -> Cell:
    return Cell(("input", *operators, "output"), edges)


def test_a_convolution_of_nasbench101_sums_normalises_and_cuts_at_zero():
    operator = set_to(nasbench101.OPERATORS["conv_3x3"](1), 1)
    # Sums of the neighbours: -8 -9 -4 / -3 0 3 / 4 9 8.
    expected = [[0, 0, 0], [0, 0, 3], [4, 9, 8]]
    assert operator(image())[0, 0].detach().numpy() == close(expected, UNIT)


def test_a_1x1_convolution_of_nasbench101_sees_one_pixel():
    operator = set_to(nasbench101.OPERATORS["conv_1x1"](1), -1)
    expected = [[4, 3, 2], [1, 0, 0], [0, 0, 0]]
    assert operator(image())[0, 0].detach().numpy() == close(expected, UNIT)


def test_a_max_pool_of_nasbench101_takes_the_largest_neighbour():
    expected = [[0, 1, 1], [3, 4, 4], [3, 4, 4]]
    assert nasbench101.OPERATORS["max_pool_3x3"](1)(image())[0, 0].tolist() == expected


def test_the_output_joins_the_vertices_that_feed_it():
    cell = cell101(("max_pool_3x3", "max_pool_3x3"), (0, 1), (0, 2), (1, 3), (2, 3))
    module = set_to(nasbench101.CellModule(cell, 1, 3), 1)
    assert module.widths == [1, 2, 1, 3]
    expected = torch.full((1, 3, 3, 3), 2 * UNIT)
    torch.testing.assert_close(module(torch.full((1, 1, 3, 3), 2.0)), expected)


def test_an_edge_from_input_to_output_adds_the_projected_input():
    cell = cell101(("max_pool_3x3",), (0, 1), (0, 2), (1, 2))
    module = set_to(nasbench101.CellModule(cell, 1, 1), 1)
    expected = torch.full((1, 1, 3, 3), 2 * UNIT + 2 * UNIT)
    torch.testing.assert_close(module(torch.full((1, 1, 3, 3), 2.0)), expected)


def test_a_vertex_adds_its_predecessors_cut_to_its_channels():
    # 1 and 2 feed the output of 3 channels: 2 and 1. Vertex 2 hears the first channel of vertex 1.
    cell = cell101(("max_pool_3x3", "max_pool_3x3"), (0, 1), (0, 2), (1, 2), (1, 3), (2, 3))
    module = set_to(nasbench101.CellModule(cell, 1, 3), 1)
    given = module(torch.ones(1, 1, 3, 3))
    torch.testing.assert_close(given[0, :, 0, 0], torch.tensor([UNIT, UNIT, 2 * UNIT]))


def test_a_cell_of_one_edge_is_a_projection():
    module = set_to(nasbench101.CellModule(cell101((), (0, 1)), 1, 2), 3)
    expected = torch.full((1, 2, 3, 3), 3 * UNIT)
    torch.testing.assert_close(module(torch.ones(1, 1, 3, 3)), expected)


def test_the_side_length_halves_before_the_second_and_the_third_stack():
    network = nasbench101.build_network(cell101((), (0, 1)), 10, channels=4, repeats=2)
    images, sides = torch.zeros(1, 3, 8, 8), []
    for stage in (network.stem, *network.stages):
        images = stage(images)
        sides.append(images.shape[-1])
    assert sides == [8, 8, 8, 4, 4, 2, 2]


# DARTS


@pytest.mark.parametrize("affine", [False, True])
def test_a_separable_convolution_filters_twice(affine):
    operator = set_to(darts.OPERATORS["sep_conv_3x3"](1, 1, affine), 1)
    # After ReLU 0 0 0 / 0 0 1 / 2 3 4, sums 0 1 1 / 5 10 8 / 5 10 8, then sums of those.
    expected = [[16, 25, 20], [31, 48, 38], [30, 46, 36]]
    found = operator(image())[0, 0].detach().numpy()
    assert found == close(expected, UNIT**2)


def test_a_dilated_convolution_sees_every_second_pixel():
    operator = set_to(darts.OPERATORS["dil_conv_3x3"](1, 1, True), 1)
    # Corners see each other, the middle of a side sees the opposite one, the centre itself.
    expected = [[6, 3, 6], [1, 0, 1], [6, 3, 6]]
    assert operator(image())[0, 0].detach().numpy() == close(expected, UNIT)


@pytest.mark.parametrize(
    ("name", "seen"),
    [("sep_conv_5x5", [1, 2, 3, 4, 5, 6, 7, 8, 9]), ("dil_conv_5x5", [1, 3, 5, 7, 9])],
)
def test_an_operator_of_kernel_5_sees_as_far_as_it_says(name, seen):
    dot = torch.zeros(1, 1, 11, 11)
    dot[0, 0, 5, 5] = 1
    given = set_to(darts.OPERATORS[name](1, 1, True), 1)(dot)
    assert given[0, 0, 5].nonzero()[:, 0].tolist() == seen


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("max_pool_3x3", [[0, 1, 1], [3, 4, 4], [3, 4, 4]]),
        ("avg_pool_3x3", [[-2, -1.5, -1], [-0.5, 0, 0.5], [1, 1.5, 2]]),
        ("identity", [[-4, -3, -2], [-1, 0, 1], [2, 3, 4]]),
    ],
)
def test_an_operator_without_parameters_of_the_evaluation_form(name, expected):
    assert darts.OPERATORS[name](1, 1, True)(image())[0, 0].numpy() == close(expected)


def test_a_pool_of_the_search_form_is_normalised_without_parameters():
    pooled = darts.OPERATORS["max_pool_3x3"](1, 1, False)
    assert count(pooled) == 0
    assert abs(float(pooled(image()).mean())) < 1e-6


def test_a_factorised_reduction_halves_the_side_and_sees_both_diagonals():
    module = set_to(darts.FactorisedReduction(1, 2, affine=True), 1)
    images = torch.arange(16.0).reshape(1, 1, 4, 4)
    expected = torch.tensor([[[0.0, 2], [8, 10]], [[5, 7], [13, 15]]]) * UNIT
    torch.testing.assert_close(module(images)[0], expected)


@pytest.mark.parametrize("name", [NAMES[c] for c in SPACES.load("darts").operators.values()])
def test_every_operator_of_a_reduction_cell_halves_the_side(name):
    operator = darts.OPERATORS[name](4, 2, False)
    assert operator(torch.zeros(1, 4, 8, 8)).shape == (1, 4, 4, 4)


def identity_cells() -> tuple[Cell, Cell]:
    return list(example("darts"))[2]


def test_a_step_adds_two_operators_and_the_output_joins_the_steps():
    normal, _ = identity_cells()
    module = darts.CellModule(normal, 1, 1, 1, reduces=False, follows_reduction=False, affine=True)
    module = set_to(module, 1)
    given = module(torch.full((1, 1, 2, 2), 1.0), torch.full((1, 1, 2, 2), 2.0))
    torch.testing.assert_close(given, torch.full((1, 4, 2, 2), 3 * UNIT))


def test_a_dropped_path_leaves_the_mean_and_only_while_training():
    torch.manual_seed(0)
    images = darts.drop_path(torch.ones(1000, 1, 1, 1), 0.7)
    assert images.unique().tolist() == pytest.approx([0, 1 / 0.7])
    assert float(images.mean()) == pytest.approx(1, abs=0.1)
    cells = next(iter(example("darts")))
    network = darts.build_evaluation_network(cells, 10, 4, 4).eval()
    network.kept = 1e-9
    assert torch.isfinite(network(torch.ones(2, 3, 8, 8))).all()


def test_the_evaluation_form_has_an_auxiliary_head_and_the_search_form_has_none():
    cells = identity_cells()
    network = darts.build_evaluation_network(cells, 7, 4, 4)
    logits, others = network.forward_both(torch.zeros(2, 3, 32, 32))
    assert logits.shape == others.shape == (2, 7)
    with pytest.raises(ValueError, match="evaluation form"):
        darts.build_network(cells, 7, 4, 4).forward_both(torch.zeros(2, 3, 32, 32))


def test_the_second_genotype_of_darts_has_the_published_parameters():
    # Liu et al., ICLR 2019, table 1: 3.3 million, auxiliary head apart. The genotype is theirs.
    space = SPACES.load("darts")
    normal = [("sep_conv_3x3", 0), ("sep_conv_3x3", 1), ("sep_conv_3x3", 0), ("sep_conv_3x3", 1)]
    normal += [("sep_conv_3x3", 1), ("skip_connect", 0), ("skip_connect", 0), ("dil_conv_3x3", 2)]
    reduction = [("max_pool_3x3", 0), ("max_pool_3x3", 1), ("skip_connect", 2)]
    reduction += [("max_pool_3x3", 1), ("max_pool_3x3", 0), ("skip_connect", 2)]
    reduction += [("skip_connect", 2), ("max_pool_3x3", 1)]
    cells = space.parse(genotype(normal, reduction)).member(0)
    with torch.device("meta"):
        network = darts.build_evaluation_network(cells, 10)
    assert network.auxiliary is not None
    assert round((count(network) - count(network.auxiliary)) / 1e6, 1) == 3.3


# NAS-Bench-Macro


def test_an_inverted_residual_adds_its_input_where_the_shape_stays():
    module = set_to(nasbench_macro.InvertedResidual(1, 1, 1, expansion=3, kernel=3), 1)
    # Three equal channels of sums 0 1 1 / 5 10 8 / 5 10 8 of the cut image, added up, plus it.
    body = 3 * UNIT**3 * np.array([[0, 1, 1], [5, 10, 8], [5, 10, 8]])
    assert module(image())[0, 0].detach().numpy() == close(body + image().numpy()[0, 0])


def test_an_inverted_residual_that_halves_the_side_adds_nothing():
    module = set_to(nasbench_macro.InvertedResidual(1, 2, 2, expansion=6, kernel=5), 0)
    assert torch.equal(module(image()), torch.zeros(1, 2, 2, 2))


def test_a_block_that_is_left_out_is_an_identity_or_a_strided_convolution():
    assert torch.equal(nasbench_macro.block("zero", 1, 1, 1)(image()), image())
    module = set_to(nasbench_macro.block("identity", 1, 1, 2), 1)
    found = module(image())[0, 0].detach().numpy()
    assert found == close([[-4, -2], [2, 4]], UNIT)


def test_the_least_macro_architecture_has_the_multiply_adds_of_a_hand_count():
    stem, last = 3 * 32 * 9 * 32 * 32, 256 * 1280 * 4 * 4 + 1280 * 10
    strided = 32 * 64 * 16**2 + 64 * 128 * 8**2 + 128 * 256 * 4**2
    cells = SPACES.load("nasbench_macro").architectures(["00000000"])
    assert count_flops(cells, 10, 32)[0] == pytest.approx((stem + strided + last) / 1e6)


def test_macro_counts_are_those_of_the_benchmark(resource_file):
    records = json.loads(resource_file("nasbench_macro/cifar10.json").read_text())
    texts = sorted(records)
    cells = SPACES.load("nasbench_macro").architectures(texts)
    assert count_parameters(cells, 10).tolist() == [records[text]["params"] for text in texts]
    assert count_flops(cells, 10, 32) * 1e6 == pytest.approx(
        np.array([records[text]["flops"] for text in texts])
    )
