"""A Gaussian process on few labels, perhaps around the score of a zero-shot predictor.

The covariance of two architectures is that of a constant, of a Matern 5/2 kernel of their features
(or their inner product, which is ridge regression), and, with a prior, of the slope of the
zero-shot score: its prior mean is `prior` and its variance is learned from, so that labels can
unlearn it. Length scale and noise are those of the highest marginal likelihood on a small grid,
in closed form (Rasmussen and Williams, 2006, sections 2.2 and 5.4.1).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float64

from tgnas.methods.card import Card
from tgnas.methods.contracts import Context, State
from tgnas.methods.few_labels import Inputs, LabelScale, normal_scores
from tgnas.methods.predictors._few_label_settings import GaussianProcessSettings as Settings
from tgnas.spaces.architectures import Architectures
from tgnas.training.splits import TrainingSet

CARD = Card(
    title="Gaussian process",
    reference="Rasmussen and Williams, 2006; features as in White et al., AAAI 2021",
    needs="labels of the target",
    deviations=(
        "BANANAS fits an ensemble of neural networks; this is its search with a Gaussian process",
        "path encodings are cut to three operators and counted",
        "with a prior: the mean is a zero-shot score, whose slope the labels correct (ours)",
    ),
)
SCALES = (0.35, 0.7, 1.4, 2.8, 5.6)  # times the median distance of the labelled
NOISES = (1e-3, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)  # times the variance of the kernel
SLOPE = 0.5  # prior variance of the slope of the zero-shot score, times that of the kernel
CHUNK = 4096


@dataclass(frozen=True, eq=False)
class Predictor:
    """A fitted process.

    A score is the expected label.

    Attributes:
        settings: its settings.
        inputs: how architectures become numbers.
        labels: the way between labels and normal scores.
        seen: features of the n labelled architectures.
        prior: their zero-shot scores.
        weights: of the covariances with them, (n,).
        inverse: of their covariance with noise, (n, n).
        scale: length scale of the kernel.
        variance: of the kernel.
    """

    settings: Settings
    inputs: Inputs
    labels: LabelScale
    seen: Float64[np.ndarray, "n F"]
    prior: Float64[np.ndarray, " n"]
    weights: Float64[np.ndarray, " n"]
    inverse: Float64[np.ndarray, "n n"]
    scale: float
    variance: float

    @property
    def state(self) -> State:
        """All arrays."""
        arrays = {
            "labels": self.labels.labels,
            "label_scores": self.labels.scores,
            "seen": self.seen,
            "prior": self.prior,
            "weights": self.weights,
            "inverse": self.inverse,
            "scale": np.array([self.scale, self.variance]),
        }
        tensors = {n: torch.from_numpy(np.ascontiguousarray(a)) for n, a in arrays.items()}
        return self.inputs.state | tensors

    def score(self, architectures: Architectures) -> Float64[np.ndarray, " N"]:
        """Return the expected label of each architecture; higher is better."""
        parts = [self._of_chunk(part, spread=False)[0] for part in _cut(architectures)]
        return self.labels.back(np.concatenate([np.empty(0), *parts]))

    def distribution(
        self, architectures: Architectures
    ) -> tuple[Float64[np.ndarray, " N"], Float64[np.ndarray, " N"]]:
        """Return mean and standard deviation of each, as normal scores of the labels."""
        parts = [self._of_chunk(part, spread=True) for part in _cut(architectures)]
        means, deviations = zip(*parts, strict=True)
        return np.concatenate(means), np.concatenate(deviations)

    def _of_chunk(
        self, architectures: Architectures, *, spread: bool
    ) -> tuple[Float64[np.ndarray, " N"], Float64[np.ndarray, " N"]]:
        features, prior = self.inputs.features(architectures), self.inputs.prior(architectures)
        shared = covariance(features, self.seen, self.settings.kernel, self.scale)
        shared += 1 + SLOPE * np.outer(prior, self.prior)
        mean = shared @ self.weights + self.settings.prior * prior
        if not spread:
            return mean, np.zeros(len(mean))
        own = 1.0 if self.settings.kernel == "matern" else (features**2).sum(1) / self.scale**2
        explained = np.einsum("ij,ij->i", shared @ self.inverse, shared)
        left = own + 1 + SLOPE * prior**2 - explained
        return mean, np.sqrt(self.variance * np.maximum(left, 1e-9))


def _cut(architectures: Architectures) -> list[Architectures]:
    starts = range(0, len(architectures), CHUNK)
    return [architectures[start : start + CHUNK] for start in starts]


def covariance(
    one: Float64[np.ndarray, "N F"], other: Float64[np.ndarray, "M F"], kernel: str, scale: float
) -> Float64[np.ndarray, "N M"]:
    """Return the kernel of all pairs of rows."""
    product = one @ other.T
    if kernel == "linear":
        return product / scale**2
    squares = (one**2).sum(axis=1)[:, None] + (other**2).sum(axis=1) - 2 * product
    distance = np.sqrt(np.maximum(squares, 0)) * (5**0.5 / scale)
    return (1 + distance + distance**2 / 3) * np.exp(-distance)


def fit(
    sources: Sequence[TrainingSet],
    settings: Settings,
    context: Context,
    generator: torch.Generator,
) -> Predictor:
    """Return the process of the labels of one source.

    Raises:
        ConfigError: inputs or a prior that need a zero-shot predictor, and there is none.
    """
    del generator  # nothing is drawn
    [source] = sources
    inputs = Inputs.of(settings.inputs, source.architectures, context, prior=settings.prior > 0)
    choices = [inputs]
    if settings.doubted and len(inputs.quantiles):
        choices.append(replace(inputs, quantiles=np.empty(0)))
    return max((_fitted(one, source, settings) for one in choices), key=lambda fit: fit[0])[1]


def _fitted(inputs: Inputs, source: TrainingSet, settings: Settings) -> tuple[float, Predictor]:
    """Return the process on some inputs, after its log marginal likelihood (up to a constant)."""
    features, prior = (f(source.architectures) for f in (inputs.features, inputs.prior))
    target = normal_scores(source.labels) - settings.prior * prior
    likelihood, scale, noise, variance = _likeliest(features, prior, target, settings.kernel)
    shared = covariance(features, features, settings.kernel, scale) + 1
    shared += SLOPE * np.outer(prior, prior)
    inverse = np.linalg.inv(shared + noise * np.eye(len(target)))
    labels = LabelScale.of(source.labels)
    weights = inverse @ target
    return likelihood, Predictor(
        settings, inputs, labels, features, prior, weights, inverse, scale, variance
    )


def _likeliest(
    features: Float64[np.ndarray, "n F"],
    prior: Float64[np.ndarray, " n"],
    target: Float64[np.ndarray, " n"],
    kernel: str,
) -> tuple[float, float, float, float]:
    """Return the highest likelihood, its length scale, noise (times the variance) and variance.

    Weak log-normal priors on all three keep the choice sensible where there are few labels; the
    variance is that of its posterior mode under half an observation of 1.
    """
    count = len(target)
    unit = 1.0
    if kernel == "matern" and count > 1:
        squares = ((features[:, None] - features[None]) ** 2).sum(axis=2) if count < 64 else None
        if squares is None:
            norm = (features**2).sum(axis=1)
            squares = np.maximum(norm[:, None] + norm - 2 * features @ features.T, 0)
        unit = float(np.sqrt(np.median(squares[np.triu_indices(count, 1)]))) or 1.0
    best = (-np.inf, 1.0, 1.0, 1.0)
    for relative in SCALES:
        shared = covariance(features, features, kernel, relative * unit)
        values, basis = np.linalg.eigh(shared + 1 + SLOPE * np.outer(prior, prior))
        rotated = (basis.T @ target) ** 2
        for noise in NOISES:
            spread = np.maximum(values, 0) + noise
            variance = float(((rotated / spread).sum() + 1) / (count + 1))
            likelihood = -0.5 * ((count + 1) * np.log(variance) + np.log(spread).sum())
            likelihood -= 0.1 * np.log(noise / 0.1) ** 2 + 0.2 * np.log(relative / 1.4) ** 2
            if likelihood > best[0]:
                best = (likelihood, relative * unit, noise, variance)
    return best


def restore(state: State, settings: Settings, context: Context) -> Predictor:
    """Return the process of a state."""
    inputs = Inputs.of_state(settings.inputs, state, context)
    arrays = [state[name].numpy() for name in ("seen", "prior", "weights", "inverse")]
    labels = LabelScale(state["labels"].numpy(), state["label_scores"].numpy())
    scale, variance = (float(value) for value in state["scale"])
    seen, prior, weights, inverse = arrays
    return Predictor(settings, inputs, labels, seen, prior, weights, inverse, scale, variance)
