"""NAS-Bench-Macro architectures as torch modules (Su et al., CVPR 2021).

As in xiusu/NAS-Bench-Macro, train/model.py: a 3x3 convolution to 32 channels, 8 blocks, a 1x1
convolution to 1,280 channels, global average pooling, a dense layer. The first block of a stage
halves the side length and doubles the channels; there an identity is a strided 1x1 convolution.
"""

from jaxtyping import Float
from torch import Tensor, nn

from tgnas.cell import Cell
from tgnas.networks.layers import StackedNetwork, global_pool, network_of, normalised
from tgnas.operators import VOCABULARY
from tgnas.spaces.nasbench_macro import SPACE, STAGES

CHANNELS = SPACE.network.width  # of the stem
LAST = SPACE.network.head  # channels before the classifier
# Operator -> expansion and kernel size of its inverted residual block.
BLOCKS = {
    operator.name: (int(operator.known.expansion), operator.known.kernel)
    for operator in VOCABULARY
    if "nasbench_macro" in operator.spelling and operator.kind == "compute"
}


class InvertedResidual(nn.Module):
    """MobileNetV2's block: widen, filter each channel, narrow; it adds where the shape stays."""

    def __init__(self, source: int, target: int, stride: int, expansion: int, kernel: int) -> None:
        super().__init__()
        hidden = source * expansion
        self.body = nn.Sequential(
            *normalised(1, source, hidden),
            nn.ReLU(),
            *normalised(kernel, hidden, hidden, stride, groups=hidden),
            nn.ReLU(),
            *normalised(1, hidden, target),
        )
        self.adds = stride == 1 and source == target

    def forward(self, images: Float[Tensor, "B D H W"]) -> Float[Tensor, "B E I J"]:
        """Return the block's output."""
        return self.body(images) + images if self.adds else self.body(images)


def block(name: str, source: int, target: int, stride: int) -> nn.Module:
    """Return a block by its operator; a zero adds nothing to the stage's sum, an identity too."""
    if name in BLOCKS:
        return InvertedResidual(source, target, stride, *BLOCKS[name])
    if stride == 1:
        return nn.Identity()
    return nn.Sequential(*normalised(1, source, target, stride))


class Network(StackedNetwork):
    """Stem, 8 blocks, classifier."""

    def __init__(self, cell: Cell, classes: int, channels: int) -> None:
        super().__init__()
        self.stem = nn.Sequential(*normalised(3, 3, channels), nn.ReLU())
        stages, width = [], channels
        for place, name in enumerate(cell.operators[1:-1], start=1):
            stride = 2 if place in STAGES else 1
            stages.append(block(name, width, width * stride, stride))
            width *= stride
        self.stages = nn.Sequential(*stages)
        self.last = nn.Sequential(*normalised(1, width, LAST), nn.ReLU(), *global_pool())
        self.classifier = nn.Linear(LAST, classes)


def build_network(cell: Cell, classes: int, channels: int = CHANNELS) -> Network:
    """Return the network of a cell with torch's default initialisation.

    Raises:
        InvalidCellError: the cell is not one of this space.
    """
    return network_of(SPACE, Network, cell, classes, channels)
