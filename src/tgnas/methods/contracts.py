"""What a file of each family of methods defines; the registry holds every file to it.

Those of graph proxies and searchers, which need no torch, stand in ``light_contracts``.

Each family ends in ``score``: higher predicts better, what cannot be scored is NaN, and all that is
drawn comes from the generator that is handed in. A method's ``Settings`` are a frozen pydantic
model of its own keys; the config's entry of the method holds those and no other.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float, Float64, Int64
from torch import Tensor, nn

from tgnas.encodings.embeddings import KnownOperators
from tgnas.methods.card import Card
from tgnas.methods.light_contracts import Scorer, ZeroShot
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.space import Space
from tgnas.training.fit import Fitted
from tgnas.training.splits import TrainingSet

State = Mapping[str, Tensor]  # all that training leaves behind, by name


@dataclass(frozen=True, eq=False)
class Batch:
    """Normalised images with their labels; every architecture sees the same."""

    images: Float[Tensor, "B 3 H W"]
    labels: Int64[Tensor, " B"]

    @property
    def device(self) -> torch.device:
        """Where the images lie."""
        return self.images.device


@dataclass(frozen=True, eq=False)
class Tokens:
    """Rows of tokens with what follows each; every architecture sees the same."""

    tokens: Int64[Tensor, "B T"]
    targets: Int64[Tensor, "B T"]

    @property
    def device(self) -> torch.device:
        """Where the tokens lie."""
        return self.tokens.device


@dataclass(frozen=True, eq=False)
class Context:
    """What a method may use beside its sources and settings.

    Attributes:
        operators: sentence vectors and attributes of every operator, by code; of none where a
            method reads none.
        images: a batch of images, for methods that read any.
        prior: a zero-shot scorer of the space, for methods that can start from one.
        device: where tensors are worked on.
        checkpoints: folder to resume from and to write to; None keeps no checkpoint.
        code: digest of the code, so that a checkpoint of older code is not resumed.
        start: a predictor of other spaces that learning from few labels may start from.
        unlabelled: architectures of the space that is learned, without labels.
        inputs: how they become numbers, by kind (``few_labels.Inputs``), where that is known.
    """

    operators: KnownOperators = field(
        default_factory=lambda: KnownOperators(
            np.zeros((0, 0), dtype=np.float32), np.zeros((0, 2), dtype=np.float32)
        )
    )
    images: Batch | None = None
    prior: Scorer | None = None
    device: str = "cpu"
    checkpoints: Path | None = None
    code: str = ""
    start: ZeroShot | None = None
    unlabelled: Architectures | None = None
    inputs: Mapping[str, Any] = field(default_factory=dict)


# Predictors: fitted on labelled architectures, they score those of any space


@runtime_checkable
class Predictor(Scorer, Protocol):
    """A fitted predictor."""

    @property
    def state(self) -> State:
        """What ``restore`` makes the predictor from again."""
        ...


class PredictorMethod(Protocol):
    """A file of ``methods/predictors``."""

    CARD: Card
    Settings: type

    @staticmethod
    def fit(
        sources: Sequence[TrainingSet], settings: Any, context: Context, generator: torch.Generator
    ) -> Predictor:
        """Return a predictor that is fitted on all sources."""
        ...

    @staticmethod
    def restore(state: State, settings: Any, context: Context) -> Predictor:
        """Return the predictor of a state, which may know other new operators by now."""
        ...


class FitsInEpochs(Protocol):
    """A predictor whose every epoch the audit can look at."""

    @staticmethod
    def fit_epochs(
        sources: Sequence[TrainingSet], settings: Any, context: Context, generator: torch.Generator
    ) -> Fitted:
        """Return the state after each epoch; that of the last is what ``fit`` returns."""
        ...


class FitsOnDevice(Protocol):
    """A predictor whose training is worked out on ``Context.device``; others know the CPU alone."""

    ON_DEVICE: bool


class FitsTogether(Protocol):
    """A predictor of which several are fitted at once, each on its own labels."""

    @staticmethod
    def fit_together(
        sources: Sequence[TrainingSet],
        settings: Any,
        context: Context,
        generators: Sequence[torch.Generator],
    ) -> list[Predictor]:
        """Return the predictor of each source, all of which hold equally many labels."""
        ...


class ScoresTogether(Protocol):
    """A predictor whose seeds share work when they score the same architectures."""

    @staticmethod
    def score_members(
        members: Sequence[Predictor], architectures: Architectures
    ) -> Float64[np.ndarray, "S N"]:
        """Return every member's scores, to the bit those of its ``score``."""
        ...


class Embeds(Protocol):
    """A predictor whose network's last hidden channels others may learn from."""

    @staticmethod
    def embed_members(
        members: Sequence[Predictor], architectures: Architectures
    ) -> Float[np.ndarray, "N D"]:
        """Return the channels of every architecture, those of the members side by side."""
        ...


# Network proxies: no training, no labels of architectures


class NetworkProxyMethod(Protocol):
    """A file of ``methods/network_proxies``: it reads one architecture's untrained network."""

    CARD: Card

    @staticmethod
    def score(
        network: nn.Module, batch: Batch, generator: torch.Generator
    ) -> float | tuple[float, ...]:
        """Return the network's score, or the components that the file's COMPONENTS name."""
        ...


class SequenceProxyMethod(Protocol):
    """A file of ``methods/sequence_proxies``: a proxy of untrained networks that read tokens."""

    CARD: Card

    @staticmethod
    def score(
        network: nn.Module, batch: Tokens, generator: torch.Generator
    ) -> float | tuple[float, ...]:
        """Return the network's score, or the components that the file's COMPONENTS name."""
        ...


# What learns from images or text


@runtime_checkable
class Task(Protocol):
    """What is learned, e.g. ``tgnas.image_training.data.Task``; nothing else knows the batches."""

    def train_batches(self, seed: int, epoch: int, batch: int) -> Iterator[tuple[Any, Any]]:
        """Yield the inputs and targets of an epoch, a function of its seed and number."""
        ...

    def test_batches(self) -> Iterator[tuple[Any, Any]]:
        """Yield the inputs and targets that a network is tested on."""
        ...

    def loss(self, outputs: Tensor, targets: Any, /) -> Float[Tensor, ""]:
        """Return the mean loss of a network's outputs on a batch."""
        ...


@runtime_checkable
class Supernet(Scorer, Protocol):
    """A network that holds every architecture of a space and scores each by its share of it.

    Attributes:
        history: a line for each epoch: phase, epoch, loss, seconds, and what else a method tells.
    """

    history: list[dict[str, Any]]


class SupernetMethod(Protocol):
    """A file of ``methods/supernets``."""

    CARD: Card
    Settings: type

    @staticmethod
    def train(
        space: Space, task: Task, settings: Any, context: Context, generator: torch.Generator
    ) -> Supernet:
        """Return a trained supernet of a space."""
        ...


class Derives(Protocol):
    """A method whose trained supernet points to one architecture."""

    @staticmethod
    def derive(supernet: Supernet) -> Architectures:
        """Return the architecture."""
        ...


@runtime_checkable
class Hypernetwork(Scorer, Protocol):
    """A network that gives other networks their parameters."""

    def parameters_for(self, network: nn.Module) -> State:
        """Return the parameters of a network, by name."""
        ...


class HypernetworkMethod(Protocol):
    """A file of ``methods/hypernetworks``."""

    CARD: Card
    Settings: type

    @staticmethod
    def train(
        space: Space, task: Task, settings: Any, context: Context, generator: torch.Generator
    ) -> Hypernetwork:
        """Return a trained hypernetwork of a space."""
        ...


class GeneratorMethod(Protocol):
    """A file of ``methods/generators``: a distribution over architectures with parameters."""

    CARD: Card
    Settings: type
    Generator: type


@runtime_checkable
class Generator(Protocol):
    """The distribution of one vector of parameters."""

    def __init__(self, theta: Float[np.ndarray, " P"]) -> None: ...

    def sample(self, generator: np.random.Generator) -> Architectures:
        """Return one architecture."""
        ...


OPTIONAL: Mapping[type, tuple[type, ...]] = {
    PredictorMethod: (FitsInEpochs, FitsOnDevice, FitsTogether, ScoresTogether, Embeds),
    SupernetMethod: (Derives,),
}
