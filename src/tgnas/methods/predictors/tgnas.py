"""TG-NAS (Qiao et al., arXiv 2404.00271): a graph network over sentence vectors of the operators.

One path, three configurations. ``code`` follows the authors' repository (YeQiao/TG-NAS):
self-loops and a global node, 4 layers of width 64 with sum aggregation, batch normalisation and
ReLU, readout at the global node, mean squared error on the accuracy as a fraction. ``paper``
follows section 3 of the text where it differs: 2 layers, symmetric normalisation, graph
normalisation. ``canonical`` is ours: the same idea on graphs that all spaces write alike.
"""

import hashlib
import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Float32, Float64
from torch import Tensor
from torch.nn import functional

from tgnas.cell import Cells
from tgnas.encodings import canonical, global_node
from tgnas.encodings.embeddings import KnownOperators
from tgnas.encodings.graphs import Graphs, distinct
from tgnas.encodings.live import is_dead
from tgnas.errors import ConfigError
from tgnas.methods.card import Card
from tgnas.methods.contracts import Context, State
from tgnas.methods.predictors._gcn import BACK_ENDS, GCN
from tgnas.methods.predictors._network import Network
from tgnas.methods.predictors._settings import Settings
from tgnas.operators import ATTRIBUTES
from tgnas.spaces.architectures import Architectures
from tgnas.training.device import device_of
from tgnas.training.fit import Fitted, MeanOverCells
from tgnas.training.fit import fit as train
from tgnas.training.ranks import mid_ranks
from tgnas.training.splits import TrainingSet

logger = logging.getLogger(__name__)
SCORING_CHUNK = 65_536  # cells that are encoded at once
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
# The score of what connects nothing, for each loss: below every accuracy and every rank, and far
# below what has no scale.
LOWEST = {"mse": -1.0, "ranking": -1000.0}
ON_DEVICE = True  # its training is worked out on the device of the context


@dataclass(frozen=True, eq=False)
class Predictor:
    """A fitted network and its settings.

    A score is the predicted accuracy as a fraction, the predicted rank among the training
    architectures, or, after the ranking loss, a number without a scale; ``LOWEST`` where a cell's
    graph has no edge (a canonical graph whose output no input reaches: no network of it can learn).
    """

    network: GCN | Network
    settings: Settings

    @property
    def state(self) -> State:
        """The network's parameters and running statistics."""
        return self.network.state_dict()

    def score(self, architectures: Architectures) -> Float64[np.ndarray, " N"]:
        """Return the mean over the cells of each architecture; higher is better."""
        return score_members([self], architectures)[0]


def score_members(
    members: Sequence[Predictor], architectures: Architectures
) -> Float64[np.ndarray, "S N"]:
    """Return the scores of predictors of one configuration; cells are encoded once for all.

    Where the output of one of an architecture's cells is not reached, that of its network is not.
    """
    cells = architectures.cells
    starts = range(0, len(cells), SCORING_CHUNK)
    parts = [_score_cells(members, cells[start : start + SCORING_CHUNK]) for start in starts]
    scores = np.concatenate([np.empty((len(members), 0)), *parts], axis=1)
    scores = architectures.mean_over_cells(scores)
    if architectures.cells_per_architecture > 1 and members[0].settings.dead_cells_last:
        scores[:, is_dead(architectures)] = LOWEST[members[0].settings.loss]
    return scores


def _score_cells(members: Sequence[Predictor], cells: Cells) -> Float64[np.ndarray, "S N"]:
    """Return the scores of one chunk: each distinct graph once, small ones with small ones."""
    graphs = GRAPHS[members[0].settings.graph](cells)
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
    if members[0].settings.dead_cells_last:
        unconnected = ~graphs.aggregation[rows].any(axis=(1, 2))
        scores[:, unconnected] = LOWEST[members[0].settings.loss]
    return scores[:, places]


def embed_members(
    members: Sequence[Predictor], architectures: Architectures
) -> Float32[np.ndarray, "N D"]:
    """Return the last hidden channels of predictors of one configuration, side by side.

    Those of an architecture's cells stand side by side as well.

    Raises:
        ConfigError: the network of the authors' code, whose channels are not read.
    """
    cells, graphs_of = architectures.cells, GRAPHS[members[0].settings.graph]
    parts = []
    with torch.inference_mode():
        for start in range(0, len(cells), SCORING_BATCH):
            graphs = graphs_of(cells[start : start + SCORING_BATCH])
            networks = [m.network for m in members if isinstance(m.network, Network)]
            if len(networks) < len(members):
                raise ConfigError("only predictors on canonical graphs have an embedding")
            inputs = networks[0].prepare(graphs)
            parts.append(np.concatenate([n.read(inputs).numpy() for n in networks], axis=1))
    width = sum(member.settings.width for member in members)
    rows = np.concatenate([np.empty((0, width), dtype=np.float32), *parts])
    return rows.reshape(len(architectures), -1)


def new_network(operators: KnownOperators, settings: Settings) -> GCN | Network:
    """Return a network of a configuration that reads all known operators; nothing is drawn yet."""
    vectors = operators.vectors
    if settings.projected:
        vectors = projected(vectors, operators.training)
    features = global_node.node_features(vectors)
    if settings.operator_attributes:
        chosen = [ATTRIBUTES.index(name) for name in settings.operator_attributes]
        attributes = np.zeros((len(features), len(chosen)), dtype=np.float32)
        attributes[: len(vectors)] = np.log1p(operators.attributes[:, chosen])
        features = np.concatenate([features, attributes], axis=1)
    if settings.authors:
        sizes = settings.layers, settings.width
        return BACK_ENDS[settings.back_end](features, *sizes, operators=len(vectors))
    return Network(features, settings)


def projected(
    vectors: Float32[np.ndarray, "O D"], codes: Sequence[int]
) -> Float32[np.ndarray, "O R"]:
    """Return coordinates of all vectors in the span of R of them; what is outside is lost.

    They are V T' (T T')^(-1/2) with the R vectors T, which no choice of a basis changes.
    """
    spanning = vectors[list(codes)].astype(np.float64)
    values, basis = np.linalg.eigh(spanning @ spanning.T)
    inverse = np.where(values > 1e-6 * values[-1], values, np.inf) ** -0.5
    return (vectors @ spanning.T @ (basis * inverse) @ basis.T).astype(np.float32)


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
    sources: Sequence[TrainingSet], settings: Settings, context: Context, generator: torch.Generator
) -> Predictor:
    """Return the predictor of the last epoch; arguments and errors as in ``fit_epochs``."""
    network = new_network(context.operators, settings)
    train_network(network, sources, settings, context, generator)
    return Predictor(network, settings)


def fit_epochs(
    sources: Sequence[TrainingSet], settings: Settings, context: Context, generator: torch.Generator
) -> Fitted:
    """Return the network's state after each epoch.

    Args:
        sources: the training architectures, with accuracies in percent or, where ranks are
            learned, any score.
        settings: the configuration.
        context: the operators' vectors, the folder of the checkpoint, and the device, whose
            rounding is its own.
        generator: of the initial parameters and of the order of the architectures.

    Raises:
        ConfigError: accuracies of several sources as the label, which have no common scale, or a
            device that is not there.
    """
    network = new_network(context.operators, settings)
    return train_network(network, sources, settings, context, generator)


def restore(state: State, settings: Settings, context: Context) -> Predictor:
    """Return the predictor of a state.

    Raises:
        RuntimeError: the state is of another network.
    """
    network = new_network(context.operators, settings)
    network.load_state_dict(state)
    return Predictor(network.eval(), settings)


def train_network(
    network: GCN | Network,
    sources: Sequence[TrainingSet],
    settings: Settings,
    context: Context,
    generator: torch.Generator,
) -> Fitted:
    """Fit a network of a configuration in place; arguments and errors as in ``fit_epochs``.

    It comes back on the CPU.
    """
    if settings.label == "accuracy" and len(sources) > 1:
        raise ConfigError("accuracies of several spaces have no common scale; learn label: rank")
    device = device_of(context.device)
    if settings.back_end == "dgl" and device.type != "cpu":
        raise ConfigError(f"back end dgl is trained on the CPU, not on {device}; dense is on both")
    cells = Cells.concatenate(source.architectures.cells for source in sources)
    seed, count = generator.initial_seed(), sum(map(len, sources))
    network.initialise(generator)
    loss_of = loss_on(network.to(device), sources, settings, device)
    logger.info("architectures=%d settings=%s seed=%d device=%s", count, settings, seed, device)
    about = [settings.model_dump(), seed, context.code, torch.__version__, device.type]
    raw = np.concatenate([source.labels for source in sources])
    arrays = cells.operators, cells.edges, raw, context.operators.vectors
    digest = _digest(json.dumps(about), *arrays)
    checkpoint = context.checkpoints / "checkpoint.pt" if context.checkpoints else None
    fitted = train(network, loss_of, count, settings, generator, checkpoint, digest)
    network.cpu()
    return fitted


def loss_on(
    network: GCN | Network, sources: Sequence[TrainingSet], settings: Settings, device: torch.device
) -> Callable[[Tensor], Tensor]:
    """Return what gives the mean loss of a batch of training architectures.

    Args:
        network: of the configuration, on the device.
        sources: the training architectures.
        settings: the configuration.
        device: where graphs, labels and indices of a batch lie.
    """
    cells = Cells.concatenate(source.architectures.cells for source in sources)
    inputs: Any = network.prepare(GRAPHS[settings.graph](cells))
    if device.type != "cpu":
        inputs = inputs.to(device)
    # The rank among the source's own: what is best there is best, whatever the scale.
    scaled = {"accuracy": lambda a: a / 100, "rank": lambda a: mid_ranks(a[None])[0] / len(a)}
    goal = np.concatenate([scaled[settings.label](source.labels) for source in sources])
    labels, loss = torch.from_numpy(goal).float().to(device), LOSSES[settings.loss]
    mean_over_cells = MeanOverCells([s.architectures for s in sources], device)

    def loss_of(index: Tensor) -> Tensor:
        rows = mean_over_cells.rows(index)
        scores = mean_over_cells(network(inputs.select(rows)), index)
        return loss(scores, labels.index_select(0, index))

    return loss_of


def _digest(about: str, *arrays: np.ndarray) -> str:
    """Return a hash of everything that training depends on but the number of threads."""
    digest = hashlib.sha256(about.encode())
    for array in arrays:
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
