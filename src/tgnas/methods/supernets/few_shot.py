"""Few-shot NAS (Zhao et al., ICML 2021, section 3): a supernet for each operator of one edge.

A supernet is trained on uniform paths. One edge is split: for each of its operators a sub-supernet
starts from the trained weights and goes on with the paths that have this operator there. An
architecture is scored in the sub-supernet of its operator.
"""

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float64

from tgnas.errors import ConfigError
from tgnas.methods.card import Card
from tgnas.methods.contracts import Context
from tgnas.methods.light_contracts import Scorer
from tgnas.methods.supernets import _common as common
from tgnas.methods.supernets._common import History, PathLearner, PathScorer
from tgnas.methods.supernets._settings import FewShotSettings as Settings
from tgnas.networks.supernet import paths_of
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.space import Space
from tgnas.training.ranks import mid_ranks

CARD = Card(
    title="few-shot NAS",
    reference="Zhao et al., ICML 2021, section 3; code aoiang/few-shot-NAS",
    needs="images, labels of images",
    deviations=("the split edge is a setting, or the prior's choice; the authors split at random",),
)


@dataclass(eq=False)
class Split:
    """The sub-supernets of an edge's operators."""

    parts: list[PathScorer]
    space: Space
    split: int
    history: History

    def score(self, architectures: Architectures) -> Float64[np.ndarray, " N"]:
        """Return the accuracy of each path in the sub-supernet of its operator, in percent."""
        operators = paths_of(self.space.name, architectures)[:, 0, self.split].argmax(axis=1)
        scores = np.empty(len(architectures))
        for operator, part in enumerate(self.parts):
            rows = np.flatnonzero(operators == operator)
            if len(rows):
                scores[rows] = part.score(architectures[rows])
        return scores


def telling_edge(space: Space, prior: Scorer) -> int:
    """Return the edge whose operator explains most of the variance of the prior's scores."""
    members = space.enumerate()
    ranks = mid_ranks(prior.score(members)[None])[0]
    operators = paths_of(space.name, members)[:, 0]  # (N, E, O)
    means = np.einsum("neo,n->eo", operators, ranks) / operators.sum(axis=0)
    return int(means.var(axis=1).argmax())


def train(
    space: Space, task: Any, settings: Settings, context: Context, generator: torch.Generator
) -> Split:
    """Return the sub-supernets, each trained from the weights of the whole one.

    Raises:
        ConfigError: the space has no such edge, or is not NAS-Bench-201.
    """
    seed = generator.initial_seed()
    supernet = common.new_supernet(space, task, settings, seed)
    if space.name != "nasbench201":
        raise ConfigError(f"few_shot: edges of {space.name} cannot be split; allowed: nasbench201")
    split = settings.split
    if split == "prior":
        split = telling_edge(space, common.prior_of(context, "split"))
    if split >= supernet.edge_count:
        raise ConfigError(f"few_shot: split: {split} is no edge; there are {supernet.edge_count}")
    history = common.train_paths(PathLearner(supernet, space, task, settings), context, seed)
    own = settings.model_copy(
        update={
            "epochs": settings.split_epochs,
            "learning_rate": settings.split_rate or settings.learning_rate,
        }
    )
    parts = []
    for operator in range(len(supernet.operators)):
        within = common.everything(supernet)[0]
        within[split] = np.arange(len(supernet.operators)) == operator
        part = copy.deepcopy(supernet)
        learner = PathLearner(part, space, task, own, within)
        history = history + common.train_paths(learner, context, seed, phase=operator + 1)
        parts.append(PathScorer(part, space, task, own, []))
    return Split(parts, space, split, history)
