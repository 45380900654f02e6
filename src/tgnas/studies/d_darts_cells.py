"""Whether cells that derive by themselves are worth it, at equal parameters (D-DARTS, Cai et al.).

The supernet of NAS-Bench-201 is searched by D-DARTS twice for each seed: with parameters of their
own for each cell, and with the same ones for all. Networks of what is derived, as deep as the
supernet and deeper, are trained alone, each at the width that brings it closest to one number of
parameters.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import Field, PositiveInt

from tgnas.methods.settings import MethodSettings, read_settings
from tgnas.registry import SUPERNETS

METHOD, SPACE = "d_darts", "nasbench201"
OWN, SHARED = "own", "shared"
STAGES = 3


class Settings(MethodSettings):
    """What is searched and what is trained; both on digits."""

    search: dict[str, Any] = Field(
        default={
            "channels": 8,
            "layers": 1,
            "epochs": 50,
            "batch": 60,
            "learning_rate": 0.025,
            "lowest_rate": 0.0,
            "weight_decay": 0.0005,
            "alpha_rate": 0.05,
            "alpha_decay": 0.0,
            "threshold": 0.5,
        }
    )
    """Keys of D-DARTS. In so few steps few gates reach the paper's .85; all begin at .5."""
    layers: tuple[PositiveInt, ...] = Field(default=(1, 2), min_length=1)
    """Cells of each stage of the networks that are trained."""
    parameters: PositiveInt = 40_000
    """Of each network that is trained, as nearly as a width brings it there."""
    widest: PositiveInt = 32
    """Channels of the first stage, at most."""
    recipe: str = "config/recipes/digits.yaml"
    """A file of config/recipes, whose images are digits."""
    change: dict[str, Any] = Field(default={"epochs": 100})
    """Keys of the recipe that differ from its file."""
    seeds: PositiveInt = 3
    """Searches of each kind."""
    trainings: PositiveInt = 2
    """Of each network."""


def inputs(settings: Settings) -> Mapping[str, str]:
    """Return the recipe."""
    return {"recipe": settings.recipe}


def parts(settings: Settings) -> list[str]:
    """Return a part for each search."""
    return [f"{kind}-seed{seed}" for kind in (OWN, SHARED) for seed in range(settings.seeds)]


def loaded(settings: Settings) -> Sequence[str]:
    """Return the modules of the method and of what is imported in ``run``."""
    return [SUPERNETS.module_name(METHOD), "tgnas.studies._digits"]


def run(part: str, settings: Settings, files: Mapping[str, Any], folder: Path) -> pd.DataFrame:
    """Return a row for each training of the networks of one search.

    Columns: kind, seed, layers, training, cells (different architectures, in order), channels,
    parameters, validation and test (accuracy, percent), seconds (of the search).
    """
    import torch  # slow imports

    from tgnas.methods.contracts import Context
    from tgnas.methods.supernets import d_darts
    from tgnas.spaces.space import open_space
    from tgnas.studies import _digits
    from tgnas.training.seeds import seeded

    kind, _, number = part.rpartition("-seed")
    seed, space = int(number), open_space(SPACE)
    recipe, images = _digits.opened(files["recipe"], **settings.change)
    search_settings = settings.search | {"shared": kind == SHARED}
    searched = d_darts.train(
        space,
        images.validated(),
        read_settings(d_darts.Settings, search_settings, "studies.d_darts_cells.search"),
        Context(checkpoints=folder),
        torch.Generator().manual_seed(seed),
    )
    if kind == OWN:
        cells = d_darts.derive_cells(searched)
    else:
        cells = d_darts.derive(searched)[[0] * STAGES]

    def built(layers: int, channels: int) -> torch.nn.Module:
        return d_darts.deeper(cells, layers, images.classes, channels)

    rows = []
    for layers in settings.layers:
        sizes = {
            channels: sum(weight.numel() for weight in built(layers, channels).parameters())
            for channels in range(1, settings.widest + 1)
        }
        channels = min(sizes, key=lambda width: abs(sizes[width] - settings.parameters))
        for training in range(settings.trainings):
            with seeded(training):
                network = built(layers, channels)
            accuracies = _digits.trained(network, images, recipe, training)
            rows.append(
                {
                    "kind": kind,
                    "seed": seed,
                    "layers": layers,
                    "training": training,
                    "cells": " ".join(dict.fromkeys(space.format(cells))),
                    "channels": channels,
                    "parameters": sizes[channels],
                    "validation": accuracies.validation,
                    "test": accuracies.test,
                    "seconds": sum(line["seconds"] for line in searched.history),
                }
            )
    return pd.DataFrame(rows)
