"""The size of NAS-Bench-301's networks, against sums worked out by hand."""

from tgnas.costs.layers import count_parameters
from tgnas.spaces.darts import SPACE, genotype

POOLS = [("max_pool_3x3", node) for _ in range(4) for node in (0, 1)]
STEM = 3 * 3 * 3 * 96 + 2 * 96
CLASSIFIER = 512 * 10 + 10
# (channels of the two cells before, own width) of each cell: a 1x1 convolution for either.
CELLS = [(96 + 96, 32), (96 + 128, 32), (128 + 128, 64), (128 + 256, 64)]
CELLS += [(256 + 256, 64), (256 + 256, 128), (256 + 512, 128), (512 + 512, 128)]
SKELETON = STEM + CLASSIFIER + sum(before * width + 2 * 2 * width for before, width in CELLS)


def parameters(normal: tuple[str, int], reduction: tuple[str, int]) -> int:
    """Return the count where all operators but the first of each cell are pools."""
    text = genotype([normal, *POOLS[1:]], [reduction, *POOLS[1:]])
    return int(count_parameters(SPACE.architectures([text]))[0])


def test_pools_have_no_parameters():
    assert parameters(("max_pool_3x3", 0), ("avg_pool_3x3", 0)) == SKELETON


def test_a_separable_convolution_is_two_depthwise_and_two_1x1_convolutions():
    # Two normal cells of each width 32, 64, 128.
    expected = 2 * 2 * (9 * (32 + 64 + 128) + 32**2 + 64**2 + 128**2)
    assert parameters(("sep_conv_3x3", 0), POOLS[0]) == SKELETON + expected


def test_a_dilated_convolution_is_one_depthwise_and_one_1x1_convolution():
    # The two reduction cells have widths 64 and 128.
    expected = 25 * (64 + 128) + 64**2 + 128**2
    assert parameters(POOLS[0], ("dil_conv_5x5", 0)) == SKELETON + expected


def test_an_identity_is_a_convolution_where_it_halves_the_side_length_alone():
    assert parameters(("skip_connect", 0), POOLS[0]) == SKELETON
    assert parameters(POOLS[0], ("skip_connect", 0)) == SKELETON + 64**2 + 128**2
    inside = genotype(POOLS, [*POOLS[:2], ("skip_connect", 2), *POOLS[3:]])
    assert count_parameters(SPACE.architectures([inside])).tolist() == [SKELETON]


def test_networks_are_counted_one_for_each_pair_of_cells():
    texts = [genotype(POOLS, POOLS), genotype([("sep_conv_5x5", 0), *POOLS[1:]], POOLS)]
    both = count_parameters(SPACE.architectures(texts)).tolist()
    assert both == [SKELETON, parameters(("sep_conv_5x5", 0), POOLS[0])]
