"""Sequences of plain and residual blocks as torch modules: what ``costs.layers`` counts of them.

A block is as many convolutions as its operator repeats, each normalised, with a ReLU between them;
the first has the stride. One with a projected shortcut adds its input, through a 1x1 convolution
where the shape changes. A ReLU follows every block.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from tgnas.costs.layers import layers_of
from tgnas.costs.operators import PROJECTED, attribute, attribute_table
from tgnas.networks.layers import StackedNetwork, global_pool, normalised
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.skeleton import USUAL


class Block(nn.Module):
    """Convolutions in a row, with or without a shortcut around them."""

    def __init__(
        self, source: int, target: int, stride: int, *, kernel: int, repeats: int, projected: bool
    ) -> None:
        super().__init__()
        parts = normalised(kernel, source, target, stride)
        for _ in range(repeats - 1):
            parts += [nn.ReLU(), *normalised(kernel, target, target)]
        self.body = nn.Sequential(*parts)
        same = source == target and stride == 1
        link = nn.Identity() if same else nn.Sequential(*normalised(1, source, target, stride))
        self.shortcut = link if projected else None

    def forward(self, images: Float[Tensor, "B D H W"]) -> Float[Tensor, "B E I J"]:
        """Return what the block puts out."""
        out = self.body(images)
        return torch.relu(out if self.shortcut is None else out + self.shortcut(images))


class BlockNetwork(StackedNetwork):
    """Stem, blocks, mean over the pixels, classifier."""

    def __init__(self, architecture: Architectures, classes: int) -> None:
        """Build the network of one architecture of a space of blocks or of widths."""
        super().__init__()
        layers = layers_of(architecture)
        table = attribute_table(architecture)[architecture.cells.operators[0, 1:-1]]
        first = int(layers.inputs[0, 0])
        keys = architecture.skeleton.keys if architecture.skeleton else USUAL
        stride = keys.stem[0].stride
        self.stem = nn.Sequential(*normalised(keys.stem[0].kernel, 3, first, stride), nn.ReLU())
        blocks, width = [], first
        for place, of in enumerate(table):
            if not layers.repeats[0, place]:
                continue
            source, width = int(layers.inputs[0, place]), int(layers.width[0, place])
            block = Block(
                source,
                width,
                int(layers.stride[0, place]),
                kernel=int(attribute(of, "kernel")),
                repeats=int(attribute(of, "repeats")),
                projected=bool(attribute(of, "shortcut") == PROJECTED),
            )
            blocks.append(block)
        self.stages = nn.Sequential(*blocks)
        self.last = nn.Sequential(*global_pool())
        self.classifier = nn.Linear(width, classes)
