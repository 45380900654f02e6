"""BossNAS (Li et al., ICCV 2021, section 3): blocks that learn from themselves, without a teacher.

In each block some fair paths (no operator of an edge twice) of one view of the images predict the
mean of what the same paths of a slowly moving copy make of another view (BYOL, Grill et al.,
NeurIPS 2020). A path is rated by its distance to the mean of many: the centre of the population.
"""

import copy
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Float64
from torch import Tensor, nn
from torch.nn import functional

from tgnas.image_training.weight_sharing import Given
from tgnas.methods.card import Card
from tgnas.methods.contracts import Context
from tgnas.methods.supernets import _common as common
from tgnas.methods.supernets._blocks import blocks_of, through
from tgnas.methods.supernets._common import History, PathLearner, PathScorer
from tgnas.methods.supernets._settings import BossnasSettings as Settings
from tgnas.networks.supernet import Gates, paths_of
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.space import Space
from tgnas.training.seeds import seeded

CARD = Card(
    title="BossNAS",
    reference="Li et al., ICCV 2021, section 3; Grill et al., NeurIPS 2020 (BYOL)",
    needs="images",
    deviations=(
        "SGD in place of LARS, whose scaling is for batches of thousands",
        "views are shifts, contrast and noise; theirs are those of ImageNet",
        "a block is given the mean of the moving copy's paths of the block before",
    ),
)


def fair_paths(
    edges: int, operators: int, count: int, generator: np.random.Generator
) -> list[Gates]:
    """Return paths of which no two have the same operator on an edge (count <= operators)."""
    orders = generator.permuted(np.tile(np.arange(operators), (edges, 1)), axis=1)
    return [(orders[:, [path % operators]] == np.arange(operators))[None] for path in range(count)]


def view(images: Float[Tensor, "B D H W"], generator: np.random.Generator) -> Tensor:
    """Return the images shifted by up to an eighth of a side, with another contrast, and noise."""
    most = max(1, images.shape[-1] // 8)
    padded = functional.pad(images, (most,) * 4)
    down, right = generator.integers(0, 2 * most + 1, 2)
    moved = padded[..., down : down + images.shape[-2], right : right + images.shape[-1]]
    contrast = torch.from_numpy(generator.uniform(0.6, 1.4, (len(images), 1, 1, 1)))
    noise = torch.from_numpy(generator.normal(0.0, 0.1, tuple(images.shape)))
    return moved * contrast.to(images) + noise.to(images)


class _Head(nn.Sequential):
    """Channel means, projected."""

    def __init__(self, source: int, target: int) -> None:
        super().__init__(
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(source, target),
            nn.BatchNorm1d(target),
            nn.ReLU(),
            nn.Linear(target, target),
        )


@dataclass(eq=False)
class _Learner(PathLearner):
    settings: Settings
    blocks: list[nn.ModuleList] = field(init=False)

    def __post_init__(self) -> None:
        self.blocks = blocks_of(self.supernet, self.space, "bossnas")
        own, device = self.settings, self.task.process.device
        widths = [own.channels * 2**stage for stage in range(len(self.blocks))]
        online = nn.ModuleDict(
            {
                "blocks": nn.ModuleList(self.blocks),
                "heads": nn.ModuleList(_Head(width, own.projected) for width in widths),
            }
        )
        predictors = nn.ModuleList(nn.Linear(own.projected, own.projected) for _ in widths)
        self.modules = nn.ModuleDict({"online": online, "predictors": predictors}).to(device)
        self.modules["moving"] = copy.deepcopy(online).requires_grad_(False)
        learned = [p for p in self.modules.parameters() if p.requires_grad]
        self.optimizers = {"weights": common.sgd(iter(learned), own)}

    def step(self, given: Given) -> Tensor:
        """Take a step of all blocks towards what the moving copy makes of another view."""
        images, generator = given.batch[0], given.generator
        online, moving = self.modules["online"], self.modules["moving"]  # type: ignore[index]
        gates = fair_paths(
            self.supernet.edge_count,
            len(self.supernet.operators),
            self.settings.paths,
            generator,
        )
        one, other = view(images, generator), view(images, generator)
        with common.forward_pass(self.task, self.settings):
            loss = self.loss(one, other, gates)
        common.descend(loss, self.optimizers["weights"], self.modules, self.settings)
        with torch.no_grad():
            pairs = zip(moving.parameters(), online.parameters(), strict=True)
            for slow, fast in pairs:
                slow.lerp_(fast, 1 - self.settings.moving)
        return loss

    def loss(self, one: Tensor, other: Tensor, gates: list[Gates]) -> Float[Tensor, ""]:
        """Return how far the paths of one view are from the moving copy's mean of the other."""
        parts: Any = self.modules
        online, moving, losses = parts["online"], parts["moving"], []
        for place, predictor in enumerate(parts["predictors"]):
            with torch.no_grad():
                target, other = _mean(moving, place, other, gates)
                following = _mean(moving, place, one, gates)[1]
            for path in gates:
                predicted = predictor(
                    online["heads"][place](through(online["blocks"][place], one, path))
                )
                losses.append(apart(predicted, target).mean())
            one = following
        return torch.stack(losses).mean()


def _mean(
    networks: Any, place: int, images: Tensor, paths: list[Gates]
) -> tuple[Float[Tensor, "B P"], Float[Tensor, "B D H W"]]:
    """Return the mean projection and the mean output of some paths of one block."""
    outputs = [through(networks["blocks"][place], images, path) for path in paths]
    projected = [networks["heads"][place](output) for output in outputs]
    return torch.stack(projected).mean(0), torch.stack(outputs).mean(0)


def apart(one: Float[Tensor, "B P"], other: Float[Tensor, "B P"]) -> Float[Tensor, " B"]:
    """Return 2 less twice the cosine of each pair."""
    return 2 - 2 * functional.cosine_similarity(one, other, dim=1)


@dataclass(eq=False)
class Ensembled:
    """Trained blocks: an architecture's score is its negative distance to the population's mean."""

    learner: _Learner
    space: Space
    history: History
    seed: int

    @torch.inference_mode()
    def score(self, architectures: Architectures) -> Float64[np.ndarray, " N"]:
        """Return the negative distance of each path, summed over the blocks, on held-out images."""
        learner, parts = self.learner, self.learner.modules
        networks: Any = parts["online"]  # type: ignore[index]
        scorer = PathScorer(learner.supernet, self.space, learner.task, learner.settings, [])
        images = torch.cat([images for images, _ in learner.task.test_batches()])
        generator = np.random.default_rng([self.seed, 1])
        count = learner.settings.population
        population = list(paths_of(self.space.name, self.space.sample(count, generator)))
        gates = paths_of(self.space.name, architectures)
        scores, features = np.zeros(len(architectures)), images
        for place in range(len(learner.blocks)):
            with common.statistics(scorer, population[0]):
                centre, following = _mean(networks, place, features, population)
                for row, path in enumerate(gates):
                    outputs = through(networks["blocks"][place], features, path)
                    outputs = networks["heads"][place](outputs)
                    scores[row] -= float(apart(outputs, centre).mean())
            features = following
        return scores


def train(
    space: Space, task: Any, settings: Settings, context: Context, generator: torch.Generator
) -> Ensembled:
    """Return blocks that have learned from themselves.

    Raises:
        ConfigError: the space is not NAS-Bench-201.
    """
    seed = generator.initial_seed()
    supernet = common.new_supernet(space, task, settings, seed)
    with seeded(seed + 1):
        learner = _Learner(supernet, space, task, settings)
    return Ensembled(learner, space, common.train_paths(learner, context, seed), seed)
