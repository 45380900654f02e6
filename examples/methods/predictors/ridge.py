"""Ridge regression on the mean sentence vector of a cell's operators, to start from."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float64
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from tgnas.cell import Cells
from tgnas.encodings.embeddings import OperatorEmbeddings
from tgnas.errors import CorruptTableError
from tgnas.methods.card import Card
from tgnas.operators import NAMES, PADDING
from tgnas.training.fit import Fitted

CARD = Card(
    title="ridge",
    reference="an example of this repository",
    needs="labels of the training space",
)


@dataclass(frozen=True, slots=True)
class Settings:
    """What defines one configuration.

    Attributes:
        weight_decay: weight of the squared norm.
    """

    weight_decay: float

    @classmethod
    def from_config(cls, values: dict) -> "Settings":
        """Return the settings of one entry of the config's ``predictors``."""
        return cls(values["weight_decay"])


@dataclass(frozen=True, eq=False)
class Predictor:
    """Fitted weights: cells in, scores out."""

    weights: np.ndarray
    embeddings: OperatorEmbeddings

    def predict(self, cells: Cells, threads: int = 1) -> Float64[np.ndarray, " N"]:
        """Return a score for each cell; higher is better."""
        del threads  # one is enough
        return features(cells, self.embeddings) @ self.weights


def features(cells: Cells, embeddings: OperatorEmbeddings) -> Float64[np.ndarray, "N D"]:
    """Return the mean sentence vector of each cell's operators, and a constant."""
    vectors = np.zeros((PADDING + 1, embeddings.vectors.shape[1] + 1))
    vectors[: len(NAMES), :-1], vectors[: len(NAMES), -1] = embeddings.vectors, 1
    return vectors[cells.operators].sum(axis=1) / cells.sizes[:, None]


def fit(
    labelled: Sequence[tuple[Cells, Float64[np.ndarray, " _"]]],
    embeddings: OperatorEmbeddings,
    settings: Settings,
    seed: int,
    checkpoint: Path | None = None,
    code: str = "",
) -> tuple[Predictor, Fitted]:
    """Return the predictor and its weights after each epoch, of which there is one here."""
    del seed, checkpoint, code  # nothing is drawn, and nothing is worth resuming
    inputs = np.concatenate([features(cells, embeddings) for cells, _ in labelled])
    goal = np.concatenate([accuracies for _, accuracies in labelled])
    penalty = settings.weight_decay * np.eye(inputs.shape[1])
    weights = np.linalg.solve(inputs.T @ inputs + penalty, inputs.T @ goal)
    loss = float(((inputs @ weights - goal) ** 2).mean())
    history: list[dict[str, int | float]] = [{"epoch": 1, "loss": loss}]
    epochs = {"weights": torch.from_numpy(weights)[None]}
    return Predictor(weights, embeddings), Fitted(history, epochs)


def operators_of(*parts: Cells) -> tuple[str, ...]:
    """Return the operators that occur in cells."""
    found = np.unique(np.concatenate([cells.operators.ravel() for cells in parts]))
    return tuple(NAMES[code] for code in found if code < len(NAMES))


def save(
    path: Path,
    states: dict[str, Tensor],
    settings: Settings,
    training_operators: Sequence[str] = (),
) -> None:
    """Write the weights of all epochs; the file appears under its name only when it is whole."""
    part = path.with_name(path.name + ".part")
    about = {"settings": asdict(settings), "training_operators": list(training_operators)}
    save_file(states, part, {"predictor": json.dumps(about)})
    part.replace(path)


def load(path: Path, embeddings: OperatorEmbeddings) -> Predictor:
    """Return the predictor of the last epoch of a weights file."""
    return list(load_epochs(path, embeddings))[-1]


def load_epochs(path: Path, embeddings: OperatorEmbeddings) -> Iterator[Predictor]:
    """Yield the predictor of each epoch of a weights file.

    Raises:
        CorruptTableError: it is none.
    """
    try:
        with safe_open(path, "np") as file:
            weights = file.get_tensor("weights")
    except (SafetensorError, OSError) as error:
        raise CorruptTableError(f"{path} holds no weights: {error}") from error
    for row in weights:
        yield Predictor(row, embeddings)
