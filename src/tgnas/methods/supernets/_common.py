"""What methods of weight sharing have in common: settings, paths and their accuracy, mixtures."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import combinations, islice
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, Float64
from torch import Tensor, nn

from tgnas.errors import ConfigError
from tgnas.image_training.data import Batch, ImagesInMemory
from tgnas.image_training.weight_sharing import Given, Learner, Schedule, learn
from tgnas.methods.contracts import Context
from tgnas.methods.light_contracts import Scorer
from tgnas.methods.supernets._settings import Settings
from tgnas.networks.supernet import (
    DARTS_EDGES,
    DARTS_OPERATORS,
    ZERO,
    Gates,
    PairCell,
    StackedCell,
    Supernet,
    build_supernet,
    paths_of,
)
from tgnas.operators import CODES, NAMES, PADDING
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.space import Space
from tgnas.training.seeds import seeded

History = list[dict[str, Any]]


def schedule_of(settings: Settings) -> Schedule:
    """Return how the weights are trained."""
    return Schedule(settings.epochs, settings.batch, settings.learning_rate, settings.lowest_rate)


def forward_pass(task: ImagesInMemory, settings: Settings) -> torch.autocast:
    """Return the context of a step's forward pass, of bfloat16 where the settings say so.

    It must end before weights change: until then it keeps what it has cast.
    """
    enabled = settings.precision == "bfloat16"
    return torch.autocast(task.process.device.type, torch.bfloat16, enabled=enabled)


def new_supernet(space: Space, task: ImagesInMemory, settings: Settings, seed: int) -> Supernet:
    """Return the supernet of a space on the task's device, its weights a function of the seed.

    Raises:
        ConfigError: the settings ask for bfloat16 where there is no CUDA device.
    """
    device = task.process.device
    if settings.precision == "bfloat16" and device.type != "cuda":
        raise ConfigError(
            f"precision: bfloat16 needs a CUDA device, not the device {device.type}; "
            "allowed: float32"
        )
    with seeded(seed):
        network = build_supernet(space.name, task.classes, settings.channels, settings.layers)
    return network.to(device)


def sgd(
    parameters: Iterator[nn.Parameter], settings: Settings, rate: Tensor | None = None
) -> torch.optim.SGD:
    """Return the optimizer of the weights; one whose rate is a tensor can be captured."""
    return torch.optim.SGD(
        parameters,
        lr=settings.learning_rate if rate is None else rate,
        momentum=settings.momentum,
        weight_decay=settings.weight_decay,
        fused=None if rate is None else True,
    )


def descend(
    loss: Tensor, optimizer: torch.optim.Optimizer, network: nn.Module, settings: Settings
) -> None:
    """Take one step of the weights."""
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    nn.utils.clip_grad_norm_(network.parameters(), settings.clip)
    optimizer.step()


def fix_scales(supernet: Supernet) -> None:
    """Keep scale and shift of the cells' normalisations at 1 and 0, as mixtures of operators need.

    A learned scale would undo the weight of an operator (Liu et al., section 2.3 and their code).
    """
    cells = [module for module in supernet.modules() if isinstance(module, StackedCell | PairCell)]
    for module in (part for cell in cells for part in cell.modules()):
        if isinstance(module, nn.BatchNorm2d) and module.affine:
            module.weight.requires_grad_(False)
            module.bias.requires_grad_(False)


def everything(supernet: Supernet) -> Gates:
    """Return gates that let every operator run."""
    return np.ones((supernet.kinds, supernet.edge_count, len(supernet.operators)), dtype=bool)


def prior_of(context: Context, method: str) -> Scorer:
    """Return the zero-shot prior.

    Raises:
        ConfigError: there is none.
    """
    if context.prior is None:
        raise ConfigError(f"{method}: its settings ask for a zero-shot prior, and there is none")
    return context.prior


def choices_within(space: Space, within: Bool[np.ndarray, "E O"] | None) -> list[np.ndarray]:
    """Return what each decision of a space may be; `within` restricts NAS-Bench-201's edges."""
    if within is not None:
        return [np.flatnonzero(row) for row in within]
    return [np.arange(len(values)) for values in space.choices]


@dataclass(eq=False)
class PathLearner(Learner):
    """One path at a time, drawn uniformly for each batch (Guo et al., ECCV 2020, section 3.3)."""

    supernet: Supernet
    space: Space
    task: ImagesInMemory
    settings: Settings
    within: np.ndarray | None = None
    prior: Scorer | None = None
    optimizers: dict[str, torch.optim.Optimizer] = field(init=False)

    def __post_init__(self) -> None:
        self.modules = self.supernet
        self.optimizers = {"weights": sgd(self.supernet.parameters(), self.settings)}

    def draw(self, generator: np.random.Generator) -> Gates:
        """Return the path of the next batch."""
        count = self.settings.contest
        decisions = choices_within(self.space, self.within)
        rows = np.stack([generator.choice(values, count) for values in decisions], axis=1)
        members = self.space.of_choices(rows)
        best = 0
        if count > 1 and self.prior is not None:
            best = int(np.argmax(self.prior.score(members)))
        return paths_of(self.space.name, members[[best]])[0]

    def step(self, given: Given) -> Tensor:
        """Take a step of the weights on a path's loss."""
        images, labels = given.batch
        gates = self.draw(given.generator)
        with forward_pass(self.task, self.settings):
            loss = self.task.loss(self.supernet(images, gates), labels)
        descend(loss, self.optimizers["weights"], self.supernet, self.settings)
        return loss


@dataclass(eq=False)
class PathScorer:
    """A trained supernet: an architecture's score is the accuracy of its path, in percent.

    The images are those that the task holds out, which no weight has learned from.
    """

    supernet: Supernet
    space: Space
    task: ImagesInMemory
    settings: Settings
    history: History

    def score(self, architectures: Architectures) -> Float64[np.ndarray, " N"]:
        """Return the accuracy of each architecture's path on the held-out images."""
        batches = list(self.task.test_batches())
        scores = [
            self.accuracy(gates, batches) for gates in paths_of(self.space.name, architectures)
        ]
        return np.array(scores, dtype=np.float64)

    def accuracy(self, gates: Gates, batches: Sequence[Batch]) -> float:
        """Return the accuracy of one path in percent."""
        right = count = 0
        with torch.inference_mode(), statistics(self, gates):
            for images, labels in batches:
                right += int((self.supernet(images, gates).argmax(dim=1) == labels).sum())
                count += len(labels)
        return 100 * right / count


@contextmanager
def statistics(scorer: PathScorer, gates: Gates) -> Iterator[None]:
    """Let a supernet's batch normalisations work as its settings say while a path is scored.

    Running statistics are not changed, but where they are recomputed for the path.
    """
    network, settings = scorer.supernet, scorer.settings
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    network.train()
    if settings.statistics == "batch":
        for norm in norms:
            norm.momentum = 0.0
    else:
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None  # the mean over all batches
        batches = scorer.task.train_batches(0, 0, settings.batch)
        for images, _ in islice(batches, settings.recomputed_over):
            network(images, gates)
        network.eval()
    try:
        yield
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum


def train_paths(learner: PathLearner, context: Context, seed: int, phase: int = 0) -> History:
    """Train a learner of paths with a checkpoint of its own for each phase.

    Raises:
        ConfigError: its settings ask for a prior that the context lacks.
    """
    if learner.settings.contest > 1:
        learner.prior = prior_of(context, "contest")
    folder = context.checkpoints
    return learn(
        learner,
        learner.task,
        schedule_of(learner.settings),
        seed=seed,
        phase=phase,
        checkpoint=folder / f"phase{phase}.pt" if folder else None,
        digest=f"{context.code} {learner.settings!r} {learner.task.digest()} {seed} {phase}",
    )


def log_probability(
    space: Space, architectures: Architectures, probabilities: Float[Tensor, "K E O"]
) -> Float64[np.ndarray, " N"]:
    """Return the sum over an architecture's operators of the logarithm of their probability."""
    logarithms = np.log(probabilities.detach().double().cpu().numpy() + 1e-12)
    return np.einsum("nkeo,keo->n", paths_of(space.name, architectures), logarithms)


def derived(space: Space, strengths: Float[np.ndarray, "K E O"]) -> Architectures:
    """Return the architecture of the strongest operators.

    NAS-Bench-201: the strongest operator of each edge. DARTS: of each node the two edges whose
    strongest operators, "none" left out, are the strongest (Liu et al., section 2.4).
    """
    if space.name == "nasbench201":
        return space.of_choices(strengths[0].argmax(axis=1)[None])
    codes = [NAMES[code] for code in space.operators.values()]
    decisions = []
    for kind in strengths:
        usable = np.where(np.array(DARTS_OPERATORS) == ZERO, -np.inf, kind)
        best, operator = usable.max(axis=1), usable.argmax(axis=1)
        for node in range(2, 6):
            places = [place for place, (_, target) in enumerate(DARTS_EDGES) if target == node]
            two = sorted(sorted(places, key=lambda place: -best[place])[:2])
            pair = DARTS_EDGES[two[0]][0], DARTS_EDGES[two[1]][0]
            decisions.append(list(combinations(range(node), 2)).index(pair))
            decisions += [codes.index(DARTS_OPERATORS[operator[place]]) for place in two]
    return space.of_choices(np.array(decisions)[None])


def share_of_skips(architectures: Architectures) -> float:
    """Return which share of an architecture's operators that are not "none" are skips."""
    operators = architectures.cells.operators
    skips = (operators == CODES["identity"]).sum()
    others = [CODES[name] for name in ("input", "output", "zero")]
    count = (~np.isin(operators, [*others, PADDING])).sum()
    return float(skips / count) if count else 0.0
