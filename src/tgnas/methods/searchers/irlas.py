"""IRLAS (Guo et al., CVPR 2019, arXiv 1812.05285): a search that resembles an expert's network.

Apprenticeship learning (Abbeel and Ng, ICML 2004, section 3.1) finds a reward under which a policy
has the feature expectations of the expert, here a cell with the topology of a residual block. That
mirror stimulus, no label in it, is added to the accuracies that reward the controller afterwards.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64

from tgnas.cell import on_paths
from tgnas.encodings.sequences import Sequences
from tgnas.errors import ConfigError
from tgnas.methods.card import Card
from tgnas.methods.light_contracts import Oracle, Scores, Surrogate, Trace
from tgnas.methods.searchers._controller import (
    Controller,
    search_by_policy,
    standardised,
)
from tgnas.methods.searchers._few import Candidates
from tgnas.methods.searchers._network_settings import IrlasSettings as Settings
from tgnas.operators import CODES, NAMES
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.nasbench201 import RESIDUAL_BLOCK
from tgnas.spaces.space import Space

CARD = Card(
    title="IRLAS (reconstruction)",
    reference="Guo et al., CVPR 2019, arXiv 1812.05285; Abbeel and Ng, ICML 2004, section 3.1",
    needs="labels",
    deviations=(
        "a reconstruction: features, discount and weights of the mirror stimulus are ours",
        "the expert of a cell space is the cell of a residual block, not a whole ResNet",
        "the projection algorithm; of its rewards that whose policy came nearest to the expert",
        "the weight of the stimulus falls linearly to none over the budget (ours)",
        "what is drawn where the policy writes nothing new, or behind the best in the first batch "
        "of a zero-shot start, is queried and not learned from",
        "a zero-shot start: first queries and an imitated policy by zero-shot score (ours)",
    ),
)
DETERMINISTIC = False
# A residual block (He et al., CVPR 2016) as a cell of each space.
EXPERTS = {"nasbench201": RESIDUAL_BLOCK}


def features_of(architectures: Architectures, discount: float) -> Float64[np.ndarray, "N F"]:
    """Return discounted features: for each vertex its operator and the vertices that feed it.

    They are of the live graph: a zero, and what lies on no path past it, has none.
    """
    cells, count = architectures.cells, architectures.cells_per_architecture
    there = cells.operators != CODES["zero"]
    there &= on_paths(cells.operators, _among(there) & cells.adjacency())
    operators = (cells.operators[:, :, None] == np.arange(len(NAMES))) & there[:, :, None]
    feeding = (cells.adjacency() & _among(there)).transpose(0, 2, 1)
    rows = np.concatenate([operators, feeding], axis=2) * 1.0
    weights = discount ** np.arange(rows.shape[1])
    flat = (rows * weights[:, None]).reshape(len(cells), -1)
    return flat.reshape(len(architectures), count * flat.shape[1])


def _among(vertices: Bool[np.ndarray, "N V"]) -> Bool[np.ndarray, "N V V"]:
    return vertices[:, :, None] & vertices[:, None, :]


@dataclass(frozen=True)
class Stimulus:
    """What the apprenticeship found.

    Attributes:
        weights: of the features.
        distances: to the expert's feature expectations: that of the first policy, then of the
            mixture of all policies after each round.
        matched: feature expectations of the mixture.
    """

    weights: Float64[np.ndarray, " F"]
    distances: tuple[float, ...]
    matched: Float64[np.ndarray, " F"]


def mirror_stimulus(
    listed: Float64[np.ndarray, "N F"],
    expert: Float64[np.ndarray, " F"],
    sequences: Sequences,
    settings: Settings,
    generator: np.random.Generator,
) -> Stimulus:
    """Return the reward whose policies match an expert (Abbeel and Ng, projection method).

    Args:
        listed: features of the listed architectures.
        expert: its features.
        sequences: of the listed architectures.
        settings: of the search.
        generator: of all that is drawn.
    """
    s = settings
    mixture = listed[generator.integers(len(listed), size=256)].mean(axis=0)
    distances, best, best_weights = [float(np.linalg.norm(expert - mixture))], np.inf, mixture
    for _ in range(s.rounds):
        weights = expert - mixture
        controller = Controller(sequences, s.hidden, s.learning_rate, 0.0, generator)
        rewards = listed @ weights
        for _ in range(s.steps):
            rows = controller.sample(64)
            controller.learn(rows, standardised(rewards[rows]))
        policy = listed[controller.sample(256)].mean(axis=0)
        gap = float(np.linalg.norm(expert - policy))
        if gap < best:
            best, best_weights = gap, weights
        along = policy - mixture
        share = float(along @ weights / max(along @ along, 1e-12))
        mixture = mixture + np.clip(share, 0, 1) * along
        distances.append(float(np.linalg.norm(expert - mixture)))
        if distances[-1] <= s.tolerance * distances[0]:
            break
    return Stimulus(best_weights, tuple(distances), mixture)


def search(
    space: Space,
    oracle: Oracle,
    settings: Settings,
    generator: np.random.Generator,
    surrogate: Surrogate | None = None,
) -> Trace:
    """Return the best of ``settings.budget`` labels.

    Raises:
        ConfigError: no expert is known in the space.
    """
    del surrogate  # the controller learns from labels alone
    if space.name not in EXPERTS:
        raise ConfigError(f"irlas has no expert in {space.name}; it has in {', '.join(EXPERTS)}")
    trace, candidates = Trace(oracle), Candidates(space)
    listed = features_of(candidates.every, settings.discount)
    [expert] = features_of(space.parse(EXPERTS[space.name]), settings.discount)
    sequences = Sequences.of(candidates.every)
    stimulus = mirror_stimulus(listed, expert, sequences, settings, generator)
    likeness = standardised(listed @ stimulus.weights)
    budget = min(settings.budget, len(candidates.every))

    def reward(rows: np.ndarray, accuracies: Scores) -> Scores:
        weight = settings.mirror * (1 - trace.queries / budget)
        return standardised(accuracies) + weight * likeness[rows]

    search_by_policy(candidates, trace, settings, generator, reward)
    return trace.choose_best()
