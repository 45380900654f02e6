"""What predictors of few labels share: numbers for an architecture, and a scale for labels.

Labels are learned as normal scores (the quantiles of a normal distribution at their ranks), for
accuracies have a long tail of networks that learn nothing. Features are scaled by their spread over
architectures of the space, which needs no label; a score of a predictor that has seen no label of
the space becomes a normal score by its rank among them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float, Float64, Int64
from scipy import special, stats
from torch import Tensor

from tgnas.encodings.graph_features import graph_features
from tgnas.errors import ConfigError
from tgnas.methods.contracts import Context
from tgnas.methods.light_contracts import ZeroShot
from tgnas.methods.zero_shot import EMBEDDING, SCORE, attached, bare, own_numbers
from tgnas.spaces.architectures import Architectures

QUANTILES = 257  # of zero-shot scores that are kept
OUTSIDE = 0.5  # how much further than the outermost of them a normal score can be
POPULATION = 4096  # unlabelled architectures that a scale is taken of


def normal_scores(labels: Float64[np.ndarray, " N"]) -> Float64[np.ndarray, " N"]:
    """Return the normal quantiles of the ranks of labels; equal ones share theirs."""
    return special.ndtri((stats.rankdata(labels) - 0.5) / len(labels))


@dataclass(frozen=True, eq=False)
class LabelScale:
    """The way between labels and normal scores.

    Attributes:
        labels: distinct labels, ascending.
        scores: theirs.
    """

    labels: Float64[np.ndarray, " n"]
    scores: Float64[np.ndarray, " n"]

    @classmethod
    def of(cls, labels: Float64[np.ndarray, " N"]) -> "LabelScale":
        """Return the scale of labels."""
        values, first = np.unique(labels, return_index=True)
        return cls(values, normal_scores(labels)[first])

    def back(self, scores: Float64[np.ndarray, " M"]) -> Float64[np.ndarray, " M"]:
        """Return the labels of normal scores; beyond the outermost by the last quarter's slope."""
        if len(self.labels) < 2:
            return np.repeat(self.labels, len(scores)) + 1e-6 * scores
        inside = np.interp(scores, self.scores, self.labels)
        step = max(1, len(self.labels) // 4)
        for end, far, sign in ((-1, -1 - step, 1), (0, step, -1)):
            slope = (self.labels[end] - self.labels[far]) / (self.scores[end] - self.scores[far])
            inside += slope * sign * np.maximum(sign * (scores - self.scores[end]), 0)
        return inside


@dataclass(frozen=True, eq=False)
class Inputs:
    """How architectures become numbers; all that it holds is kept in a predictor's state.

    An architecture's numbers of its own, such as its width, stand behind what its cells say and
    weigh as much, all of them together.

    Attributes:
        kind: "graph" (features of the canonical graph) or "embedding" (of the start).
        columns: the features that vary.
        mean: of each.
        deviation: of each.
        quantiles: of the start's scores over the space; empty where no prior is asked for.
        operators: how many codes are known.
        start: the predictor that has seen no label of the space.
    """

    kind: str
    columns: Int64[np.ndarray, " F"]
    mean: Float64[np.ndarray, " F"]
    deviation: Float64[np.ndarray, " F"]
    quantiles: Float64[np.ndarray, " Q"]
    operators: int
    start: ZeroShot | None

    @classmethod
    def of(cls, kind: str, labelled: Architectures, context: Context, *, prior: bool) -> "Inputs":
        """Return the inputs whose scale is that of a space.

        Raises:
            ConfigError: an embedding or a prior is asked for, and there is no start.
        """
        if kind in context.inputs:
            known = context.inputs[kind]
            if prior and not len(known.quantiles):
                raise ConfigError("a prior needs a predictor to start from")
            return known if prior else replace(known, quantiles=np.empty(0))
        start, operators = context.start, len(context.operators.vectors)
        if start is None and (prior or kind == "embedding"):
            raise ConfigError(f"{kind} inputs or a prior need a predictor to start from")
        known = context.unlabelled if context.unlabelled is not None else labelled
        step = max(1, len(known) // POPULATION)
        known = known[::step]
        raw = _raw(kind, known, operators, start).astype(np.float64)
        deviation = raw.std(axis=0)
        columns = np.flatnonzero(deviation > 1e-6 * (1 + np.abs(raw).max(axis=0, initial=0)))
        quantiles = np.empty(0)
        if prior and start is not None:
            quantiles = np.quantile(start.score(known), np.linspace(0, 1, QUANTILES))
        mean, deviation = raw.mean(axis=0)[columns], deviation[columns]
        own = columns >= raw.shape[1] - own_numbers(known).shape[1]
        deviation[own] *= (own.sum() / max(1, (~own).sum())) ** 0.5  # together as much as the cells
        return cls(kind, columns, mean, deviation, quantiles, operators, start)

    @classmethod
    def of_state(cls, kind: str, state: Mapping[str, Tensor], context: Context) -> "Inputs":
        """Return the inputs of a predictor's state."""
        kept = {name: state[name].numpy() for name in ("columns", "mean", "deviation", "quantiles")}
        return cls(kind, **kept, operators=len(context.operators.vectors), start=context.start)

    @property
    def state(self) -> dict[str, Tensor]:
        """What ``of_state`` makes them of again."""
        names = ("columns", "mean", "deviation", "quantiles")
        return {name: torch.from_numpy(np.ascontiguousarray(getattr(self, name))) for name in names}

    def features(self, architectures: Architectures) -> Float64[np.ndarray, "N F"]:
        """Return the features of architectures.

        The mean square norm over the space is 1, and less than 2 where they have numbers of their
        own.
        """
        if f"scaled_{self.kind}" in architectures.attributes:
            return architectures.attributes[f"scaled_{self.kind}"]
        raw = _raw(self.kind, architectures, self.operators, self.start)[:, self.columns]
        return (raw - self.mean) / self.deviation / max(1, len(self.columns)) ** 0.5

    def prior(self, architectures: Architectures) -> Float64[np.ndarray, " N"]:
        """Return the start's score of each architecture as a normal score; 0 without a prior.

        Raises:
            ConfigError: there is no start any more.
        """
        if not len(self.quantiles):
            return np.zeros(len(architectures))
        if "prior" in architectures.attributes:
            return architectures.attributes["prior"]
        if self.start is None:
            raise ConfigError("the predictor needs the one that it started from")
        scores = self.start.score(architectures)
        return _normal_scores_among(self.quantiles, scores)


def _normal_scores_among(
    quantiles: Float64[np.ndarray, " Q"], scores: Float64[np.ndarray, " N"]
) -> Float64[np.ndarray, " N"]:
    """Return the normal scores of scores among those that quantiles are of; of unequal, unequal.

    Between two quantiles the way is straight. Beyond the outermost it goes on as steeply, and ever
    less so: however far a score lies out, its normal score is less than OUTSIDE further.
    """
    known, counts = np.unique(quantiles, return_counts=True)
    places = np.cumsum(counts) - counts / 2
    normal = special.ndtri(places / len(quantiles))
    inside = np.interp(scores, known, normal)
    for end, beside, sign in ((0, 1, -1), (-1, -2, 1)):
        slope = 1.0
        if len(known) > 1:
            slope = (normal[end] - normal[beside]) / (known[end] - known[beside])
        steep = slope * np.maximum(sign * (scores - known[end]), 0)
        inside += sign * OUTSIDE * steep / (OUTSIDE + steep)
    return inside


def _raw(
    kind: str, architectures: Architectures, operators: int, start: ZeroShot | None
) -> Float[np.ndarray, "N F"]:
    if kind == "graph":
        of_cells = graph_features(architectures, operators)
    elif start is None:
        raise ConfigError("an embedding needs the predictor that it is of")
    else:
        of_cells = start.embed(architectures)
    own = own_numbers(architectures)
    return np.column_stack([of_cells, own]) if own.size else of_cells


def prepared(architectures: Architectures, context: Context) -> tuple[Architectures, Context]:
    """Return all architectures of a space that bear their inputs, and a context that knows these.

    Whatever is fitted in that context on some of them, and scores others, works out nothing again.
    """
    known = attached(architectures, context.start, len(context.operators.vectors))
    context = replace(context, unlabelled=known)
    kinds = ["graph", *(["embedding"] if EMBEDDING in known.attributes else [])]
    prior = context.start is not None
    inputs = {kind: Inputs.of(kind, known, context, prior=prior) for kind in kinds}
    borne = {f"scaled_{kind}": one.features(known) for kind, one in inputs.items()}
    borne["prior"] = inputs["graph"].prior(known)
    kept = dict(bare(known).attributes) | ({SCORE: known.attributes[SCORE]} if prior else {})
    ready = replace(known, attributes=kept | borne)
    return ready, replace(context, unlabelled=ready, inputs=inputs)


SLOPE_VARIANCE, RESIDUAL_VARIANCE = 0.25, 0.5  # of normal scores; they weigh prior against labels


def trend(
    prior: Float64[np.ndarray, " n"], target: Float64[np.ndarray, " n"], expected: float
) -> float:
    """Return the slope between zero-shot scores and labels, both as normal scores.

    It is the posterior mean under a normal prior around `expected`, so that few labels hardly
    move it and many unlearn it.
    """
    precision = 1 / SLOPE_VARIANCE + float(prior @ prior) / RESIDUAL_VARIANCE
    return (expected / SLOPE_VARIANCE + float(prior @ target) / RESIDUAL_VARIANCE) / precision
