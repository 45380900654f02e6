"""What a plain description says of an operator: attributes, and words that say something else."""

import re
from typing import Any

from tgnas.operators import OperatorAttributes

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
    "kernel": r"\b(\d+) ?(?:x|by|\*) ?(\d+)\b|kernel(?: size)? (\d+) ?, ?(\3)\b",
    "side": r"\b(?:kernel|filter|window)s?(?: size)?(?: of| is)? (?:size )?(\d+)\b"
    r"(?! ?(?:x|by))|\bk ?(\d+)\b",
    "dilation": r"dilat\w*(?: rate| factor)?(?: of)? (\d+)\b|\brate(?: of)? (\d+)\b|\bd ?(\d+)\b",
    "groups": r"\b(\d+) groups|groups(?: of)? (\d+)\b|cardinality(?: of)? (\d+)\b|\bg ?(\d+)\b",
    "expansion": r"expan\w*(?: ratio| factor)?(?: of)? (\d+(?:\.\d+)?)"
    r"|expan\w*[^.;]*? (\d+(?:\.\d+)?) times"
    r"|expan\w*[^.;]*? factor(?: of)? (\d+(?:\.\d+)?)|\be ?(\d+(?:\.\d+)?)\b",
    "stride": r"strides?(?: of)? (\d+)\b|\bs ?(\d+)\b",
}
# How often: looked for in what the other clues leave, where # stands for a kernel.
_REPEATS = (
    r"(?:repeated|applied|stacked) (\d+) times|(?<=[a-z,;]) ?\bx ?(\d+)\b"
    r"|\b(\d+) (?:[a-z]+ )*(?:# )?[a-z ]*(?:convolutions|convs)\b"
)
_TIMES = r"\b(\d+) times\b"
_TWICE = r"\btwice\b(?! (?:as|the)\b)|\bonce more\b"
_HOLES = ("dilat", "atrous", "with holes")
# Numbers that are no attribute, and may stand there; any other that no clue takes is a riddle.
_ASIDE = r"\b2 ?d(?:imensional)?\b|\bpad(?:ding)? \d+\b|\bbench \d+\b|\bresnet \d+\b"
_ASIDE += r"|\brelu 6\b|\b1 group\b|\bmomentum \d+(?:\.\d+)?\b"
# The number of squeeze and excitation, of which ``squeeze`` says what it is a share of.
_SQUEEZE = r"\b(se|excitation)((?: ratio| factor| reduction)?)(?: of)? \d+(?:\.\d+)?\b"
_NUMBER = r"\b(?!1\b)\d+(?:\.\d+)?\b"
# What attributes cannot say: signals and volumes, an expansion by the kernel itself, larger images,
# weights that are computed from the input, and groups and strides of which no one says how many.
_BEYOND = (
    r"\b(?:[a-z]*conv)?[13][- ]?d\b(?! ?[=:]? ?\d)|\b(?:1|3|one|three)[- ]dimensional\b"
    r"|\btemporal\b|\bcausal|\b(?:over|along|across) (?:(?:the|a) )?(?:time|frequenc|sequence|token"
    r"|word|frame)|\bfused|\btranspos|\bdeconv|\bupsampl|\battenti(?:on|ve)\b(?![- ]free)"
)
_GROUPED = r"\bgroup(?:ed|s)?\b(?! norm)"
_STRIDED = r"\bstrided\b|\bdown ?sampl"
_SINGLE = r"\b1 ?(?:x|by|\*) ?1\b"
_BETWEEN = r"\b(?:follow\w*|then|behind|before|after|and)\b|[>+;,]"  # two convolutions
# A composition that names none of its parts but a depthwise convolution has others.
_COMPOSED = r"\b(?:blocks?|modules?)\b|(?<!linear )\bunits?\b(?! stride)"
# A kernel for each channel, and what mixes them afterwards, said in other words.
_OWN_KERNELS = (
    r"\beach (?:\w+ )?channel\b[^.;]*\b(?:its own|separately|individually|by itself)\b"
    r"|\bchannels\b[^.;]*\b(?:one by one(?! (?:kernel|filter|conv))|separately|individually)\b"
)
# Words that change nothing of what attributes say, and those that attributes are read from.
_PLAIN = re.compile(
    r"""(?x)
    a | all | also | an | and | another | any | are | as | at | before | behind | beside | between
    | both | by | each | every | for | from | full | has | have | here | in | is | it | its | itself
    | more | no | of | on | once | one | only | or | ordinary | other | others | over | own | same
    | single | standard | that | the | them | then | these | this | times? | to | together | twice
    | usual | where | which | with | within | without | wise | two | [a-z]
    | activations? | added | adding | adds | appl(?:ied|ies|y) | atrous | averag\w* | avg\w* | back
    | batch\w* | blocks? | bn | bottleneck | cardinality | cells? | channels? | consecutive
    | conv(?:s|2d|ol\w*)?
    | depth(?:wise)? | dilat\w* | expan\w* | extent | factor | fields? | filters? | follow\w*
    | [gs]?elu | group(?:ed|s|norm)? | h?swish | hard | hardswish | hidden | holes | individually
    | inputs? | inside | inverted\w* | keeps | kernel\w* | largest | layers? | layernorm | leaky
    | leakyrelu | learn(?:ed|t)? | linear | max\w* | mbconv | mean | mix\w* | mobilenet\w*
    | modules? | neighbou?rhood | nn | nonlinearity | norm\w* | op | operat\w*
    | outputs? | padding | pairs? | parameters | pixels? | plain | point\w* | pool\w* | positions?
    | project(?:ed|s)? | rate | ratio | receptive | rectifie[dr] | regular | relu6? | repeated
    | residual | row | separabl[ey] | separately | shortcut | sides? | silu | size | slid(?:es|ing)
    | spatial | square | stacked | step | strided? | succeeded | takes? | taken | units?
    | values? | weights? | wide | windows?
    """
)
_MIXES = r"\bmix\w*\b[^.;]*\bchannels\b|\bchannels\b[^.;]*\bmix"


def attributes_of(description: str) -> OperatorAttributes:
    """Return the attributes that a plain description says; none where it can be read in two ways.

    A convolution or a pool is understood where it names one square kernel: *Depth-wise separable
    convolution 7 by 7*, *Max pooling, kernel size 5*, *Inverted residual convolution 5 by 5,
    expansion 6*, *3x3 separable conv, applied twice*, *MBConv6 5x5*, *DW conv., k = 3, d = 2*. A
    1x1 beside a depthwise kernel is what mixes the channels, and *1x7 then 7x1 convolution* a
    kernel of 7 in two parts. Of what has no kernel nothing is said, and nothing where a number
    says something else (*3x3 convolution to 64 channels*).
    """
    plain = description.casefold()
    full = _in_full(plain)
    text = _in_digits(full)
    words = ("separable", "pointwise", "point wise", "inverted", "mbconv")
    mixes = any(word in text for word in words)
    apart = mixes or "depthwise" in text or "depth wise" in text
    apart |= re.search(_OWN_KERNELS, full) is not None
    matches = {name: _said(clue, text) for name, clue in _CLUES.items()}
    matches["repeats"] = _said(_REPEATS, _rest(text))
    if not matches["expansion"]:
        matches["repeats"] |= _said(_TIMES, text)
    pairs = matches.pop("kernel")
    sides = {int(side) for sides in (*pairs, *matches.pop("side")) for side in sides}
    if apart and len(sides) == 2 and 1 in sides:
        sides.remove(1)
        mixes = True
    in_two = len(sides) == 2 and pairs == {("1", str(max(sides))), (str(max(sides)), "1")}
    if in_two and not (apart or matches["repeats"]):
        sides.remove(1)
    is_pool = "pool" in text
    is_convolution = any(word in text for word in ("conv", "residual", "bottleneck"))
    ambiguous = any(len(values) > 1 for values in matches.values()) or is_pool == is_convolution
    # Groups of which no one says how many, and those of pointwise convolutions.
    in_groups = re.search(_GROUPED, text) is not None
    ambiguous |= bool(matches["groups"]) if apart else in_groups and not matches["groups"]
    ambiguous |= not matches["stride"] and re.search(_STRIDED, text) is not None
    # A 1x1 beside a depthwise kernel is a part of the one convolution.
    ambiguous |= not in_two and _follow(re.sub(_SINGLE, " ", text) if apart else text)
    ambiguous |= bool(re.search(_BEYOND, plain) or re.search(_NUMBER, _without_clues(text)))
    if ambiguous or len(sides) != 1:
        return OperatorAttributes()
    kernel = sides.pop()
    numbers = {name: float(next(iter(values))[0]) for name, values in matches.items() if values}
    if 0 in (kernel, *numbers.values()):
        return OperatorAttributes()
    if is_pool:
        several = in_two or re.search(_TWICE, text) or any(word in text for word in _HOLES)
        only = numbers.keys() <= {"stride"}
        stride = int(numbers.get("stride", 1))
        return _pool(kernel, stride, text) if only and not several else OperatorAttributes()
    attributes: dict[str, Any] = {"kernel": kernel} | {
        name: number if name == "expansion" else int(number) for name, number in numbers.items()
    }
    if in_two:
        attributes["weights"] = 2.0 * kernel
    if any(word in text for word in _HOLES) and "dilation" not in attributes:
        attributes["dilation"] = 2
    if re.search(_TWICE, text):
        attributes["repeats"] = 2
    if apart and kernel > 1:  # a pointwise convolution is no more than its kernel says
        mixes |= re.search(_MIXES, text) is not None
        attributes["groups"] = "separable" if mixes else "depthwise"
    return _of_block(attributes, text)


def _follow(text: str) -> bool:
    """Tell whether convolutions that are named one by one follow each other."""
    parts = re.split(_BETWEEN, _rest(text))
    return sum("#" in part and "conv" in part for part in parts) > 1


def _pool(kernel: int, stride: int, text: str) -> OperatorAttributes:
    """Return the attributes of a pool; none where a text names both kinds, or neither."""
    averages = any(word in text for word in ("average", "avg", "averag", "mean"))
    largest = "max" in text or "largest" in text
    if averages == largest:
        return OperatorAttributes()
    strided: dict[str, Any] = {"stride": stride} if stride > 1 else {}
    return OperatorAttributes(kernel=kernel, pooling="max" if largest else "average", **strided)


def _of_block(attributes: dict[str, Any], text: str) -> OperatorAttributes:
    """Return the attributes of a convolution, or of the block that a text says it stands in.

    They are none where others of the block's parts are not named.
    """
    if any(word in text for word in ("inverted residual", "inverted bottleneck", "mbconv")):
        return OperatorAttributes(**attributes, shortcut="plain")
    if "bottleneck" in text and not attributes.get("expansion", 2) <= 1:
        return OperatorAttributes()  # no one says how much narrower its middle is
    if attributes.get("groups") == "depthwise" and re.search(_COMPOSED, text):
        return OperatorAttributes()
    if "residual" in text and "block" in text:
        usual = {"repeats": 1 if "bottleneck" in text else 2}
        return OperatorAttributes(**usual | attributes, shortcut="projected")
    return OperatorAttributes(**attributes)


def unread_words(description: str) -> tuple[str, ...]:
    """Return the words of a description that its attributes are read without, each once."""
    text = _without_clues(_in_digits(_in_full(description.casefold())))
    words = re.findall(r"[^\W\d_][\w']*", text)
    return tuple(dict.fromkeys(word for word in words if not _PLAIN.fullmatch(word)))


def _in_full(text: str) -> str:
    """Return a text without marks, and with what is shortened written out."""
    plain = text.replace("\u00d7", "x")
    plain = re.sub(r"(?<=conv)(?=\d+ ?x ?\d)", " ", plain)  # as in Conv3x3
    text = " ".join(re.sub(r"[-=_:()]|(?<=[a-z])\.", " ", plain).split())
    for word, full in _SHORTENED.items():
        text = re.sub(rf"\b{word}\b", full, text)
    return text


def _in_digits(text: str) -> str:
    """Return a text with its numbers in digits, without those that are no attribute."""
    for word, number in _NUMBERS.items():
        text = re.sub(rf"\b{word}\b", str(number), text)
    return re.sub(_ASIDE, " ", re.sub(_SQUEEZE, r"\1\2", text))


def _rest(text: str) -> str:
    """Return what no clue but that of repeats takes, with # for a kernel and | for other clues."""
    for name, clue in _CLUES.items():
        text = re.sub(clue, " # " if name in ("kernel", "side") else " | ", text)
    return " ".join(text.split())


def _without_clues(text: str) -> str:
    """Return what no clue of a text takes."""
    text = _rest(text)
    for clue in (_REPEATS, _TIMES, r"[#|]"):
        text = re.sub(clue, " ", text)
    return text


def _said(clue: str, text: str) -> set[tuple[str, ...]]:
    """Return the different numbers that a clue finds."""
    groups = (m if isinstance(m, tuple) else (m,) for m in re.findall(clue, text))
    return {tuple(filter(None, group)) for group in groups}
