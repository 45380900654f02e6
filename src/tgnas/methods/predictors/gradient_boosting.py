"""Gradient boosted trees on counts of the canonical graph, from few labels (scikit-learn).

Friedman, Annals of Statistics 29, 2001.
"""

from collections.abc import Sequence

import numpy as np
import torch
from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt

from tgnas.methods.card import Card
from tgnas.methods.contracts import Context, State
from tgnas.methods.predictors._trees import Predictor, Trees, fitted, restored
from tgnas.methods.settings import MethodSettings
from tgnas.training.splits import TrainingSet

CARD = Card(
    title="gradient boosting",
    reference="Friedman, Annals of Statistics 29, 2001; scikit-learn",
    needs="labels of the target",
    deviations=("with a prior: the trees learn what a zero-shot score leaves (ours)",),
)


class Settings(MethodSettings):
    """The method's own keys."""

    trees: PositiveInt = 100
    """Trees, one after the other."""
    depth: PositiveInt = 3
    """Of a tree."""
    learning_rate: PositiveFloat = 0.1
    """Share of a tree's answer that counts."""
    share: float = Field(default=0.7, gt=0, le=1)
    """Share of the labels that a tree is fitted on."""
    prior: NonNegativeFloat = 0.0
    """Prior mean of the slope between zero-shot score and label, as normal scores; 0: no prior."""


def fit(
    sources: Sequence[TrainingSet],
    settings: Settings,
    context: Context,
    generator: torch.Generator,
) -> Predictor:
    """Return the trees of the labels of one source.

    Raises:
        ConfigError: a prior, and no zero-shot predictor to start from.
    """
    from sklearn.ensemble import GradientBoostingRegressor  # noqa: PLC0415 - 1 s that others save

    def grow(features: np.ndarray, target: np.ndarray, seed: int) -> Trees:
        model = GradientBoostingRegressor(
            n_estimators=settings.trees,
            max_depth=settings.depth,
            learning_rate=settings.learning_rate,
            subsample=settings.share,
            max_features="sqrt",
            random_state=seed,
        ).fit(features, target)
        grown = [tree.tree_ for tree in model.estimators_[:, 0]]
        return Trees.of(grown, 2 ** (settings.depth + 1) - 1, settings.learning_rate)

    return fitted(sources, settings.prior, context, generator, grow)


def restore(state: State, settings: Settings, context: Context) -> Predictor:
    """Return the trees of a state."""
    del settings  # the arrays hold what was learned
    return restored(state, context)
