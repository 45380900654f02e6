"""Searching a space of one's own within a budget of scores."""

import json
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np

from tgnas.errors import ConfigError, DataError
from tgnas.inference.pretrained import Pretrained
from tgnas.methods.searchers._trace import Settings
from tgnas.registry import SEARCHERS
from tgnas.spaces.space import Space

POPULATION = 8  # at least
COMPLETIONS = 4  # of a supernet, at least


def architecture_in(path: Path) -> str:
    """Return the architecture of a JSON file that a search wrote.

    Raises:
        DataError: the file holds none.
    """
    try:
        return str(json.loads(path.read_text())["architecture"])
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise DataError(f"{path} holds no JSON object with an 'architecture'") from error


@dataclass(frozen=True, slots=True)
class Found:
    """What a search returns.

    Attributes:
        architecture: its string.
        score: the ensemble's mean.
        queries: how many scores were asked for, at most the budget.
    """

    architecture: str
    score: float
    queries: int


def search(
    predictor: Pretrained, space: Space, searcher: str, budget: int, seed: int, threads: int = 1
) -> Found:
    """Return the architecture that a searcher finds with at most `budget` scores.

    Raises:
        UnknownNameError: there is no such searcher.
        ConfigError: the space has no independent choices, or the budget is too small.
    """
    module = SEARCHERS.module(searcher)
    if not space.choices:
        raise ConfigError(
            f"{space.name}: its architectures are not made of independent choices, so no searcher "
            "can draw them; list architectures and rank them"
        )

    def evaluate(choices: np.ndarray) -> np.ndarray:
        return predictor.score(space.of_choices(choices), space, threads)

    settings = settings_of(space, searcher, budget)
    trace = module.search(space, evaluate, settings, np.random.default_rng(seed))
    architecture = space.format(space.of_choices(trace.all_choices()[[trace.answer]]))[0]
    score = float(trace.all_scores()[trace.answer])
    return Found(architecture, score, trace.queries)


def settings_of(space: Space, searcher: str, budget: int) -> Settings:
    """Return settings with which a searcher asks for at most `budget` scores.

    Raises:
        ConfigError: it cannot do with so few.
    """
    sizes = [len(options) for options in space.choices]
    everything, halves = prod(sizes), 2 if searcher == "hybrid" else 1
    share = budget // halves
    population = max(POPULATION, min(20, share // 10))
    # Each step scores the supernet and it without each operator that can go (searchers/pruning.py).
    supernets, left = 0, list(sizes)
    while any(size > 1 for size in left):
        supernets += 1 + sum(size for size in left if size > 1)
        left = [max(1, size - 1) for size in left]
    completions = (share - 1) // max(supernets, 1)
    least = {
        "exhaustive": everything,
        "differential_evolution": POPULATION,
        "pruning": COMPLETIONS * supernets + 1,
        "hybrid": 2 * (COMPLETIONS * supernets + 1),
    }.get(searcher, 1)
    if budget < least:
        raise ConfigError(f"{searcher} needs a budget of at least {least} in {space.name}")
    return Settings(
        budget=budget,
        completions=completions,
        population=population,
        generations=max(0, share // population - 1),
    )
