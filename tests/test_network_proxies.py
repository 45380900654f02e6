"""Proxies of networks: each against a hand calculation on a small linear network."""

from math import inf, log, sqrt

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from tgnas.methods.contracts import Batch
from tgnas.methods.network_proxies import az_nas, meco, te_nas, vkdnw
from tgnas.methods.network_proxies._network import multiply_adds, ranks
from tgnas.methods.network_proxies.nasgraph import _ChannelGraph
from tgnas.networks.nasbench201 import build_network
from tgnas.registry import GRAPH_PROXIES, NETWORK_PROXIES
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.nasbench101 import SPACE as NASBENCH101
from tgnas.spaces.nasbench201 import SPACE

K = 1e-5  # the constant of jacov and epe_nas


def linear(*weights: list[list[float]]) -> nn.Sequential:
    """Return dense layers with these weights and no biases, for images of one pixel."""
    layers: list[nn.Module] = [nn.Flatten()]
    for rows in weights:
        layers.append(nn.Linear(len(rows[0]), len(rows), bias=False))
        layers[-1].weight = nn.Parameter(torch.tensor(rows))
    return nn.Sequential(*layers)


def two_layers() -> nn.Sequential:
    """Return a network that maps (1, 1, 0) to h = (2, 1) and then to the logits (2, 2)."""
    return linear([[2.0, 0, 0], [0, 1, 0]], [[1.0, 0], [0, 2]])


def nothing() -> nn.Sequential:
    """Return a layer of zeros from 3 pixels to 2 logits: chances of one half."""
    return linear([[0.0, 0, 0], [0, 0, 0]])


def pixels(*rows: list[float]) -> Tensor:
    return torch.tensor(rows)[:, :, None, None]


def score(name: str, network: nn.Module, images: Tensor, *labels: int) -> float:
    generator = torch.Generator().manual_seed(0)
    classes = torch.tensor(labels or [0] * len(images))
    return NETWORK_PROXIES.load(name)(network, Batch(images, classes), generator)


# With the label 0 the gradient of the logits is d = (-.5, .5); then
# of the second layer d h = -1 -.5 / 1 .5, of h (-.5, 1), of the first layer -.5 -.5 0 / 1 1 0.
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("trainable_layers", 2),
        ("l2_norm", sqrt(5) + sqrt(5)),
        ("grad_norm", sqrt(2.5) + sqrt(2.5)),
        ("snip", (1 + 1) + (1 + 1)),
        # Outputs times gradients are -1 and 1 in both layers; a channel has 3 and 2 weights.
        ("fisher", 3 * (0.5 + 0.5) + 2 * (0.5 + 0.5)),
        # All paths from an image of ones sum up to 2 + 2, which both layers hold.
        ("synflow", log(1 + 4 + 4)),
    ],
)
def test_a_proxy_of_two_linear_layers_is_that_of_the_hand(name, expected):
    assert score(name, two_layers(), pixels([1.0, 1, 0])) == pytest.approx(expected)


def test_plain_is_the_sum_of_logits_times_their_gradients_for_each_layer():
    # Logits (log 3, 0), chances (3/4, 1/4), label 0: -log 3 / 4 in each of two layers.
    network = linear([[1.0, 0, 0], [0, 1, 0]], [[log(3), 0], [0, 1]])
    assert score("plain", network, pixels([1.0, 0, 0])) == pytest.approx(-log(3) / 2)


def test_synflow_does_not_see_signs():
    network = linear([[-2.0, 0, 0], [0, 1, 0]], [[1.0, 0], [0, -2]])
    assert score("synflow", network, pixels([5.0, -1, 0])) == pytest.approx(log(9))


def test_synflow_does_not_overflow_where_a_product_passes_what_single_precision_holds():
    network = linear([[1e6, 0, 0], [0, 1e6, 0]], *[[[1e6, 0.0], [0, 1e6]]] * 40)
    expected = 41 * 6 * log(10) + log(2 * 41)
    assert score("synflow", network, pixels([1.0, 1, 1])) == pytest.approx(expected)


def test_grasp_is_minus_the_weights_times_hessian_times_gradient():
    network = linear([[1.0, 2, 0], [0, 1, -1]], [[1.0, 0.5], [0, 2]])
    images, labels = pixels([1.0, 1, 0], [0.5, -1, 2]), torch.tensor([0, 1])
    shapes = [layer.weight.shape for layer in network[1:]]
    flat = torch.cat([layer.weight.detach().flatten() for layer in network[1:]])

    def loss(weights: Tensor) -> Tensor:
        first, second = weights.split([shape.numel() for shape in shapes])
        hidden = images.flatten(1) @ first.view(shapes[0]).T
        return functional.cross_entropy(hidden @ second.view(shapes[1]).T, labels)

    slope = torch.func.grad(loss)
    expected = -float(flat @ torch.func.jacrev(slope)(flat) @ slope(flat))
    assert score("grasp", network, images, 0, 1) == pytest.approx(expected, rel=1e-4)


def test_jacov_of_a_linear_network_sees_equal_gradients():
    # All entries of the correlation matrix are 1: eigenvalues 2 and 0.
    expected = -(log(2 + K) + 1 / (2 + K) + log(K) + 1 / K)
    given = score("jacov", two_layers(), pixels([1.0, 1, 0], [0, 2, 1]))
    assert given == pytest.approx(expected, rel=1e-4)


def test_epe_nas_sums_correlations_within_classes():
    # Two images of class 0 have four correlations of 1, one of class 1 has one.
    given = score("epe_nas", two_layers(), pixels([1.0, 1, 0], [0, 2, 1], [1, 0, 0]), 0, 0, 1)
    assert given == pytest.approx((4 + 1) * log(1 + K), rel=1e-4)


@pytest.mark.parametrize("name", ["jacov", "epe_nas"])
def test_a_gradient_without_correlation_has_no_score(name):
    assert np.isnan(score(name, nothing(), pixels([1.0, 1, 0], [0, 2, 1])))


def test_naswot_counts_rectifiers_that_agree():
    network = nn.Sequential(nn.Flatten(), nn.ReLU())
    # The first agrees with itself on 3, with the second on 2: |3 2 / 2 3| = 5.
    assert score("naswot", network, pixels([1.0, 1, -1], [1, -1, -1])) == pytest.approx(log(5))


def test_swap_counts_patterns_of_rectifiers_over_images():
    network = nn.Sequential(nn.Flatten(), nn.ReLU())
    assert score("swap", network, pixels([1.0, 1, -1], [1, 1, 1])) == 2


def test_zen_of_a_linear_network_is_the_change_of_its_features():
    network = nn.Sequential(
        nn.Conv2d(3, 2, 1, bias=False), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2, 2)
    )
    given = score("zen", network, torch.zeros(5, 3, 4, 4))
    generator = torch.Generator().manual_seed(0)
    shapes = [(2, 3, 1, 1), (2, 2), (5, 3, 4, 4), (5, 3, 4, 4)]
    weight, _, _, step = (torch.empty(shape).normal_(generator=generator) for shape in shapes)
    change = 0.01 * functional.conv2d(step, weight).abs().flatten(1).sum(1).mean()
    assert given == pytest.approx(float(change.log()), rel=1e-4)


def test_zen_adds_the_deviations_that_a_normalisation_divides_by():
    class Counting(nn.BatchNorm2d):
        def forward(self, input: Tensor) -> Tensor:  # noqa: A002
            return input

    norm = Counting(3)
    norm.running_var.fill_(9)
    rest = (nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 2))
    images = torch.zeros(4, 3, 4, 4)
    plain, normalised = (score("zen", nn.Sequential(*a, *rest), images) for a in ((), (norm,)))
    assert normalised - plain == pytest.approx(log(3), rel=1e-4)


def test_zico_divides_mean_by_deviation_over_two_batches():
    # Gradients -.5 and -1.5, .5 and 1.5: mean 1, deviation .5, two weights that vary.
    assert score("zico", nothing(), pixels([1.0, 0, 0], [3, 0, 0])) == pytest.approx(log(2 + 2))


def test_gradsign_counts_images_that_agree():
    # Signs - - 0 / + + 0 and - + 0 / + - 0.
    assert score("gradsign", nothing(), pixels([1.0, 1, 0], [1, -1, 0])) == 2 + 2


def test_the_condition_number_is_that_of_the_kernel():
    # Both logits have the gradient x: kernel 2 x x', eigenvalues 2 and 8.
    images = pixels([1.0, 0, 0], [0, 2, 0])
    assert te_nas.condition_number(nothing(), images) == pytest.approx(4)
    assert np.isnan(te_nas.condition_number(nothing(), pixels([0.0, 0, 0], [0, 2, 0])))


def test_linear_regions_are_patterns_of_images():
    network = nn.Sequential(nn.Flatten(), nn.ReLU())
    images = pixels([1.0, 1, -1], [2, 3, -4], [1, -1, -1])
    assert te_nas.linear_regions(network, images) == 2


def test_te_nas_adds_ranks():
    components = np.array([[-4.0, 8], [-2, 8], [np.nan, 9]])
    assert te_nas.aggregate(components).tolist() == [2 + 1.5, 3 + 1.5, 1 + 3]


def test_ranks_share_ties_and_put_what_is_undefined_last():
    assert ranks(np.array([3.0, np.nan, 1, 3, -inf])).tolist() == [4.5, 1.5, 3, 4.5, 1.5]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([[1.0, -1, 0, 0], [0, 0, 1, -1]], 1),  # no correlation
        ([[1.0, 2, 3, 4], [8, 6, 4, 2]], 0),  # a correlation of -1
        ([[1.0, 0, -1, 0], [1, 1, -1, -1]], 1 - sqrt(0.5)),
        ([[1.0, 1, 1, 1], [1, 2, 3, 4]], 0),  # a constant row
    ],
)
def test_meco_takes_the_least_eigenvalue_of_the_correlation(rows, expected):
    assert float(meco.least_eigenvalue(torch.tensor(rows))) == pytest.approx(expected, abs=1e-6)


def test_meco_adds_up_feature_maps():
    class Fixed(nn.Module):
        def forward(self, images: Tensor) -> Tensor:
            return torch.tensor([[[[1.0, -1, 0, 0]], [[0, 0, 1, -1]]]])

    given = score("meco", nn.Sequential(Fixed(), Fixed()), torch.zeros(1, 3, 1, 4))
    assert given == pytest.approx(2)


def test_expressivity_is_the_entropy_of_principal_components():
    two = torch.tensor([[[[1.0, -1, 0, 0]], [[0, 0, 1, -1]]]])
    assert az_nas.entropy(two) == pytest.approx(log(2), abs=1e-6)
    assert az_nas.entropy(two[:, :1].expand(-1, 2, -1, -1)) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ("factor", "expected"), [(2.0, 2 - 2 - 0.5), (0.5, 2 - 0.5 - 2), (1.0, -inf)]
)
def test_trainability_is_highest_where_a_gradient_keeps_its_size(factor, expected):
    before = torch.ones(2, 1, 3, 3, requires_grad=True)
    found = az_nas.gain(before, factor * before, torch.Generator().manual_seed(0))
    assert found == pytest.approx(expected, abs=1e-5)


def test_trainability_of_a_strided_block_takes_its_pixels_for_channels():
    before = torch.ones(64, 1, 4, 4, requires_grad=True)
    after = 4 * functional.avg_pool2d(before, 2)  # each of four pixels gets the sign: gain 2
    found = az_nas.gain(before, after, torch.Generator().manual_seed(0))
    assert found == pytest.approx(2 - 2 - 0.5, abs=1e-5)


def test_az_nas_adds_logarithms_of_ranks():
    components = np.array([[1.0, 5, -3, 10], [2, 4, np.nan, 10]])
    expected = [log(1 / 2) + log(1) + log(1) + log(3 / 4), log(1) + 2 * log(1 / 2) + log(3 / 4)]
    assert az_nas.aggregate(components) == pytest.approx(np.array(expected))


def test_multiply_adds_are_those_of_layers_with_weights():
    network = nn.Sequential(
        nn.Conv2d(3, 6, 3, stride=2, padding=1),
        nn.Conv2d(6, 6, 5, padding=2, groups=6),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(6, 2),
    )
    expected = 16 * 6 * 3 * 9 + 16 * 6 * 25 + 6 * 2
    assert multiply_adds(network, torch.zeros(4, 3, 8, 8)) == expected / 1e6


def test_the_fisher_information_is_that_of_automatic_differentiation():
    cell = SPACE.of_choices([[2, 3, 1, 4, 3, 2]]).member(0)
    network = build_network(cell, 3, 4, 1).double().eval()
    images = torch.randn(5, 3, 8, 8, generator=torch.Generator().manual_seed(0)).double()
    values = {name: value.detach() for name, value in network.named_parameters()}
    firsts = {name: value.flatten()[:1] for name, value in values.items()}

    def logits(chosen: dict[str, Tensor]) -> Tensor:
        whole = {
            name: torch.cat([chosen[name], value.flatten()[1:]]).view(value.shape)
            for name, value in values.items()
        }
        return torch.func.functional_call(network, whole, (images,))

    found = torch.func.jacrev(logits)(firsts)
    jacobian = torch.cat([found[name] for name in values], dim=2)
    chances = 0.95 * network(images).detach().softmax(1) + 0.05 / 3
    spread = torch.stack([row.diag() - torch.outer(row, row) for row in chances])
    expected = torch.stack([j.T @ s @ j for j, s in zip(jacobian, spread, strict=True)]).mean(0)
    given = vkdnw.fisher_information(network, images)
    order = torch.linalg.eigvalsh(expected)
    torch.testing.assert_close(torch.linalg.eigvalsh(given), order, rtol=1e-6, atol=1e-10)


def test_nasgraph_has_the_average_degree_of_nodes_with_an_edge():
    graph = _ChannelGraph()
    first = graph.source(2)
    second = graph.add([first], torch.tensor([[True, True], [False, False]]))
    graph.add([first, second], torch.tensor([[False, True], [False, False]]))
    # Edges 0-2, 0-3, 0-5, 2-5; node 1 and node 4 have none.
    assert graph.average_degree() == 2 * 4 / 4


def topology(architectures: Architectures, space: str) -> list[float]:
    generator = np.random.default_rng(0)
    return GRAPH_PROXIES.load("topology")(
        architectures, space=space, dataset="cifar10", generator=generator
    ).tolist()


def test_topology_of_a_cell_that_gives_nothing_is_0():
    assert topology(SPACE.of_choices([[0] * 6]), "nasbench201") == [0]


def test_topology_counts_paths_weights_depth_and_pools():
    # conv1x1 -> conv3x3 -> output, and beside it a max pool: 2 paths, 2 deep.
    text = "input,conv1x1-bn-relu,conv3x3-bn-relu,maxpool3x3,output;0-1,0-3,1-2,2-4,3-4"
    expected = log(3) + log(3) + log(3) - log(2)
    found = topology(NASBENCH101.architectures([text]), "nasbench101")
    assert found == pytest.approx([expected])


def test_topologies_that_are_tied_are_equal_to_the_bit():
    # Whole numbers decide: SPACE's 15,625 strings have 62 quotients, and rounding adds none.
    assert len(set(topology(SPACE.enumerate(), "nasbench201"))) == 62
