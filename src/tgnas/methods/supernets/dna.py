"""DNA (Li et al., CVPR 2020, arXiv 1911.13053 and 2403.01326): blocks learn from a teacher.

The space is cut into blocks. A block of the supernet is given what the teacher's block before it
gives, and learns what the teacher's next block gives (mean squared error over the variance of each
channel). A path is rated by the sum of its blocks' losses on held-out images, for each of which all
operators of the block share few weights, so that ratings suffer less from sharing. What is derived
is the best-rated of many that keep the bounds on costs (section 3, on search under a constraint).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from jaxtyping import Float64
from torch import Tensor

from tgnas.costs.named import Costs, counted
from tgnas.costs.sampling import sample_within
from tgnas.image_training.data import ImagesInMemory
from tgnas.image_training.weight_sharing import Given, Learner, learn
from tgnas.methods.card import Card
from tgnas.methods.contracts import Context
from tgnas.methods.supernets import _common as common
from tgnas.methods.supernets._blocks import blocks_of, through
from tgnas.methods.supernets._common import History, PathLearner, PathScorer
from tgnas.methods.supernets._settings import DnaSettings as Settings
from tgnas.networks import nasbench201
from tgnas.networks.supernet import Gates, Supernet, paths_of
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.nasbench201 import RESIDUAL_BLOCK
from tgnas.spaces.space import Space
from tgnas.training.seeds import seeded

CARD = Card(
    title="DNA",
    reference="Li et al., CVPR 2020, section 3; TPAMI 2024, arXiv 2403.01326",
    needs="images, labels of images",
    deviations=(
        "the teacher has residual blocks of the same width and is trained here; theirs is "
        "EfficientNet-B7",
        "a block is a stage of NAS-Bench-201, whose cell is the same in all of them",
        "what is derived is the best of architectures drawn within the bounds; theirs walks all "
        "paths of every block, best first, whose cells may differ",
        "costs are those of the benchmark's network, not of the small one that is trained",
    ),
)


@dataclass(eq=False)
class _TeacherLearner(Learner):
    network: nasbench201.Network
    task: ImagesInMemory
    settings: Settings

    def __post_init__(self) -> None:
        self.modules = self.network
        self.optimizers = {"weights": common.sgd(self.network.parameters(), self.settings)}

    def step(self, given: Given) -> Tensor:
        """Take a step on the labels."""
        with common.forward_pass(self.task, self.settings):
            loss = self.task.loss(self.network(given.batch[0]), given.batch[1])
        common.descend(loss, self.optimizers["weights"], self.network, self.settings)
        return loss


@dataclass(eq=False)
class _Learner(PathLearner):
    teacher: nasbench201.Network = field(kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.blocks = blocks_of(self.supernet, self.space, "dna")

    def losses(self, images: Tensor, features: Sequence[Tensor], gates: Gates) -> list[Tensor]:
        """Return the loss of each block of a path; `features` are the teacher's of the images."""
        inputs = [images, *features[:-1]]
        return [
            distance(through(block, block_input, gates), wanted)
            for block, block_input, wanted in zip(self.blocks, inputs, features, strict=True)
        ]

    def step(self, given: Given) -> Tensor:
        """Take a step of a path in every block; one that connects nothing teaches none."""
        gates = self.draw(given.generator)
        images = given.batch[0]
        with common.forward_pass(self.task, self.settings):
            features = features_of(self.teacher, images)
            loss = torch.stack(self.losses(images, features, gates)).sum()
        if loss.requires_grad:
            common.descend(loss, self.optimizers["weights"], self.supernet, self.settings)
        return loss


@torch.no_grad()
def features_of(teacher: nasbench201.Network, images: Tensor) -> list[Tensor]:
    """Return what the teacher gives after each of its stages, with its running statistics."""
    teacher.eval()
    maps, features = teacher.stem(images), []
    for layer in teacher.stages:
        if isinstance(layer, nasbench201.ReductionBlock):
            features.append(maps)
        maps = layer(maps)
    return [*features, maps]


def distance(features: Tensor, wanted: Tensor) -> Tensor:
    """Return the mean squared error, that of each channel over its variance."""
    features, wanted = features.float(), wanted.float()  # of bfloat16 where the forward pass is
    variance = wanted.var(dim=(0, 2, 3), keepdim=True) + 1e-6
    return ((features - wanted) ** 2 / variance).mean()


@dataclass(eq=False)
class Blockwise:
    """A trained supernet: an architecture's score is the negative sum of its blocks' losses."""

    learner: _Learner
    space: Space
    candidates: Architectures  # of which one is derived
    history: History

    @torch.inference_mode()
    def score(self, architectures: Architectures) -> Float64[np.ndarray, " N"]:
        """Return the negative loss of each path on the held-out images."""
        learner = self.learner
        scorer = PathScorer(
            learner.supernet, self.space, learner.task, learner.settings, self.history
        )
        batches = [
            (images, features_of(learner.teacher, images))
            for images, _ in learner.task.test_batches()
        ]
        scores = np.empty(len(architectures))
        for row, gates in enumerate(paths_of(self.space.name, architectures)):
            with common.statistics(scorer, gates):
                losses = [sum(learner.losses(*batch, gates)) for batch in batches]
            scores[row] = -float(torch.stack(losses).mean())  # type: ignore[arg-type]
        return scores


def derive(supernet: Blockwise) -> Architectures:
    """Return the candidate with the lowest sum of block losses."""
    best = int(np.argmax(supernet.score(supernet.candidates)))
    return supernet.candidates[[best]]


def train(
    space: Space, task: Any, settings: Settings, context: Context, generator: torch.Generator
) -> Blockwise:
    """Return a supernet whose blocks have learned from a teacher that is trained first.

    Raises:
        ConfigError: the space is not NAS-Bench-201, a constraint is none, or fewer architectures
            than there are to be candidates keep them all.
        UnknownNameError: a constraint's cost is not counted.
    """
    seed = generator.initial_seed()
    supernet: Supernet = common.new_supernet(space, task, settings, seed)
    blocks_of(supernet, space, "dna")
    costs = Costs(space, counted(space))
    candidates = sample_within(space, settings.candidates, seed, settings.constraints, costs)
    with seeded(seed + 1):
        cell = space.parse(RESIDUAL_BLOCK).member(0)
        teacher = nasbench201.build_network(cell, task.classes, settings.channels, settings.layers)
    teacher = teacher.to(task.process.device)
    folder = context.checkpoints
    own = settings.model_copy(update={"epochs": settings.teacher_epochs})
    history = learn(
        _TeacherLearner(teacher, task, own),
        task,
        common.schedule_of(own),
        seed=seed,
        checkpoint=folder / "teacher.pt" if folder else None,
        digest=f"{context.code} {settings!r} {task.digest()} {seed} teacher",
    )
    learner = _Learner(supernet, space, task, settings, teacher=teacher)
    history = history + common.train_paths(learner, context, seed, phase=1)
    return Blockwise(learner, space, candidates, history)
