"""What scoring costs: each architecture alone, and all at once."""

import time
from collections.abc import Callable

import numpy as np
from jaxtyping import Float64

from tgnas.benchmarks.base import Benchmark
from tgnas.scoring.populations import Population
from tgnas.scoring.tables import BATCHED, BUILD, MILLISECONDS
from tgnas.spaces.architectures import Architectures

Score = Callable[[Architectures], Float64[np.ndarray, "S N"]]


def score_population(
    score: Score, population: Benchmark | Population, *, timed: bool
) -> tuple[Float64[np.ndarray, "S N"], dict[str, np.ndarray]]:
    """Return the scores of every seed, and the columns of costs where the population is timed.

    A timed population is scored one architecture after another, then all at once for time alone;
    the milliseconds are of one seed.

    Args:
        score: gives scores, a row for each seed.
        population: what is scored.
        timed: whether costs are measured.
    """
    if not timed:
        return score(population.architectures), {}
    parse, columns, costs = population.space.architectures, [], []
    for string in population.strings:
        start = time.process_time()
        architecture = parse([string])
        parsed = time.process_time()
        columns.append(score(architecture)[:, 0])
        end = time.process_time()
        costs.append((1e3 * (end - parsed) / len(columns[-1]), 1e3 * (parsed - start)))
    members = parse(population.strings)
    start = time.process_time()
    seeds = len(score(members))
    batched = 1e3 * (time.process_time() - start) / seeds / len(members)
    alone, build = np.array(costs).T
    about = {MILLISECONDS: alone, BUILD: build, BATCHED: np.full(len(members), batched)}
    return np.stack(columns, axis=1), about
