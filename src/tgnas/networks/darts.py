"""DARTS genotypes as torch modules (Liu et al., ICLR 2019): search form and evaluation forms.

All stack cells of two kinds; those at a third and at two thirds of the depth are reductions, which
halve the side length and double the channels. A cell first maps the outputs of the two cells before
it to its own width; a step adds what two operators make of two nodes; the output is the
concatenation of the four steps. The forms differ as in the authors' code:

- *search* (cnn/model_search.py; the networks of NAS-Bench-301 by default: 8 cells, C = 32): batch
  normalisations inside of a cell have no scale and shift, and one follows each pool;
- *evaluation* (cnn/model.py, for CIFAR-10; 20 cells, C = 36): all normalisations have both, none
  follows a pool, paths are dropped while training, and an auxiliary classifier hangs at two thirds
  of the depth;
- *ImageNet* (``NetworkImageNet`` there; 14 cells, C = 48): as the evaluation form, but with three
  strided convolutions in front, which take 224 x 224 pixels to 28 x 28.
"""

from collections.abc import Callable
from functools import partial
from types import MappingProxyType

import torch
from jaxtyping import Float
from torch import Tensor, nn

from tgnas.cell import Cell
from tgnas.networks.layers import convolution, global_pool, normalised
from tgnas.spaces.darts import CHANNELS, LAYERS, NODES, STEM, pairs_of_cell

EVALUATION_SIZE, IMAGENET_SIZE = (36, 20), (48, 14)  # channels and cells


class FactorisedReduction(nn.Module):
    """ReLU and two strided 1x1 convolutions, of which one sees the image moved by a pixel."""

    def __init__(self, source: int, target: int, *, affine: bool) -> None:
        super().__init__()
        self.relu = nn.ReLU()
        half = target // 2
        self.first = nn.Conv2d(source, half, 1, stride=2, bias=False)
        self.second = nn.Conv2d(source, target - half, 1, stride=2, bias=False)
        self.norm = nn.BatchNorm2d(target, affine=affine)

    def forward(self, images: Float[Tensor, "B D H W"]) -> Float[Tensor, "B E H//2 W//2"]:
        """Return the normalised halves; H and W must be even."""
        active = self.relu(images)
        halves = [self.first(active), self.second(active[:, :, 1:, 1:])]
        return self.norm(torch.cat(halves, dim=1))


def depthwise(
    kernel: int, width: int, stride: int, affine: bool, dilation: int = 1
) -> list[nn.Module]:
    """Return ReLU, a convolution of each channel, a 1x1 convolution, batch normalisation."""
    padding = dilation * (kernel - 1) // 2
    return [
        nn.ReLU(),
        nn.Conv2d(width, width, kernel, stride, padding, dilation, groups=width, bias=False),
        nn.Conv2d(width, width, 1, bias=False),
        nn.BatchNorm2d(width, affine=affine),
    ]


def separable(kernel: int, width: int, stride: int, affine: bool) -> nn.Sequential:
    """Return two depthwise convolutions, of which the first has the stride."""
    first = depthwise(kernel, width, stride, affine)
    return nn.Sequential(*first, *depthwise(kernel, width, 1, affine))


def dilated(kernel: int, width: int, stride: int, affine: bool) -> nn.Sequential:
    """Return one depthwise convolution whose kernel is spread to every second pixel."""
    return nn.Sequential(*depthwise(kernel, width, stride, affine, dilation=2))


def identity(width: int, stride: int, affine: bool) -> nn.Module:
    """Return an identity, or what halves the side length in its place."""
    return nn.Identity() if stride == 1 else FactorisedReduction(width, width, affine=affine)


class Zero(nn.Module):
    """DARTS' ``none``: nothing of what comes in, at the operator's stride."""

    def __init__(self, stride: int) -> None:
        super().__init__()
        self.stride = stride

    def forward(self, images: Float[Tensor, "B D H W"]) -> Float[Tensor, "B D _ _"]:
        """Return zeros in the shape of what any other operator gives."""
        return images[:, :, :: self.stride, :: self.stride] * 0


def zero(width: int, stride: int, affine: bool) -> nn.Module:
    """Return what passes nothing on."""
    del width, affine
    return Zero(stride)


def pool(kind: Callable[..., nn.Module], width: int, stride: int, affine: bool) -> nn.Module:
    """Return a pool, in the search form with a batch normalisation behind it."""
    pooled = kind(3, stride, padding=1)
    return pooled if affine else nn.Sequential(pooled, nn.BatchNorm2d(width, affine=False))


# Operator -> function of channels, stride and whether normalisations have scale and shift.
OPERATORS: MappingProxyType[str, Callable[[int, int, bool], nn.Module]] = MappingProxyType(
    {
        "max_pool_3x3": partial(pool, nn.MaxPool2d),
        "avg_pool_3x3": partial(pool, partial(nn.AvgPool2d, count_include_pad=False)),
        "identity": identity,
        "zero": zero,
        "sep_conv_3x3": partial(separable, 3),
        "sep_conv_5x5": partial(separable, 5),
        "dil_conv_3x3": partial(dilated, 3),
        "dil_conv_5x5": partial(dilated, 5),
    }
)


class CellModule(nn.Module):
    """One cell; `before` and `last` are the channels of the two cells before it."""

    def __init__(
        self,
        cell: Cell,
        before: int,
        last: int,
        width: int,
        *,
        reduces: bool,
        follows_reduction: bool,
        affine: bool,
    ) -> None:
        super().__init__()
        self.first: nn.Module = (
            FactorisedReduction(before, width, affine=True)
            if follows_reduction
            else convolution(1, before, width)
        )
        self.second = convolution(1, last, width)
        self.nodes = [node for _, node in pairs_of_cell(cell)]
        vertices = cell.adjacency()[2:-1:2, -1]
        self.concatenated = [node for node in range(2, 2 + NODES) if vertices[node - 2]]
        self.operators = nn.ModuleList(
            OPERATORS[name](width, 2 if reduces and node < 2 else 1, affine)
            for name, node in zip(cell.operators[2:-1], self.nodes, strict=True)
        )

    def forward(
        self,
        before: Float[Tensor, "B _ _ _"],
        last: Float[Tensor, "B _ _ _"],
        kept: float | Tensor = 1.0,
    ) -> Float[Tensor, "B E H W"]:
        """Return the concatenated steps; while training a path is kept with probability `kept`.

        A tensor of shape () is a probability that may change where the step is a CUDA graph.
        """
        dropping = self.training and (isinstance(kept, Tensor) or kept < 1)
        states = [self.first(before), self.second(last)]
        for step in range(NODES):
            parts = []
            for place in (2 * step, 2 * step + 1):
                operator = self.operators[place]
                part = operator(states[self.nodes[place]])
                drops = dropping and not isinstance(operator, nn.Identity)
                parts.append(drop_path(part, kept) if drops else part)
            states.append(parts[0] + parts[1])
        return torch.cat([states[node] for node in self.concatenated], dim=1)

    def extra_repr(self) -> str:
        """Return what the operators take from, so that two different cells never look alike."""
        return f"nodes={self.nodes}, concatenated={self.concatenated}"


def auxiliary_head(source: int, classes: int, *, imagenet: bool) -> nn.Sequential:
    """Return the second classifier of an evaluation form, for images of side length 8, or 7.

    The authors left the second normalisation out of ImageNet's and kept it so.
    """
    return nn.Sequential(
        nn.ReLU(),
        nn.AvgPool2d(5, stride=2 if imagenet else 3, padding=0, count_include_pad=False),
        nn.Conv2d(source, 128, 1, bias=False),
        nn.BatchNorm2d(128),
        nn.ReLU(),
        nn.Conv2d(128, 768, 2, bias=False),
        *([] if imagenet else [nn.BatchNorm2d(768)]),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(768, classes),
    )


class Network(nn.Module):
    """Stem, cells, classifier, in the evaluation forms with an auxiliary head."""

    def __init__(
        self,
        cells: tuple[Cell, Cell],
        classes: int,
        channels: int,
        layers: int,
        *,
        evaluation: bool,
        imagenet: bool = False,
    ) -> None:
        super().__init__()
        self.kept: float | Tensor = (
            1.0  # the probability of keeping a path while training; 1 keeps all
        )
        # What the first cell takes as the outputs of the two cells before it.
        self.second: nn.Module | None = None
        if imagenet:
            before, half = channels, channels // 2
            first = [*normalised(3, 3, half, 2), nn.ReLU(), *normalised(3, half, channels, 2)]
            self.stem = nn.Sequential(*first)
            self.second = nn.Sequential(nn.ReLU(), *normalised(3, channels, channels, 2))
        else:
            before = STEM * channels
            self.stem = nn.Sequential(*normalised(3, 3, before))
        self.stages = nn.ModuleList()
        self.auxiliary: nn.Module | None = None
        last, width, followed = before, channels, imagenet
        for layer in range(layers):
            reduces = layer in (layers // 3, 2 * layers // 3)
            width *= 2 if reduces else 1
            stage = CellModule(
                cells[int(reduces)],
                before,
                last,
                width,
                reduces=reduces,
                follows_reduction=followed,
                affine=evaluation,
            )
            self.stages.append(stage)
            before, last, followed = last, len(stage.concatenated) * width, reduces
            if evaluation and layer == 2 * layers // 3:
                self.auxiliary = auxiliary_head(last, classes, imagenet=imagenet)
        self.last = nn.Sequential(*global_pool())
        self.classifier = nn.Linear(last, classes)

    def forward(self, images: Float[Tensor, "B 3 H W"]) -> Float[Tensor, "B C"]:
        """Return the logits."""
        return self.classifier(self.last(self._outputs(images)[-1]))

    def forward_both(
        self, images: Float[Tensor, "B 3 H W"]
    ) -> tuple[Float[Tensor, "B C"], Float[Tensor, "B C"]]:
        """Return the logits and those of the auxiliary head, which takes 32 or 224 pixels a side.

        Raises:
            ValueError: the network is of the search form, or its head was taken away.
        """
        if self.auxiliary is None:
            raise ValueError("this network has no auxiliary head; only evaluation forms have one")
        outputs = self._outputs(images)
        there = outputs[2 * len(self.stages) // 3]
        return self.classifier(self.last(outputs[-1])), self.auxiliary(there)

    def _outputs(self, images: Tensor) -> list[Tensor]:
        """Return what each cell gives."""
        before = self.stem(images)
        last = before if self.second is None else self.second(before)
        outputs = []
        for cell in self.stages:
            before, last = last, cell(before, last, self.kept)
            outputs.append(last)
        return outputs


def drop_path(images: Float[Tensor, "B D H W"], kept: float | Tensor) -> Float[Tensor, "B D H W"]:
    """Return the images with whole ones set to 0, the others scaled up to the same mean.

    Draws from torch's global generator, as dropout does.
    """
    mask = torch.empty(len(images), 1, 1, 1, device=images.device)
    mask = mask.bernoulli_(kept) if isinstance(kept, float) else mask.copy_(kept).bernoulli()
    return images / kept * mask


def build_network(
    cells: tuple[Cell, Cell], classes: int, channels: int = CHANNELS, layers: int = LAYERS
) -> Network:
    """Return the network of the search form with torch's default initialisation.

    Raises:
        InvalidCellError: a cell is not one of this space.
    """
    return Network(cells, classes, channels, layers, evaluation=False)


def build_evaluation_network(
    cells: tuple[Cell, Cell],
    classes: int,
    channels: int | None = None,
    layers: int | None = None,
    *,
    imagenet: bool = False,
) -> Network:
    """Return the network of an evaluation form, of the authors' size where none is given.

    Raises:
        InvalidCellError: a cell is not one of this space.
    """
    size = IMAGENET_SIZE if imagenet else EVALUATION_SIZE
    own = channels or size[0], layers or size[1]
    return Network(cells, classes, *own, evaluation=True, imagenet=imagenet)
