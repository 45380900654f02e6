"""The DARTS network for ImageNet (Liu et al., ICLR 2019, ``NetworkImageNet`` of cnn/model.py).

As the evaluation form for CIFAR-10, but with stems of three strided convolutions, which take
224 x 224 pixels to 28 x 28, and an auxiliary head for images of side length 7.
"""

from jaxtyping import Float
from torch import Tensor, nn

from tgnas.cell import Cell
from tgnas.networks.darts import CellModule
from tgnas.spaces.darts import NODES

SIDE = 224  # pixels; the auxiliary head fits no other
CHANNELS = 48
LAYERS = 14


def _strided(source: int, target: int) -> list[nn.Module]:
    return [nn.Conv2d(source, target, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(target)]


class Network(nn.Module):
    """Two stems, cells, classifier, auxiliary head.

    Attributes:
        kept: the probability of keeping a path while training; 1 keeps all.
    """

    def __init__(
        self, cells: tuple[Cell, Cell], classes: int, channels: int = CHANNELS, layers: int = LAYERS
    ) -> None:
        super().__init__()
        self.kept = 1.0
        half = channels // 2
        self.first = nn.Sequential(*_strided(3, half), nn.ReLU(), *_strided(half, channels))
        self.second = nn.Sequential(nn.ReLU(), *_strided(channels, channels))
        self.stages = nn.ModuleList()
        before = last = width = channels
        followed = True
        for layer in range(layers):
            reduces = layer in (layers // 3, 2 * layers // 3)
            width *= 2 if reduces else 1
            self.stages.append(
                CellModule(
                    cells[int(reduces)],
                    before,
                    last,
                    width,
                    reduces=reduces,
                    follows_reduction=followed,
                    affine=True,
                )
            )
            before, last, followed = last, NODES * width, reduces
            if layer == 2 * layers // 3:
                self.auxiliary: nn.Module | None = _auxiliary_head(last, classes)
        self.last = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.classifier = nn.Linear(last, classes)

    def forward(self, images: Float[Tensor, "B 3 224 224"]) -> Float[Tensor, "B C"]:
        """Return the logits."""
        return self.classifier(self.last(self._outputs(images)[-1]))

    def forward_both(
        self, images: Float[Tensor, "B 3 224 224"]
    ) -> tuple[Float[Tensor, "B C"], Float[Tensor, "B C"]]:
        """Return the logits and those of the auxiliary head.

        Raises:
            ValueError: the head was taken away.
        """
        if self.auxiliary is None:
            raise ValueError("this network has no auxiliary head")
        outputs = self._outputs(images)
        there = outputs[2 * len(self.stages) // 3]
        return self.classifier(self.last(outputs[-1])), self.auxiliary(there)

    def _outputs(self, images: Tensor) -> list[Tensor]:
        """Return what each cell gives."""
        before = self.first(images)
        last = self.second(before)
        outputs = []
        for cell in self.stages:
            before, last = last, cell(before, last, self.kept)
            outputs.append(last)
        return outputs


def _auxiliary_head(source: int, classes: int) -> nn.Sequential:
    """Return the second classifier; the authors left a normalisation out of it and kept it so."""
    return nn.Sequential(
        nn.ReLU(),
        nn.AvgPool2d(5, stride=2, padding=0, count_include_pad=False),
        nn.Conv2d(source, 128, 1, bias=False),
        nn.BatchNorm2d(128),
        nn.ReLU(),
        nn.Conv2d(128, 768, 2, bias=False),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(768, classes),
    )


def build_network(
    cells: tuple[Cell, Cell], classes: int, channels: int = CHANNELS, layers: int = LAYERS
) -> Network:
    """Return the network of a normal and a reduction cell with torch's default initialisation.

    Raises:
        InvalidCellError: a cell is not one of this space.
    """
    return Network(cells, classes, channels, layers)
