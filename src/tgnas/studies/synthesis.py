"""Property-guided synthesis: are requests satisfied, and what does a search by properties find?

The parts: `requests` has programs synthesised for random properties; `exhaustion` enumerates all
small programs and compares their properties with what the abstract search can reach; each
`search-METHOD-SEED` looks for a smaller network that is as accurate on scikit-learn's digits, from
the residual network that all begin with; `widths` trains that network with fewer channels.

Columns of all parts: kind, name, seed, query, architecture, measure, value.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pydantic import Field

from tgnas.methods.settings import MethodSettings

if TYPE_CHECKING:
    from tgnas.spaces.architectures import Architectures
    from tgnas.spaces.properties import Properties
    from tgnas.spaces.synthesis import Start

REQUESTS, EXHAUSTION, SEARCH, WIDTHS = "requests", "exhaustion", "search", "widths"
METHODS = ("alphanas", "alphanas_predictor", "alphanas_parameters", "neighbours")
PREDICTOR = "universal"
EXPONENT = -0.07  # of the parameters in the reward, as MnasNet's (Tan et al., arXiv 1807.11626)
FIRST_TRAINING = 1000  # seed of the trainings after a search


class Settings(MethodSettings):
    """What is asked for and what is trained."""

    requests: int = Field(default=10_000, ge=1)
    """Random requests at each bound."""
    bounds: tuple[int, ...] = (3, 8)
    """The most operators of a program; up to the first all programs are enumerated."""
    guesses: int = Field(default=100, ge=1)
    """Random sequences that stand beside the synthesis, for each request."""
    built: int = Field(default=300, ge=0)
    """Synthesised programs that are built and run."""
    channels: int = Field(default=8, ge=4)
    """Of the networks' stem."""
    queries: int = Field(default=48, ge=2)
    """Trainings of a search."""
    proposals: int = Field(default=4, ge=2)
    """Mutants that a filter chooses among."""
    seeds: int = Field(default=3, ge=1)
    """Searches of each kind."""
    trainings: int = Field(default=3, ge=1)
    """Trainings of what is compared in the end."""
    within: float = Field(default=1.0, ge=0)
    """Points of validation accuracy that a smaller network may lose against the first network's."""
    widths: tuple[int, ...] = (4, 5, 6, 7)
    """Channels of the first network's narrower kin."""


Row = tuple[str, str, int, int, str, str, float]


def inputs(settings: Settings) -> Mapping[str, str | Sequence[str]]:
    """Return the recipe of digits-bench; the images come with scikit-learn."""
    return {"recipe": "config/recipes/digits.yaml"}


def parts(settings: Settings) -> Sequence[str]:
    """Return requests, exhaustion, widths, and every search."""
    pairs = product(METHODS, range(settings.seeds))
    return [REQUESTS, EXHAUSTION, WIDTHS, *(f"{SEARCH}-{name}-{seed}" for name, seed in pairs)]


def shipped(settings: Settings) -> Sequence[str]:
    """Return the predictor that scores."""
    return [PREDICTOR]


def run(
    part: str, settings: Settings, files: Mapping[str, Path | list[Path]], folder: Path
) -> pd.DataFrame:
    """Return the rows of a part."""
    del folder  # a part takes a minute, and starts anew
    recipe = Path(str(files["recipe"]))
    kind, *named = part.split("-")
    if kind == REQUESTS:
        rows = [row for most in settings.bounds for row in _requests(settings, most)]
    elif kind == EXHAUSTION:
        rows = list(_exhaustion(settings.bounds[0]))
    elif kind == WIDTHS:
        rows = list(_widths(settings, recipe))
    else:
        rows = list(_search(settings, recipe, named[0], int(named[1])))
    columns = ["kind", "name", "seed", "query", "architecture", "measure", "value"]
    return pd.DataFrame(rows, columns=columns).astype({"value": float, "query": int, "seed": int})


# Requests


def random_request(generator: np.random.Generator, most: int) -> "tuple[Properties, Start]":
    """Return properties that are drawn uniformly, and the shape that comes in.

    Nothing but the space's bounds is respected, so that some have no program: widening mixes
    channels, and a smaller side mixes pixels.
    """
    from tgnas.spaces.programs import HALVINGS, NARROWEST, WIDEST
    from tgnas.spaces.properties import CHANNELS, PIXELS, Properties
    from tgnas.spaces.synthesis import Start

    start = Start(
        int(generator.integers(NARROWEST, WIDEST + 1)), int(generator.integers(HALVINGS + 1))
    )
    request = Properties(
        int(generator.integers(NARROWEST, WIDEST + 1)) - start.channels,
        int(generator.integers(HALVINGS - start.side + 1)),
        int(generator.integers(most + 1)),
        int(generator.integers(len(PIXELS))),
        int(generator.integers(len(CHANNELS))),
    )
    return request, start


def _requests(settings: Settings, most: int) -> Iterator[Row]:
    from tgnas.spaces.forms.base import INPUT, OUTPUT
    from tgnas.spaces.programs import CODE_OF, EFFECTS, SPACE
    from tgnas.spaces.properties import properties_of, whole
    from tgnas.spaces.synthesis import shortest, skips_of, synthesise

    generator = np.random.default_rng([3, most])
    requests = [random_request(generator, most) for _ in range(settings.requests)]
    syntheses = [synthesise(request, start, most, generator) for request, start in requests]
    graphs, wanted, longer = [], [], []
    for (request, start), synthesis in zip(requests, syntheses, strict=True):
        if synthesis.operators is None:
            continue
        codes = [CODE_OF[name] for name in synthesis.operators]
        graphs.append(([INPUT, *codes, OUTPUT], skips_of(synthesis.operators, 0.3, generator)))
        wanted.append(
            [request.channels, request.side, request.depth, request.pixels, request.mixing]
        )
        longer.append(len(codes) - len(shortest(start, most)[request]))
    cells = SPACE.form.pack(graphs)
    found_properties, valid = properties_of(cells, EFFECTS)
    right = valid & (whole(cells, found_properties) == np.array(wanted)).all(axis=1)
    by = [synthesis.by for synthesis in syntheses]
    facts = {
        "requests": len(syntheses),
        "progressive": by.count("progressive"),
        "exhaustive": by.count("exhaustive"),
        "unsatisfiable": by.count("none"),
        "satisfied": len(graphs),
        "right": right.sum(),
        "longer": np.mean(longer),
        "states": np.mean([one.tried for one in syntheses if one.by == "progressive"]),
        "guessed": _guessed(requests, syntheses, most, settings.guesses, generator),
    }
    if most == max(settings.bounds):
        facts["built"], facts["built_right"] = _built(
            graphs, wanted, requests, syntheses, settings.built
        )
    for measure, value in facts.items():
        yield REQUESTS, str(most), 0, 0, "", measure, float(value)


def _guessed(
    requests: Sequence[Any],
    syntheses: Sequence[Any],
    most: int,
    guesses: int,
    generator: np.random.Generator,
) -> float:
    """Return the share of the satisfiable requests that one of some random sequences satisfies."""
    from tgnas.spaces.programs import HALVINGS, NARROWEST, OPERATORS, WIDEST

    effects = np.array(
        [
            [e.effect.channels, e.effect.side, e.effect.depth, e.effect.pixels, e.effect.mixing]
            for e in OPERATORS.values()
        ]
    )
    hits = []
    for (request, start), synthesis in zip(requests, syntheses, strict=True):
        if synthesis.operators is None:
            continue
        length = generator.integers(most + 1, size=(guesses, 1, 1))
        steps = effects[generator.integers(len(effects), size=(guesses, most))]
        steps = steps * (np.arange(most)[None, :, None] < length)
        shapes = np.cumsum(steps[:, :, :2], axis=1)
        channels, side = shapes[:, :, 0] + start.channels, shapes[:, :, 1] + start.side
        within = ((channels >= NARROWEST) & (channels <= WIDEST) & (side <= HALVINGS)).all(axis=1)
        ends = np.concatenate([steps[:, :, :3].sum(axis=1), steps[:, :, 3:].max(axis=1)], axis=1)
        goal = [request.channels, request.side, request.depth, request.pixels, request.mixing]
        hits.append((within & (ends == goal).all(axis=1)).any())
    return float(np.mean(hits))


def _built(
    graphs: Sequence[Any],
    wanted: Sequence[Any],
    requests: Sequence[Any],
    syntheses: Sequence[Any],
    most: int,
) -> tuple[int, int]:
    """Return how many programs were run, and how many of them give the shape asked for."""
    import torch

    from tgnas.networks.programs import program_of
    from tgnas.spaces.architectures import Architectures
    from tgnas.spaces.programs import NARROWEST, SPACE

    starts = [
        start
        for (_, start), one in zip(requests, syntheses, strict=True)
        if one.operators is not None
    ]
    right, side = 0, 16
    some = list(zip(graphs, wanted, starts, strict=True))[:most]
    for graph, (channels, halvings, *_), start in some:
        width = 4 << (start.channels - NARROWEST)
        program = program_of(Architectures(SPACE.form.pack([graph])), width).eval()
        with torch.inference_mode():
            shape = tuple(program(torch.zeros(1, width, side, side)).shape[1:])
        right += shape == (int(width * 2.0**channels), side >> halvings, side >> halvings)
    return len(some), right


# Exhaustion


def _exhaustion(most: int) -> Iterator[Row]:
    """Yield how many small programs there are and whether the abstract search knows them all."""
    from tgnas.cell import Cells, triangle
    from tgnas.spaces.forms.base import INPUT, OUTPUT
    from tgnas.spaces.programs import CODE_OF, EFFECTS, HALVINGS, NARROWEST, WIDEST
    from tgnas.spaces.properties import IDENTITY, Properties, properties_of, whole
    from tgnas.spaces.synthesis import Start, shortest

    starts = [Start(*s) for s in product(range(NARROWEST, WIDEST + 1), range(HALVINGS + 1))]
    seen: dict[Any, set[Properties]] = {start: {IDENTITY} for start in starts}
    programs, codes = 1, np.array(list(CODE_OF.values()), dtype=np.uint8)
    for inner in range(1, most + 1):
        size = inner + 2
        source, target = triangle(size)
        bits = np.arange(2 ** len(source))
        adjacency = np.zeros((len(bits), size, size), dtype=bool)
        adjacency[:, source, target] = bits[:, None] >> np.arange(len(source)) & 1
        leave = np.any(adjacency[:, :-1], axis=2)
        reach = np.any(adjacency[:, :, 1:], axis=1)
        ways = leave.all(axis=1) & reach.all(axis=1)
        adjacency = adjacency[ways]
        chosen = codes[np.indices((len(codes),) * inner).reshape(inner, -1).T]
        ends = np.full((len(chosen), 1), INPUT), np.full((len(chosen), 1), OUTPUT)
        operators = np.concatenate([ends[0], chosen, ends[1]], axis=1).astype(np.uint8)
        for edges in adjacency:
            cells = Cells.from_arrays(operators, np.repeat(edges[None], len(operators), axis=0))
            properties, valid = properties_of(cells, EFFECTS)
            programs += int(valid.sum())
            properties, last = properties[valid], whole(cells, properties)[valid]
            for start in starts:
                channels = properties[:, :, 0] + start.channels
                side = properties[:, :, 1] + start.side
                within = (channels >= NARROWEST) & (channels <= WIDEST) & (side <= HALVINGS)
                kept = np.unique(last[within.all(axis=1)], axis=0)
                seen[start] |= {Properties(*row) for row in kept.tolist()}
    known = {start: set(shortest(start, most)) for start in starts}
    facts = {
        "programs": programs,
        "properties": len(set().union(*seen.values())),
        "enumerated": sum(map(len, seen.values())),
        "reached": sum(map(len, known.values())),
        "differ": sum(len(seen[start] ^ known[start]) for start in starts),
    }
    for measure, value in facts.items():
        yield EXHAUSTION, str(most), 0, 0, "", measure, float(value)


# Searches


class _Filter:
    """Of some mutants the smallest among the better-scored half; without scores the smallest."""

    def __init__(self, scores: Any = None) -> None:
        self.scores = scores

    def fit(self, observed: Any, generator: np.random.Generator) -> "_Filter":
        """Return itself: it learns nothing from what was queried."""
        del observed, generator
        return self

    def score(self, architectures: "Architectures") -> np.ndarray:
        """Return the logarithm of one over the parameters; minus infinity of what is left out."""
        from tgnas.costs.layers import count_parameters

        small = -np.log(count_parameters(architectures).astype(float))
        if self.scores is None:
            return small
        scores = self.scores(architectures)
        return np.where(scores >= np.median(scores), small, -np.inf)


class _Trainer:
    """Trains programs on digits."""

    def __init__(self, settings: Settings, recipe: Path) -> None:
        from tgnas.studies import _digits

        self.settings, self.module = settings, _digits
        self.recipe, self.images = _digits.opened(recipe)

    def trained(self, architecture: str, seed: int, channels: int = 0) -> tuple[Any, int]:
        """Return the accuracies of an architecture after a training, and its parameters."""
        from tgnas.image_training.images import CLASSES
        from tgnas.networks.programs import network_of_program
        from tgnas.training.seeds import seeded

        with seeded(seed):
            network = network_of_program(architecture, CLASSES, channels or self.settings.channels)
        count = sum(weight.numel() for weight in network.parameters())
        return self.module.trained(network, self.images, self.recipe, seed), count


def _search(settings: Settings, recipe: Path, method: str, seed: int) -> Iterator[Row]:
    """Yield every query of a search, and the trainings of what it chooses."""
    from tgnas.inference.pretrained import load_pretrained
    from tgnas.methods.searchers import alphanas, regularised_evolution
    from tgnas.searching.oracles import Oracle
    from tgnas.spaces.programs import BASE, SPACE

    trainer, told = _Trainer(settings, recipe), []
    base = trainer.trained(BASE, seed)[1]

    def answer(architectures: Any, fidelity: int | None = None) -> tuple[np.ndarray, float]:
        del fidelity
        rewards = []
        for text in SPACE.format(architectures):
            accuracies, parameters = trainer.trained(text, seed)
            told.append((text, accuracies.validation, parameters))
            rewards.append(accuracies.validation * (parameters / base) ** EXPONENT)
        return np.array(rewards), 0.0

    generator = np.random.default_rng([4, seed])
    oracle, kept = Oracle(answer), {"budget": settings.queries, "living": 16, "sample": 4}
    if method == "neighbours":
        walked = regularised_evolution.Settings(**kept)
        begun: Any = _Begun(SPACE, BASE)
        regularised_evolution.search(begun, oracle, walked, generator)
    else:
        chooser = None
        if method == "alphanas_predictor":
            predictor = load_pretrained(PREDICTOR)
            chooser = _Filter(lambda some: predictor.score(some, SPACE))
        elif method == "alphanas_parameters":
            chooser = _Filter()
        own = alphanas.Settings(**kept, proposals=settings.proposals if chooser else 1)
        alphanas.search(SPACE, oracle, own, generator, chooser)
    for query, (text, accuracy, parameters) in enumerate(told):
        yield SEARCH, method, seed, query, text, "validation", accuracy
        yield SEARCH, method, seed, query, text, "parameters", parameters
    enough = max(v for t, v, _ in told if t == SPACE.format(SPACE.architectures([BASE]))[0])
    enough -= settings.within
    chosen = min((row for row in told if row[1] >= enough), key=lambda row: row[2])[0]
    for number in range(settings.trainings):
        for name, text in ((method, chosen), ("base", BASE)):
            training = FIRST_TRAINING + settings.trainings * seed + number
            accuracies, parameters = trainer.trained(text, training)
            yield "final", f"{method}/{name}", seed, number, text, "test", accuracies.test
            yield "final", f"{method}/{name}", seed, number, text, "parameters", parameters


class _Begun:
    """A space whose first architectures are neighbours of one, as a search begins at that one."""

    def __init__(self, space: Any, first: str) -> None:
        self.space, self.first = space, first
        self.mutate = space.mutate

    def sample(self, count: int, generator: np.random.Generator) -> "Architectures":
        """Return the first architecture and mutants of it."""
        from tgnas.spaces.architectures import Architectures

        first = self.space.architectures([self.first] * count)
        return Architectures.concatenate([first[:1], self.space.mutate(first[1:], generator)])


def _widths(settings: Settings, recipe: Path) -> Iterator[Row]:
    """Yield the test accuracies of the first network with fewer channels."""
    from tgnas.spaces.programs import BASE

    trainer = _Trainer(settings, recipe)
    for channels in (*settings.widths, settings.channels):
        for number in range(settings.trainings * settings.seeds):
            accuracies, count = trainer.trained(BASE, FIRST_TRAINING + number, channels)
            about = (
                WIDTHS,
                str(channels),
                number // settings.trainings,
                number % settings.trainings,
            )
            yield *about, BASE, "test", accuracies.test
            yield *about, BASE, "parameters", count
