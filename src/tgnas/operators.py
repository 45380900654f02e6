"""The operator vocabulary, read from ``operators.yaml``: one place for names and sentences."""

from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from types import MappingProxyType
from typing import Annotated, Literal

import yaml
from pydantic import Field

from tgnas.errors import UnknownNameError
from tgnas.validation import Keys

LENGTHS = ("short", "medium", "long")
Least0 = Annotated[float, Field(ge=0)]
Factor = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]


class OperatorAttributes(Keys):
    """What is known of an operator beside words.

    One that expands its channels is a 1x1 convolution to `expansion` times as many, a convolution
    of the kernel, and a 1x1 convolution to the channels that it puts out. As many are those that
    come in; of one with a projected shortcut, the bottleneck of ResNet and RegNet, those that go
    out.
    """

    weights: Least0 | None = None
    """Weights for each pair of input and output channels; what the other attributes say, if not
    given."""
    reach: Least0 | None = None
    """How far from a pixel (or node) it reads, in pixels (or edges); what the other attributes say,
    if not given."""
    channel_weights: Least0 | None = None
    """Weights for each channel, without those of normalisations; what the other attributes say, if
    not given."""
    kernel: Annotated[int, Field(ge=0)] = 0
    """Side of the kernel in pixels; 0 for what has none."""
    dilation: Count = 1
    """Pixels from one of the kernel's to the next."""
    groups: Count | Literal["depthwise", "separable"] = 1
    """Groups of channels that do not mix; depthwise has one for each channel, and separable has a
    1x1 convolution behind it."""
    expansion: Factor = 1.0
    """Channels between its 1x1 convolutions for each that comes in, or that goes out of one with a
    projected shortcut; 1 for what expands none."""
    pointwise: bool | None = None
    """Whether 1x1 convolutions stand before and behind a kernel whose expansion is 1; so, if not
    given, where that 1 is written down and no channel has a kernel of its own (a bottleneck of
    RegNet, in contrast to MobileNetV2's first block)."""
    repeats: Count = 1
    """How many of them follow each other."""
    squeeze: Least0 = 0
    """Inner channels of a squeeze and excitation for each channel that it gates, 0 where there is
    none: the channels between 1x1 convolutions, in each of the repeats; else those that it puts
    out, once. Its weights are added to the others and work once for an image, not at each pixel."""
    pooling: Literal["none", "average", "max"] = "none"
    """What it pools by, if it does."""
    shortcut: Literal["none", "plain", "projected"] = "none"
    """Whether it adds its input: plain only where the shape stays, projected through a 1x1
    convolution where it does not."""
    stride: Count = 1
    """Pixels of the input for each of the output, along a side."""
    widen: Factor = 1.0
    """Channels that it puts out for each that comes in."""
    width: Annotated[int, Field(ge=0)] = 0
    """Channels that it puts out; 0 where `widen` says."""

    @cached_property
    def expands(self) -> bool:
        """Whether 1x1 convolutions stand before and behind the kernel."""
        if self.expansion != 1:
            return True
        said = "expansion" in self.model_fields_set and not isinstance(self.groups, str)
        return said if self.pointwise is None else self.pointwise

    @cached_property
    def numbers(self) -> tuple[float, ...]:
        """The attributes in the order of ``ATTRIBUTES``, words as numbers."""
        apart = isinstance(self.groups, str)  # each channel has a kernel of its own
        groups = 1 if isinstance(self.groups, str) else self.groups
        square = 0 if self.pooling != "none" else self.kernel**2
        separable = self.groups == "separable"
        if not self.expands:
            weights = float(separable and square > 0) if apart else square / groups
            channel_weights = float(square * apart)
        else:
            inner = 0.0 if apart else square * self.expansion**2 / groups
            weights = 2 * self.expansion + inner if square else 0.0
            channel_weights = square * self.expansion * apart
        reach = self.repeats * self.dilation * max(self.kernel - 1, 0) / 2
        gates = 2 * self.squeeze * (self.repeats * self.expansion**2 if self.expands else 1)
        totals = (
            (self.repeats * weights if self.weights is None else self.weights) + gates,
            reach if self.reach is None else self.reach,
            self.repeats * channel_weights
            if self.channel_weights is None
            else self.channel_weights,
        )
        words = (("none", "average", "max").index(self.pooling), _SHORTCUTS.index(self.shortcut))
        rest = (
            *(self.kernel, self.dilation, 0 if apart else groups, int(separable)),
            *(self.expansion, self.repeats, *words, self.stride, self.widen, self.width),
            *(int(self.expands and square > 0), self.squeeze),
        )
        return tuple(map(float, (*totals, *rest)))


_SHORTCUTS = ("none", "plain", "projected")
# Groups are 0 where each channel is one; pooling is 1 by the average and 2 by the maximum; shortcut
# is 1 where it is plain and 2 where it is projected; pointwise is 1 where 1x1 convolutions stand
# around the kernel, whatever the expansion.
ATTRIBUTES = (
    *("weights", "reach", "channel_weights", "kernel", "dilation", "groups", "separable"),
    *("expansion", "repeats", "pooling", "shortcut", "stride", "widen", "width", "pointwise"),
    "squeeze",
)
UNKNOWN = OperatorAttributes().numbers  # of what nothing is known but words
# Where all are 0, it does nothing.
COUNTED = ("weights", "reach", "channel_weights", "kernel", "pooling", "squeeze")


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator; ``operators.yaml`` says what each field means."""

    name: str
    kind: str
    spelling: MappingProxyType[str, str]
    sentences: MappingProxyType[str, str]
    ours: tuple[str, ...]
    known: OperatorAttributes

    @property
    def attributes(self) -> MappingProxyType[str, float]:
        """What is known of it beside words, as numbers, by name."""
        return MappingProxyType(dict(zip(ATTRIBUTES, self.known.numbers, strict=True)))

    def sentence(self, length: str) -> str:
        """Return the description of one length.

        Raises:
            UnknownNameError: neither the paper nor its code has one of that length.
        """
        if length not in self.sentences:
            raise UnknownNameError(f"sentence length of {self.name}", length, self.sentences)
        return self.sentences[length]


def _read() -> tuple[Operator, ...]:
    entries = yaml.safe_load((resources.files("tgnas") / "operators.yaml").read_text())
    return tuple(
        Operator(
            entry["name"],
            entry["kind"],
            MappingProxyType(entry["spelling"]),
            MappingProxyType(entry["sentences"]),
            tuple(entry.get("ours", ())),
            OperatorAttributes(**entry.get("attributes", {})),
        )
        for entry in entries
    )


VOCABULARY = _read()
NAMES = tuple(operator.name for operator in VOCABULARY)
CODES = MappingProxyType({name: code for code, name in enumerate(NAMES)})
PADDING = 255  # the code of a vertex that is not there


def spellings(space: str) -> dict[str, str]:
    """Return canonical name -> spelling of every operator of a search space."""
    return {op.name: op.spelling[space] for op in VOCABULARY if space in op.spelling}
