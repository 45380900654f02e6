"""GHN-2: a hypernetwork that predicts all parameters of a network in one forward pass.

Knyazev et al., NeurIPS 2021, arXiv 2110.13100; with virtual_edges 1 and the decoder mlp it is GHN-1
(Zhang et al., ICLR 2019, arXiv 1810.05749). It learns on architectures that are drawn once from a
space: a step predicts the parameters of several, and descends the mean of their losses on one batch
of images.
"""

import copy
import hashlib
import inspect
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float64
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from tgnas.errors import CorruptTableError
from tgnas.files import readable, written_whole
from tgnas.image_training.data import ImagesInMemory
from tgnas.image_training.weight_sharing import Given, Learner, Schedule, learn
from tgnas.methods.card import Card
from tgnas.methods.contracts import Context, State
from tgnas.methods.hypernetworks import _network
from tgnas.methods.hypernetworks._network import Hypernet
from tgnas.methods.hypernetworks._settings import Ghn2Settings as Settings
from tgnas.methods.settings import read_settings
from tgnas.networks import computational_graph, random_graphs
from tgnas.networks.computational_graph import ComputationalGraph, graph_of
from tgnas.networks.random_graphs import networks_of
from tgnas.registry import NETWORKS
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.space import Space
from tgnas.training.seeds import seeded

CARD = Card(
    title="GHN-2",
    reference="Knyazev et al., NeurIPS 2021 (arXiv 2110.13100), section 4",
    needs="images with labels, and architectures of a space without labels",
    deviations=(
        "networks, images and what is decoded are small; graphs come from torch.fx, not autograd",
        "the learning rate falls along a cosine, not in two steps",
        "what is decoded is cut to the first channels, not to every second where fewer are needed",
    ),
)


@dataclass(eq=False)
class Pool(Learner):
    """Architectures that are learned from; networks and graphs are built when they are drawn."""

    modules: Hypernet
    space: Space
    task: ImagesInMemory
    settings: Settings
    architectures: Architectures
    optimizers: dict[str, torch.optim.Optimizer] = field(init=False)
    known: dict[int, tuple[nn.Module, ComputationalGraph]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        adam = torch.optim.Adam(
            self.modules.parameters(),
            lr=self.settings.learning_rate,
            weight_decay=self.settings.weight_decay,
        )
        self.optimizers = {"weights": adam}

    def member(self, row: int) -> tuple[nn.Module, ComputationalGraph]:
        """Return the network and the graph of an architecture."""
        if row not in self.known:
            plain = row < self.settings.without_normalisation * self.settings.graphs
            built = _networks(
                self.space,
                self.architectures[[row]],
                self.task.classes,
                self.settings,
                normalised=not plain,
            )
            network = on_batch_statistics(next(built)).to(self.task.process.device)
            self.known[row] = network, graph_of(network)
        return self.known[row]

    def step(self, given: Given) -> Tensor:
        """Take a step on the mean loss of several architectures on one batch."""
        images, labels = given.batch
        rows = given.generator.choice(self.settings.graphs, self.settings.meta_batch)
        members = [self.member(int(row)) for row in rows]
        predicted = self.modules([graph for _, graph in members])
        losses = [
            self.task.loss(torch.func.functional_call(network, state, (images,)), labels)
            for (network, _), state in zip(members, predicted, strict=True)
        ]
        loss = torch.stack(losses).mean()
        self.optimizers["weights"].zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.modules.parameters(), self.settings.clip)
        self.optimizers["weights"].step()
        return loss


@dataclass(eq=False)
class GraphHypernetwork:
    """A trained hypernetwork; it scores an architecture by the accuracy of its predicted weights.

    Attributes:
        module: what predicts.
        space: whose architectures it scores.
        task: its test images are those that architectures are scored on.
        settings: the method's own.
        history: one line for each epoch.
    """

    module: Hypernet
    space: Space
    task: ImagesInMemory
    settings: Settings
    history: list[dict[str, Any]]

    def parameters_for(self, network: nn.Module) -> State:
        """Return the parameters of a network, by name.

        The classifier's are left out where it tells apart another number of classes.

        Raises:
            ConfigError: the network has no one computational graph, or parameters of a kind or
                size that are not predicted.
        """
        return predicted(self.module, network)

    def score(self, architectures: Architectures) -> Float64[np.ndarray, " N"]:
        """Return the accuracy of each architecture's predicted weights on the held-out images."""
        networks = _networks(self.space, architectures, self.task.classes, self.settings)
        scores = [self.accuracy(network) for network in networks]
        return np.array(scores, dtype=np.float64)

    def accuracy(self, network: nn.Module) -> float:
        """Return the accuracy of a network with predicted weights, in percent."""
        return accuracy_of(network, self.parameters_for(network), self.task)


def train(
    space: Space, task: Any, settings: Settings, context: Context, generator: torch.Generator
) -> GraphHypernetwork:
    """Return a hypernetwork that has learned from architectures of a space."""
    seed = generator.initial_seed()
    with seeded(seed):
        module = Hypernet(settings, task.classes).to(task.process.device)
    drawn = space.sample(settings.graphs, np.random.default_rng(seed))
    history = learn(
        Pool(module, space, task, settings, drawn),
        task,
        Schedule(settings.epochs, settings.batch, settings.learning_rate, settings.lowest_rate),
        seed=seed,
        checkpoint=context.checkpoints / "ghn2.pt" if context.checkpoints else None,
        digest=f"{context.code} {settings!r} {task.digest()} {seed}",
    )
    return GraphHypernetwork(module.eval(), space, task, settings, history)


def predicted(module: Hypernet, network: nn.Module) -> State:
    """Return the parameters that a hypernetwork predicts; errors as of ``graph_of``."""
    with torch.no_grad():
        (state,) = module.eval()([graph_of(network)])
    return {name: value.contiguous() for name, value in state.items()}


def on_batch_statistics(network: nn.Module) -> nn.Module:
    """Let a network's batch normalisations work on each batch's own statistics, always."""
    for part in network.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.track_running_stats = False
            part.running_mean = part.running_var = None
    return network


def accuracy_of(network: nn.Module, state: State, task: ImagesInMemory) -> float:
    """Return the test accuracy of a network with other parameters, in percent.

    Batch normalisations work on the statistics of the test batch, as in the paper: nothing else is
    known of what predicted weights give.
    """
    tested = on_batch_statistics(copy.deepcopy(network)).to(task.process.device).eval()
    right = count = 0
    with torch.inference_mode():
        for images, labels in task.test_batches():
            logits = torch.func.functional_call(tested, dict(state), (images,))
            right += int((logits.argmax(dim=1) == labels).sum())
            count += len(labels)
    return 100 * right / count


def _networks(
    space: Space,
    architectures: Architectures,
    classes: int,
    settings: Settings,
    *,
    normalised: bool = True,
) -> Iterator[nn.Module]:
    """Yield the networks of architectures: random graphs, or those of a space's benchmark."""
    if "width" in architectures.attributes:
        yield from networks_of(architectures, classes, normalised=normalised)
        return
    build = NETWORKS.load(space.name)
    for row in range(len(architectures)):
        yield build(architectures.member(row), classes, settings.channels, settings.layers)


def save(trained: GraphHypernetwork, path: Path) -> None:
    """Write a hypernetwork's weights in half precision, with its settings and images."""
    about = {
        "method": "ghn2",
        "settings": trained.settings.model_dump(mode="json"),
        "classes": trained.task.classes,
        "images": f"{trained.task.train_size} of {trained.task.source}",
        "space": trained.space.description,
    }
    state = {name: value.half().contiguous() for name, value in trained.module.state_dict().items()}
    with written_whole(path) as part:
        save_file(state, part, {"about": json.dumps(about)})


def load(path: Path) -> tuple[Hypernet, dict[str, Any]]:
    """Return the hypernetwork of a file and what the file says of it.

    Raises:
        UnreadableFileError: there is no such file.
        CorruptTableError: it holds no weights of a hypernetwork.
    """
    readable(path)
    try:
        with safe_open(path, "pt") as opened:
            about = json.loads((opened.metadata() or {})["about"])
            state = {name: opened.get_tensor(name).float() for name in opened.keys()}  # noqa: SIM118
        module = Hypernet(read_settings(Settings, about["settings"], str(path)), about["classes"])
        module.load_state_dict(state)
    except (SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise CorruptTableError(f"{path} holds no weights of a hypernetwork: {reason}") from error
    return module.eval(), about


def code() -> str:
    """Return a digest of the code that a trained hypernetwork depends on."""
    sources = (_network, computational_graph, random_graphs, sys.modules[__name__])
    return hashlib.sha256("".join(map(inspect.getsource, sources)).encode()).hexdigest()
