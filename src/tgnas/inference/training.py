"""Training a predictor on one's own labelled architectures, whatever space they are of."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from jaxtyping import Float64
from scipy import stats
from torch import Tensor

from tgnas.cell import Cells
from tgnas.encodings.embeddings import OperatorEmbeddings
from tgnas.inference.described import Known, open_network
from tgnas.inference.pretrained import Weights
from tgnas.methods.predictors.tgnas import GRAPHS, LOSSES, Settings
from tgnas.operators import NAMES
from tgnas.spaces.space import Space
from tgnas.training.fit import fit

logger = logging.getLogger(__name__)


def scaled_to(settings: Settings, epochs: int) -> Settings:
    """Return settings with other epochs; the rate steps at the same shares of them."""
    plan = settings.optimisation
    step = max(1, round(plan.step_epochs * epochs / plan.epochs))
    return replace(settings, optimisation=replace(plan, epochs=epochs, step_epochs=step))


def train(
    cells: Cells,
    accuracies: Float64[np.ndarray, " N"],
    space: Space,
    embeddings: OperatorEmbeddings,
    settings: Settings,
    seeds: Sequence[int],
    done: Callable[[int], None] | None = None,
) -> Weights:
    """Return an ensemble that was trained on architectures of one space.

    An architecture of several cells has the mean of their scores, weighted by their shares.

    Args:
        cells: the N K cells.
        accuracies: measured, in any unit; higher is better.
        space: what they are of.
        embeddings: the vocabulary's sentence vectors.
        settings: the configuration.
        seeds: each draws a member's initial parameters and its order of the architectures.
        done: told each seed that is trained.
    """
    codes = np.unique(cells.operators)
    codes = codes[codes < len(NAMES) + len(space.new)].tolist()
    known = Known.of(embeddings, space.new)
    scale = {"accuracy": lambda a: a / 100, "rank": lambda a: stats.rankdata(a) / len(a)}
    labels = torch.from_numpy(scale[settings.label](accuracies)).float()
    loss, kinds = LOSSES[settings.loss], len(space.shares)
    shares = torch.tensor(space.shares, dtype=torch.float32)
    states: dict[str, list[Tensor]] = {}
    for seed in seeds:
        generator = torch.Generator().manual_seed(seed)
        network = open_network(known, settings, codes)
        network.initialise(generator)
        inputs = network.prepare(GRAPHS[settings.graph](cells))

        def loss_of(index: Tensor, network: Any = network, inputs: Any = inputs) -> Tensor:
            rows = (index[:, None] * kinds + torch.arange(kinds)).flatten()
            scores = network(inputs.select(rows)).view(-1, kinds) @ shares
            return loss(scores, labels.index_select(0, index))

        logger.info("architectures=%d seed=%d settings=%s", len(accuracies), seed, settings)
        fitted = fit(network, loss_of, len(accuracies), settings.optimisation, generator)
        for name, entry in fitted.epochs.items():
            states.setdefault(name, []).append(entry[-1].clone())
        if done:
            done(seed)
    # The codes of what is new end with this training; afterwards its descriptions stand for it.
    new = tuple(space.new[code - len(NAMES)] for code in codes if code >= len(NAMES))
    training_operators = tuple(NAMES[code] for code in codes if code < len(NAMES))
    stacked = {name: torch.stack(entries) for name, entries in states.items()}
    return Weights(settings, training_operators, new, stacked, embeddings)
