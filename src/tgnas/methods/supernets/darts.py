"""DARTS (Liu et al., ICLR 2019, section 2): a mixture of operators, weighted by a softmax.

The gradient of the architecture parameters is that of the held-out loss after one step of the
weights (equation 6); its second term is a Hessian-vector product, taken by a finite difference
(equation 8). Without it the method is "first order".
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from tgnas.image_training.weight_sharing import Given
from tgnas.methods.card import Card
from tgnas.methods.contracts import Context
from tgnas.methods.supernets import _common as common
from tgnas.methods.supernets._mixture import Mixture, MixtureLearner, derive, train_mixture
from tgnas.methods.supernets._settings import DartsSettings as Settings
from tgnas.spaces.space import Space
from tgnas.training.seeds import seeded

__all__ = ["CARD", "Settings", "derive", "second_order", "train"]

CARD = Card(
    title="DARTS",
    reference="Liu et al., ICLR 2019, section 2; code quark0/darts",
    needs="images, labels of images",
    deviations=(
        "a score is the log probability of an architecture's operators; the paper derives one only",
    ),
)
STEP = 0.01  # of the finite difference, over the norm of the vector


@dataclass(eq=False)
class _Learner(MixtureLearner):
    def step_alphas(self, given: Given) -> None:
        """Take a step of the architecture parameters, of first or second order.

        The second order is of float32: the finite difference moves weights by less than bfloat16
        can tell apart.
        """
        if self.settings.order == "first":  # type: ignore[attr-defined]
            super().step_alphas(given)
            return
        weights = [p for p in self.supernet.parameters() if p.requires_grad]
        held_out, optimizer = next(given.held_out), self.optimizers["weights"]
        group = optimizer.param_groups[0]
        buffers = [optimizer.state[p].get("momentum_buffer") for p in weights]
        self.alphas.grad = second_order(
            lambda: self.loss(given.batch, self.alphas),
            lambda: self.loss(held_out, self.alphas),
            weights,
            self.alphas,
            rate=group["lr"],
            decay=group["weight_decay"],
            momentum=[0.0 if b is None else group["momentum"] * b for b in buffers],
        )
        self.optimizers["alphas"].step()


def second_order(
    trained: Callable[[], Tensor],
    held_out: Callable[[], Tensor],
    weights: Sequence[Tensor],
    alphas: Tensor,
    *,
    rate: float,
    decay: float = 0.0,
    momentum: Sequence[Tensor | float] = (),
) -> Tensor:
    """Return the gradient of the held-out loss after one step; the weights stay as they are.

    Args:
        trained: the loss on training images, of the weights and parameters as they are.
        held_out: the loss on held-out images.
        weights: what a step changes; they must require gradients.
        alphas: the architecture parameters.
        rate: xi, the size of the step.
        decay: weight decay in the step.
        momentum: what the step adds for each weight.
    """
    before = [weight.detach().clone() for weight in weights]
    momentum = momentum or [0.0] * len(weights)
    gradients = torch.autograd.grad(trained(), weights, allow_unused=True)
    with torch.no_grad():
        for weight, gradient, added in zip(weights, gradients, momentum, strict=True):
            step = decay * weight + added if gradient is None else gradient + decay * weight + added
            weight.sub_(rate * step)
    outer = torch.autograd.grad(held_out(), [alphas, *weights], allow_unused=True)
    vector = [
        torch.zeros_like(weight) if part is None else part
        for weight, part in zip(weights, outer[1:], strict=True)
    ]
    size = STEP / float(torch.stack([(part**2).sum() for part in vector]).sum().sqrt())
    sides = []
    with torch.no_grad():
        _place(weights, before)
    for sign in (1.0, -1.0):
        with torch.no_grad():
            for weight, origin, part in zip(weights, before, vector, strict=True):
                weight.copy_(origin + sign * size * part)
        (side,) = torch.autograd.grad(trained(), [alphas])
        sides.append(side)
    with torch.no_grad():
        _place(weights, before)
    assert outer[0] is not None
    return outer[0] - rate * (sides[0] - sides[1]) / (2 * size)


def _place(weights: Sequence[Tensor], values: Sequence[Tensor]) -> None:
    for weight, value in zip(weights, values, strict=True):
        weight.copy_(value)


def train(
    space: Space, task: Any, settings: Settings, context: Context, generator: torch.Generator
) -> Mixture:
    """Return a trained mixture of a space's operators."""
    seed = generator.initial_seed()
    supernet = common.new_supernet(space, task, settings, seed)
    with seeded(seed):
        learner = _Learner(supernet, space, task, settings)
    return train_mixture(learner, context, seed)
