"""Ridge regression on how often each operator stands in a canonical graph, from few labels."""

from dataclasses import dataclass

import numpy as np
import torch
from pydantic import NonNegativeFloat

from tgnas.encodings.canonical import canonicalise
from tgnas.methods.card import Card
from tgnas.methods.contracts import Context, State
from tgnas.methods.settings import MethodSettings
from tgnas.operators import NAMES
from tgnas.spaces.architectures import Architectures
from tgnas.training.splits import TrainingSet

CARD = Card(title="ridge", reference="an example of this repository", needs="labels of the target")


class Settings(MethodSettings):
    """The method's own keys."""

    penalty: NonNegativeFloat = 1.0
    """Weight of the squared norm."""


@dataclass(frozen=True, eq=False)
class Predictor:
    """Fitted weights."""

    state: State

    def score(self, architectures: Architectures) -> np.ndarray:
        """Return the predicted accuracy of each architecture; higher predicts better."""
        return features(architectures) @ self.state["weights"].numpy()


def features(architectures: Architectures) -> np.ndarray:
    """Return how often each operator stands in a canonical graph, the mean over the cells."""
    operators = canonicalise(architectures.cells).operators
    counts = [(operators == code).sum(axis=1).astype(float) for code in range(len(NAMES))]
    return architectures.mean_over_cells(np.stack(counts)).T


def fit(
    sources: list[TrainingSet], settings: Settings, context: Context, generator: torch.Generator
) -> Predictor:
    """Return the weights of least squared error and norm."""
    del context, generator  # no sentence is read and nothing is drawn
    inputs = np.concatenate([features(source.architectures) for source in sources])
    labels = np.concatenate([source.labels for source in sources])
    gram = inputs.T @ inputs + settings.penalty * np.eye(inputs.shape[1])
    return Predictor({"weights": torch.from_numpy(np.linalg.solve(gram, inputs.T @ labels))})


def restore(state: State, settings: Settings, context: Context) -> Predictor:
    """Return the predictor of saved weights."""
    del settings, context  # the weights are all there is
    return Predictor(state)
