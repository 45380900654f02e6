"""D-DARTS (Cai et al., arXiv 2108.09306): architecture parameters for each cell, sigmoid gates.

Every cell has parameters and an optimizer of its own. The loss of a cell's parameters is the cross
entropy, the auxiliary loss of Fair DARTS, - MSE(sigmoid(alpha), .5), which drives gates to 0 or 1,
and the ablation loss: a cell's marginal contribution, the loss without the cell less that with it,
normalised over the cells.
"""

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from tgnas.image_training.weight_sharing import Given
from tgnas.methods.card import Card
from tgnas.methods.contracts import Context
from tgnas.methods.supernets import _common as common
from tgnas.methods.supernets._mixture import Mixture, MixtureLearner, derive, train_mixture
from tgnas.methods.supernets._settings import DDartsSettings as Settings
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.space import Space
from tgnas.training.seeds import seeded

__all__ = ["CARD", "Settings", "contributions", "derive", "train"]

CARD = Card(
    title="D-DARTS",
    reference="Cai et al., arXiv 2108.09306; code Jackon/D-DARTS",
    needs="images, labels of images",
    deviations=(
        "the spaces here stack one cell of each kind: what is derived and what scores is the mean "
        "gates of all cells of a kind; the paper derives every cell by itself",
        "the threshold is of NAS-Bench-201; in the DARTS space each node keeps its two strongest",
        "a score is the sum of log gates",
        "a cell that is left out passes its input on, in the DARTS space projected to its shape",
    ),
)


def contributions(whole: Float[Tensor, ""], without: Float[Tensor, " M"]) -> Float[Tensor, " M"]:
    """Return the ablation loss of each cell: its contribution, normalised, with the sign turned.

    A cell contributes what the loss rises without it. Mean and standard deviation over the cells
    are constants; where all contribute alike, the loss is 0.

    Args:
        whole: the loss of the network.
        without: its loss without each of the M cells.
    """
    gained = without - whole
    spread = gained.detach().std(correction=0)
    if spread == 0:
        return torch.zeros_like(gained)
    return -(gained - gained.detach().mean()) / spread


@dataclass(eq=False)
class _Learner(MixtureLearner):
    settings: Settings

    def weights_of(self, alphas: Tensor) -> Tensor:
        """Return the gates."""
        return torch.sigmoid(alphas)

    def step_alphas(self, given: Given) -> None:
        """Take a step of every cell's parameters on its own loss."""
        held_out, without = next(given.held_out), []
        with common.forward_pass(self.task, self.settings):
            loss = self.loss(held_out, self.alphas)
            if self.settings.ablation:
                with torch.no_grad():
                    without = [
                        self.loss(held_out, self.alphas, without=cell) for cell in range(self.rows)
                    ]
        gates = self.weights_of(self.alphas)
        auxiliary = -functional.mse_loss(gates, torch.full_like(gates, 0.5))
        total = loss + self.settings.auxiliary * auxiliary
        if without:
            # A cell's loss without it does not depend on its own parameters.
            total = (
                total + self.settings.ablation * contributions(loss, torch.stack(without)).mean()
            )
        (self.alphas.grad,) = torch.autograd.grad(total, [self.alphas])
        self.optimizers["alphas"].step()

    def probabilities(self) -> Tensor:
        """Return the mean gates of the cells of each kind."""
        gates, kinds = self.weights_of(self.alphas.detach()), torch.tensor(self.supernet.cell_kinds)
        return torch.stack([gates[kinds == kind].mean(dim=0) for kind in kinds.unique()])

    def derive(self) -> Architectures:
        """Return the architecture of the strongest mean gates above the threshold."""
        gates = self.probabilities().cpu().numpy()
        return common.derived(self.space, gates, self.settings.threshold)


def train(
    space: Space, task: Any, settings: Settings, context: Context, generator: torch.Generator
) -> Mixture:
    """Return a mixture with gates of its own for each cell."""
    seed = generator.initial_seed()
    supernet = common.new_supernet(space, task, settings, seed)
    with seeded(seed):
        learner = _Learner(supernet, space, task, settings, rows=len(supernet.cell_kinds))
    return train_mixture(learner, context, seed)
