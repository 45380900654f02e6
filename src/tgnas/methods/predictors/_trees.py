"""Regression trees on counts of the canonical graph, kept as arrays, and walked as such."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float64, Int64

from tgnas.methods.contracts import Context, State
from tgnas.methods.few_labels import Inputs, LabelScale, normal_scores, trend
from tgnas.spaces.architectures import Architectures
from tgnas.training.splits import TrainingSet


@dataclass(frozen=True, eq=False)
class Trees:
    """T trees of at most M nodes; a leaf's feature is negative.

    Attributes:
        feature: which is compared.
        threshold: what it is compared with; smaller or equal leads to the left.
        children: the left and the right one.
        value: of a leaf, times the weight of a tree.
    """

    feature: Int64[np.ndarray, "T M"]
    threshold: Float64[np.ndarray, "T M"]
    children: Int64[np.ndarray, "T M 2"]
    value: Float64[np.ndarray, "T M"]

    @classmethod
    def of(cls, grown: Sequence[Any], size: int, weight: float) -> "Trees":
        """Return the trees of scikit-learn's.

        Args:
            grown: theirs.
            size: M, equal for all that are fitted alike, so that members can be joined.
            weight: what a leaf is multiplied by.
        """

        def padded(values: list[np.ndarray], fill: float = 0.0) -> np.ndarray:
            return np.stack([np.pad(v, (0, size - len(v)), constant_values=fill) for v in values])

        sides = [padded([getattr(t, f"children_{s}") for t in grown]) for s in ("left", "right")]
        return cls(
            padded([tree.feature for tree in grown], -1.0).astype(np.int64),
            padded([tree.threshold for tree in grown]),
            np.stack(sides, axis=2).astype(np.int64),
            padded([tree.value[:, 0, 0] for tree in grown]) * weight,
        )

    def __call__(self, rows: Float64[np.ndarray, "N F"]) -> Float64[np.ndarray, " N"]:
        """Return the sum of the leaves that each row ends in."""
        rows = rows.astype(np.float32)  # in which trees are grown
        total = np.zeros(len(rows))
        for feature, threshold, children, value in zip(
            self.feature, self.threshold, self.children, self.value, strict=True
        ):
            node = np.zeros(len(rows), dtype=np.int64)
            walking = np.arange(len(rows))
            while len(walking := walking[feature[node[walking]] >= 0]):
                at = node[walking]
                right = rows[walking, feature[at]] > threshold[at]
                node[walking] = children[at, right.astype(np.int64)]
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


Grow = Callable[[Float64[np.ndarray, "n F"], Float64[np.ndarray, " n"], int], Trees]


def fitted(
    sources: Sequence[TrainingSet],
    prior: float,
    context: Context,
    generator: torch.Generator,
    grow: Grow,
) -> Predictor:
    """Return the trees of the labels of one source.

    Args:
        sources: the one.
        prior: prior mean of the zero-shot score's slope; 0: no prior.
        context: what the zero-shot score is of.
        generator: of the seed that trees are grown with.
        grow: makes trees of features, of normal scores less the zero-shot part, and of a seed; the
            sum of their leaves lacks the mean of these.

    Raises:
        ConfigError: a prior, and no zero-shot predictor to start from.
    """
    [source] = sources
    inputs = Inputs.of("graph", source.architectures, context, prior=prior > 0)
    features, zero_shot = (f(source.architectures) for f in (inputs.features, inputs.prior))
    target = normal_scores(source.labels)
    slope = trend(zero_shot, target, prior) if prior else 0.0
    left = target - slope * zero_shot
    seed = int(torch.randint(1 << 31, (), generator=generator))
    line = np.array([slope, float(np.mean(left))])
    return Predictor(inputs, LabelScale.of(source.labels), grow(features, left, seed), line)


def restored(state: State, context: Context) -> Predictor:
    """Return the trees of a state."""
    arrays = {name: entry.numpy() for name, entry in state.items()}
    trees = Trees(*(arrays[n] for n in ("feature", "threshold", "children", "value")))
    labels = LabelScale(arrays["labels"], arrays["label_scores"])
    return Predictor(Inputs.of_state("graph", state, context), labels, trees, arrays["slope"])
