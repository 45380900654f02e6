"""One step of a training on images: eagerly, as a CUDA graph, or compiled and as one.

A graph spares a GPU the wait for the processor, which small networks are bound by: its kernels are
recorded once and replayed for every batch of that size (Graham et al., "CUDA graphs" in PyTorch's
notes on CUDA semantics). The learning rate and the probability of keeping a path are tensors there,
so that they can change without another recording. The first steps, and batches of another size, are
taken eagerly; all of them are steps of the training, so that nothing has to be restored. No graph
has been recorded yet on a card: it is tested where there is one.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from tgnas.errors import ConfigError

Kind = Literal["eager", "captured", "compiled"]
EAGER = 3  # steps before the recording: buffers of the optimiser, plans of cuDNN


@dataclass(eq=False)
class Step:
    """A step of SGD on one batch.

    Attributes:
        module: (images, labels) -> the loss and what is summed over the epoch.
        optimizer: its learning rate is set anew before each step.
        autocast: of the forward pass.
        clip: the largest norm of the gradient; 0 leaves it.
    """

    module: nn.Module
    optimizer: torch.optim.SGD
    autocast: Callable[[], AbstractContextManager[Any]]
    clip: float

    def __call__(
        self, images: Float[Tensor, "B 3 H W"], labels: Int64[Tensor, " B"], rate: float
    ) -> Float[Tensor, "3"]:
        """Take it at a learning rate; return what is summed."""
        self.set_rate(rate)
        return self.taken(images, labels)

    def set_rate(self, rate: float) -> None:
        """Set the learning rate of the next step."""
        for group in self.optimizer.param_groups:
            group["lr"] = rate

    def taken(self, images: Tensor, labels: Tensor) -> Tensor:
        """Take the step at the rate that is set."""
        with self.autocast():
            loss, sums = self.module(images, labels)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        if self.clip:
            nn.utils.clip_grad_norm_(self.module.parameters(), self.clip)
        self.optimizer.step()
        return sums


@dataclass(eq=False)
class CapturedStep(Step):
    """The same step, replayed from a CUDA graph for batches of the first one's size.

    Its optimiser has one group, the rate of which is a tensor on the device.
    """

    rate: Tensor = field(kw_only=True)  # shape (), on the device
    _shape: torch.Size | None = None  # of a whole batch
    _taken: int = 0
    _recorded: "_Recorded | None" = None

    def set_rate(self, rate: float) -> None:
        """Fill the tensor that the graph reads."""
        self.rate.fill_(rate)
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate

    def taken(self, images: Tensor, labels: Tensor) -> Tensor:
        """Replay the graph; record it when enough steps were taken without one."""
        self._shape = self._shape or images.shape
        if images.shape != self._shape:
            # Not compiled once more for the last batch of an epoch.
            with torch.compiler.set_stance("force_eager"):
                return self._aside(images, labels)
        if self._taken < EAGER:
            self._taken += 1
            return self._aside(images, labels)
        if self._recorded is None:
            self._recorded = self._record(images, labels)
        recorded = self._recorded
        recorded.images.copy_(images)
        recorded.labels.copy_(labels)
        recorded.graph.replay()
        return recorded.sums.clone()

    def _aside(self, images: Tensor, labels: Tensor) -> Tensor:
        """Take a step on another stream, as what comes before a recording must be."""
        here, aside = torch.cuda.current_stream(), torch.cuda.Stream()
        aside.wait_stream(here)
        with torch.cuda.stream(aside):
            sums = super().taken(images, labels)
        here.wait_stream(aside)
        sums.record_stream(here)
        return sums

    def _record(self, images: Tensor, labels: Tensor) -> "_Recorded":
        """Record the step without taking it."""
        images, labels, graph = images.clone(), labels.clone(), torch.cuda.CUDAGraph()
        self.optimizer.zero_grad(set_to_none=True)
        # Threads that decode and copy images go on meanwhile.
        with torch.cuda.graph(graph, capture_error_mode="thread_local"):
            sums = super().taken(images, labels)
        return _Recorded(graph, images, labels, sums)


@dataclass(frozen=True, eq=False, slots=True)
class _Recorded:
    """A graph, what it reads and what it writes."""

    graph: torch.cuda.CUDAGraph
    images: Tensor
    labels: Tensor
    sums: Tensor


def usable(kind: Kind, device: torch.device, world: int) -> Kind:
    """Return the kind of step.

    Raises:
        ConfigError: a graph is asked for where there is none.
    """
    if kind != "eager" and (device.type != "cuda" or world > 1):
        where = f"{world} processes" if world > 1 else f"the device {device.type}"
        raise ConfigError(
            f"a {kind} step needs one process with a CUDA device, not {where}; allowed: eager"
        )
    return kind
