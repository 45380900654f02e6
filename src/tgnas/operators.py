"""The operator vocabulary, read from ``operators.yaml``: one place for names and sentences."""

import re
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from types import MappingProxyType
from typing import Annotated, Any, Literal

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
    of the kernel, and a 1x1 convolution to the channels that it puts out.
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
    """Channels between its 1x1 convolutions for each that comes in; 1 for what expands none."""
    repeats: Count = 1
    """How many of them follow each other."""
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
    def numbers(self) -> tuple[float, ...]:
        """The attributes in the order of ``ATTRIBUTES``, words as numbers."""
        apart = isinstance(self.groups, str)  # each channel has a kernel of its own
        groups = 1 if isinstance(self.groups, str) else self.groups
        square = 0 if self.pooling != "none" else self.kernel**2
        separable = self.groups == "separable"
        if self.expansion == 1:
            weights = float(separable and square > 0) if apart else square / groups
            channel_weights = float(square * apart)
        else:
            inner = 0.0 if apart else square * self.expansion**2 / groups
            weights = 2 * self.expansion + inner if square else 0.0
            channel_weights = square * self.expansion * apart
        reach = self.repeats * self.dilation * max(self.kernel - 1, 0) / 2
        given = (
            self.repeats * weights if self.weights is None else self.weights,
            reach if self.reach is None else self.reach,
            self.repeats * channel_weights
            if self.channel_weights is None
            else self.channel_weights,
        )
        words = (("none", "average", "max").index(self.pooling), _SHORTCUTS.index(self.shortcut))
        rest = (
            *(self.kernel, self.dilation, 0 if apart else groups, int(separable)),
            *(self.expansion, self.repeats, *words, self.stride, self.widen, self.width),
        )
        return tuple(map(float, (*given, *rest)))


_SHORTCUTS = ("none", "plain", "projected")
# Groups are 0 where each channel is one; pooling is 1 by the average and 2 by the maximum; shortcut
# is 1 where it is plain and 2 where it is projected.
ATTRIBUTES = (
    *("weights", "reach", "channel_weights", "kernel", "dilation", "groups", "separable"),
    *("expansion", "repeats", "pooling", "shortcut", "stride", "widen", "width"),
)
UNKNOWN = OperatorAttributes().numbers  # of what nothing is known but words


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


_NUMBERS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8}
# Words as tables, papers and libraries shorten them; a pattern is of whole words in lower case.
_SHORTENED = {
    r"sep ?conv(?:\dd)?": "separable conv",
    r"dil ?conv(?:\dd)?": "dilated separable conv",  # so DARTS calls it
    r"dw ?conv(?:\dd)?": "depthwise conv",
    r"pw ?conv(?:\dd)?": "pointwise conv",
    "invertedresidual": "inverted residual",
    r"mb ?conv ?(\d+)(?! ?(?:x|by)\b|x)": r"mbconv, expansion \1",
    "dw": "depthwise",
    "pw": "pointwise",
    "sep": "separable",
    "dil": "dilated",
    "inv": "inverted",
    "res": "residual",
    "avg": "average",
}
_CLUES = {
    "kernel": r"\b(\d+) ?(?:x|by) ?(\d+)\b",
    "side": r"\b(?:kernel|filter|window)s?(?: size)?(?: of| is)? (?:size )?(\d+)\b"
    r"(?! ?(?:x|by))|\bk ?(\d+)\b",
    "dilation": r"dilat\w*(?: rate| factor)?(?: of)? (\d+)\b|\brate(?: of)? (\d+)\b|\bd ?(\d+)\b",
    "groups": r"\b(\d+) groups|groups(?: of)? (\d+)\b|\bg ?(\d+)\b",
    "expansion": r"expan\w*(?: ratio| factor)?(?: of)? (\d+(?:\.\d+)?)"
    r"|expan\w*[^.;]*? (\d+(?:\.\d+)?) times"
    r"|expan\w*[^.;]*? factor(?: of)? (\d+(?:\.\d+)?)|\be ?(\d+)\b",
    "stride": r"strides?(?: of)? (\d+)\b|\bs ?(\d+)\b",
    "repeats": r"(?:repeated|applied|stacked) (\d+) times"
    r"|(?<!by )\b(\d+) [a-z ]*(?:convolutions|convs)\b|[a-z,;] ?\bx ?(\d+)\b",
}
_TIMES = r"\b(\d+) times\b"
_TWICE = r"\btwice\b|\bonce more\b"
_HOLES = ("dilat", "atrous", "with holes")
# A kernel for each channel, and what mixes them afterwards, said in other words.
_OWN_KERNELS = (
    r"\beach (?:\w+ )?channel\b[^.;]*\b(?:its own|separately|individually|by itself)\b"
    r"|\bchannels\b[^.;]*\b(?:one by one(?! (?:kernel|filter|conv))|separately|individually)\b"
)
_MIXES = r"\bmix\w*\b[^.;]*\bchannels\b|\bchannels\b[^.;]*\bmix"


def attributes_of(description: str) -> OperatorAttributes:
    """Return the attributes that a plain description says; none where it can be read in two ways.

    A convolution or a pool is understood where it names one square kernel: *Depth-wise separable
    convolution 7 by 7*, *Max pooling, kernel size 5*, *Inverted residual convolution 5 by 5,
    expansion 6*, *3x3 separable conv, applied twice*, *MBConv6 5x5*, *DW conv., k = 3, d = 2*. A
    1x1 beside a depthwise kernel is what mixes the channels. Of what has no kernel nothing is said.
    """
    plain = description.casefold().replace("\u00d7", "x")
    text = " ".join(re.sub(r"[-=_:()]|(?<=[a-z])\.", " ", plain).split())
    for word, full in _SHORTENED.items():
        text = re.sub(rf"\b{word}\b", full, text)
    own_kernels = re.search(_OWN_KERNELS, text) is not None
    for word, number in _NUMBERS.items():
        text = re.sub(rf"\b{word}\b", str(number), text)
    words = ("separable", "pointwise", "point wise", "inverted", "mbconv")
    pointwise = any(word in text for word in words)
    apart = own_kernels or pointwise or "depthwise" in text or "depth wise" in text
    found = {name: _said(clue, text) for name, clue in _CLUES.items()}
    if not found["expansion"]:
        found["repeats"] |= _said(_TIMES, text)
    sides = {side for pair in found.pop("kernel") for side in pair}
    sides |= {side for (side,) in found.pop("side")}
    if apart and len(sides) == 2 and "1" in sides:
        sides.remove("1")
        pointwise = True
    averages = any(word in text for word in ("average", "avg", "averag", "mean"))
    is_pool = "pool" in text
    is_convolution = any(word in text for word in ("conv", "residual", "bottleneck"))
    ambiguous = any(len(values) > 1 for values in found.values()) or is_pool == is_convolution
    if ambiguous or len(sides) != 1:
        return OperatorAttributes()
    said: dict[str, Any] = {"kernel": int(sides.pop())}
    if is_pool:
        largest = "max" in text or "largest" in text
        if averages == largest:
            return OperatorAttributes()
        return OperatorAttributes(**said, pooling="max" if largest else "average")
    numbers = {name: float(next(iter(values))[0]) for name, values in found.items() if values}
    said |= {
        name: number if name == "expansion" else int(number) for name, number in numbers.items()
    }
    if any(word in text for word in _HOLES) and "dilation" not in said:
        said["dilation"] = 2
    if re.search(_TWICE, text):
        said["repeats"] = 2
    if apart and said["kernel"] > 1:  # a pointwise convolution is no more than its kernel says
        mixes = pointwise or re.search(_MIXES, text) is not None
        said["groups"] = "separable" if mixes else "depthwise"
    if any(word in text for word in ("inverted residual", "inverted bottleneck", "mbconv")):
        said["shortcut"] = "plain"
    elif "residual" in text and "block" in text:
        said |= {"repeats": 2, "shortcut": "projected"}
    return OperatorAttributes(**said)


def _said(clue: str, text: str) -> set[tuple[str, ...]]:
    """Return the different numbers that a clue finds."""
    groups = (m if isinstance(m, tuple) else (m,) for m in re.findall(clue, text))
    return {tuple(filter(None, group)) for group in groups}
