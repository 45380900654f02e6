"""Training a predictor on one's own labelled architectures, whatever space they are of."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from tgnas import __version__
from tgnas.errors import ArgumentError, DataError, are, number_of
from tgnas.inference import own_labels
from tgnas.inference.labels import once_each
from tgnas.inference.pretrained import Pretrained
from tgnas.methods.trained import Trained, joined, train
from tgnas.spaces.space import Space
from tgnas.training.device import device_of
from tgnas.training.splits import TrainingSet

EPOCHS = 100  # of the network, if none are asked for
LEAST_OF_A_NETWORK = 2  # labels, of which nothing is held out
SEEDS = 5  # members, if none are asked for
SEEDLESS = ("gaussian_process",)  # of which every member would be the same


def train_on(
    known: TrainingSet,
    space: Space,
    like: Pretrained,
    seeds: int | None,
    where: str,
    *,
    method: str | None = None,
    epochs: int | None = None,
    column: str = "accuracy",
    device: str = "cpu",
    tell: Callable[[str], None] = lambda _: None,
) -> Trained:
    """Return an ensemble that was trained on labelled architectures, with its card.

    Args:
        known: what it learns: of several labels of one architecture the mean; a label that is NaN
            is not known yet.
        space: of the architectures.
        like: the predictor that it starts from; of a network, the one whose settings it has.
        seeds: members, ``SEEDS`` of them if it is None; one of a method that draws nothing.
        where: the file of the labels, for messages.
        method: a key of ``own_labels.CANDIDATES`` or ``network``; without one the best of three by
            cross-validation, or the network where epochs are given.
        epochs: of a network.
        column: of the labels, for the card.
        device: on which a network learns, in torch's words.
        tell: is told what cross-validation says, and each seed that is trained.

    Raises:
        ArgumentError: epochs of what is not trained in epochs, several seeds of a method that draws
            nothing, or a device that is not there or that the method does not know.
        DataError: there is nothing to learn, or too little to compare predictors on.
        UnknownNameError: there is no such method.
    """
    named_method = own_labels.checked(method, epochs)
    if device != "cpu" and named_method != own_labels.NETWORK:
        few = named_method or ", ".join(own_labels.CANDIDATES)
        raise ArgumentError(
            f"device {device} is for the method {own_labels.NETWORK}, not for {few}"
        )
    device_of(device)
    several = seeds is not None and seeds > 1
    if several and named_method in SEEDLESS:
        raise ArgumentError(f"{named_method} draws nothing, so that it has 1 seed, not {seeds}")
    left_out = int(np.isnan(known.labels).sum())
    if left_out:
        tell(f"{number_of(left_out, 'row')} without an accuracy {are(left_out)} left out")
    rows = len(known) - left_out
    known = once_each(known)
    accuracies, count = known.labels, number_of(len(known), "labelled architecture")
    if rows > len(known):
        tell(f"{number_of(rows, 'label')} of {count}: of one's several, the mean")
    least = LEAST_OF_A_NETWORK if named_method == own_labels.NETWORK else own_labels.LEAST
    if len(accuracies) < least or len(np.unique(accuracies)) < 2:
        alike = ", all of one accuracy" if len(set(accuracies)) == 1 < len(accuracies) else ""
        raise DataError(
            f"{where}: nothing is learned from {count}{alike}; at least {least} with different "
            "labels are needed"
        )

    def members_of(name: str, settings: Any, count: int, **more: Any) -> list[Trained]:
        members, vectors = [], like.weights.embeddings
        for seed in range(count):
            trained, _ = train(name, [known], settings, vectors, seed, new=space.new, **more)
            members.append(trained[-1:])
            tell(f"trained seed {seed + 1} of {count}")
        return members

    about: dict[str, Any] = {}
    if named_method == own_labels.NETWORK:
        about["epochs"] = epochs or EPOCHS
        settings = like.weights.settings.scaled_to(about["epochs"])
        members = members_of(like.weights.method, settings, seeds or SEEDS, device=device)
    else:
        validations = own_labels.compare(
            known, space, like.weights, [named_method] if named_method else ()
        )
        tell(
            f"held out in turn, {own_labels.FOLDS} parts of {number_of(len(accuracies), 'label')}:"
        )
        for one in validations:
            tell(f"  {one.text}")
        if learned := like.learned_of(space):
            tell(
                f"{like.name} has learned labels of {', '.join(learned)} before: where those were "
                "of these architectures, this says too much"
            )
        if validations[0].warning:
            tell(validations[0].warning)
        best = validations[0].method
        alone = ", with 1 seed, for it draws nothing" if several and best in SEEDLESS else ""
        tell(f"{best} learns all labels{alone}")
        settings, unlabelled = own_labels.settings_of(best), own_labels.population(known, space)
        members = members_of(
            best,
            settings,
            1 if best in SEEDLESS else seeds or SEEDS,
            start=like.weights,
            unlabelled=unlabelled,
        )
        about |= {"method": best, "validation": [vars(one) for one in validations]}
    card = {
        "title": f"trained on {space.name}",
        "seeds": list(range(len(members))),
        "trained_on": {space.name: {"cells": len(accuracies), "column": column}},
        "epoch": "the last one",
        "settings": {"embedding": like.card["settings"]["embedding"], **about},
        "made_by": {"tgnas": __version__},
    }
    return replace(joined(members), card=card)
