"""The stabilised share-parameter proxy (ECCV 2020, arXiv 2005.10511): Langevin noise in weights.

A reconstruction: the paper's formula is not public. Paths are drawn as in ``single_path``; each
step of the weights adds noise of stochastic gradient Langevin dynamics (Welling and Teh, ICML 2011,
equation 4), so that the shared weights are a sample from a posterior and not one optimum that the
last paths have bent.
"""

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from tgnas.image_training.weight_sharing import Given
from tgnas.methods.card import Card
from tgnas.methods.contracts import Context
from tgnas.methods.supernets import _common as common
from tgnas.methods.supernets._common import PathLearner, PathScorer
from tgnas.methods.supernets._settings import StabilisedSettings as Settings
from tgnas.spaces.space import Space

CARD = Card(
    title="stabilised share-parameter proxy (reconstruction)",
    reference="arXiv 2005.10511, ECCV 2020; Welling and Teh, ICML 2011, equation 4",
    needs="images, labels of images",
    deviations=("the paper's formula is not public: noise, temperature and averaging are ours",),
)


@dataclass(eq=False)
class _Learner(PathLearner):
    def step(self, given: Given) -> Tensor:
        """Take a step on a path's loss and add noise to every weight."""
        loss = super().step(given)
        rate = self.optimizers["weights"].param_groups[0]["lr"]
        deviation = math.sqrt(2 * rate * self.settings.temperature)  # type: ignore[attr-defined]
        with torch.no_grad():
            for weight in self.supernet.parameters():
                weight.add_(torch.randn_like(weight), alpha=deviation)
        return loss


def train(
    space: Space, task: Any, settings: Settings, context: Context, generator: torch.Generator
) -> PathScorer:
    """Return the supernet of a space, trained on uniformly drawn paths with noise."""
    seed = generator.initial_seed()
    supernet = common.new_supernet(space, task, settings, seed)
    history = common.train_paths(_Learner(supernet, space, task, settings), context, seed)
    return PathScorer(supernet, space, task, settings, history)
