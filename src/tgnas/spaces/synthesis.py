"""Programs with properties that are asked for.

``progressive`` is the idea of alphaNAS (Jin et al., OOPSLA 2022, arXiv 2205.03960, section 5): the
program grows by operators each of which brings its properties nearer to those asked for, so that no
program is ever tried and thrown away. ``shortest`` searches the abstract states breadth-first: of
equal properties only the shortest sequence matters, since all that follows is the same for both. It
finds a sequence wherever there is one, so that a request for which it finds none is unsatisfiable.

That holds of graphs too: for each operator of ours there is one, or there are two, that mix as much
and change neither shape nor depth, so that whatever a branch adds to a sum of two programs, no more
operators behind the deeper one add as well.
"""

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from functools import cache
from types import MappingProxyType
from typing import Literal, NamedTuple

import numpy as np

from tgnas.spaces.programs import HALVINGS, NARROWEST, OPERATORS, WIDEST
from tgnas.spaces.properties import IDENTITY, Properties

By = Literal["progressive", "exhaustive", "none"]
_EFFECTS = MappingProxyType({name: kind.effect for name, kind in OPERATORS.items()})


class Start(NamedTuple):
    """The shape that comes in, as ``Properties`` counts it from the stem."""

    channels: int = 0
    side: int = 0


@dataclass(frozen=True, slots=True)
class Synthesis:
    """A sequence of operators that has the properties, or none.

    Attributes:
        operators: of the sequence; None where there is none within the bound.
        by: what found it.
        tried: abstract states that were looked at.
    """

    operators: tuple[str, ...] | None
    by: By
    tried: int


def synthesise(
    request: Properties, start: Start, most: int, generator: np.random.Generator
) -> Synthesis:
    """Return a sequence of at most `most` operators whose properties are exactly those asked for.

    Args:
        request: what a program is to do to what comes in.
        start: the shape of that, from which the space's bounds count.
        most: operators of the sequence.
        generator: of the operators among those that bring the properties nearer.
    """
    operators, tried = progressive(request, start, most, generator)
    if operators is not None:
        return Synthesis(operators, "progressive", tried)
    known = shortest(start, most)
    sequence = known.get(request)
    return Synthesis(sequence, "none" if sequence is None else "exhaustive", tried + len(known))


def progressive(
    request: Properties, start: Start, most: int, generator: np.random.Generator
) -> tuple[tuple[str, ...] | None, int]:
    """Return a sequence that grows towards the request, or None where no step leads nearer."""
    state, tried = IDENTITY, 0
    sequence: list[str] = []
    while state != request:
        if len(sequence) == most:
            return None, tried
        steps = {name: state.then(effect) for name, effect in _EFFECTS.items()}
        tried += len(steps)
        nearer = [
            name
            for name, moved in steps.items()
            if moved.distance(request) < state.distance(request)
            and _within(moved, start)
            and not _beyond(moved, request)
        ]
        if not nearer:
            return None, tried
        chosen = nearer[int(generator.integers(len(nearer)))]
        sequence.append(chosen)
        state = steps[chosen]
    return tuple(sequence), tried


@cache
def shortest(start: Start, most: int) -> MappingProxyType[Properties, tuple[str, ...]]:
    """Return all properties of sequences of at most `most` operators, with a shortest of each."""
    sequences: dict[Properties, tuple[str, ...]] = {IDENTITY: ()}
    newest = [IDENTITY]
    for _ in range(most):
        following = []
        for state in newest:
            for name, effect in _EFFECTS.items():
                moved = state.then(effect)
                if moved not in sequences and _within(moved, start):
                    sequences[moved] = (*sequences[state], name)
                    following.append(moved)
        newest = following
    return MappingProxyType(sequences)


def _within(state: Properties, start: Start) -> bool:
    channels, side = start.channels + state.channels, start.side + state.side
    return NARROWEST <= channels <= WIDEST and side <= HALVINGS


def _beyond(state: Properties, request: Properties) -> bool:
    """Tell whether a state has more than is asked for of what never becomes less."""
    return any(a > b for a, b in zip(astuple(state)[1:], astuple(request)[1:], strict=True))


def skips_of(
    operators: Sequence[str], share: float, generator: np.random.Generator
) -> list[tuple[int, int]]:
    """Return edges of a sequence with random skips, from vertex 0 to the last one.

    A skip passes on what has the shape of what it is added to, and changes no property.
    """
    shapes = [(0, 0)]
    for name in operators:
        effect = _EFFECTS[name]
        shapes.append((shapes[-1][0] + effect.channels, shapes[-1][1] + effect.side))
    last = len(operators) + 1
    chain = [(vertex, vertex + 1) for vertex in range(last)]
    skips = [
        (source, target)
        for target in range(2, last + 1)
        for source in range(target - 1)
        if shapes[source] == shapes[target - 1] and generator.random() < share
    ]
    return sorted(chain + skips)
