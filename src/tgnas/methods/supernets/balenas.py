"""BaLeNAS (Zhang et al., CVPR 2022): a Gaussian over architecture parameters.

A reconstruction: no code was released. Parameters are drawn for each step from N(mu, sigma^2); mean
and precision follow the Bayesian learning rule with a diagonal natural gradient (Khan and Rue,
arXiv 2107.04562, equation 4; in the form of Vadam, Khan et al., ICML 2018, equation 8):

    s <- (1 - b) s + b g^2,   mu <- mu - lr (g + d mu) / (s + d),   sigma = 1 / sqrt(N (s + d))
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from tgnas.image_training.weight_sharing import Given
from tgnas.methods.card import Card
from tgnas.methods.contracts import Context
from tgnas.methods.supernets import _common as common
from tgnas.methods.supernets._mixture import Mixture, MixtureLearner, derive, train_mixture
from tgnas.methods.supernets._settings import BalenasSettings as Settings
from tgnas.spaces.space import Space
from tgnas.training.seeds import seeded

__all__ = ["CARD", "Settings", "Variational", "derive", "train"]

CARD = Card(
    title="BaLeNAS (reconstruction)",
    reference="Zhang et al., CVPR 2022, arXiv 2111.13204; Khan et al., ICML 2018, equation 8",
    needs="images, labels of images",
    deviations=(
        "no code was released: the update is that of Vadam, and its constants are ours; s starts "
        "at 0, where the prior alone is known",
        "a score is the log probability of an architecture's operators at the mean",
    ),
)


@dataclass(eq=False)
class Variational:
    """A diagonal Gaussian over a vector."""

    mean: Tensor
    squares: Tensor  # s
    rate: float
    forgetting: float
    prior: float
    observations: int

    @property
    def deviation(self) -> Tensor:
        """Its standard deviation."""
        return (self.observations * (self.squares + self.prior)).rsqrt()

    def draw(self) -> Tensor:
        """Return a sample, drawn from torch's global generator."""
        return self.mean + self.deviation * torch.randn_like(self.mean)

    @torch.no_grad()
    def update(self, gradient: Tensor) -> None:
        """Take one step with the gradient of the loss at a sample."""
        self.squares.lerp_(gradient**2, self.forgetting)
        natural = (gradient + self.prior * self.mean) / (self.squares + self.prior)
        self.mean.sub_(self.rate * natural)


@dataclass(eq=False)
class _Learner(MixtureLearner):
    settings: Settings

    def __post_init__(self) -> None:
        super().__post_init__()
        self.modules.register_buffer("squares", torch.zeros_like(self.alphas.detach()))
        own = self.settings
        self.gaussian = Variational(
            self.alphas.detach(),
            self.modules.squares,  # type: ignore[arg-type]
            own.alpha_rate,
            own.forgetting,
            own.prior,
            own.observations,
        )

    def step(self, given: Given) -> Tensor:
        """Update the Gaussian on held-out images, then the weights at another sample."""
        drawn, held_out = self.gaussian.draw().requires_grad_(), next(given.held_out)
        with common.forward_pass(self.task, self.settings):
            loss = self.loss(held_out, drawn)
        (gradient,) = torch.autograd.grad(loss, [drawn])
        self.gaussian.update(gradient)
        return self.step_weights(given, self.gaussian.draw())


def train(
    space: Space, task: Any, settings: Settings, context: Context, generator: torch.Generator
) -> Mixture:
    """Return a mixture whose architecture parameters are a trained Gaussian's mean."""
    seed = generator.initial_seed()
    supernet = common.new_supernet(space, task, settings, seed)
    with seeded(seed):
        learner = _Learner(supernet, space, task, settings)
    return train_mixture(learner, context, seed)
