"""alphaNAS (Jin et al., OOPSLA 2022, arXiv 2205.03960): evolution of properties of programs.

A mutation takes a subgraph with one way in and one way out, works out its properties (shape, depth,
mixing), changes some of them, and has a subgraph synthesised that has the changed ones. Where a
surrogate is given, several mutants are made of each parent and the best-scored one is queried.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Bool, UInt8
from pydantic import Field

from tgnas.cell import Cells
from tgnas.errors import ConfigError
from tgnas.methods.card import Card
from tgnas.methods.light_contracts import Oracle, Surrogate, Trace
from tgnas.methods.settings import MethodSettings
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.forms.base import INPUT, OUTPUT, Graph
from tgnas.spaces.programs import BASE, CODE_OF, EFFECTS, Programs, sound
from tgnas.spaces.properties import Properties, properties_of, whole
from tgnas.spaces.space import Space
from tgnas.spaces.synthesis import Start, skips_of, synthesise
from tgnas.training.splits import TrainingSet

CARD = Card(
    title="alphaNAS",
    reference="Jin et al., OOPSLA 2022, arXiv 2205.03960",
    needs="scores or labels",
    deviations=(
        "a reconstruction: no code is public; operators, abstraction and distance are ours",
        "a synthesised subgraph has exactly the properties asked for",
        "a surrogate may choose among mutants (ours)",
    ),
)
DETERMINISTIC = False
BATCH = 25  # of a search by a predictor
TRIES = 200  # of a mutation, before a random neighbour takes its place


class Settings(MethodSettings):
    """Settings of alphaNAS."""

    budget: int = Field(default=2429, ge=1)
    """Architectures that are scored, the first network among them."""
    living: int = Field(default=50, ge=1)
    """Architectures in the population."""
    sample: int = Field(default=10, ge=1)
    """Those of them that a parent is the best of."""
    batch: int = Field(default=1, ge=1)
    """Children that are scored at once."""
    largest: int = Field(default=4, ge=1)
    """Operators of the subgraph that is replaced, at most."""
    longer: int = Field(default=2, ge=0)
    """By how many operators what replaces it may be longer."""
    skips: float = Field(default=0.15, ge=0, le=1)
    """Chance of every skip in what is synthesised."""
    proposals: int = Field(default=1, ge=1)
    """Mutants of a parent of which the surrogate's best is scored; without one the first is."""


def settings_within(space: Space, budget: int) -> Settings:
    """Return the settings with which `budget` architectures are scored, in batches.

    Raises:
        ConfigError: the space's architectures are no programs.
    """
    _check(space)
    return Settings(budget=budget, batch=BATCH)


def search(
    space: Space,
    oracle: Oracle,
    settings: Settings,
    generator: np.random.Generator,
    surrogate: Surrogate | None = None,
) -> Trace:
    """Return the best-scored of ``settings.budget`` programs, begun at ``programs.BASE``.

    Raises:
        ConfigError: the space's architectures are no programs.
    """
    _check(space)
    trace, first = Trace(oracle), space.architectures([BASE])
    population = deque([(first, float(trace.query(first)[0]))], maxlen=settings.living)
    seen = set(first.row_keys())
    while trace.queries < settings.budget:
        count = min(settings.batch, settings.budget - trace.queries)
        scorer = None
        if surrogate is not None and settings.proposals > 1:
            known = TrainingSet(trace.architectures, trace.scores, space.name)
            scorer = surrogate.fit(known, generator)
        children = []
        for _ in range(count):
            drawn = generator.integers(len(population), size=settings.sample)
            parent, _ = max((population[place] for place in drawn), key=lambda member: member[1])
            proposals = settings.proposals if scorer else 1
            mutants = [_new(space, parent, settings, generator, seen) for _ in range(proposals)]
            best = 0
            if scorer is not None:
                best = int(np.argmax(scorer.score(Architectures.concatenate(mutants))))
            children.append(mutants[best])
            seen.update(mutants[best].row_keys())
        born = Architectures.concatenate(children)
        population.extend(zip(children, trace.query(born).tolist(), strict=True))
    return trace.choose_best()


def _check(space: Space) -> None:
    if not isinstance(space.form, Programs):
        raise ConfigError(
            f"alphanas synthesises parts of programs, and architectures of {space.name} are none; "
            "search the space programs"
        )


def _new(
    space: Space,
    parent: Architectures,
    settings: Settings,
    generator: np.random.Generator,
    seen: set[bytes],
) -> Architectures:
    """Return a mutant that was not queried yet, as far as a few tries find one."""
    for _ in range(TRIES):
        mutant = mutated(space, parent, settings, generator)
        if mutant is not None and mutant.row_keys()[0] not in seen:
            return mutant
    return space.mutate(parent, generator)


def mutated(
    space: Space, parent: Architectures, settings: Settings, generator: np.random.Generator
) -> Architectures | None:
    """Return a program with a subgraph of other properties, or None where this draw leads to none.

    Args:
        space: of programs.
        parent: one of them.
        settings: how large the subgraph may be.
        generator: of the subgraph, the properties, and what has them.
    """
    size = int(parent.cells.sizes[0])
    edges = parent.cells.adjacency()[0, :size, :size]
    codes = parent.cells.operators[0, :size]
    part = _subgraph(edges, settings.largest, generator)
    first, last, entry = part
    inside = _alone(codes, edges, part)
    has = Properties(*whole(inside, properties_of(inside, EFFECTS)[0])[0].tolist())
    start = Start(*properties_of(parent.cells, EFFECTS)[0][0, entry, :2].tolist())
    free = space.form.vertices - size
    most = last - first + 1 + min(settings.longer, free)
    operators = synthesise(changed(has, generator), start, most, generator).operators
    if operators is None:
        return None
    skips = skips_of(operators, settings.skips, generator)
    cells = space.form.pack([_replaced(codes, edges, part, operators, skips)])
    # A changed shape may not fit what the rest of the program adds to it.
    return replace(parent, cells=cells) if sound(cells)[0] and cells.sizes[0] > 2 else None


def changed(has: Properties, generator: np.random.Generator) -> Properties:
    """Return properties of which some are one step up or down, each drawn by itself."""
    steps = generator.choice([-1, 0, 1], size=5, p=[0.3, 0.5, 0.2])
    widen, shrink = generator.choice([-1, 0, 1], size=2, p=[0.1, 0.8, 0.1])
    return Properties(
        has.channels + int(widen),
        max(has.side + int(shrink), 0),
        max(has.depth + int(steps[2]), 0),
        int(np.clip(has.pixels + steps[3], 0, 2)),
        int(np.clip(has.mixing + steps[4], 0, 1)),
    )


def _subgraph(
    edges: Bool[np.ndarray, "V V"], largest: int, generator: np.random.Generator
) -> tuple[int, int, int]:
    """Return the first and last vertex of a random part with one way in and one way out.

    The third is the vertex outside that the part hears. What passes the part by stays as it is.
    """
    size, parts = len(edges), []
    for first in range(1, size - 1):
        for last in range(first, min(first + largest, size - 1)):
            sources = np.flatnonzero(edges[:first, first : last + 1].any(axis=1))
            if len(sources) == 1 and not edges[first:last, last + 1 :].any():
                parts.append((first, last, int(sources[0])))
    return parts[int(generator.integers(len(parts)))]


def _alone(
    codes: UInt8[np.ndarray, " V"], edges: Bool[np.ndarray, "V V"], part: tuple[int, int, int]
) -> Cells:
    """Return a part of a program as a program."""
    first, last, entry = part
    inner = list(range(first, last + 1))
    operators = np.array([[INPUT, *codes[inner], OUTPUT]], dtype=np.uint8)
    adjacency = np.zeros((1, len(inner) + 2, len(inner) + 2), dtype=bool)
    adjacency[0, :-1, 1:-1] = edges[np.ix_([entry, *inner], inner)]
    adjacency[0, -2, -1] = True
    return Cells.from_arrays(operators, adjacency)


def _replaced(
    codes: UInt8[np.ndarray, " V"],
    edges: Bool[np.ndarray, "V V"],
    part: tuple[int, int, int],
    operators: Sequence[str],
    inside: Sequence[tuple[int, int]],
) -> Graph:
    """Return a program with a sequence, and skips of it, in the place of a part."""
    first, last, entry = part
    longer = len(operators) - (last - first + 1)

    def moved(vertex: int) -> int:
        return vertex if vertex < first else vertex + longer

    def placed(vertex: int) -> int:
        return entry if vertex == 0 else first + vertex - 1

    after = np.flatnonzero(edges[last]).tolist()
    pairs = {
        (moved(source), moved(target))
        for source, target in np.argwhere(edges).tolist()
        if not first <= source <= last and not first <= target <= last
    }
    for source, target in inside:
        targets = [moved(v) for v in after] if target > len(operators) else [placed(target)]
        pairs |= {(placed(source), to) for to in targets}
    names = [CODE_OF[name] for name in operators]
    return [*codes[:first].tolist(), *names, *codes[last + 1 :].tolist()], sorted(pairs)
