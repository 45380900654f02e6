"""The evolutionary half of TG-NAS's Algorithm 1: differential evolution on a relaxation.

A vector in [0, 1)^D stands for an architecture: number x of a decision with n operators is
operator floor(x * n), so every operator has an equal share of [0, 1]. The paper gives the shape of
the method (mutate, cross over, discretise, select by score) without its numbers; this is
DE/rand/1/bin (Storn and Price 1997) with F, CR, population and generations from the config.
"""

import numpy as np
from jaxtyping import Float64, Int64

from tgnas.methods.card import Card
from tgnas.methods.searchers._trace import Evaluate, Settings, Trace
from tgnas.spaces.space import Space

CARD = Card(
    title="differential evolution",
    reference="TG-NAS, Algorithm 1, second half; Storn and Price 1997",
    needs="scores",
    deviations=("population, generations, F and CR are ours: the paper gives none",),
)
DETERMINISTIC = False


def search(
    space: Space, evaluate: Evaluate, settings: Settings, generator: np.random.Generator
) -> Trace:
    """Return the best-scored architecture of population x (generations + 1) queries."""
    trace = Trace(space, evaluate)
    population = generator.random((settings.population, len(space.choices)))
    fitness = trace.ask(discretise(space, population))
    for _ in range(settings.generations):
        trial = _cross(population, _mutate(population, settings, generator), settings, generator)
        scores = trace.ask(discretise(space, trial))
        better = scores >= fitness
        population[better], fitness[better] = trial[better], scores[better]
    return trace.answer_best()


def discretise(space: Space, vectors: Float64[np.ndarray, "N D"]) -> Int64[np.ndarray, "N D"]:
    """Return the architectures that vectors in [0, 1] stand for."""
    sizes = np.array([len(options) for options in space.choices])
    return np.minimum((vectors * sizes).astype(np.int64), sizes - 1)


def _mutate(
    population: np.ndarray, settings: Settings, generator: np.random.Generator
) -> np.ndarray:
    """Return a + F (b - c) for three other members of each; what leaves [0, 1] is reflected."""
    count = len(population)
    others = np.array(
        [generator.choice(np.delete(np.arange(count), i), 3, replace=False) for i in range(count)]
    )
    a, b, c = population[others.T]
    mutant = np.abs(a + settings.differential_weight * (b - c))
    return np.clip(np.where(mutant > 1, 2 - mutant, mutant), 0, 1)


def _cross(
    population: np.ndarray, mutant: np.ndarray, settings: Settings, generator: np.random.Generator
) -> np.ndarray:
    """Return each member with a share CR of its mutant's numbers, at least one."""
    taken = generator.random(population.shape) < settings.crossover
    forced = generator.integers(population.shape[1], size=len(population))
    taken[np.arange(len(population)), forced] = True
    return np.where(taken, mutant, population)
