"""TG-NAS (Qiao et al., arXiv 2404.00271): a graph network over sentence vectors of the operators.

One path, three configurations. ``code`` follows the authors' repository (paper.md, section 3):
self-loops and a global node, 4 layers of width 64 with sum aggregation, batch normalisation and
ReLU, readout at the global node, mean squared error on the accuracy as a fraction. ``paper``
follows the text where it differs: 2 layers, symmetric normalisation, graph normalisation.
``canonical`` is ours: the same idea on graphs that all spaces write alike.
"""

import hashlib
import json
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, fields, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Float32, Float64
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from scipy import stats
from torch import Tensor
from torch.nn import functional

from tgnas.cell import Cells
from tgnas.encodings import canonical, global_node
from tgnas.encodings.embeddings import OperatorEmbeddings
from tgnas.encodings.graphs import Graphs, distinct
from tgnas.errors import ConfigError, CorruptTableError, UnknownNameError
from tgnas.files import written_whole
from tgnas.methods.card import Card
from tgnas.methods.predictors._gcn import BACK_ENDS, GCN
from tgnas.methods.predictors._network import CHOICES, Network, Shape
from tgnas.operators import ATTRIBUTES, CODES, NAMES, VOCABULARY
from tgnas.training.fit import Fitted, Optimisation
from tgnas.training.fit import fit as train

logger = logging.getLogger(__name__)
SCORING_CHUNK = 32_768  # cells that one thread encodes at once
SCORING_BATCH = 1024  # graphs that the network reads at once: their channels stay in the cache

CARD = Card(
    title="TG-NAS",
    reference="Qiao et al., arXiv 2404.00271, section 3; code YeQiao/TG-NAS",
    needs="labels of the training space",
    deviations=(
        "the last epoch is kept, not the one with the best tau on the target's test labels",
        "the label is the mean test accuracy of three runs; the code draws one of them",
        "a bias before a batch normalisation has gradient zero, not rounding noise",
        "canonical: auxiliary targets beside the accuracy; what connects nothing scores lowest",
    ),
)


GRAPHS: dict[str, Callable[[Cells], Graphs]] = {
    "global_node": global_node.encode,
    "canonical": canonical.encode,
}
Labelled = tuple[Cells, Float64[np.ndarray, " _"]]
LABELS = ("accuracy", "rank")
# The score of what connects nothing, for each loss: below every accuracy and every rank, and far
# below what has no scale.
LOWEST = {"mse": -1.0, "ranking": -1000.0}
AUTHORS_SHAPE = Shape(
    layers=4,
    width=64,
    normalisation="none",
    norm="batch",
    bidirectional=False,
    residual=False,
    readout="last",
    head_layers=0,
    degrees=False,
)


@dataclass(frozen=True, slots=True)
class Settings:
    """What defines one configuration; the defaults are the authors' code.

    Attributes:
        graph: how cells are encoded: global_node (the authors') or canonical (ours).
        shape: layers and the choices within them.
        back_end: "dense" or "dgl"; both give the same scores. DGL runs the authors' shape only.
        projected: sentence vectors are projected on the span of those of the training operators,
            so that what no training operator can have taught has no influence.
        operator_attributes: which of ``operators.ATTRIBUTES`` stand beside the sentence vector, as
            log(1 + x).
        label: accuracy (as a fraction) or its rank among the training cells of its space, from
            0 to 1.
        loss: mse, or ranking (the logistic loss of all pairs of a batch).
        optimisation: epochs, batch, optimiser.
    """

    graph: str = "global_node"
    shape: Shape = AUTHORS_SHAPE
    back_end: str = "dense"
    projected: bool = False
    operator_attributes: tuple[str, ...] = ()
    label: str = "accuracy"
    loss: str = "mse"
    optimisation: Optimisation = field(default_factory=Optimisation)

    def __post_init__(self) -> None:
        chosen: tuple[tuple[str, str, Iterable[str]], ...] = (
            ("graph", self.graph, GRAPHS),
            ("back end", self.back_end, BACK_ENDS),
            ("label", self.label, LABELS),
            ("loss", self.loss, LOSSES),
            *((name, getattr(self.shape, name), known) for name, known in CHOICES.items()),
            *(("operator attribute", name, ATTRIBUTES) for name in self.operator_attributes),
        )
        for kind, value, known in chosen:
            if value not in list(known):
                raise UnknownNameError(kind, value, known)
        if self.back_end == "dgl" and not self.authors:
            raise ConfigError("back end dgl runs the network of the authors' code only")
        numbers = asdict(self.optimisation) | {"layers": self.shape.layers}
        for name, value in (numbers | {"width": self.shape.width}).items():
            if value < 0 or (value == 0 and name != "weight_decay"):
                raise ConfigError(f"predictor's {name} is {value}; it must be positive")

    @property
    def authors(self) -> bool:
        """Tell whether layers and width are all in which the network differs from the authors'."""
        same = replace(AUTHORS_SHAPE, layers=self.shape.layers, width=self.shape.width)
        return self.graph == "global_node" and self.shape == same and not self.operator_attributes

    @classmethod
    def from_config(cls, values: dict) -> "Settings":
        """Return the settings of one entry of the config's ``predictors``.

        Raises:
            ConfigError: a value that no predictor can have.
            UnknownNameError: a choice that does not exist.
        """
        parts: dict[str, Any] = {"shape": Shape, "optimisation": Optimisation}
        chosen = {f.name: values[f.name] for f in fields(cls) if f.name not in parts}
        chosen["operator_attributes"] = tuple(chosen["operator_attributes"])
        for name, kind in parts.items():
            chosen[name] = kind(**{f.name: values[f.name] for f in fields(kind)})
        return cls(**chosen)


class Predictor:
    """A fitted network: cells in, scores out."""

    def __init__(self, network: GCN | Network, settings: Settings) -> None:
        self.network = network.eval()
        self.encode = GRAPHS[settings.graph]
        self.lowest = LOWEST[settings.loss]

    def predict(self, cells: Cells, threads: int = 1) -> Float64[np.ndarray, " N"]:
        """Return a score for each cell; higher is better.

        It is the predicted accuracy as a fraction, its predicted rank among the training cells,
        or, after the ranking loss, a number without a scale; ``LOWEST`` where the graph has no edge
        (a canonical graph of a cell whose output no input reaches: no network of it can learn).
        Scores do not depend on the threads.
        """
        return scores_of([self], cells, threads)[0]


def scores_of(
    members: Sequence[Predictor], cells: Cells, threads: int = 1
) -> Float64[np.ndarray, "S N"]:
    """Return every member's score of each cell, to the bit those of its ``predict``.

    Args:
        members: predictors of one configuration; cells are encoded once for all of them.
        cells: what is scored.
        threads: how many work at once.
    """
    starts = range(0, len(cells), SCORING_CHUNK)
    chunks = (cells[start : start + SCORING_CHUNK] for start in starts)
    parts = in_threads(partial(scores_of_chunk, members), chunks, threads)
    return np.concatenate([np.empty((len(members), 0)), *parts], axis=1)


def in_threads(work: Callable[[Any], Any], pieces: Iterable[Any], threads: int) -> list[Any]:
    """Return what work makes of each piece, in their order."""
    if threads == 1:
        return list(map(work, pieces))
    # One more than work at a time: something of each piece holds the interpreter's lock.
    with ThreadPoolExecutor(threads + 1) as pool:
        return list(pool.map(work, pieces))


def scores_of_chunk(members: Sequence[Predictor], cells: Cells) -> Float64[np.ndarray, "S N"]:
    """Return the scores of one chunk: each distinct graph once, small ones with small ones."""
    graphs = members[0].encode(cells)
    rows, places = distinct(graphs)
    extents = graphs.extents[rows]
    order = np.argsort(extents, kind="stable")
    scores = np.empty((len(members), len(rows)))
    with torch.inference_mode():
        for start in range(0, len(rows), SCORING_BATCH):
            batch = order[start : start + SCORING_BATCH]
            part = graphs.part(rows[batch], int(extents[batch[-1]]))
            inputs = members[0].network.prepare(part)
            for number, member in enumerate(members):
                scores[number, batch] = member.network(inputs).numpy()
    scores[:, ~graphs.aggregation[rows].any(axis=(1, 2))] = members[0].lowest
    return scores[:, places]


def new_network(
    embeddings: OperatorEmbeddings, settings: Settings, training_operators: Sequence[str] = ()
) -> GCN | Network:
    """Return an uninitialised network of a configuration.

    Args:
        embeddings: the operators' sentence vectors.
        settings: the configuration.
        training_operators: the operators of the training cells, for ``Settings.projected``.
    """
    vectors = embeddings.vectors
    if settings.projected:
        vectors = projected(vectors, [CODES[name] for name in training_operators])
    features = global_node.node_features(vectors)
    if settings.operator_attributes:
        known = [
            [op.attributes[name] for name in settings.operator_attributes] for op in VOCABULARY
        ]
        beside = np.zeros((len(features), len(settings.operator_attributes)), dtype=np.float32)
        beside[: len(known)] = np.log1p(known)
        features = np.concatenate([features, beside], axis=1)
    if settings.authors:
        sizes = settings.shape.layers, settings.shape.width
        return BACK_ENDS[settings.back_end](features, *sizes)
    return Network(features, settings.shape)


def projected(
    vectors: Float32[np.ndarray, "O D"], codes: Sequence[int]
) -> Float32[np.ndarray, "O R"]:
    """Return coordinates of all vectors in the span of R of them; what is outside is lost.

    They are V T' (T T')^(-1/2) with the R vectors T, which no choice of a basis changes.
    """
    training_operators = vectors[list(codes)].astype(np.float64)
    values, basis = np.linalg.eigh(training_operators @ training_operators.T)
    inverse = np.where(values > 1e-6 * values[-1], values, np.inf) ** -0.5
    return (vectors @ training_operators.T @ (basis * inverse) @ basis.T).astype(np.float32)


def ranking_loss(scores: Float[Tensor, " B"], labels: Float[Tensor, " B"]) -> Float[Tensor, ""]:
    """Return the mean logistic loss of all pairs of different labels (Burges et al., 2005)."""
    better = (labels[:, None] > labels[None, :]).float()
    losses = functional.softplus(scores[None, :] - scores[:, None])
    return (losses * better).sum() / better.sum().clamp(min=1)


LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "mse": functional.mse_loss,
    "ranking": ranking_loss,
}


def fit(
    labelled: Sequence[Labelled],
    embeddings: OperatorEmbeddings,
    settings: Settings,
    seed: int,
    checkpoint: Path | None = None,
    code: str = "",
) -> tuple[Predictor, Fitted]:
    """Train on labelled cells; the predictor is that of the last epoch.

    Args:
        labelled: the training cells of each space, with their accuracies in percent or, where ranks
            are learned, any score that is higher for what is better.
        embeddings: the operators' sentence vectors.
        settings: the configuration.
        seed: draws the initial parameters and the order of the cells.
        checkpoint: file to resume from and to rewrite after every epoch.
        code: digest of the code, so that a checkpoint of older code is not resumed.

    Raises:
        ConfigError: accuracies of several spaces as the label; they have no common scale.
    """
    if settings.label == "accuracy" and len(labelled) > 1:
        raise ConfigError("accuracies of several spaces have no common scale; learn label: rank")
    cells = Cells.concatenate(cells for cells, _ in labelled)
    generator = torch.Generator().manual_seed(seed)
    network = new_network(embeddings, settings, operators_of(cells))
    network.initialise(generator)
    inputs = network.prepare(GRAPHS[settings.graph](cells))
    # The rank among the space's own: what is best there is best, whatever the scale.
    scaled = {"accuracy": lambda a: a / 100, "rank": lambda a: stats.rankdata(a) / len(a)}
    accuracies = np.concatenate([accuracies for _, accuracies in labelled])
    goal = np.concatenate([scaled[settings.label](a) for _, a in labelled])
    labels, loss = torch.from_numpy(goal).float(), LOSSES[settings.loss]

    def loss_of(index: Tensor) -> Tensor:
        return loss(network(inputs.select(index)), labels.index_select(0, index))

    logger.info("cells=%d settings=%s seed=%d", len(cells), settings, seed)
    digest = _digest(cells, accuracies, embeddings, settings, seed, code)
    fitted = train(
        network, loss_of, len(cells), settings.optimisation, generator, checkpoint, digest
    )
    return Predictor(network, settings), fitted


def operators_of(*parts: Cells) -> tuple[str, ...]:
    """Return the operators that occur in cells, in the vocabulary's order."""
    codes = np.concatenate([cells.operators.ravel() for cells in parts])
    found = np.bincount(codes, minlength=256)[: len(NAMES)]
    return tuple(name for name, count in zip(NAMES, found, strict=True) if count)


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


def save(
    path: Path,
    states: dict[str, Tensor],
    settings: Settings,
    training_operators: Sequence[str] = (),
) -> None:
    """Write the weights of all epochs, stacked, with their settings and training operators."""
    # One entry: the format does not keep the order of several, and files shall repeat to the bit.
    about = json.dumps({"settings": asdict(settings), "training_operators": training_operators})
    with written_whole(path) as part:
        save_file(states, part, {"predictor": about})


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
            about = json.loads(file.metadata()["predictor"])
            states = {name: file.get_tensor(name)[epochs] for name in file.keys()}  # noqa: SIM118
        stored, training_operators = about["settings"], about["training_operators"]
        stored["optimisation"] = Optimisation(**stored["optimisation"])
        stored["shape"] = Shape(**stored["shape"])
        stored["operator_attributes"] = tuple(stored["operator_attributes"])
        settings = Settings(**stored)
        network = new_network(embeddings, settings, training_operators)
        for epoch in range(len(next(iter(states.values())))):
            network.load_state_dict({name: entry[epoch] for name, entry in states.items()})
            yield Predictor(network, settings)
    except (SafetensorError, LookupError, TypeError, ValueError, RuntimeError, OSError) as error:
        raise CorruptTableError(f"{path} holds no weights for these embeddings: {error}") from error
