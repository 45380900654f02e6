"""Single-path one-shot (Guo et al., ECCV 2020, section 3): one uniformly drawn path a batch."""

from typing import Any

import torch

from tgnas.methods.card import Card
from tgnas.methods.contracts import Context
from tgnas.methods.supernets._common import (
    PathLearner,
    PathScorer,
    new_supernet,
    train_paths,
)
from tgnas.methods.supernets._settings import Settings
from tgnas.spaces.space import Space

__all__ = ["CARD", "Settings", "train"]

CARD = Card(
    title="single path (SPOS)",
    reference="Guo et al., ECCV 2020, sections 3.2 and 3.3",
    needs="images, labels of images",
    deviations=(
        "statistics of batch normalisations are those of the scored images unless `statistics` "
        "is recomputed, as in the paper",
        "architectures are scored; the paper's evolutionary search is left to the searchers",
    ),
)


def train(
    space: Space, task: Any, settings: Settings, context: Context, generator: torch.Generator
) -> PathScorer:
    """Return the supernet of a space, trained on uniformly drawn paths."""
    seed = generator.initial_seed()
    supernet = new_supernet(space, task, settings, seed)
    history = train_paths(PathLearner(supernet, space, task, settings), context, seed)
    return PathScorer(supernet, space, task, settings, history)
