"""GPTP (Han et al., SDM 2023, arXiv 2302.10835): a predictor that learns graphs before labels.

A graph network reads computational graphs, which all spaces write alike, and is pre-trained without
a label: of graphs of all built-in spaces two views are made, and the network learns to tell the two
of one graph from those of all others (InfoNCE, van den Oord et al., 2018). One view is random
(operators replaced, edges cut), one keeps the structure of its space (a decision changed, as a
mutation does). Then it is fine-tuned on few labels. The authors' code is not released: the encoder,
both views and all sizes are a reconstruction, fixed before a label was looked at.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from tgnas.cell import Cells
from tgnas.encodings import canonical
from tgnas.encodings.graphs import Graphs
from tgnas.encodings.meanings import meanings_of
from tgnas.methods.card import Card
from tgnas.methods.contracts import Context, State
from tgnas.methods.predictors import tgnas
from tgnas.methods.predictors._few_label_settings import GptpSettings as Settings
from tgnas.methods.predictors._network import Inputs, Network
from tgnas.methods.predictors._together import (
    Copies,
    GraphForm,
    Predictor,
    alone,
    drawn,
    fit_copies,
    restored,
)
from tgnas.operators import CODES, PADDING
from tgnas.spaces.space import open_space
from tgnas.training.splits import TrainingSet

CARD = Card(
    title="GPTP, a reconstruction",
    reference="Han et al., SDM 2023, arXiv 2302.10835; the code is not released",
    needs="labels of the target",
    deviations=(
        "a reconstruction: encoder, augmentations and sizes are ours, fixed before any label",
        "operators of cells are the vertices, not the atomic operators that they consist of",
        "the structured view is a mutation in the graph's own space",
        "with a prior: the network learns what a zero-shot score leaves (ours)",
    ),
)
SPACES = ("nasbench101", "nasbench201", "darts", "transnas_micro", "nds_enas")
GRAPHS = 400  # of each
BATCH = 256
TEMPERATURE = 0.2
RATE = 0.002
REPLACED, CUT = 0.15, 0.1  # shares of operators and of edges, in a random view
SHAPE = tgnas.Settings(
    graph="canonical",
    layers=3,
    width=32,
    normalisation="row",
    norm="none",
    bidirectional=True,
    residual=True,
    readout="sum",
    head_layers=1,
)


def fit_together(
    sources: Sequence[TrainingSet],
    settings: Settings,
    context: Context,
    generators: Sequence[torch.Generator],
) -> list[Predictor]:
    """Return a network for each source.

    Where the predictor to start from is one of this method, its networks are fine-tuned.

    Raises:
        ConfigError: a prior, and no zero-shot predictor to start from.
    """
    form = _form(context)
    members = context.start.members if context.start else ()
    known = [m.parameters for m in members if isinstance(m, Predictor) and _fits(m.form, form)]
    if known:
        starts = [known[generator.initial_seed() % len(known)] for generator in generators]
        begun = {name: torch.cat([one[name] for one in starts]) for name in known[0]}
        return fit_copies(sources, form, begun, settings, context, generators)
    return fit_copies(
        sources, form, begun_with(form.network, settings, generators), settings, context, generators
    )


fit = alone(fit_together)


def restore(state: State, settings: Settings, context: Context) -> Predictor:
    """Return the network of a state."""
    del settings  # the parameters hold what was learned
    return restored(state, _form(context), context)


def begun_with(
    network: Network, settings: Settings, generators: Sequence[torch.Generator]
) -> Copies:
    """Return the parameters that networks begin with, (S, ...).

    All have the same pre-trained encoder, or each its own, drawn as that one was before its
    pre-training. The head reads channels of mean 0 and deviation 1 over all spaces' graphs.
    """
    begun = dict(drawn(network, generators))
    encoders = len(generators)
    if settings.pretraining:
        kept = pretrained(settings.pretraining, network.features.numpy().tobytes())
        begun |= {name: entry.expand(encoders, *entry.shape) for name, entry in kept}
        encoders = 1
    graphs = network.prepare(_views(GRAPHS)[0])
    each = [
        read_by(network, {name: entry[row] for name, entry in begun.items()}, graphs)
        for row in range(encoders)
    ]
    mean = torch.stack([channels.mean(dim=0) for channels in each])[:, :, None]
    deviation = torch.stack([channels.std(dim=0) for channels in each]).clamp(min=1e-3)
    weight = begun["head.0.weight"] / deviation[:, None]
    shift = (weight @ mean)[:, :, 0]
    return begun | {"head.0.weight": weight, "head.0.bias": begun["head.0.bias"] - shift}


def read_by(network: Network, parameters: Copies, graphs: Inputs) -> Float[Tensor, "N W"]:
    """Return the channels that a network's head reads, with other parameters in place of its."""
    other = Network(network.features.numpy(), network.settings)
    other.load_state_dict(dict(parameters))
    with torch.no_grad():
        return other.read(graphs)


def _form(context: Context) -> GraphForm:
    return GraphForm(Network(meanings_of(context.operators).features, SHAPE))


def _fits(form: object, own: GraphForm) -> bool:
    return isinstance(form, GraphForm) and form.network.settings == own.network.settings


@cache
def pretrained(steps: int, table: bytes) -> tuple[tuple[str, Tensor], ...]:
    """Return an encoder's parameters by name.

    Args:
        steps: of contrastive pre-training.
        table: the operators' features, as bytes of (256, F) numbers.
    """
    features = np.frombuffer(table, dtype=np.float32).reshape(256, -1)
    generator = torch.Generator().manual_seed(0)
    network = Network(features.copy(), SHAPE)
    network.initialise(generator)
    views = [network.prepare(view) for view in _views(GRAPHS)]
    project = nn.Linear(SHAPE.width, SHAPE.width, bias=False)
    nn.init.orthogonal_(project.weight, generator=generator)
    parameters = [*network.parameters(), *project.parameters()]
    optimiser = torch.optim.AdamW(parameters, lr=RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    count = len(views[0].last)
    for _ in range(steps):
        one, other = torch.randperm(len(views), generator=generator)[:2].tolist()
        rows = torch.randperm(count, generator=generator)[:BATCH]
        read = (network.read(views[view].select(rows)) for view in (one, other))
        loss = contrastive(*(project(channels) for channels in read))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    named = network.named_parameters()
    return tuple((name, p.detach()) for name, p in named if not name.startswith("head"))


def contrastive(one: Tensor, other: Tensor) -> Tensor:
    """Return the mean loss of telling each row's own other view from all rows' other views."""
    one, other = (functional.normalize(rows, dim=1) for rows in (one, other))
    likeness = one @ other.T / TEMPERATURE
    own = torch.arange(len(one))
    ways = (likeness, likeness.T)
    return torch.stack([functional.cross_entropy(way, own) for way in ways]).mean()


@cache
def _views(count: int) -> list[Graphs]:
    """Return graphs of all spaces, so many of each, and two structured and two random views."""
    generator = np.random.default_rng(0)
    every: list[list[Cells]] = [[], [], []]
    for name in SPACES:
        space = open_space(name)
        first = space.sample(count, generator)
        versions = [first, space.mutate(first, generator), space.mutate(first, generator)]
        for part, version in zip(every, versions, strict=True):
            part.append(version.cells)
    plain, *structured = (canonical.encode(Cells.concatenate(part)) for part in every)
    return [plain, *structured, *(_random_view(plain, generator) for _ in range(2))]


def _random_view(graphs: Graphs, generator: np.random.Generator) -> Graphs:
    """Return graphs with some operators replaced by others that occur, and some edges cut."""
    ends = (PADDING, CODES["input"], CODES["output"])
    inner = ~np.isin(graphs.operators, ends)
    replaced = inner & (generator.random(inner.shape) < REPLACED)
    others = generator.choice(np.unique(graphs.operators[inner]), size=inner.shape)
    operators = np.where(replaced, others, graphs.operators)
    kept = generator.random(graphs.aggregation.shape) >= CUT
    aggregation = (graphs.aggregation * kept).astype(np.float32)
    return Graphs(operators, aggregation, graphs.counted)
