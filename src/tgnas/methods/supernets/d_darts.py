"""D-DARTS (Cai et al., arXiv 2108.09306): architecture parameters for each cell, sigmoid gates.

Every cell has parameters and an optimizer of its own. The loss of a cell's parameters is the cross
entropy, the auxiliary loss of Fair DARTS, - MSE(sigmoid(alpha), .5), which drives gates to 0 or 1,
and the ablation loss: a cell's marginal contribution, the loss without the cell less that with it,
normalised over the cells.

Every cell derives by itself (``derive_cells``); in a deeper network the derived cells of a stage
follow each other again and again (``deeper``). The mean gates of the cells of a kind give one
architecture of the space (``derive``).
"""

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from tgnas.errors import ConfigError
from tgnas.image_training.weight_sharing import Given
from tgnas.methods.card import Card
from tgnas.methods.contracts import Context
from tgnas.methods.supernets import _common as common
from tgnas.methods.supernets._mixture import Mixture, MixtureLearner, derive, train_mixture
from tgnas.methods.supernets._settings import DDartsSettings as Settings
from tgnas.networks import nasbench201
from tgnas.networks.supernet import ZERO
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.nasbench201 import EDGES, STAGES
from tgnas.spaces.space import Space
from tgnas.training.seeds import seeded

__all__ = ["CARD", "Settings", "contributions", "deeper", "derive", "derive_cells", "train"]

CARD = Card(
    title="D-DARTS",
    reference="Cai et al., arXiv 2108.09306; code Jackon/D-DARTS",
    needs="images, labels of images",
    deviations=(
        "an architecture of the spaces has one cell of each kind: what scores, and what is derived "
        "beside the single cells, is the mean gates of all cells of a kind",
        "single cells derive, and deeper networks are built, of NAS-Bench-201 only",
        "the threshold is of NAS-Bench-201, where each vertex keeps its strongest edge regardless; "
        "in the DARTS space each node keeps its two strongest",
        "a score is the sum of the log odds of its operators' gates, those of none being even",
        "losses without a cell are constants in the ablation loss, which so scales the gradient of "
        "the cross entropy; architecture parameters have no weight decay",
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
        cells = range(len(self.supernet.cell_kinds))
        with common.forward_pass(self.task, self.settings):
            loss = self.loss(held_out, self.alphas)
            if self.settings.ablation:
                with torch.no_grad():
                    without = [self.loss(held_out, self.alphas, without=cell) for cell in cells]
        gates = self.weights_of(self.alphas)
        total = loss - self.settings.auxiliary * functional.mse_loss(
            gates, torch.full_like(gates, 0.5)
        )
        if without:
            # A cell's loss without it does not depend on its own parameters, and those without
            # another are constants, too: this scales the gradient of the loss of the network.
            total = (
                total + self.settings.ablation * contributions(loss, torch.stack(without)).mean()
            )
        (self.alphas.grad,) = torch.autograd.grad(total, [self.alphas])
        self.optimizers["alphas"].step()

    def mean_gates(self) -> Float[Tensor, "K E O"]:
        """Return the mean gates of the cells of each kind."""
        gates = self.weights_of(self.alphas.detach())
        if self.settings.shared:
            return gates
        kinds = torch.tensor(self.supernet.cell_kinds)
        return torch.stack([gates[kinds == kind].mean(dim=0) for kind in kinds.unique()])

    def probabilities(self) -> Float[Tensor, "K E O"]:
        """Return the odds of the mean gates, those of "none" being even.

        Were gates independent chances of an operator, the probability of one operator alone on an
        edge would be its odds times that of no operator.
        """
        odds = torch.logit(self.mean_gates(), eps=1e-6).exp()
        odds[..., self.supernet.operators.index(ZERO)] = 1.0
        return odds

    def derive(self) -> Architectures:
        """Return the architecture of the mean gates above the threshold."""
        return common.derived(self.space, self.above_threshold(self.mean_gates()).cpu().numpy())

    def above_threshold(self, gates: Float[Tensor, "K E O"]) -> Float[Tensor, "K E O"]:
        """Return gates of which that of "none" is the threshold, for what is derived.

        Its own says nothing, for it lets nothing through (Chu et al., ECCV 2020, section 4, leave
        it out); an edge has "none" where no other gate exceeds the threshold. In NAS-Bench-201 the
        strongest edge into each vertex stays without it, as DARTS keeps two of each node: what is
        derived always connects its input to its output.
        """
        none, gates = self.supernet.operators.index(ZERO), gates.clone()
        gates[..., none] = -torch.inf
        strongest = gates.amax(dim=-1)
        gates[..., none] = self.settings.threshold
        if self.space.name == "nasbench201":
            targets = torch.tensor([target for _, target in EDGES], device=gates.device)
            for vertex in targets.unique():
                into = strongest.masked_fill(targets != vertex, -torch.inf)
                gates[torch.arange(len(gates)), into.argmax(dim=1), none] = -torch.inf
        return gates


def train(
    space: Space, task: Any, settings: Settings, context: Context, generator: torch.Generator
) -> Mixture:
    """Return a mixture with gates of its own for each cell."""
    seed = generator.initial_seed()
    supernet = common.new_supernet(space, task, settings, seed)
    with seeded(seed):
        rows = supernet.kinds if settings.shared else len(supernet.cell_kinds)
        learner = _Learner(supernet, space, task, settings, rows=rows)
    return train_mixture(learner, context, seed)


def derive_cells(supernet: Mixture) -> Architectures:
    """Return an architecture for each cell of the supernet, in order, of its own gates.

    Raises:
        ConfigError: it is not of NAS-Bench-201, or its cells share their parameters.
    """
    learner: Any = supernet.learner
    if supernet.space.name != "nasbench201":
        raise ConfigError(
            f"d_darts: single cells of {supernet.space.name} do not derive; allowed: nasbench201"
        )
    if learner.settings.shared:
        raise ConfigError("d_darts: with shared: true no cell has parameters of its own")
    gates = learner.above_threshold(learner.weights_of(learner.alphas.detach())).cpu().numpy()
    return Architectures.concatenate(common.derived(supernet.space, cell[None]) for cell in gates)


def deeper(cells: Architectures, layers: int, classes: int, channels: int) -> nasbench201.Network:
    """Return the network whose stages repeat their derived cells in order until they are so deep.

    Args:
        cells: of the searched network, equally many for each of its three stages.
        layers: cells of each stage.
        classes: number of logits.
        channels: C of the first stage.

    Raises:
        InvalidCellError: a cell is not one of NAS-Bench-201.
        ValueError: the stages of the searched network differ in their number of cells.
    """
    own, left = divmod(len(cells), STAGES)
    if left or not own:
        raise ValueError(f"{len(cells)} cells for {STAGES} stages: each must have equally many")
    members = [cells.member(row) for row in range(len(cells))]
    places = [stage * own + layer % own for stage in range(STAGES) for layer in range(layers)]
    return nasbench201.build_network_of_cells(
        [members[place] for place in places], classes, channels
    )
