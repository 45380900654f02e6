"""What the operators of a space are taken for, and which of them a predictor cannot tell apart."""

from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from tgnas.cell import Cells
from tgnas.costs.uncounted import said_uncounted
from tgnas.encodings.embeddings import KnownOperators, OperatorEmbeddings
from tgnas.encodings.live import is_dead
from tgnas.inference.scorers import Scoring, Together
from tgnas.operators import (
    ATTRIBUTES,
    NAMES,
    UNKNOWN,
    VOCABULARY,
    OperatorAttributes,
)
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.descriptions import attributes_of, unread_words
from tgnas.spaces.space import Space, numberless

DRAWN = 64  # architectures in which operators are exchanged
ALIKE = 0.01  # of the scores' standard deviation: what an exchange must change on average
_WORDS = {"pooling": ("", "average pool", "max pool"), "shortcut": ("", "plain", "projected")}
_ENDS = {"input", "output"}
_OF_PLACE = ("stride", "widen", "width")  # attributes that stand in a file beside any description
_SIZES = (*_OF_PLACE, "weights", "reach", "channel_weights", "kernel")  # which siblings differ in


@dataclass(frozen=True, slots=True)
class Understood:
    """What one operator is taken for.

    Attributes:
        spelling: as the space writes it.
        name: its name in the vocabulary, or "new".
        description: of a new one.
        attributes: what is known of it beside words.
        nearest: the operator of the vocabulary whose sentence vector is most like its own.
        similarity: the cosine of the two vectors.
    """

    spelling: str
    name: str
    description: str
    attributes: str
    nearest: str
    similarity: float


def understood(space: Space, embeddings: OperatorEmbeddings) -> list[Understood]:
    """Return what each operator of a space is taken for.

    Raises:
        ResourceError: the sentence transformer, which new descriptions need, is not to be had.
    """
    known = KnownOperators.of(embeddings, space.new)
    inner = [code for code, name in enumerate(NAMES) if name not in _ENDS]
    rows = []
    for spelled, code in space.operators.items():
        new = space.new[code - len(NAMES)] if code >= len(NAMES) else None
        numbers = new.attributes if new else tuple(VOCABULARY[code].attributes.values())
        likeness = known.vectors[inner] @ known.vectors[code]
        best = int(likeness.argmax())
        nearest, similarity = NAMES[inner[best]], float(likeness[best])
        if new is None:
            nearest, similarity = NAMES[code], 1.0
        name, words = ("new", new.description) if new else (NAMES[code], "")
        about = _said(numbers) or ("unknown" if new else "")
        rows.append(Understood(spelled, name, words, about, nearest, similarity))
    return rows


def doubtful_readings(space: Space) -> list[str]:
    """Return what should be looked at where a description alone says what an operator is.

    No number could be read of it, or some of its words were not read, or the vocabulary knows more
    of an operator of the space than the same words would say, such as that DARTS' separable
    convolutions come in pairs.
    """
    doubts = []
    if uncounted := said_uncounted(space):
        doubts.append(uncounted)
    of_vocabulary = [VOCABULARY[c] for c in space.operators.values() if c < len(NAMES)]
    wordy = numberless(space)
    for spelled, code in space.operators.items():
        new = space.new[code - len(NAMES)] if code >= len(NAMES) else None
        if new is None or spelled in wordy:
            continue
        read = attributes_of(new.description)
        if _but(new.attributes, *_OF_PLACE) != _but(read.numbers, *_OF_PLACE):
            continue  # the file says more than the words
        if unread := unread_words(new.description):
            words = f"the word{'s' * (len(unread) > 1)} {', '.join(map(repr, unread))}"
            doubts.append(
                f"{spelled!r} is read without {words}; what changes what it is, attributes say"
            )
        for other in of_vocabulary:
            alone = attributes_of(other.sentences["short"])
            own = _unlike(other.known, alone)
            if own and _but(alone.numbers, *_SIZES) == _but(read.numbers, *_SIZES):
                told = ", ".join(f"{name}: {value}" for name, value in own.items())
                doubts.append(
                    f"{spelled!r} is read as its words say, but {other.name} is as in DARTS, with "
                    f"{{{told}}}; say attributes if {spelled!r} is, too"
                )
                break
    return doubts


def not_told_apart(
    space: Space, predictor: Scoring, architectures: Architectures
) -> list[tuple[str, ...]]:
    """Return operators that a predictor does not tell apart, as the space spells them.

    Two operators are exchanged in each architecture that has one; where that changes scores by less
    than 1 % of their standard deviation on average, the predictor takes one for the other. Dead
    networks, which are last whatever their operators are, count neither before nor afterwards.

    Args:
        space: whose operators they are.
        predictor: what scores; of several together each member must take one for the other.
        architectures: some of the space's.
    """
    parts = predictor.members if isinstance(predictor, Together) else (predictor,)
    architectures = architectures[~is_dead(architectures)]
    before = [part.score(architectures, space) for part in parts]
    spreads = [max(float(np.std(scores)), np.finfo(float).tiny) for scores in before]
    groups: dict[str, tuple[str, ...]] = {name: (name,) for name in space.operators}
    for (one, first), (other, second) in combinations(space.operators.items(), 2):
        exchanged = _exchanged(architectures, first, second)
        others = exchanged.cells.operators != architectures.cells.operators
        rows = others.reshape(len(exchanged), -1).any(axis=1) & ~is_dead(exchanged)
        if not rows.any() and first != second:
            continue
        after = [part.score(exchanged[rows], space) for part in parts]
        changes = [np.abs(b - a[rows]).sum() for a, b in zip(before, after, strict=True)]
        if all(c <= ALIKE * s * rows.sum() for c, s in zip(changes, spreads, strict=True)):
            both = {*groups[one], *groups[other]}
            joined = tuple(name for name in space.operators if name in both)
            groups |= dict.fromkeys(joined, joined)
    return [group for name, group in groups.items() if len(group) > 1 and group[0] == name]


def _exchanged(architectures: Architectures, one: int, other: int) -> Architectures:
    codes = architectures.cells.operators
    swapped = np.where(
        codes == one, np.uint8(other), np.where(codes == other, np.uint8(one), codes)
    )
    return replace(architectures, cells=Cells(swapped, architectures.cells.edges))


def _but(numbers: tuple[float, ...], *names: str) -> list[float]:
    """Return attributes without some."""
    return [n for name, n in zip(ATTRIBUTES, numbers, strict=True) if name not in names]


def _unlike(known: OperatorAttributes, read: OperatorAttributes) -> dict[str, object]:
    """Return the attributes in which one operator differs from another, of those that are set."""
    return {
        name: getattr(known, name)
        for name in known.model_fields_set
        if getattr(known, name) != getattr(read, name)
    }


def _said(numbers: tuple[float, ...]) -> str:
    """Return in words what attributes say that is not said of every unknown operator."""
    of = dict(zip(ATTRIBUTES, numbers, strict=True))
    usual = dict(zip(ATTRIBUTES, UNKNOWN, strict=True))
    parts = []
    told = (
        "pooling",
        "kernel",
        "dilation",
        "groups",
        "expansion",
        "repeats",
        "squeeze",
        "shortcut",
    )
    for name in told:
        if of[name] == usual[name]:
            continue
        if name == "groups" and not of[name]:
            parts.append("separable" if of["separable"] else "depth-wise")
        elif name in _WORDS:
            word = _WORDS[name][int(of[name])]
            parts.append(f"{word} {name}" if name == "shortcut" else word)
        else:
            parts.append(f"{name} {of[name]:g}")
    parts += ["pointwise"] * (of["pointwise"] > 0 and of["expansion"] == usual["expansion"])
    parts += [f"{n} {of[n]:g}" for n in ("stride", "widen", "width") if of[n] != usual[n]]
    weights = [f"{of['weights']:g} C^2"] * (of["weights"] > 0)
    weights += [f"{of['channel_weights']:g} C"] * (of["channel_weights"] > 0)
    parts += [f"{' + '.join(weights)} weights"] * bool(weights)
    parts += [f"reach {of['reach']:g}"] * (of["reach"] > 0)
    return ", ".join(parts)
