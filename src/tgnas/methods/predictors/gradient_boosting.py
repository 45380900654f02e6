"""Gradient boosted trees on counts of the canonical graph, from few labels (scikit-learn).

Friedman, Annals of Statistics 29, 2001. The trees are kept as arrays, and walked as such.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float64, Int64
from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt

from tgnas.methods.card import Card
from tgnas.methods.contracts import Context, State
from tgnas.methods.few_labels import Inputs, LabelScale, normal_scores, trend
from tgnas.methods.settings import MethodSettings
from tgnas.spaces.architectures import Architectures
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


@dataclass(frozen=True, eq=False)
class Trees:
    """T trees of at most M nodes; a leaf's feature is negative.

    Attributes:
        feature: which is compared.
        threshold: what it is compared with; smaller or equal leads to the left.
        children: the left and the right one.
        value: of a leaf, times the learning rate.
    """

    feature: Int64[np.ndarray, "T M"]
    threshold: Float64[np.ndarray, "T M"]
    children: Int64[np.ndarray, "T M 2"]
    value: Float64[np.ndarray, "T M"]

    def __call__(self, rows: Float64[np.ndarray, "N F"]) -> Float64[np.ndarray, " N"]:
        """Return the sum of the leaves that each row ends in."""
        rows = rows.astype(np.float32)  # in which trees are grown
        total = np.zeros(len(rows))
        everyone = np.arange(len(rows))
        for feature, threshold, children, value in zip(
            self.feature, self.threshold, self.children, self.value, strict=True
        ):
            node = np.zeros(len(rows), dtype=np.int64)
            while (feature[node] >= 0).any():
                inner = feature[node] >= 0
                right = rows[everyone, np.maximum(feature[node], 0)] > threshold[node]
                node = np.where(inner, children[node, right.astype(np.int64)], node)
            total += value[node]
        return total


@dataclass(frozen=True, eq=False)
class Predictor:
    """Fitted trees; a score is the expected label.

    Attributes:
        inputs: how architectures become numbers.
        labels: the way between labels and normal scores.
        trees: what is added to the start.
        slope: of the zero-shot score, and the mean.
    """

    inputs: Inputs
    labels: LabelScale
    trees: Trees
    slope: Float64[np.ndarray, " 2"]

    @property
    def state(self) -> State:
        """All arrays."""
        arrays = vars(self.trees) | {
            "labels": self.labels.labels,
            "label_scores": self.labels.scores,
            "slope": self.slope,
        }
        return self.inputs.state | {name: torch.from_numpy(array) for name, array in arrays.items()}

    def score(self, architectures: Architectures) -> Float64[np.ndarray, " N"]:
        """Return the expected label of each architecture; higher is better."""
        added = self.trees(self.inputs.features(architectures))
        slope, mean = self.slope
        return self.labels.back(mean + slope * self.inputs.prior(architectures) + added)


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

    [source] = sources
    inputs = Inputs.of("graph", source.architectures, context, prior=settings.prior > 0)
    features, prior = (f(source.architectures) for f in (inputs.features, inputs.prior))
    target = normal_scores(source.labels)
    slope = trend(prior, target, settings.prior) if settings.prior else 0.0
    seed = int(torch.randint(1 << 31, (), generator=generator))
    model = GradientBoostingRegressor(
        n_estimators=settings.trees,
        max_depth=settings.depth,
        learning_rate=settings.learning_rate,
        subsample=settings.share,
        max_features="sqrt",
        random_state=seed,
    ).fit(features, target - slope * prior)
    grown = [tree.tree_ for tree in model.estimators_[:, 0]]
    size = 2 ** (settings.depth + 1) - 1  # nodes of a full tree, so that members can be joined

    def padded(values: list[np.ndarray], fill: float = 0.0) -> np.ndarray:
        return np.stack([np.pad(v, (0, size - len(v)), constant_values=fill) for v in values])

    children = [padded([getattr(t, f"children_{s}") for t in grown]) for s in ("left", "right")]
    trees = Trees(
        padded([tree.feature for tree in grown], -1.0).astype(np.int64),
        padded([tree.threshold for tree in grown]),
        np.stack(children, axis=2).astype(np.int64),
        padded([tree.value[:, 0, 0] for tree in grown]) * settings.learning_rate,
    )
    mean = float(np.mean(target - slope * prior))
    return Predictor(inputs, LabelScale.of(source.labels), trees, np.array([slope, mean]))


def restore(state: State, settings: Settings, context: Context) -> Predictor:
    """Return the trees of a state."""
    del settings  # the arrays hold what was learned
    arrays = {name: entry.numpy() for name, entry in state.items()}
    trees = Trees(*(arrays[n] for n in ("feature", "threshold", "children", "value")))
    labels = LabelScale(arrays["labels"], arrays["label_scores"])
    return Predictor(Inputs.of_state("graph", state, context), labels, trees, arrays["slope"])
