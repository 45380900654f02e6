"""TG-NAS (Qiao et al., arXiv 2404.00271): a GCN over sentence vectors of the operators.

``code`` settings follow the authors' repository (paper.md, section 3): self-loops and a global
node, 4 layers of width 64 with sum aggregation, batch normalisation and ReLU, readout at the
global node, mean squared error on the accuracy as a fraction.
"""

import hashlib
import json
import logging
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float64
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch.nn import functional

from tgnas.cell import Cells
from tgnas.encodings.global_node import encode, node_features
from tgnas.encodings.sentence import OperatorEmbeddings
from tgnas.errors import ConfigError, CorruptTableError, UnknownNameError
from tgnas.methods.card import Card
from tgnas.methods.predictors._gcn import BACK_ENDS, GCN
from tgnas.training.fit import Fitted, Optimisation
from tgnas.training.fit import fit as train

logger = logging.getLogger(__name__)
SCORING_BATCH = 2048

CARD = Card(
    title="TG-NAS",
    reference="Qiao et al., arXiv 2404.00271, section 3; code YeQiao/TG-NAS",
    needs="labels of the training space",
    deviations=(
        "the last epoch is kept, not the one with the best tau on the target's test labels",
        "the label is the mean test accuracy of three runs; the code draws one of them",
        "a bias before a batch normalisation has gradient zero, not rounding noise",
    ),
)


@dataclass(frozen=True, slots=True)
class Settings:
    """What defines one configuration; the defaults are the authors' code.

    Attributes:
        layers: graph convolutions (the paper's text says 2, the code has 4).
        width: hidden channels.
        back_end: "dense" or "dgl"; both give the same scores.
        optimisation: epochs, batch, optimiser.
    """

    layers: int = 4
    width: int = 64
    back_end: str = "dense"
    optimisation: Optimisation = field(default_factory=Optimisation)

    @classmethod
    def from_config(cls, values: dict) -> "Settings":
        """Return the settings of one entry of the config's ``predictors``.

        Raises:
            ConfigError: a value that no predictor can have.
            UnknownNameError: an unknown back end.
        """
        own = {key: values[key] for key in ("layers", "width", "back_end")}
        rest = {entry.name: values[entry.name] for entry in fields(Optimisation)}
        if own["back_end"] not in BACK_ENDS:
            raise UnknownNameError("back end", own["back_end"], BACK_ENDS)
        for key, value in {**own, **rest}.items():
            may_be_zero = key == "weight_decay"
            if not isinstance(value, str) and (value < 0 or (value == 0 and not may_be_zero)):
                raise ConfigError(f"predictor's {key} is {value}; it must be positive")
        return cls(**own, optimisation=Optimisation(**rest))


class Predictor:
    """A fitted network: cells in, scores out."""

    def __init__(self, network: GCN) -> None:
        self.network = network.eval()

    def predict(self, cells: Cells) -> Float64[np.ndarray, " N"]:
        """Return the predicted accuracy of each cell as a fraction; higher is better."""
        scores = []
        with torch.inference_mode():
            for start in range(0, len(cells), SCORING_BATCH):
                graphs = encode(cells[start : start + SCORING_BATCH])
                scores.append(self.network(self.network.prepare(graphs)).double().numpy())
        return np.concatenate(scores) if scores else np.empty(0)


def new_network(embeddings: OperatorEmbeddings, settings: Settings) -> GCN:
    """Return an uninitialised network of a configuration."""
    features = node_features(embeddings.vectors)
    return BACK_ENDS[settings.back_end](features, settings.layers, settings.width)


def fit(
    cells: Cells,
    accuracies: Float64[np.ndarray, " N"],
    embeddings: OperatorEmbeddings,
    settings: Settings,
    seed: int,
    checkpoint: Path | None = None,
    code: str = "",
) -> tuple[Predictor, Fitted]:
    """Train on labelled cells; the predictor is that of the last epoch.

    Args:
        cells: the training cells.
        accuracies: their accuracies in percent.
        embeddings: the operators' sentence vectors.
        settings: the configuration.
        seed: draws the initial parameters and the order of the cells.
        checkpoint: file to resume from and to rewrite after every epoch.
        code: digest of the code, so that a checkpoint of older code is not resumed.
    """
    generator = torch.Generator().manual_seed(seed)
    network = new_network(embeddings, settings)
    network.initialise(generator)
    inputs = network.prepare(encode(cells))
    labels = torch.from_numpy(accuracies / 100).float()

    def loss_of(index: torch.Tensor) -> torch.Tensor:
        return functional.mse_loss(network(inputs.select(index)), labels.index_select(0, index))

    logger.info("cells=%d settings=%s seed=%d", len(cells), settings, seed)
    digest = _digest(cells, accuracies, embeddings, settings, seed, code)
    fitted = train(
        network, loss_of, len(cells), settings.optimisation, generator, checkpoint, digest
    )
    return Predictor(network), fitted


def _digest(
    cells: Cells,
    accuracies: np.ndarray,
    embeddings: OperatorEmbeddings,
    settings: Settings,
    seed: int,
    code: str,
) -> str:
    """Return a hash of everything that training depends on but the number of threads."""
    text = json.dumps([asdict(settings), seed, code, torch.__version__], sort_keys=True)
    digest = hashlib.sha256(text.encode())
    for array in (cells.operators, cells.edges, accuracies, embeddings.vectors):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def save(path: Path, states: dict[str, torch.Tensor], settings: Settings) -> None:
    """Write the weights of all epochs, stacked, with their settings."""
    part = path.with_name(path.name + ".part")
    save_file(states, part, {"settings": json.dumps(asdict(settings))})
    part.replace(path)


def load(path: Path, embeddings: OperatorEmbeddings) -> Predictor:
    """Return the predictor of the last epoch of a weights file.

    Raises:
        CorruptTableError: the file is not one that ``save`` wrote for these embeddings.
    """
    for last in load_epochs(path, embeddings, slice(-1, None)):
        return last
    raise CorruptTableError(f"{path} holds no epoch")


def load_epochs(
    path: Path, embeddings: OperatorEmbeddings, epochs: slice = slice(None)
) -> Iterator[Predictor]:
    """Yield the predictors of the chosen epochs of a weights file, one network for all.

    Raises:
        CorruptTableError: as in ``load``.
    """
    try:
        with safe_open(path, "pt") as file:
            stored = json.loads(file.metadata()["settings"])
            states = {name: file.get_tensor(name)[epochs] for name in file.keys()}  # noqa: SIM118
        optimisation = Optimisation(**stored.pop("optimisation"))
        network = new_network(embeddings, Settings(**stored, optimisation=optimisation))
        for epoch in range(len(next(iter(states.values())))):
            network.load_state_dict({name: entry[epoch] for name, entry in states.items()})
            yield Predictor(network)
    except (SafetensorError, LookupError, TypeError, ValueError, RuntimeError, OSError) as error:
        raise CorruptTableError(f"{path} holds no weights for these embeddings: {error}") from error
