"""The stabilised share-parameter proxy (ECCV 2020, arXiv 2005.10511): Langevin noise in weights.

A reconstruction: the paper's formula is not public. Paths are drawn as in ``single_path``; each
step of the weights adds noise of stochastic gradient Langevin dynamics (Welling and Teh, ICML 2011,
equation 4), so that the shared weights after each of the last epochs are samples from a posterior,
and not one optimum that the last paths have bent. An architecture is scored by their mean.
"""

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from jaxtyping import Float64
from torch import Tensor, nn

from tgnas.errors import ConfigError
from tgnas.image_training.weight_sharing import Given
from tgnas.methods.card import Card
from tgnas.methods.contracts import Context
from tgnas.methods.supernets import _common as common
from tgnas.methods.supernets._common import History, PathLearner, PathScorer
from tgnas.methods.supernets._settings import StabilisedSettings as Settings
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.space import Space

CARD = Card(
    title="stabilised share-parameter proxy (reconstruction)",
    reference="arXiv 2005.10511, ECCV 2020; Welling and Teh, ICML 2011, equation 4",
    needs="images, labels of images",
    deviations=("the paper's formula is not public: noise, temperature and averaging are ours",),
)


@dataclass(eq=False)
class _Learner(PathLearner):
    settings: Settings
    samples: nn.ModuleList = field(init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        kept = (copy.deepcopy(self.supernet) for _ in range(self.settings.samples))
        self.samples = nn.ModuleList(kept).requires_grad_(False)
        self.modules = nn.ModuleDict({"supernet": self.supernet, "samples": self.samples})

    def step(self, given: Given) -> Tensor:
        """Take a step on a path's loss and add noise to every weight."""
        loss = super().step(given)
        rate = self.optimizers["weights"].param_groups[0]["lr"]
        deviation = math.sqrt(2 * rate * self.settings.temperature)
        with torch.no_grad():
            for weight in self.supernet.parameters():
                weight.add_(torch.randn_like(weight), alpha=deviation)
        return loss

    def end_epoch(self, epoch: int) -> dict[str, float]:
        """Keep the weights of one of the last epochs."""
        place = epoch - self.settings.epochs + self.settings.samples
        if place >= 0:
            self.samples[place].load_state_dict(self.supernet.state_dict())
        return {}


@dataclass(eq=False)
class Sampled:
    """Samples of a supernet's weights: a score is the mean accuracy of a path over them."""

    samples: Sequence[PathScorer]
    history: History

    def score(self, architectures: Architectures) -> Float64[np.ndarray, " N"]:
        """Return each path's mean accuracy on the held-out images, in percent."""
        return np.mean([sample.score(architectures) for sample in self.samples], axis=0)


def train(
    space: Space, task: Any, settings: Settings, context: Context, generator: torch.Generator
) -> Sampled:
    """Return samples of a supernet's weights, trained on uniformly drawn paths with noise.

    Raises:
        ConfigError: there are more samples than epochs.
    """
    if settings.samples > settings.epochs:
        raise ConfigError(
            f"stabilised: samples: {settings.samples} are more than the {settings.epochs} epochs"
        )
    seed = generator.initial_seed()
    supernet = common.new_supernet(space, task, settings, seed)
    learner = _Learner(supernet, space, task, settings)
    history = common.train_paths(learner, context, seed)
    samples: Any = learner.samples
    return Sampled([PathScorer(one, space, task, settings, []) for one in samples], history)
