"""The evolutionary half of TG-NAS's Algorithm 1: differential evolution on a relaxation.

A vector in [0, 1)^D stands for an architecture: number x of a decision with n operators is
operator floor(x * n), so every operator has an equal share of [0, 1]. The paper gives the shape of
the method (mutate, cross over, discretise, select by score) without its numbers; this is
DE/rand/1/bin (Storn and Price 1997) with F, CR, population and generations from the config.
"""

import numpy as np
from jaxtyping import Float64, Int64
from pydantic import Field

from tgnas.methods.card import Card
from tgnas.methods.light_contracts import Oracle, Surrogate, Trace
from tgnas.methods.searchers._checks import check_budget, decision_sizes
from tgnas.methods.settings import MethodSettings
from tgnas.spaces.space import Space

LEAST_POPULATION = 8  # with which a budget is spent
CARD = Card(
    title="differential evolution",
    reference="TG-NAS, Algorithm 1, second half; Storn and Price 1997",
    needs="scores",
    deviations=("population, generations, F and CR are ours: the paper gives none",),
)
DETERMINISTIC = False


class Settings(MethodSettings):
    """Settings of differential evolution."""

    population: int = Field(default=20, ge=4)
    """Vectors of differential evolution."""
    generations: int = Field(default=50, ge=0)
    """Generations of differential evolution."""
    differential_weight: float = Field(default=0.5, gt=0, le=2)
    """F of differential evolution."""
    crossover: float = Field(default=0.9, ge=0, le=1)
    """CR of differential evolution."""


def settings_within(space: Space, budget: int) -> Settings:
    """Return the settings with which at most `budget` architectures are scored.

    Raises:
        ConfigError: it cannot do with so few.
    """
    check_budget(budget, LEAST_POPULATION, "differential_evolution", space)
    population = max(LEAST_POPULATION, min(20, budget // 10))
    return Settings(population=population, generations=max(0, budget // population - 1))


def search(
    space: Space,
    oracle: Oracle,
    settings: Settings,
    generator: np.random.Generator,
    surrogate: Surrogate | None = None,
) -> Trace:
    """Return the best-scored architecture of population x (generations + 1) queries."""
    trace, sizes = Trace(oracle), decision_sizes(space, "differential evolution")
    population = generator.random((settings.population, len(sizes)))
    fitness = trace.query(space.of_choices(discretise(sizes, population)))
    for _ in range(settings.generations):
        trial = _cross(population, _mutate(population, settings, generator), settings, generator)
        scores = trace.query(space.of_choices(discretise(sizes, trial)))
        better = scores >= fitness
        population[better], fitness[better] = trial[better], scores[better]
    return trace.choose_best()


def discretise(
    sizes: Int64[np.ndarray, " D"], vectors: Float64[np.ndarray, "N D"]
) -> Int64[np.ndarray, "N D"]:
    """Return the choices that vectors in [0, 1] stand for, among `sizes` options each."""
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
    from_mutant = generator.random(population.shape) < settings.crossover
    forced = generator.integers(population.shape[1], size=len(population))
    from_mutant[np.arange(len(population)), forced] = True
    return np.where(from_mutant, mutant, population)
