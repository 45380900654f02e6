"""Which predictor learns a user's own labels best: cross-validation among three.

Each starts from a predictor that has seen none of the labels. What is expected of new architectures
is what was reached on those that were held out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float64

from tgnas.encodings.embeddings import KnownOperators
from tgnas.errors import ArgumentError, DataError, UnknownNameError, number_of
from tgnas.evaluation.ranking import kendall_tau
from tgnas.methods.contracts import Context
from tgnas.methods.few_labels import prepared
from tgnas.methods.predictors import fine_tuned
from tgnas.methods.trained import Trained, codes_of
from tgnas.registry import PREDICTORS
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.space import Space
from tgnas.training.splits import TrainingSet

CANDIDATES: Mapping[str, Mapping[str, Any]] = {
    "gaussian_process": {"prior": 0.7, "doubted": True},
    "gradient_boosting": {"prior": 0.7},
    "fine_tuned": {},
}
NETWORK = "network"  # the configuration's own network, trained anew on the labels alone
FOLDS = 5
LEAST = 5  # labels
FEW = 20  # labels, under which the comparison is worth little
LARGEST = 2000  # labels of a Gaussian process, whose cost grows with their cube
POPULATION = 1000  # unlabelled architectures of the space that inputs are scaled by


@dataclass(frozen=True)
class Validated:
    """What one predictor reached on held-out labels.

    Attributes:
        method: a file of ``tgnas.methods.predictors``.
        kendall_tau: of all held-out predictions; NaN where they are constant.
        error: mean absolute error, on the scale of the labels.
        guess: that of the median of the labels, whatever is asked for.
        labels: how many there are.
    """

    method: str
    kendall_tau: float
    error: float
    guess: float
    labels: int

    @property
    def uncertainty(self) -> float:
        """Two standard errors of Kendall's tau of so many pairs that have nothing in common."""
        count = self.labels
        return 2 * (2 * (2 * count + 5) / (9 * count * (count - 1))) ** 0.5

    @property
    def text(self) -> str:
        """A line for people."""
        return (
            f"{self.method}: Kendall's tau {self.kendall_tau:.2f} ± {self.uncertainty:.2f}, mean "
            f"error {self.error:.3g} (of the median {self.guess:.3g})"
        )

    @property
    def warning(self) -> str:
        """What so few labels are worth; empty where there are enough."""
        if self.labels >= FEW:
            return ""
        return (
            f"{number_of(self.labels, 'label')}: a held-out tau is known to ± "
            f"{self.uncertainty:.2f} alone, so "
            f"the choice among predictors is hardly more than chance, and the scores lean on the "
            f"zero-shot ones; train {FEW} or more (tgnas suggest says which)"
        )


def compare(
    known: TrainingSet, space: Space, start: Trained, methods: Sequence[str] = ()
) -> list[Validated]:
    """Return what predictors reach on held-out labels, the best by Kendall's tau first.

    Args:
        known: the labelled architectures.
        space: of them.
        start: the predictor that each starts from.
        methods: keys of ``CANDIDATES``; all that can learn so many labels by default.

    Raises:
        DataError: there are fewer than five labels, or they are all alike.
        UnknownNameError: there is no such predictor.
    """
    labels = known.labels
    if len(labels) < LEAST or len(np.unique(labels)) < 2:
        raise DataError(
            f"nothing is learned from {number_of(len(labels), 'labelled architecture')}; at least "
            f"{LEAST} with different "
            "labels are needed"
        )
    codes = codes_of([known], len(start.embeddings.vectors) + len(space.new))
    operators = KnownOperators.of(start.embeddings, space.new, codes)
    context = Context(operators, start=start.as_start(space.new))
    every = known.architectures
    unlabelled = population(known, space)
    if unlabelled is not None:
        every = Architectures.concatenate([every, unlabelled])
    listed, context = prepared(every, context)
    source = TrainingSet(listed[: len(labels)], labels, space.name)
    chosen = methods or able(len(labels), context)
    validations = [_validated(source, method, context) for method in chosen]
    return sorted(validations, key=lambda one: -np.nan_to_num(one.kendall_tau, nan=-1.0))


def able(labels: int, context: Context) -> list[str]:
    """Return the predictors that can learn so many labels from this start."""
    left_out = {"gaussian_process"} if labels > LARGEST else set()
    left_out |= set() if fine_tuned.can_start(context) else {"fine_tuned"}
    return [name for name in CANDIDATES if name not in left_out]


def population(known: TrainingSet, space: Space) -> Architectures | None:
    """Return architectures of the space without labels; None where they have own numbers."""
    if known.architectures.attributes:
        return None
    return space.sample(POPULATION, np.random.default_rng(0))


def settings_of(method: str) -> Any:
    """Return the settings with which a predictor learns own labels.

    Raises:
        UnknownNameError: there is no such predictor.
    """
    if method not in CANDIDATES:
        raise UnknownNameError("method", method, [*CANDIDATES, NETWORK])
    return PREDICTORS.settings(method)(**CANDIDATES[method])


def _validated(source: TrainingSet, method: str, context: Context) -> Validated:
    """Return what a predictor reaches on five parts that are held out in turn."""
    labels, count = source.labels, len(source)
    module, settings = PREDICTORS.module(method), settings_of(method)
    parts = np.array_split(np.random.default_rng(0).permutation(count), min(FOLDS, count))
    size = count - max(map(len, parts))  # equally many to learn from in each fold
    learned = [np.setdiff1d(np.arange(count), part)[:size] for part in parts]
    sources = [source[rows] for rows in learned]
    generators = [torch.Generator().manual_seed(fold) for fold in range(len(parts))]
    if hasattr(module, "fit_together"):
        fitted = module.fit_together(sources, settings, context, generators)
    else:
        pairs = zip(sources, generators, strict=True)
        fitted = [module.fit([one], settings, context, generator) for one, generator in pairs]
    predicted, guessed = np.empty(count), np.empty(count)
    for part, rows, predictor in zip(parts, learned, fitted, strict=True):
        predicted[part] = predictor.score(source.architectures[part])
        guessed[part] = np.median(labels[rows])
    tau = kendall_tau(predicted, labels)
    return Validated(method, tau, _error(predicted, labels), _error(guessed, labels), count)


def _error(predicted: Float64[np.ndarray, " N"], labels: Float64[np.ndarray, " N"]) -> float:
    return float(np.abs(predicted - labels).mean())


def checked(method: str | None, epochs: int | None) -> str | None:
    """Return the method that is asked for; None for the best of three.

    Raises:
        ArgumentError: epochs of what is not trained in epochs.
        UnknownNameError: there is no such predictor.
    """
    if method is None:
        return NETWORK if epochs is not None else None
    if method != NETWORK:
        settings_of(method)
        if epochs is not None:
            raise ArgumentError(f"{method} is not trained in epochs; {NETWORK} is")
    return method
