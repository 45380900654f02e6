"""The outer loop of NAGO: looking for theta, of which networks are then drawn and trained.

Both searches are Optuna's (the extra `generators`). Hyperband with the tree-structured Parzen
estimator is BOHB's combination (Falkner et al., ICML 2018), which the paper uses; of accuracy and
memory together the same estimator models both objectives. Optuna was chosen because it has the two
under one interface that is asked and told, needs no second process, and is seeded whole; botorch's
Gaussian processes would need relaxations for theta's whole numbers.

The budget is counted in epochs, so that trainings of any length compare.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tgnas.errors import ConfigError
from tgnas.methods.generators.nago import Settings, Theta, bounds_of, random_theta

ETA = 2  # Hyperband keeps one of so many; as in the paper
# Theta and epochs -> validation accuracy (percent), and memory (MiB) of the trained network.
Evaluation = Callable[[Theta, int], tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Tried:
    """A theta that was evaluated with all epochs."""

    theta: Theta
    accuracy: float
    memory: float


@dataclass(eq=False)
class Budget:
    """Epochs that may be trained, and what was trained with the most of them.

    Attributes:
        evaluate: trains a network of a theta.
        epochs: that are left.
        longest: of one training.
        tried: thetas that were trained so long.
        begun: thetas that were trained at all.
    """

    evaluate: Evaluation
    epochs: int
    longest: int
    tried: list[Tried] = field(default_factory=list)
    begun: int = 0

    def spend(self, theta: Theta, epochs: int) -> tuple[float, float]:
        """Return accuracy and memory of a training."""
        self.epochs -= epochs
        accuracy, memory = self.evaluate(theta, epochs)
        if epochs == self.longest:
            self.tried.append(Tried(theta, accuracy, memory))
        return accuracy, memory

    def best(self) -> Tried:
        """Return the most accurate; the first of equals.

        Raises:
            ConfigError: none was trained long enough.
        """
        if not self.tried:
            raise ConfigError(f"the budget of epochs leaves none for a training of {self.longest}")
        return max(self.tried, key=lambda one: one.accuracy)


def at_random(budget: Budget, settings: Settings, generator: np.random.Generator) -> Budget:
    """Train random thetas, each with all epochs, until the budget is spent."""
    while budget.epochs >= budget.longest:
        budget.begun += 1
        budget.spend(random_theta(settings, generator), budget.longest)
    return budget


def hyperband(
    budget: Budget, settings: Settings, shortest: int, generator: np.random.Generator
) -> Budget:
    """Search for accuracy by Hyperband and the Parzen estimator until the budget is spent.

    Every rung is a training from the beginning, whose learning rate falls to zero.

    Args:
        budget: what is spent.
        settings: the range of theta.
        shortest: epochs of the first rung; each next one has ``ETA`` times as many.
        generator: of the seed.
    """
    optuna = _optuna()
    sampler = optuna.samplers.TPESampler(seed=int(generator.integers(1 << 31)), n_startup_trials=5)
    pruner = optuna.pruners.HyperbandPruner(shortest, budget.longest, ETA)
    # Hyperband draws a trial's bracket by the study's name.
    study = optuna.create_study(
        study_name="hyperband", direction="maximize", sampler=sampler, pruner=pruner
    )
    state = optuna.trial.TrialState
    while budget.epochs >= budget.longest:
        trial, epochs = study.ask(), shortest
        theta, accuracy, outcome = _suggested(trial, settings), 0.0, state.COMPLETE
        budget.begun += 1
        while True:
            accuracy, _ = budget.spend(theta, epochs)
            trial.report(accuracy, epochs)
            following = min(epochs * ETA, budget.longest)
            if epochs == budget.longest:
                break
            if trial.should_prune() or budget.epochs < following:
                outcome = state.PRUNED
                break
            epochs = following
        study.tell(trial, None if outcome == state.PRUNED else accuracy, state=outcome)
    return budget


def two_objectives(budget: Budget, settings: Settings, generator: np.random.Generator) -> Budget:
    """Search for accuracy and little memory, each training with all epochs."""
    optuna = _optuna()
    sampler = optuna.samplers.TPESampler(seed=int(generator.integers(1 << 31)), n_startup_trials=5)
    study = optuna.create_study(directions=["maximize", "minimize"], sampler=sampler)
    while budget.epochs >= budget.longest:
        trial = study.ask()
        budget.begun += 1
        study.tell(trial, budget.spend(_suggested(trial, settings), budget.longest))
    return budget


def _suggested(trial: Any, settings: Settings) -> Theta:
    def value(name: str, low: float | int, high: float | int) -> float | int:
        suggest = trial.suggest_int if isinstance(low, int) else trial.suggest_float
        return suggest(name, low, high)

    bounds: Mapping[str, tuple[float, float]] = bounds_of(settings)
    return Theta(**{name: value(name, *ends) for name, ends in bounds.items()})  # type: ignore[arg-type]


def _optuna() -> Any:
    try:
        import optuna  # noqa: PLC0415 - of the extra `generators`
    except ImportError as error:
        raise ConfigError(
            "looking for theta needs the package optuna: pip install 'tgnas[generators]'"
        ) from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna
