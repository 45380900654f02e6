"""Training a predictor on one's own labelled architectures, whatever space they are of."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from tgnas import __version__
from tgnas.errors import DataError
from tgnas.inference.pretrained import Pretrained
from tgnas.inference.streaming import Source
from tgnas.methods.trained import Trained, joined, train
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.space import Space
from tgnas.training.splits import TrainingSet


def train_on_file(
    source: Source,
    accuracy_column: str,
    space: Space,
    like: Pretrained,
    seeds: int,
    epochs: int,
    done: Callable[[int], None] = lambda _: None,
) -> Trained:
    """Return an ensemble that was trained on a file of labelled architectures, with its card.

    Its settings are those of the predictor that it shall be `like`, but for the passes over the
    file; each seed that is trained is told to `done`.

    Raises:
        DataError: a row is faulty and is not to be skipped, or there is nothing to learn.
    """
    parts, labels = [space.architectures([])], [np.empty(0)]
    for chunk, architectures in source.architectures(space):
        accuracies = source.column(chunk, accuracy_column)
        known = np.isfinite(accuracies)
        parts.append(architectures[known])
        labels.append(accuracies[known])
    accuracies = np.concatenate(labels)
    source.check_some(len(accuracies))
    known = TrainingSet(Architectures.concatenate(parts), accuracies, space.name)
    return train_on(known, space, like, seeds, epochs, source.path, accuracy_column, done)


def train_on(
    known: TrainingSet,
    space: Space,
    like: Pretrained,
    seeds: int,
    epochs: int,
    where: str,
    column: str = "accuracy",
    done: Callable[[int], None] = lambda _: None,
) -> Trained:
    """Return an ensemble that was trained on labelled architectures, with its card.

    Raises:
        DataError: there is nothing to learn.
    """
    accuracies = known.labels
    if len(np.unique(accuracies)) < 2:
        raise DataError(f"{where}: {len(accuracies)} labelled architectures teach nothing")
    training = [known]
    weights, members = like.weights, []
    settings, vectors = weights.settings.scaled_to(epochs), weights.embeddings
    for seed in range(seeds):
        trained, _ = train(weights.method, training, settings, vectors, seed, new=space.new)
        members.append(trained[-1:])
        done(seed)
    card = {
        "title": f"trained on {space.name}",
        "seeds": list(range(seeds)),
        "trained_on": {space.name: {"cells": len(accuracies), "column": column}},
        "epoch": "the last one",
        "settings": {"embedding": like.card["settings"]["embedding"], "epochs": epochs},
        "made_by": {"tgnas": __version__},
    }
    return replace(joined(members), card=card)
