"""Small networks that learn few labels, one copy for each draw of labels, all at once.

The S copies of a network are one set of parameters with an axis more, and a step of the optimiser
moves all of them: their losses are added up, so no copy's gradient knows of another's. With a prior
a network learns what the zero-shot score leaves of the labels, whose slope ``few_labels.trend``
finds; labels are learned as normal scores.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float, Float64, Int64
from torch import Tensor, nn
from torch.func import functional_call, vmap

from tgnas.encodings import canonical
from tgnas.methods.contracts import Context, State
from tgnas.methods.few_labels import Inputs, LabelScale, normal_scores, trend
from tgnas.methods.predictors import _network
from tgnas.methods.predictors._few_label_settings import FewLabelSettings
from tgnas.methods.predictors._network import Network
from tgnas.spaces.architectures import Architectures
from tgnas.training.splits import TrainingSet

Fitted = TypeVar("Fitted")
Copies = Mapping[str, Tensor]  # the parameters of S copies by name: (S, ...)
CHUNK = 1024  # architectures that are scored at once
BETAS, EPSILON = (0.9, 0.999), 1e-8  # of AdamW
MARGIN = 1.0  # the most that the hinge asks for, as labels are normal scores
LEAST_SLOPE = 1e-3  # a fitted order is never turned over


@runtime_checkable
class Form(Protocol):
    """What a kind of network makes of architectures, and scores them by."""

    @property
    def state(self) -> State:
        """What it is made of again, beside the settings."""
        ...

    def read(self, architectures: Architectures) -> tuple[Tensor, ...]:
        """Return what networks read of N architectures: tensors of N rows."""
        ...

    def scores(self, copies: Copies, read: tuple[Tensor, ...]) -> Float[Tensor, "S B"]:
        """Return the score that each copy gives to its own B rows: tensors are (S, B, ...)."""
        ...


@dataclass(frozen=True, eq=False)
class GraphForm:
    """Message passing on canonical graphs.

    Attributes:
        network: whose parameters the copies replace.
    """

    network: Network

    @property
    def state(self) -> State:
        """Nothing: its network is made anew."""
        return {}

    def read(self, architectures: Architectures) -> tuple[Tensor, ...]:
        """Return operators, messages, which count, the last one, and shares: (N, K, ...)."""
        inputs = self.network.prepare(canonical.encode(architectures.cells))
        count, cells = len(architectures), architectures.cells_per_architecture
        shares = torch.tensor(architectures.cell_weights).repeat(count)
        kept = (inputs.operators, inputs.messages, inputs.there, inputs.last, shares)
        return tuple(part.reshape(count, cells, *part.shape[1:]) for part in kept)

    def scores(self, copies: Copies, read: tuple[Tensor, ...]) -> Tensor:
        """Return the mean over an architecture's cells."""
        *graphs, shares = read

        def one(parameters: Copies, *parts: Tensor) -> Tensor:
            operators, messages, there, last = parts
            inputs = _network.Inputs(operators, messages, None, there, last)
            return functional_call(self.network, dict(parameters), (inputs,))

        values = vmap(one)(dict(copies), *(part.flatten(1, 2) for part in graphs))
        return (values.reshape(shares.shape) * shares).sum(dim=2)


@dataclass(frozen=True, eq=False)
class Predictor:
    """One copy of a network, around the zero-shot score if it began with that.

    A score is the expected label.

    Attributes:
        form: what it reads.
        parameters: the copy's, (1, ...).
        inputs: the zero-shot score's scale.
        labels: the way between labels and normal scores.
        line: slope of the zero-shot score, then slope and mean that make normal scores of the sum.
    """

    form: Form
    parameters: Copies
    inputs: Inputs
    labels: LabelScale
    line: Float64[np.ndarray, " 3"]

    @property
    def state(self) -> State:
        """All arrays."""
        arrays = {
            "labels": self.labels.labels,
            "label_scores": self.labels.scores,
            "line": self.line,
        }
        known = {name: torch.from_numpy(np.ascontiguousarray(a)) for name, a in arrays.items()}
        own = {f"network/{name}": entry[0] for name, entry in self.parameters.items()}
        form = {f"form/{name}": entry for name, entry in self.form.state.items()}
        return self.inputs.state | known | own | form

    def score(self, architectures: Architectures) -> Float64[np.ndarray, " N"]:
        """Return the expected label of each architecture; higher is better."""
        slope, scale, mean = self.line
        starts = range(0, len(architectures), CHUNK)
        parts = [self._of_chunk(architectures[start : start + CHUNK]) for start in starts]
        raw = np.concatenate([np.empty(0), *parts]) + slope * self.inputs.prior(architectures)
        return self.labels.back(scale * raw + mean)

    def _of_chunk(self, architectures: Architectures) -> Float64[np.ndarray, " N"]:
        with torch.inference_mode():
            read = tuple(part[None] for part in self.form.read(architectures))
            return self.form.scores(self.parameters, read)[0].numpy().astype(np.float64)


def alone(fit_together: Callable[..., list[Fitted]]) -> Callable[..., Fitted]:
    """Return the ``fit`` of one source's labels, of a method that fits several at once."""

    def fit(
        sources: Sequence[TrainingSet], settings: Any, context: Context, generator: torch.Generator
    ) -> Fitted:
        [source] = sources
        return fit_together([source], settings, context, [generator])[0]

    return fit


def restored(state: State, form: Form, context: Context) -> Predictor:
    """Return the predictor of a state."""
    own = {
        name.removeprefix("network/"): entry[None]
        for name, entry in state.items()
        if name.startswith("network/")
    }
    labels = LabelScale(state["labels"].numpy(), state["label_scores"].numpy())
    inputs = Inputs.of_state("graph", state, context)
    return Predictor(form, own, inputs, labels, state["line"].numpy())


def fit_copies(
    sources: Sequence[TrainingSet],
    form: Form,
    begun: Copies,
    settings: FewLabelSettings,
    context: Context,
    generators: Sequence[torch.Generator],
) -> list[Predictor]:
    """Return a fitted network for each source, all of which hold equally many labels.

    Args:
        sources: S of them, of one space.
        form: what the networks read.
        begun: the parameters that they begin with, (S, ...).
        settings: how they are fitted.
        context: what the prior is.
        generators: of the order in which each learns its labels.

    Raises:
        ConfigError: a prior, and no zero-shot predictor to start from.
    """
    every = Architectures.concatenate([source.architectures for source in sources])
    count = len(sources[0])
    inputs = Inputs.of("graph", every, context, prior=settings.prior > 0)
    prior = inputs.prior(every).reshape(-1, count)
    target = np.stack([normal_scores(source.labels) for source in sources])
    pairs = zip(prior, target, strict=True)
    slopes = np.array([trend(*p, settings.prior) if settings.prior else 0.0 for p in pairs])
    read = form.read(every)
    known = torch.from_numpy(slopes[:, None] * prior).float()
    wanted = torch.from_numpy(target).float()
    first = torch.arange(len(sources))[:, None] * count

    def scores(copies: Copies, index: Tensor) -> Tensor:
        rows = first + index
        return form.scores(copies, tuple(part[rows] for part in read)) + known.gather(1, index)

    def loss(copies: Copies, index: Tensor) -> Tensor:
        return LOSSES[settings.loss](scores(copies, index), wanted.gather(1, index)).sum()

    copies = minimise(begun, loss, count, settings, generators)
    with torch.no_grad():
        predictions = scores(copies, torch.arange(count).repeat(len(sources), 1)).double().numpy()
    lines = [_line(*row, settings.loss) for row in zip(predictions, target, strict=True)]
    return [
        Predictor(
            form,
            {name: entry[row : row + 1].clone() for name, entry in copies.items()},
            inputs,
            LabelScale.of(source.labels),
            np.array([slopes[row], *lines[row]]),
        )
        for row, source in enumerate(sources)
    ]


def minimise(
    begun: Copies,
    loss: Callable[[Copies, Int64[Tensor, "S B"]], Float[Tensor, ""]],
    count: int,
    settings: FewLabelSettings,
    generators: Sequence[torch.Generator],
) -> dict[str, Tensor]:
    """Return the parameters of S copies after AdamW's steps on batches that each draws itself.

    AdamW (Loshchilov and Hutter, ICLR 2019) is written out: torch's loads a compiler, which takes
    longer than learning a few labels does.
    """
    copies = {name: entry.detach().clone().requires_grad_() for name, entry in begun.items()}
    parameters = list(copies.values())
    moments = [(torch.zeros_like(p), torch.zeros_like(p)) for p in parameters]
    size, decay = min(settings.batch, count), settings.weight_decay
    for step in range(settings.steps):
        chosen = [torch.randperm(count, generator=generator)[:size] for generator in generators]
        gradients = torch.autograd.grad(loss(copies, torch.stack(chosen)), parameters)
        rate = settings.learning_rate * (1 + math.cos(math.pi * step / settings.steps)) / 2
        first, second = (1 - beta ** (step + 1) for beta in BETAS)
        with torch.no_grad():
            for entry, gradient, (mean, square) in zip(parameters, gradients, moments, strict=True):
                mean.lerp_(gradient, 1 - BETAS[0])
                square.lerp_(gradient.square(), 1 - BETAS[1])
                entry.mul_(1 - rate * decay)
                entry.addcdiv_(mean, (square / second).sqrt_().add_(EPSILON), value=-rate / first)
    return {name: entry.detach() for name, entry in copies.items()}


def drawn(network: nn.Module, generators: Sequence[torch.Generator]) -> Copies:
    """Return the parameters of a network, drawn anew by each generator: (S, ...).

    TG-NAS's network is initialised as it is wherever it learns. Weights of others are drawn from
    U(-1/sqrt(fan in), 1/sqrt(fan in)); of one row, such as a shift, they are zero.
    """
    if isinstance(network, Network):
        each = [_initialised(network, generator) for generator in generators]
        return {name: torch.stack([one[name] for one in each]) for name in each[0]}

    def of_one(parameter: Tensor, generator: torch.Generator) -> Tensor:
        if parameter.dim() < 2:
            return torch.zeros_like(parameter)
        bound = parameter[0].numel() ** -0.5
        return torch.empty_like(parameter).uniform_(-bound, bound, generator=generator)

    return {
        name: torch.stack([of_one(parameter.detach(), generator) for generator in generators])
        for name, parameter in network.named_parameters()
    }


def _initialised(network: Network, generator: torch.Generator) -> Copies:
    fresh = Network(network.features.numpy(), network.settings)
    fresh.initialise(generator)
    return {name: entry.detach() for name, entry in fresh.named_parameters()}


def mean_square(scores: Float[Tensor, "S B"], labels: Float[Tensor, "S B"]) -> Float[Tensor, " S"]:
    """Return each copy's mean squared error."""
    return (scores - labels).square().mean(dim=1)


def hinge(scores: Float[Tensor, "S B"], labels: Float[Tensor, "S B"]) -> Float[Tensor, " S"]:
    """Return each copy's mean of max(0, margin - difference) over pairs of different labels.

    The margin is the labels' own difference, at most one of their standard deviations, so that
    scores on the labels' scale lose nothing: n labels need not be n margins apart, beside which
    a zero-shot prior would say little.
    """
    apart = labels[:, :, None] - labels[:, None, :]
    better = (apart > 0).to(scores.dtype)
    ahead = scores[:, :, None] - scores[:, None, :]
    total = (torch.relu(apart.clamp(max=MARGIN) - ahead) * better).sum(dim=(1, 2))
    return total / better.sum(dim=(1, 2)).clamp(min=1)


LOSSES = {"mse": mean_square, "hinge": hinge}


def _line(
    predictions: Float64[np.ndarray, " n"], target: Float64[np.ndarray, " n"], loss: str
) -> tuple[float, float]:
    """Return slope and mean that make normal scores of what a network says."""
    if loss == "mse" or len(predictions) < 2:
        return 1.0, 0.0
    centred = predictions - predictions.mean()
    slope = float(centred @ target) / max(float(centred @ centred), 1e-12)
    slope = max(slope, LEAST_SLOPE)
    return slope, float(target.mean() - slope * predictions.mean())
