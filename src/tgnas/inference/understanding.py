"""What the operators of a space are taken for, and which of them a predictor cannot tell apart."""

from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from tgnas.cell import Cells
from tgnas.encodings.embeddings import KnownOperators, OperatorEmbeddings
from tgnas.inference.scorers import Scoring, Together
from tgnas.operators import ATTRIBUTES, NAMES, UNKNOWN, VOCABULARY
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.space import Space

DRAWN = 64  # architectures in which operators are exchanged
ALIKE = 0.01  # of the scores' standard deviation: what an exchange must change on average
_WORDS = {"pooling": ("", "average pool", "max pool"), "shortcut": ("", "plain", "projected")}
_ENDS = {"input", "output"}


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


def not_told_apart(
    space: Space, predictor: Scoring, architectures: Architectures
) -> list[tuple[str, ...]]:
    """Return operators that a predictor does not tell apart, as the space spells them.

    Two operators are exchanged in each architecture; where that changes scores by less than 1 % of
    their standard deviation on average, the predictor takes one for the other.

    Args:
        space: whose operators they are.
        predictor: what scores; of several together each member must take one for the other.
        architectures: some of the space's.
    """
    parts = predictor.members if isinstance(predictor, Together) else (predictor,)
    before = [part.score(architectures, space) for part in parts]
    groups: dict[str, tuple[str, ...]] = {name: (name,) for name in space.operators}
    for (one, first), (other, second) in combinations(space.operators.items(), 2):
        exchanged = _exchanged(architectures, first, second)
        after = [part.score(exchanged, space) for part in parts]
        changes = [np.abs(b - a).mean() for a, b in zip(before, after, strict=True)]
        spreads = [max(float(np.std(scores)), np.finfo(float).tiny) for scores in before]
        if all(c <= ALIKE * s for c, s in zip(changes, spreads, strict=True)):
            joined = groups[one] + tuple(n for n in groups[other] if n not in groups[one])
            groups |= dict.fromkeys(joined, joined)
    return [group for name, group in groups.items() if len(group) > 1 and group[0] == name]


def _exchanged(architectures: Architectures, one: int, other: int) -> Architectures:
    codes = architectures.cells.operators
    swapped = np.where(
        codes == one, np.uint8(other), np.where(codes == other, np.uint8(one), codes)
    )
    return replace(architectures, cells=Cells(swapped, architectures.cells.edges))


def _said(numbers: tuple[float, ...]) -> str:
    """Return in words what attributes say that is not said of every unknown operator."""
    of = dict(zip(ATTRIBUTES, numbers, strict=True))
    usual = dict(zip(ATTRIBUTES, UNKNOWN, strict=True))
    parts = []
    for name in ("pooling", "kernel", "dilation", "groups", "expansion", "repeats", "shortcut"):
        if of[name] == usual[name]:
            continue
        if name == "groups" and not of[name]:
            parts.append("separable" if of["separable"] else "depth-wise")
        elif name in _WORDS:
            word = _WORDS[name][int(of[name])]
            parts.append(f"{word} {name}" if name == "shortcut" else word)
        else:
            parts.append(f"{name} {of[name]:g}")
    parts += [f"{n} {of[n]:g}" for n in ("stride", "widen", "width") if of[n] != usual[n]]
    weights = [f"{of['weights']:g} C^2"] * (of["weights"] > 0)
    weights += [f"{of['channel_weights']:g} C"] * (of["channel_weights"] > 0)
    parts += [f"{' + '.join(weights)} weights"] * bool(weights)
    parts += [f"reach {of['reach']:g}"] * (of["reach"] > 0)
    return ", ".join(parts)
