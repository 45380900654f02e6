"""The universal predictor: graph networks over what operators are, and counts of the network.

Three kinds of spaces, told apart by what their architectures are, never by a label:

- Where nothing but cells varies, a graph network over the canonical graph scores them, and the
  logarithm of their weights is added with a small weight; so is what a second network says, which
  has learned how zero-cost proxies rank random cells, where a configuration has one.
- Where width, depth or resolution vary, too, or the user's table has parameters and FLOPs, the
  logarithms of both are added to the first network's score: there they say most.
- Sequences of blocks have no cell: their FLOPs, the mean logarithm of their channels and their
  depth, which saturates, are added.

The networks are TG-NAS's on canonical graphs, but they read what an operator is in place of
sentence vectors (``encodings.meanings``): weights, pooling and reach, so that wording changes no
ranking. The first learns the ranks of several spaces at once, the second no label. A score depends
on nothing but the architecture.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float32, Float64
from torch import Tensor

from tgnas.costs.layers import Layers, layers_of
from tgnas.costs.operators import attribute_table, expands
from tgnas.encodings.live import is_dead, live_pattern, live_vertices
from tgnas.encodings.meanings import Meanings, meanings_of
from tgnas.errors import ConfigError
from tgnas.methods.card import Card
from tgnas.methods.contracts import Context, State
from tgnas.methods.predictors import tgnas
from tgnas.methods.predictors._network import Network
from tgnas.methods.predictors._universal_settings import Settings
from tgnas.operators import ATTRIBUTES, CODES, PADDING
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.skeleton import SEQUENCES
from tgnas.training.distillation import MIXED_CELLS
from tgnas.training.fit import Fitted
from tgnas.training.splits import TrainingSet

ON_DEVICE = True  # as tgnas
CARD = Card(
    title="universal",
    reference="ours, after Qiao et al., arXiv 2404.00271",
    needs="labels of training spaces, scores of zero-cost proxies",
    deviations=(
        "operators are numbers, not sentences; a sentence stands in where no number is known",
        "counts of the network are added by fixed weights; sequences of blocks are counted alone",
        "a second network is distilled from zero-cost proxies of random cells, and is added",
    ),
)
DISTILLED = "distilled."  # in front of the state of the network that has learned no label


@dataclass(frozen=True, eq=False)
class Predictor:
    """Fitted graph networks of cells, with the weights of the counts.

    Attributes:
        cells: has learned labels.
        distilled: has learned the ranks of zero-cost proxies; None where there were none.
        settings: the configuration.
        meanings: what operators are.
    """

    cells: tgnas.Predictor
    distilled: tgnas.Predictor | None
    settings: Settings
    meanings: Meanings

    @property
    def state(self) -> State:
        """The networks' parameters."""
        return dict(self.cells.state) | (_prefixed(self.distilled.state) if self.distilled else {})

    def score(self, architectures: Architectures) -> Float64[np.ndarray, " N"]:
        """Return one score for each architecture; it has no scale, and higher is better."""
        return score_members([self], architectures)[0]


def score_members(
    members: Sequence[Predictor], architectures: Architectures
) -> Float64[np.ndarray, "S N"]:
    """Return the scores of predictors of one configuration; they share the counts."""
    settings, meanings = members[0].settings, members[0].meanings
    sequence = is_sequence(architectures)
    if sequence:
        scores = np.tile(_of_sequence(architectures, settings), (len(members), 1))
    elif architectures.attributes:
        scores = tgnas.score_members([member.cells for member in members], architectures)
        scores = scores + _of_network(architectures, settings)
    else:
        scores = _of_graphs(members, architectures)
        scores = scores + settings.cell_weights * _of_cells(architectures, meanings)
    several = sequence or architectures.attributes or architectures.cells_per_architecture > 1
    if several and settings.dead_cells_last:  # of a single cell it is said already
        scores[:, is_dead(architectures)] = tgnas.LOWEST["ranking"]
    return scores


def embed_members(
    members: Sequence[Predictor], architectures: Architectures
) -> Float32[np.ndarray, "N D"]:
    """Return the last hidden channels of the networks of labels, as ``tgnas`` does."""
    return tgnas.embed_members([member.cells for member in members], architectures)


def is_sequence(architectures: Architectures) -> bool:
    """Tell whether architectures are sequences of blocks from the image to the classifier."""
    return architectures.skeleton is not None and architectures.skeleton.form in SEQUENCES


def _of_graphs(
    members: Sequence[Predictor], architectures: Architectures
) -> Float64[np.ndarray, "S N"]:
    """Return what the networks of labels and those of proxies say; cells are encoded once."""
    distilled = [member.distilled for member in members if member.distilled]
    networks = [*(member.cells for member in members), *distilled]
    scores = tgnas.score_members(networks, architectures)
    own, more = scores[: len(members)], scores[len(members) :]
    if not distilled:
        return own
    more[:, (more == tgnas.LOWEST["mse"]).all(axis=0)] = 0  # dead, which is said already
    return own + members[0].settings.distilled_weight * more


def _of_cells(architectures: Architectures, meanings: Meanings) -> Float64[np.ndarray, " N"]:
    """Return log(1 + weights of a cell's live operators for each pair of channels)."""
    cells = architectures.cells
    weights = np.zeros(256)
    weights[: len(meanings.weights)] = meanings.weights
    live = live_vertices(cells)
    return architectures.mean_over_cells(np.log1p((weights[cells.operators] * live).sum(axis=1)))


def _of_network(architectures: Architectures, settings: Settings) -> Float64[np.ndarray, " N"]:
    """Return what FLOPs and parameters say: those that an architecture brings along, or counted."""
    own = dict(architectures.attributes)
    if not {"flops", "params"} <= own.keys():
        layers = layers_of(live_pattern(architectures))
        own = {"flops": layers.all_flops, "params": layers.all_parameters} | own
    flops, parameters = (np.log(np.maximum(own[name], 1e-6)) for name in ("flops", "params"))
    return settings.flops * flops + settings.parameters * parameters


def _of_sequence(architectures: Architectures, settings: Settings) -> Float64[np.ndarray, " N"]:
    """Return what FLOPs, channels and depth of a sequence of blocks say."""
    counted = sequence_counts(architectures)
    return (
        settings.flops * counted["flops"]
        + settings.layer_widths * counted["channels"]
        + settings.depth * counted["depth"]
    )


def sequence_counts(architectures: Architectures) -> dict[str, Float64[np.ndarray, " N"]]:
    """Return what can be counted of sequences of blocks, each on a scale of logarithms.

    They are the FLOPs and parameters of the network, the mean over its blocks of the logarithm of
    their channels, and the logarithm of one more than its ``mean_depth``.
    """
    layers, own = layers_of(architectures), architectures.attributes
    codes = architectures.cells.operators[:, 1:-1]
    there = (codes != PADDING) & (codes != CODES["output"])
    wide = (np.log(np.maximum(layers.width, 1)) * there).sum(axis=1) / there.sum(axis=1).clip(1)
    return {
        "flops": np.log(np.maximum(own.get("flops", layers.all_flops), 1e-6)),
        "parameters": np.log(np.maximum(own.get("params", layers.all_parameters), 1e-6)),
        "channels": wide,
        "depth": np.log1p(mean_depth(architectures, layers)),
    }


def mean_depth(architectures: Architectures, layers: Layers) -> Float64[np.ndarray, " N"]:
    """Return the convolutions on the mean path through a sequence of blocks.

    A block with a shortcut counts half: half of the paths go around it. Where nothing but weights
    is known of an operator, nine for each pair of channels are one convolution.
    """
    table, codes = attribute_table(architectures), architectures.cells.operators[:, 1:-1]
    of = {name: table[:, place] for place, name in enumerate(ATTRIBUTES)}
    convolves = (of["kernel"] > 0) & (of["pooling"] == 0)
    known = of["repeats"] * np.where(expands(table), 3, 1)
    guessed = np.where(of["weights"] > 0, np.maximum(1, np.rint(of["weights"] / 9)), 0)
    count = np.where(convolves, known, guessed)[codes]
    kept = (layers.inputs == layers.width) & (layers.stride == 1)
    shortcut = of["shortcut"][codes]
    return (count * np.where((shortcut == 2) | (shortcut == 1) & kept, 0.5, 1.0)).sum(axis=1)


def fit(
    sources: Sequence[TrainingSet], settings: Settings, context: Context, generator: torch.Generator
) -> Predictor:
    """Return the predictor of the last epoch; arguments and errors as in ``fit_epochs``."""
    state = {n: e[-1] for n, e in fit_epochs(sources, settings, context, generator).epochs.items()}
    return restore(state, settings, context)


def fit_epochs(
    sources: Sequence[TrainingSet], settings: Settings, context: Context, generator: torch.Generator
) -> Fitted:
    """Return the state of both networks after each epoch.

    Args:
        sources: cells with accuracies or any scores, whose ranks are learned; those of the space
            ``mixed_cells`` by a network of their own.
        settings: the configuration.
        context: what the operators are, and the folder of the checkpoint.
        generator: of the initial parameters and of the order of the architectures.

    Raises:
        ConfigError: a source's architectures differ in more than cells, or none has labels.
    """
    for source in sources:
        if source.architectures.attributes or is_sequence(source.architectures):
            raise ConfigError(
                f"the universal predictor learns cells, and those of {source.space} stand in "
                "networks that differ in more; leave it out of sources"
            )
    labelled = [source for source in sources if source.space != MIXED_CELLS]
    distilled = [source for source in sources if source.space == MIXED_CELLS]
    if not labelled:
        raise ConfigError("the universal predictor needs labels beside the scores of proxies")
    features = meanings_of(context.operators).features
    of_labels = tgnas.train_network(
        Network(features, settings), labelled, settings, context, generator
    )
    if not distilled:
        return of_labels
    folder = context.checkpoints and context.checkpoints / "distilled"
    of_proxies = tgnas.train_network(
        Network(features, settings),
        distilled,
        settings,
        replace(context, checkpoints=folder),
        generator,
    )
    history = [
        row | {"distilled_loss": other["loss"], "seconds": row["seconds"] + other["seconds"]}
        for row, other in zip(of_labels.history, of_proxies.history, strict=True)
    ]
    return Fitted(history, of_labels.epochs | _prefixed(of_proxies.epochs))


def restore(state: State, settings: Settings, context: Context) -> Predictor:
    """Return the predictor of a state.

    Raises:
        RuntimeError: the state is of another network.
    """
    meanings = meanings_of(context.operators)
    parts = {
        name.removeprefix(DISTILLED): entry
        for name, entry in state.items()
        if name.startswith(DISTILLED)
    }
    own = {name: entry for name, entry in state.items() if not name.startswith(DISTILLED)}

    def network_of(state: State) -> tgnas.Predictor:
        network = Network(meanings.features, settings)
        network.load_state_dict(state)
        return tgnas.Predictor(network.eval(), settings)

    distilled = network_of(parts) if parts else None
    return Predictor(network_of(own), distilled, settings, meanings)


def _prefixed(state: State) -> dict[str, Tensor]:
    return {DISTILLED + name: entry for name, entry in state.items()}
