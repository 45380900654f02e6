"""CTNAS's comparator (Chen et al., CVPR 2021, arXiv 2103.05471, section 3): which of two is better.

A graph convolutional network embeds two architectures; a linear layer on both embeddings and a
sigmoid give the probability that the first is better. The layer is linear, so that a comparison is
what the first brings less what the second does, and N architectures are compared with M others
after N + M passes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float, Float64, Int64
from scipy import special
from torch import Tensor
from torch.nn import functional

from tgnas.errors import ConfigError
from tgnas.methods.card import Card
from tgnas.methods.contracts import Context, State
from tgnas.methods.few_labels import Inputs
from tgnas.methods.predictors._few_label_settings import CtnasSettings as Settings
from tgnas.methods.predictors._together import alone
from tgnas.operators import PADDING
from tgnas.spaces.architectures import Architectures
from tgnas.training.splits import TrainingSet

CARD = Card(
    title="CTNAS comparator",
    reference="Chen et al., CVPR 2021, arXiv 2103.05471, section 3.2",
    needs="labels of the target",
    deviations=(
        "64 channels and 150 steps over all labelled architectures, not 128 and 1,000 epochs",
        "each architecture meets others in eight drawn orders a step, not all pairs",
        "scores are mean probabilities of being better than a labelled architecture",
        "with a prior: a zero-shot score adds to what an architecture brings, at first 0 (ours)",
    ),
)
ORDERS = 8  # in which the labelled meet one another in a step
CHUNK = 4096
CODES = 256
Parameters = Mapping[str, Tensor]


def _initial(settings: Settings, count: int, generators: Sequence[torch.Generator]) -> Parameters:
    """Return the parameters of S networks, each from its own generator."""
    width, shapes = settings.hidden, {"operators": (count, settings.hidden)}
    shapes |= {f"layer{n}": (width, width) for n in range(settings.layers)}
    shapes |= {f"bias{n}": (1, width) for n in range(settings.layers)}
    shapes |= {"better": (width, 1), "worse": (width, 1), "offset": (1, 1)}

    def drawn(name: str, shape: tuple[int, int], generator: torch.Generator) -> Tensor:
        if name.startswith(("bias", "offset")):
            return torch.zeros(shape)
        scale = 1.0 if name == "operators" else shape[0] ** -0.5
        if settings.prior and name in ("better", "worse"):
            scale = 0.0  # without a label the order is the prior's
        return torch.randn(shape, generator=generator) * scale

    parameters = {n: torch.stack([drawn(n, s, g) for g in generators]) for n, s in shapes.items()}
    return parameters | {"slope": torch.full((len(generators), 1, 1), settings.prior)}


def _embedded(
    parameters: Parameters, layers: int, graphs: tuple[Tensor, Tensor, Tensor], cells: Tensor
) -> Float[Tensor, "S n C"]:
    """Return the embeddings of n architectures by each of S networks.

    Args:
        parameters: of the networks.
        layers: how many.
        graphs: operators (S, n K, V), A + I (S, n K, V, V), which vertices there are (S, n K, V).
        cells: weights of the K cells.
    """
    operators, edges, there = graphs
    seeds = torch.arange(len(operators))[:, None]
    hidden = parameters["operators"][seeds, operators.flatten(1)]
    for layer in range(layers):
        shape = (*operators.shape, hidden.shape[-1])
        passed = (edges @ hidden.reshape(shape)).flatten(1, 2)
        moved = passed @ parameters[f"layer{layer}"] + parameters[f"bias{layer}"]
        hidden = hidden + functional.relu(moved) / edges.shape[-1] ** 0.5
    masked = hidden.reshape(*operators.shape, -1) * there[..., None]
    pooled = masked.sum(2) / there.sum(2, keepdim=True)
    return torch.einsum("snkc,k->snc", pooled.unflatten(1, (-1, len(cells))), cells)


def _graphs(architectures: Architectures) -> tuple[Tensor, Tensor, Tensor]:
    cells = architectures.cells
    # Messages go along the edges: a vertex takes what its predecessors and itself hold.
    edges = cells.adjacency().transpose(0, 2, 1) | np.eye(cells.vertices, dtype=bool)
    there = cells.operators != PADDING
    arrays = (cells.operators.astype(np.int64), edges.astype(np.float32), there.astype(np.float32))
    operators, matrices, present = map(torch.from_numpy, arrays)
    return operators, matrices, present


@dataclass(frozen=True, eq=False)
class Predictor:
    """A trained comparator.

    Attributes:
        settings: its settings.
        inputs: what the zero-shot score is as a normal score.
        parameters: of its network, each with a first axis of one.
        seen: what each labelled architecture takes from the other's logit, (n,).
        labelled: those; None where it was read from a file.
    """

    settings: Settings
    inputs: Inputs
    parameters: Parameters
    seen: Float64[np.ndarray, " n"]
    labelled: Architectures | None = None

    @property
    def state(self) -> State:
        """All arrays."""
        return self.inputs.state | dict(self.parameters) | {"seen": torch.from_numpy(self.seen)}

    @torch.no_grad()
    def _sides(self, architectures: Architectures) -> Float64[np.ndarray, "2 N"]:
        """Return what each adds to a logit as the first of a pair, and as the second."""
        starts = range(0, max(1, len(architectures)), CHUNK)
        parts = [self._of_chunk(architectures[s : s + CHUNK]) for s in starts]
        return np.concatenate(parts, axis=1)

    def _of_chunk(self, architectures: Architectures) -> Float64[np.ndarray, "2 N"]:
        operators, edges, there = _graphs(architectures)
        graphs = operators[None], edges[None], there[None]
        cells = torch.tensor(architectures.cell_weights, dtype=torch.float32)
        hidden = _embedded(self.parameters, self.settings.layers, graphs, cells)
        prior = torch.from_numpy(self.inputs.prior(architectures).astype(np.float32))
        sides = _sides(self.parameters, hidden, prior[None])
        return torch.cat(sides).double().numpy()

    def compare(
        self, architectures: Architectures, others: Architectures
    ) -> Float64[np.ndarray, "N M"]:
        """Return the probability that each architecture is better than each of the others."""
        first, second = self._sides(architectures)[0], self._sides(others)[1]
        return special.expit(first[:, None] + second)

    def score(self, architectures: Architectures) -> Float64[np.ndarray, " N"]:
        """Return the mean probability of being better than a labelled architecture."""
        first = self._sides(architectures)[0]
        return special.expit(first[:, None] + self.seen).mean(axis=1)

    def learn_pairs(self, better: Architectures, worse: Architectures) -> "Predictor":
        """Return the comparator after some more steps on pairs, of which the first is better.

        Raises:
            ConfigError: it was read from a file, and knows no labelled architecture any more.
        """
        if self.labelled is None:
            raise ConfigError("a comparator that was read from a file learns no more pairs")
        both = Architectures.concatenate([better, worse])
        operators, edges, there = _graphs(both)
        graphs = operators[None], edges[None], there[None]
        cells = torch.tensor(both.cell_weights, dtype=torch.float32)
        prior = torch.from_numpy(self.inputs.prior(both).astype(np.float32))[None]
        count, layers = len(better), self.settings.layers
        order = torch.arange(2 * count).roll(count)  # each meets its other, in both orders
        better_first = (torch.arange(2 * count) < count)[None].float()

        def loss(parameters: Parameters) -> Tensor:
            first, second = _sides(parameters, _embedded(parameters, layers, graphs, cells), prior)
            logits = first + second[:, order]
            return functional.binary_cross_entropy_with_logits(logits, better_first)

        learned = _minimised(self.parameters, loss, self.settings, self.settings.pair_steps, 0.1)
        return replace(self, parameters=learned).facing(self.labelled)

    def facing(self, labelled: Architectures) -> "Predictor":
        """Return the comparator whose scores are of comparisons with labelled architectures."""
        return replace(self, seen=self._sides(labelled)[1], labelled=labelled)


def _sides(
    parameters: Parameters, hidden: Float[Tensor, "S n C"], prior: Float[Tensor, "S n"]
) -> tuple[Float[Tensor, "S n"], Float[Tensor, "S n"]]:
    added = parameters["slope"][:, 0] * prior
    first = (hidden @ parameters["better"])[..., 0] + parameters["offset"][:, 0] + added
    return first, (hidden @ parameters["worse"])[..., 0] - added


def _minimised(
    parameters: Parameters, loss: object, settings: Settings, steps: int, speed: float = 1.0
) -> Parameters:
    """Return the parameters after steps of Adam; networks of different seeds do not touch."""
    assert callable(loss)
    leaves = {name: value.detach().clone().requires_grad_() for name, value in parameters.items()}
    rate = settings.learning_rate * speed
    adam = torch.optim.Adam(
        leaves.values(), rate, betas=(0.5, 0.999), weight_decay=settings.weight_decay
    )
    for _ in range(steps):
        adam.zero_grad()
        loss(leaves).backward()
        adam.step()
    return {name: value.detach() for name, value in leaves.items()}


def fit_together(
    sources: Sequence[TrainingSet],
    settings: Settings,
    context: Context,
    generators: Sequence[torch.Generator],
) -> list[Predictor]:
    """Return the comparator of each source, all of which hold equally many labels.

    Raises:
        ConfigError: a prior, and no zero-shot predictor to start from.
    """
    known = [source.architectures for source in sources]
    inputs = Inputs.of("graph", known[0], context, prior=settings.prior > 0)
    operators, edges, there = map(torch.stack, zip(*map(_graphs, known), strict=True))
    graphs = operators, edges, there
    cells = torch.tensor(known[0].cell_weights, dtype=torch.float32)
    prior = torch.from_numpy(np.stack([inputs.prior(one) for one in known]).astype(np.float32))
    labels = torch.from_numpy(np.stack([source.labels for source in sources]))
    seeds, count = labels.shape

    def loss(parameters: Parameters) -> Tensor:
        hidden = _embedded(parameters, settings.layers, graphs, cells)
        first, second = _sides(parameters, hidden, prior)
        rows = _orders(count, generators)
        other = labels[:, None].expand(-1, ORDERS, -1).gather(2, rows)
        mine = labels[:, None]
        logits = first[:, None] + second[:, None].expand(-1, ORDERS, -1).gather(2, rows)
        better = ((mine > other) + 0.5 * (mine == other)).float()
        return seeds * functional.binary_cross_entropy_with_logits(logits, better)

    learned = _minimised(_initial(settings, CODES, generators), loss, settings, settings.steps)
    fitted = []
    for seed, architectures in enumerate(known):
        own = {name: value[seed : seed + 1] for name, value in learned.items()}
        fitted.append(Predictor(settings, inputs, own, np.zeros(count)).facing(architectures))
    return fitted


def _orders(count: int, generators: Sequence[torch.Generator]) -> Int64[Tensor, "S R n"]:
    """Return drawn orders of the labelled for each seed."""
    return torch.stack([torch.rand(ORDERS, count, generator=g).argsort(1) for g in generators])


fit = alone(fit_together)


def restore(state: State, settings: Settings, context: Context) -> Predictor:
    """Return the comparator of a state."""
    inputs = Inputs.of_state("graph", state, context)
    names = _initial(settings, CODES, [torch.Generator()])
    return Predictor(settings, inputs, {n: state[n] for n in names}, state["seen"].numpy())
