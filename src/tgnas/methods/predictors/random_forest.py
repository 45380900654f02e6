"""A random forest on counts of the canonical graph, from few labels (scikit-learn).

Breiman, Machine Learning 45, 2001: every tree is grown to the end on a bootstrap of the labels, and
a split looks at a third of the features.
"""

from collections.abc import Sequence

import numpy as np
import torch

from tgnas.methods.card import Card
from tgnas.methods.contracts import Context, State
from tgnas.methods.predictors._few_label_settings import RandomForestSettings as Settings
from tgnas.methods.predictors._trees import Predictor, Trees, fitted, restored
from tgnas.training.splits import TrainingSet

CARD = Card(
    title="random forest",
    reference="Breiman, Machine Learning 45, 2001; scikit-learn; in WeakNAS: Wu et al., "
    "NeurIPS 2021",
    needs="labels of the target",
    deviations=("with a prior: the trees learn what a zero-shot score leaves (ours)",),
)


def fit(
    sources: Sequence[TrainingSet],
    settings: Settings,
    context: Context,
    generator: torch.Generator,
) -> Predictor:
    """Return the forest of the labels of one source.

    Raises:
        ConfigError: a prior, and no zero-shot predictor to start from.
    """
    from sklearn.ensemble import RandomForestRegressor  # noqa: PLC0415 - 1 s that others save

    def grow(features: np.ndarray, target: np.ndarray, seed: int) -> Trees:
        model = RandomForestRegressor(
            n_estimators=settings.trees, max_features=settings.share, random_state=seed
        ).fit(features, target - target.mean())
        grown = [tree.tree_ for tree in model.estimators_]
        return Trees.of(grown, 2 * len(target) - 1, 1 / settings.trees)

    return fitted(sources, settings.prior, context, generator, grow)


def restore(state: State, settings: Settings, context: Context) -> Predictor:
    """Return the forest of a state."""
    del settings  # the arrays hold what was learned
    return restored(state, context)
