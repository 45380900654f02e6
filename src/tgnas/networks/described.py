"""Architectures of spaces that a user's file describes, as torch modules.

Cells stand in NAS-Bench-201's skeleton: a stem, three stages of cells of width C, 2C and 4C with
its residual block of stride 2 between them, and a classifier. A vertex sums what reaches it, and so
does a cell's output. Of two cells the second follows each residual block, all others are the first;
a cell of two inputs hears the two cells before it (at the start of a stage one twice). Blocks
follow each other behind a stem of C channels; where the space says stages, the first block of each
halves the side length and doubles the channels, every other adds to its input, and an identity
there is left out.

An operator is what its factory makes of (channels that it takes, channels that it gives, stride).
"""

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from types import MappingProxyType

import torch
from jaxtyping import Float
from torch import Tensor, nn

from tgnas.errors import ConfigError, words_of
from tgnas.networks.layers import StackedNetwork, Zero, convolution, global_pool, normalised
from tgnas.networks.nasbench201 import ReductionBlock
from tgnas.operators import NAMES
from tgnas.registry import named
from tgnas.spaces.forms.base import INPUT, OUTPUT, ZERO
from tgnas.spaces.forms.blocks import Blocks
from tgnas.spaces.forms.widths import Widths
from tgnas.spaces.nasbench201 import CHANNELS, REPEATS, STAGES
from tgnas.spaces.skeleton import USUAL
from tgnas.spaces.space import Architecture, Space

Factory = Callable[[int, int, int], nn.Module]
SIDE = 16  # of the map that an operator is tried on


def _of_width(layer: Callable[[], nn.Module]) -> Factory:
    """Return the factory of what keeps its channels; where it must not, a convolution follows."""

    def make(source: int, target: int, stride: int) -> nn.Module:
        if source == target and stride == 1:
            return layer()
        return nn.Sequential(layer(), *normalised(1, source, target, stride))

    return make


def _convolution(kernel: int) -> Factory:
    return lambda source, target, stride: convolution(kernel, source, target, stride)


KNOWN: Mapping[str, Factory] = MappingProxyType(
    {
        "zero": _of_width(Zero),
        "identity": _of_width(nn.Identity),
        "conv_1x1": _convolution(1),
        "conv_3x3": _convolution(3),
        "avg_pool_3x3": _of_width(
            lambda: nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)
        ),
        "max_pool_3x3": _of_width(lambda: nn.MaxPool2d(3, stride=1, padding=1)),
    }
)


class CellModule(nn.Module):
    """One cell at one width: a vertex receives the sum of what its predecessors give.

    Args:
        codes: of the V vertices.
        sources: the vertices that each hears.
        operators: makes the module of a code.
    """

    def __init__(
        self,
        codes: Sequence[int],
        sources: Sequence[Sequence[int]],
        operators: Callable[[int], nn.Module],
    ) -> None:
        super().__init__()
        inputs = [vertex for vertex, code in enumerate(codes) if code == INPUT]
        sources, live = [list(heard) for heard in sources], set(inputs)
        for vertex, code in enumerate(codes):
            sources[vertex] = [source for source in sources[vertex] if source in live]
            if sources[vertex] and code != ZERO:
                live.add(vertex)
        self.inputs, self.sources, self.last = inputs, sources, codes.index(OUTPUT)
        self.operators = nn.ModuleDict(
            {str(v): operators(codes[v]) for v in sorted(live - {*inputs, self.last})}
        )

    def forward(
        self, before: Float[Tensor, "B D H W"], last: Float[Tensor, "B D H W"]
    ) -> Float[Tensor, "B D H W"]:
        """Return what reaches the output vertex: of what is dead, zeros."""
        outputs = dict(zip(self.inputs, [before, last][-len(self.inputs) :], strict=True))
        for name, operator in self.operators.items():
            heard = [outputs[source] for source in self.sources[int(name)]]
            outputs[int(name)] = operator(reduce(torch.add, heard))
        heard = [outputs[source] for source in self.sources[self.last]]
        return reduce(torch.add, heard) if heard else last * 0.0

    def extra_repr(self) -> str:
        """Return who hears whom, so that two different cells never look alike."""
        return f"sources={self.sources}"


class Stages(nn.Module):
    """Stages of cells, with residual blocks between them."""

    def __init__(
        self, cells: Sequence[Callable[[int], CellModule]], widths: Sequence[int], repeats: int
    ) -> None:
        super().__init__()
        parts: list[nn.Module] = []
        for stage, width in enumerate(widths):
            if stage:
                parts.append(ReductionBlock(widths[stage - 1], width))
            first = cells[-1] if stage else cells[0]
            parts += [first(width), *(cells[0](width) for _ in range(repeats - 1))]
        self.parts = nn.ModuleList(parts)

    def forward(self, images: Float[Tensor, "B D H W"]) -> Float[Tensor, "B E I J"]:
        """Return what the last cell gives."""
        before = last = images
        for part in self.parts:
            if isinstance(part, CellModule):
                before, last = last, part(before, last)
            else:
                before = last = part(last)
        return last


class Residual(nn.Module):
    """A block that adds to its input."""

    def __init__(self, block: nn.Module) -> None:
        super().__init__()
        self.block = block

    def forward(self, images: Float[Tensor, "B D H W"]) -> Float[Tensor, "B D H W"]:
        """Return the sum."""
        return images + self.block(images)


class Network(StackedNetwork):
    """Stem, stages, classifier."""

    def __init__(self, stages: nn.Module, channels: int, width: int, classes: int) -> None:
        super().__init__()
        self.stem = nn.Sequential(*normalised(3, 3, channels))
        self.stages = stages if isinstance(stages, nn.Sequential) else nn.Sequential(stages)
        self.last = nn.Sequential(nn.BatchNorm2d(width), nn.ReLU(), *global_pool())
        self.classifier = nn.Linear(width, classes)


def network_of_description(
    space: Space,
    architecture: Architecture,
    classes: int,
    channels: int = CHANNELS,
    repeats: int = REPEATS,
) -> Network:
    """Return the network of an architecture of a described space.

    Args:
        space: whose operators name a module, where they are none of ``KNOWN``.
        architecture: of the space.
        classes: number of logits.
        channels: C.
        repeats: cells of a stage; blocks have none.

    Raises:
        InvalidCellError: the architecture is not in the space.
        UnknownNameError: nor is one of its operators.
        ConfigError: an operator names no module, or one that cannot be made or does not fit; or
            the space's networks are of other shapes than are built here.
    """
    if space.options or isinstance(space.form, Widths) or space.network != USUAL:
        raise ConfigError(
            f"{space.name}: its file says what stands around its cells (network, columns, widths); "
            "only networks of NAS-Bench-201's skeleton are built of a file"
        )
    if isinstance(space.form, Blocks):
        spelled = space.object_of(architecture)["operators"]
        return _of_blocks(space, space.form.stages, spelled, classes, channels)
    cells = space.parse(architecture).cells
    widths = [channels << stage for stage in range(STAGES)]
    modules = []
    for codes, edges in zip(cells.operators.tolist(), cells.adjacency(), strict=True):
        sources = [edges[:, vertex].nonzero()[0].tolist() for vertex in range(len(codes))]
        modules.append(_cell(space, codes, sources))
    return Network(Stages(modules, widths, repeats), channels, widths[-1], classes)


def _cell(space: Space, codes: list[int], sources: list[list[int]]) -> Callable[[int], CellModule]:
    return lambda width: CellModule(
        codes, sources, lambda code: _operator(space, code, width, width, 1)
    )


def _of_blocks(
    space: Space, stages: Sequence[int], spelled: Sequence[str], classes: int, channels: int
) -> Network:
    blocks: list[nn.Module] = []
    width = channels
    for place, name in enumerate(spelled, start=1):
        code, starts = space.operators[name], place in stages
        if stages and not starts and NAMES[code : code + 1] == ("identity",):
            continue
        target = 2 * width if starts else width
        block = _operator(space, code, width, target, 1 + starts, changes=not stages)
        with torch.no_grad():
            width = block.eval()(torch.zeros(1, width, SIDE, SIDE)).shape[1]
        blocks.append(block.train() if starts or not stages else Residual(block.train()))
    return Network(nn.Sequential(*blocks), channels, width, classes)


def _operator(
    space: Space, code: int, source: int, target: int, stride: int, *, changes: bool = False
) -> nn.Module:
    """Return the module of an operator, which was tried on a map of zeros.

    `changes` allows it to give other channels and another side length than asked for.
    """
    spelled, named_module = space.name_of(code), space.modules.get(code, "")
    name = NAMES[code] if code < len(NAMES) else ""
    where = f"{space.name}: operator {spelled!r}"
    if not named_module and name not in KNOWN:
        raise ConfigError(
            f"{where} names no module: write module: package.module:factory beside its "
            f"description; without one are {', '.join(KNOWN)}"
        )
    factory: Factory = named(named_module) if named_module else KNOWN[name]
    call = f"{named_module or name}({source}, {target}, {stride})"
    try:
        module = factory(source, target, stride)
        if not isinstance(module, nn.Module):
            raise TypeError(f"it gives {type(module).__name__}, not a torch.nn.Module")
        with torch.no_grad():
            output = module.eval()(torch.zeros(2, source, SIDE, SIDE))
    except Exception as error:  # the module is the user's, and may raise anything
        raise ConfigError(f"{where}: {call}: {words_of(error)}") from error
    wanted = (2, target, SIDE // stride, SIDE // stride)
    if tuple(output.shape) != wanted and not (changes and output.dim() == 4):
        raise ConfigError(f"{where}: {call} gives {tuple(output.shape)}, not {wanted}")
    return module.train()
