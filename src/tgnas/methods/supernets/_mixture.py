"""Mixtures of operators with architecture parameters that are learned on held-out images."""

from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Float64, Int64
from torch import Tensor, nn

from tgnas.image_training.data import Batch, ImagesInMemory
from tgnas.image_training.steps import CapturedStep, Step, usable
from tgnas.image_training.weight_sharing import Given, Learner, learn
from tgnas.methods.contracts import Context
from tgnas.methods.supernets import _common as common
from tgnas.methods.supernets._common import History
from tgnas.methods.supernets._settings import MixtureSettings as Settings
from tgnas.networks.supernet import Supernet
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.space import Space


@dataclass(eq=False)
class MixtureLearner(Learner):
    """Weights and architecture parameters in turn: weights on a batch, parameters on another."""

    supernet: Supernet
    space: Space
    task: ImagesInMemory
    settings: Settings
    rows: int = 0  # of architecture parameters: one for each kind of cell, or for each cell
    modules: nn.Module = field(init=False)
    mixed: Tensor = field(init=False)  # the alphas at which weights take their step, in one place
    weight_step: Step = field(init=False)
    optimizers: dict[str, torch.optim.Optimizer] = field(init=False)

    def __post_init__(self) -> None:
        common.fix_scales(self.supernet)
        shape = (self.rows or self.supernet.kinds, self.supernet.edge_count)
        drawn = 1e-3 * torch.randn(*shape, len(self.supernet.operators))
        device = self.task.process.device
        self.modules = nn.ModuleDict({"supernet": self.supernet})
        self.modules.alphas = nn.Parameter(drawn.to(device))
        self.gates = np.ones(drawn.shape, dtype=bool)
        self.mixed = self.alphas.detach().clone()
        self.weight_step = self._weight_step()
        self.optimizers = {
            "weights": self.weight_step.optimizer,
            "alphas": torch.optim.Adam(
                [self.alphas],
                lr=self.settings.alpha_rate,
                betas=(0.5, 0.999),
                weight_decay=self.settings.alpha_decay,
            ),
        }

    def _weight_step(self) -> Step:
        """Return the step of the weights, of one graph where the settings say so.

        Raises:
            ConfigError: a graph is asked for where there is no CUDA device.
        """
        settings, process = self.settings, self.task.process
        captured = usable(settings.step, process.device, process.world) == "captured"
        rate = torch.tensor(settings.learning_rate, device=process.device)
        weights = (p for p in self.supernet.parameters() if p.requires_grad)
        optimizer = common.sgd(weights, settings, rate if captured else None)
        autocast = partial(common.forward_pass, self.task, settings)
        arguments = _Mixed(self), optimizer, autocast, settings.clip
        return CapturedStep(*arguments, rate=rate) if captured else Step(*arguments)

    @property
    def alphas(self) -> nn.Parameter:
        """The architecture parameters, (K, E, O)."""
        return self.modules.alphas  # type: ignore[return-value]

    def weights_of(self, alphas: Tensor) -> Float[Tensor, "K E O"]:
        """Return what the operators are multiplied with."""
        return alphas.softmax(dim=-1)

    def loss(self, batch: Batch, alphas: Tensor, **how: Any) -> Float[Tensor, ""]:
        """Return the loss of the mixture."""
        logits = self.supernet(batch[0], self.gates, self.weights_of(alphas), **how)
        return self.task.loss(logits, batch[1])

    def step(self, given: Given) -> Tensor:
        """Take a step of the parameters on held-out images, then one of the weights."""
        self.step_alphas(given)
        return self.step_weights(given, self.alphas.detach())

    def step_weights(self, given: Given, alphas: Tensor) -> Tensor:
        """Take a step of the weights, at the rate that is set, and return its loss."""
        self.mixed.copy_(alphas)
        (group,) = self.weight_step.optimizer.param_groups
        self.weight_step.set_rate(group["lr"])  # which the loop has set, on the device for a graph
        return self.weight_step.taken(*given.batch)

    def step_alphas(self, given: Given) -> None:
        """Take a step of the architecture parameters."""
        batch = next(given.held_out)
        with common.forward_pass(self.task, self.settings):
            loss = self.loss(batch, self.alphas)
        (self.alphas.grad,) = torch.autograd.grad(loss, [self.alphas])
        self.optimizers["alphas"].step()

    def probabilities(self) -> Float[Tensor, "K E O"]:
        """Return how likely each operator is, for scores."""
        return self.weights_of(self.alphas.detach())

    def derive(self) -> Architectures:
        """Return the architecture of the strongest operators."""
        return common.derived(self.space, self.probabilities().cpu().numpy())

    def end_epoch(self, _: int) -> dict[str, float]:
        """Return the share of skips in the architecture that would be derived."""
        return {"skips": common.share_of_skips(self.derive())}


class _Mixed(nn.Module):
    """The loss of a learner's mixture at its ``mixed``, in the form of a step's module."""

    def __init__(self, learner: MixtureLearner) -> None:
        super().__init__()
        self.supernet, self.learner = learner.supernet, learner

    def forward(
        self, images: Float[Tensor, "B 3 H W"], labels: Int64[Tensor, " B"]
    ) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
        """Return the loss to descend, and as what is summed."""
        loss = self.learner.loss((images, labels), self.learner.mixed)
        return loss, loss.detach()


@dataclass(eq=False)
class Mixture:
    """A trained mixture: a score is the log probability of an architecture's operators."""

    learner: MixtureLearner
    space: Space
    history: History

    def score(self, architectures: Architectures) -> Float64[np.ndarray, " N"]:
        """Return the sum of the logarithms of the operators' weights."""
        return common.log_probability(self.space, architectures, self.learner.probabilities())


def train_mixture(learner: MixtureLearner, context: Context, seed: int) -> Mixture:
    """Train a learner and return its mixture."""
    folder = context.checkpoints
    history = learn(
        learner,
        learner.task,
        common.schedule_of(learner.settings),
        seed=seed,
        checkpoint=folder / "mixture.pt" if folder else None,
        digest=f"{context.code} {learner.settings!r} {learner.task.digest()} {seed}",
    )
    return Mixture(learner, learner.space, history)


def derive(supernet: Mixture) -> Architectures:
    """Return the architecture of the strongest operators."""
    return supernet.learner.derive()
