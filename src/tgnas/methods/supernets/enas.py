"""ENAS (Pham et al., ICML 2018, section 2.2): a controller that draws paths of shared weights.

Weights are trained on paths that the controller draws, the controller by REINFORCE on the accuracy
of its paths on held-out images, with a moving average as baseline and an entropy bonus.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from tgnas.errors import ConfigError
from tgnas.image_training.weight_sharing import Given
from tgnas.methods.card import Card
from tgnas.methods.contracts import Context
from tgnas.methods.supernets import _common as common
from tgnas.methods.supernets._common import PathLearner, PathScorer
from tgnas.methods.supernets._settings import EnasSettings as Settings
from tgnas.networks.supernet import Gates
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.space import Space
from tgnas.training.seeds import seeded

CARD = Card(
    title="ENAS",
    reference="Pham et al., ICML 2018, section 2.2; code D-X-Y/AutoDL-Projects for NAS-Bench-201",
    needs="images, labels of images",
    deviations=("a step of the controller follows each step of the weights",),
)


class Controller(nn.Module):
    """An LSTM that draws the operator of one edge after another."""

    def __init__(self, edges: int, operators: int, hidden: int) -> None:
        super().__init__()
        self.edges = edges
        self.start = nn.Parameter(torch.zeros(1, hidden))
        self.embedding = nn.Embedding(operators, hidden)
        self.cell = nn.LSTMCell(hidden, hidden)
        self.head = nn.Linear(hidden, operators)

    def forward(
        self, count: int
    ) -> tuple[Int64[Tensor, "N E"], Float[Tensor, " N"], Float[Tensor, " N"]]:
        """Return drawn operators, their log probabilities and their entropies."""
        embedded, state = self.start.expand(count, -1), None
        drawn, logarithms, entropies = [], [], []
        for _ in range(self.edges):
            state = self.cell(embedded, state)
            choice = torch.distributions.Categorical(logits=self.head(state[0]))
            operators = choice.sample()
            drawn.append(operators)
            logarithms.append(choice.log_prob(operators))
            entropies.append(choice.entropy())
            embedded = self.embedding(operators)
        return torch.stack(drawn, 1), torch.stack(logarithms).sum(0), torch.stack(entropies).sum(0)


@dataclass(eq=False)
class _Learner(PathLearner):
    settings: Settings
    controller: Controller = field(init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        supernet, device = self.supernet, self.task.process.device
        operators = len(supernet.operators)
        self.controller = Controller(supernet.edge_count, operators, self.settings.hidden).to(
            device
        )
        self.modules = nn.ModuleDict({"supernet": supernet, "controller": self.controller})
        self.modules.register_buffer("baseline", torch.full((), torch.nan, device=device))
        self.optimizers["controller"] = torch.optim.Adam(
            self.controller.parameters(), lr=self.settings.controller_rate
        )

    def gates_of(self, operators: Int64[Tensor, " E"]) -> Gates:
        """Return the gates of one draw."""
        places = np.arange(len(self.supernet.operators))
        return (operators.cpu().numpy()[:, None] == places)[None]

    def draw(self, _: np.random.Generator) -> Gates:
        """Return a path that the controller draws, from torch's global generator."""
        with torch.no_grad():
            return self.gates_of(self.controller(1)[0][0])

    def step(self, given: Given) -> Tensor:
        """Take a step of the weights, then one of the controller."""
        loss = super().step(given)
        operators, logarithm, entropy = self.controller(1)
        images, labels = next(given.held_out)
        with torch.no_grad(), common.forward_pass(self.task, self.settings):
            logits = self.supernet(images, self.gates_of(operators[0]))
            accuracy = (logits.argmax(dim=1) == labels).float().mean()
        reward = accuracy + self.settings.entropy * entropy.detach()[0]
        baseline: Any = self.modules.baseline
        if baseline.isnan():
            baseline.copy_(reward)
        baseline.lerp_(reward, 1 - self.settings.baseline_decay)
        self.optimizers["controller"].zero_grad()
        (-(reward - baseline) * logarithm).sum().backward()
        self.optimizers["controller"].step()
        return loss


@dataclass(eq=False)
class Controlled(PathScorer):
    """Shared weights with the controller that drew their paths."""

    learner: _Learner
    seed: int


def train(
    space: Space, task: Any, settings: Settings, context: Context, generator: torch.Generator
) -> Controlled:
    """Return shared weights that were trained on a controller's paths.

    Raises:
        ConfigError: the space is not NAS-Bench-201.
    """
    if space.name != "nasbench201":
        raise ConfigError(f"enas: there is no controller of {space.name}; allowed: nasbench201")
    seed = generator.initial_seed()
    supernet = common.new_supernet(space, task, settings, seed)
    with seeded(seed):
        learner = _Learner(supernet, space, task, settings)
    history = common.train_paths(learner, context, seed)
    return Controlled(supernet, space, task, settings, history, learner, seed)


def derive(supernet: Controlled) -> Architectures:
    """Return the most accurate of the paths that the controller draws."""
    with torch.no_grad(), seeded(supernet.seed, supernet.task.process.device):
        drawn = supernet.learner.controller(supernet.learner.settings.derived_from)[0]
    members = supernet.space.of_choices(drawn.cpu().numpy())
    return members[[int(np.argmax(supernet.score(members)))]]
