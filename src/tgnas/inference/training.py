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

from tgnas import __version__
from tgnas.encodings.embeddings import OperatorEmbeddings
from tgnas.errors import DataError
from tgnas.inference.described import Known, open_network
from tgnas.inference.pretrained import Pretrained, Weights
from tgnas.inference.streaming import Source
from tgnas.methods.predictors.tgnas import GRAPHS, LOSSES, Settings
from tgnas.operators import NAMES
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.space import Space
from tgnas.training.fit import fit

logger = logging.getLogger(__name__)


def train_on_file(
    source: Source,
    accuracy_column: str,
    space: Space,
    like: Pretrained,
    seeds: int,
    epochs: int,
    done: Callable[[int], None] | None = None,
) -> tuple[Weights, dict[str, Any]]:
    """Return an ensemble that was trained on a file of labelled architectures, and its card.

    Args:
        source: the file.
        accuracy_column: where its accuracies stand.
        space: what its architectures are of.
        like: the predictor whose settings are taken.
        seeds: members of the ensemble.
        epochs: passes over the file.
        done: told each seed that is trained.

    Raises:
        DataError: a row is faulty and is not to be skipped, or there is nothing to learn.
    """
    parts, labels = [], []
    for chunk, architectures in source.architectures(space):
        accuracies = source.column(chunk, accuracy_column)
        known = np.isfinite(accuracies)
        parts.append(architectures[known])
        labels.append(accuracies[known])
    accuracies = np.concatenate([np.empty(0), *labels])
    if len(np.unique(accuracies)) < 2:
        raise DataError(f"{source.path}: {len(accuracies)} labelled architectures teach nothing")
    settings, members = scaled_to(like.weights.settings, epochs), list(range(seeds))
    embeddings = like.weights.embeddings
    learned = Architectures.concatenate(parts)
    weights = train(learned, accuracies, space, embeddings, settings, members, done)
    card = {
        "title": f"trained on {space.name}",
        "seeds": members,
        "trained_on": {space.name: {"cells": len(accuracies), "column": accuracy_column}},
        "epoch": "the last one",
        "settings": {"embedding": like.card["settings"]["embedding"], "epochs": epochs},
        "made_by": {"tgnas": __version__},
    }
    return weights, card


def scaled_to(settings: Settings, epochs: int) -> Settings:
    """Return settings with other epochs; the rate steps at the same shares of them."""
    plan = settings.optimisation
    step = max(1, round(plan.step_epochs * epochs / plan.epochs))
    return replace(settings, optimisation=replace(plan, epochs=epochs, step_epochs=step))


def train(
    architectures: Architectures,
    accuracies: Float64[np.ndarray, " N"],
    space: Space,
    embeddings: OperatorEmbeddings,
    settings: Settings,
    seeds: Sequence[int],
    done: Callable[[int], None] | None = None,
) -> Weights:
    """Return an ensemble that was trained on architectures of one space.

    An architecture of several cells has the mean of their scores, by its cell weights.

    Args:
        architectures: what is learned from.
        accuracies: measured, in any unit; higher is better.
        space: what they are of.
        embeddings: the vocabulary's sentence vectors.
        settings: the configuration.
        seeds: each draws a member's initial parameters and its order of the architectures.
        done: told each seed that is trained.
    """
    cells = architectures.cells
    codes = np.unique(cells.operators)
    codes = codes[codes < len(NAMES) + len(space.new)].tolist()
    known = Known.of(embeddings, space.new)
    scale = {"accuracy": lambda a: a / 100, "rank": lambda a: stats.rankdata(a) / len(a)}
    labels = torch.from_numpy(scale[settings.label](accuracies)).float()
    loss, count = LOSSES[settings.loss], architectures.cells_per_architecture
    weights = torch.tensor(architectures.cell_weights, dtype=torch.float32)
    states: dict[str, list[Tensor]] = {}
    for seed in seeds:
        generator = torch.Generator().manual_seed(seed)
        network = open_network(known, settings, codes)
        network.initialise(generator)
        inputs = network.prepare(GRAPHS[settings.graph](cells))

        def loss_of(index: Tensor, network: Any = network, inputs: Any = inputs) -> Tensor:
            rows = (index[:, None] * count + torch.arange(count)).flatten()
            scores = network(inputs.select(rows)).view(-1, count) @ weights
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
