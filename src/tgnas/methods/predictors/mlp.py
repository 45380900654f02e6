"""A multi-layer perceptron on counts of the canonical graph, from few labels.

The weak predictor of WeakNAS (Wu et al., NeurIPS 2021, arXiv 2102.10490): four hidden layers of
1,000 channels, fitted anew on all labels so far.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn

from tgnas.methods.card import Card
from tgnas.methods.contracts import Context, State
from tgnas.methods.few_labels import Inputs
from tgnas.methods.predictors._few_label_settings import MlpSettings as Settings
from tgnas.methods.predictors._together import (
    Copies,
    Predictor,
    alone,
    drawn,
    fit_copies,
    restored,
)
from tgnas.spaces.architectures import Architectures
from tgnas.training.splits import TrainingSet

CARD = Card(
    title="MLP",
    reference="Wu et al., NeurIPS 2021, arXiv 2102.10490 (WeakNAS's)",
    needs="labels of the target",
    deviations=(
        "reads counts of the canonical graph, and learns normal scores of the labels' ranks",
        "150 steps of 64 labels; tables say where its layers have fewer channels than 1,000",
        "with a prior: the network learns what a zero-shot score leaves (ours)",
    ),
)


@dataclass(frozen=True, eq=False)
class Form:
    """What the network reads, and how it scores.

    Attributes:
        inputs: the features.
        layers: hidden layers.
        width: channels of each.
    """

    inputs: Inputs
    layers: int
    width: int

    @property
    def state(self) -> State:
        """Nothing: its inputs stand in the predictor's state."""
        return {}

    @property
    def network(self) -> nn.Module:
        """A network whose parameters the copies replace."""
        sizes = [len(self.inputs.columns), *[self.width] * self.layers, 1]
        pairs = enumerate(pairwise(sizes))
        return nn.ModuleDict({f"dense{place}": nn.Linear(*pair) for place, pair in pairs})

    def read(self, architectures: Architectures) -> tuple[Tensor, ...]:
        """Return the features of architectures, each of variance 1 over the space: (N, F)."""
        features = self.inputs.features(architectures) * len(self.inputs.columns) ** 0.5
        return (torch.from_numpy(features.astype(np.float32)),)

    def scores(self, copies: Copies, read: tuple[Tensor, ...]) -> Tensor:
        """Return the score that each copy of the network gives to its own rows, (S, B)."""
        [hidden] = read
        for layer in range(self.layers + 1):
            weight, bias = (copies[f"dense{layer}.{kind}"] for kind in ("weight", "bias"))
            hidden = torch.baddbmm(bias[:, None], hidden, weight.transpose(1, 2))
            hidden = torch.relu(hidden) if layer < self.layers else hidden
        return hidden[:, :, 0]


def fit_together(
    sources: Sequence[TrainingSet],
    settings: Settings,
    context: Context,
    generators: Sequence[torch.Generator],
) -> list[Predictor]:
    """Return a network for each source.

    Raises:
        ConfigError: a prior, and no zero-shot predictor to start from.
    """
    every = Architectures.concatenate([source.architectures for source in sources])
    inputs = Inputs.of("graph", every, context, prior=False)
    form = Form(inputs, settings.layers, settings.width)
    return fit_copies(sources, form, drawn(form.network, generators), settings, context, generators)


fit = alone(fit_together)


def restore(state: State, settings: Settings, context: Context) -> Predictor:
    """Return the network of a state."""
    form = Form(Inputs.of_state("graph", state, context), settings.layers, settings.width)
    return restored(state, form, context)
