"""Gradient boosted trees on counts of the canonical graph, from few labels (scikit-learn).

Friedman, Annals of Statistics 29, 2001.
"""

from collections.abc import Sequence

import numpy as np
import torch

from tgnas.methods.card import Card
from tgnas.methods.contracts import Context, State
from tgnas.methods.predictors._few_label_settings import GradientBoostingSettings as Settings
from tgnas.methods.predictors._trees import Predictor, Trees, fitted, restored
from tgnas.training.splits import TrainingSet

CARD = Card(
    title="gradient boosting",
    reference="Friedman, Annals of Statistics 29, 2001; scikit-learn",
    needs="labels of the target",
    deviations=("with a prior: the trees learn what a zero-shot score leaves (ours)",),
)


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
