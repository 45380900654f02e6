"""The training loop of predictors: shuffled batches, AdamW, a stepped rate, checkpoints.

It runs on the device that the network lies on. What it draws is drawn on the CPU, so that the order
of the architectures is the same on all.
"""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from tqdm import tqdm

from tgnas.files import claimed
from tgnas.spaces.architectures import Architectures
from tgnas.training.checkpoint import read_checkpoint, write_checkpoint
from tgnas.training.optimisation import Optimisation

logger = logging.getLogger(__name__)
CPU = torch.device("cpu")


@dataclass(frozen=True, slots=True)
class Fitted:
    """A training of E epochs.

    Attributes:
        history: one row for each epoch: epoch, loss (mean over its batches), learning_rate,
            seconds.
        epochs: every entry of the network's state after each epoch, stacked: (E, ...), on the CPU.
    """

    history: list[dict[str, int | float]]
    epochs: dict[str, Tensor]


class MeanOverCells:
    """One value for each architecture of a batch, from those of its cells.

    Args:
        parts: the training architectures, whose cells stand one behind the other; parts may differ
            in the number of cells of an architecture.
        device: where indices and values lie.
    """

    def __init__(self, parts: Sequence[Architectures], device: torch.device = CPU) -> None:
        counts = torch.cat([torch.full((len(p),), p.cells_per_architecture) for p in parts])
        weights = torch.cat([torch.tensor(p.cell_weights).repeat(len(p)) for p in parts])
        self.counts, self.weights = counts.to(device), weights.to(device)
        self.first = (counts.cumsum(0) - counts).to(device)
        alike = {part.cell_weights for part in parts}
        self.shared = torch.tensor(alike.pop()).to(device) if len(alike) == 1 else None
        self.device = device

    def rows(self, index: Int64[Tensor, " B"]) -> Int64[Tensor, " cells"]:
        """Return the rows of the cells of the architectures of a batch."""
        if self.shared is not None:
            cells = torch.arange(len(self.shared), device=self.device)
            return (index.unsqueeze(1) * len(self.shared) + cells).flatten()
        counts = self.counts[index]
        start = self.first[index] - (counts.cumsum(0) - counts)
        count = int(counts.sum())
        return torch.repeat_interleave(start, counts) + torch.arange(count, device=self.device)

    def __call__(
        self, values: Float[Tensor, " cells"], index: Int64[Tensor, " B"]
    ) -> Float[Tensor, " B"]:
        """Return the mean of the values of ``rows(index)``, by the weights of the cells."""
        if self.shared is not None:
            return values.view(-1, len(self.shared)) @ self.shared
        weighted = values * self.weights[self.rows(index)]
        places = torch.arange(len(index), device=self.device)
        owner = torch.repeat_interleave(places, self.counts[index])
        return torch.zeros(len(index), device=self.device).index_add(0, owner, weighted)


def flatten_parameters(network: nn.Module) -> Tensor:
    """Move all parameters and gradients of a network into one vector and return it.

    The parameters become views of the vector, so that an optimiser updates them in one step.
    """
    parameters = list(network.parameters())
    vector = torch.cat([p.detach().reshape(-1) for p in parameters])
    vector.grad = torch.zeros_like(vector)
    start = 0
    for parameter in parameters:
        stop = start + parameter.numel()
        parameter.data = vector[start:stop].view(parameter.shape)
        parameter.grad = vector.grad[start:stop].view(parameter.shape)
        start = stop
    return vector


def fit(
    network: nn.Module,
    loss_of: Callable[[Tensor], Tensor],
    count: int,
    settings: Optimisation,
    generator: torch.Generator,
    checkpoint: Path | None = None,
    digest: str = "",
) -> Fitted:
    """Minimise the loss over the training architectures; resume from a checkpoint of the digest.

    Args:
        network: what is trained, in place, where it lies.
        loss_of: indices of a batch, shape (B,), on the network's device -> the mean loss over it.
        count: the number of training architectures.
        settings: epochs, batch and optimiser.
        generator: of the order of the architectures.
        checkpoint: file that is rewritten after every epoch; None keeps none.
        digest: names everything that the result depends on; a checkpoint of another is ignored.

    Raises:
        InUseError: another training is writing the checkpoint.
    """
    if checkpoint is None:
        return _fitted(network, loss_of, count, settings, generator, None, digest)
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    with claimed(checkpoint):
        return _fitted(network, loss_of, count, settings, generator, checkpoint, digest)


def _fitted(
    network: nn.Module,
    loss_of: Callable[[Tensor], Tensor],
    count: int,
    settings: Optimisation,
    generator: torch.Generator,
    checkpoint: Path | None,
    digest: str,
) -> Fitted:
    vector = flatten_parameters(network)
    optimiser = torch.optim.AdamW(
        [vector], lr=settings.learning_rate, weight_decay=settings.weight_decay, fused=True
    )
    schedule = torch.optim.lr_scheduler.StepLR(optimiser, settings.step_epochs, settings.lr_gamma)
    history: list[dict[str, int | float]] = []
    states: list[dict[str, Tensor]] = []
    saved = read_checkpoint(checkpoint, digest, CPU) if checkpoint else None
    if saved:
        history, states = saved["history"], saved["states"]
        network.load_state_dict(states[-1])
        optimiser.load_state_dict(saved["optimiser"])
        schedule.load_state_dict(saved["schedule"])
        generator.set_state(saved["generator"])
        logger.info("resumed after epoch=%d of %d", len(history), settings.epochs)
    total = settings.epochs * count
    with tqdm(
        total=total, initial=len(history) * count, unit="graphs", unit_scale=True, disable=None
    ) as bar:
        for epoch in range(len(history), settings.epochs):
            start = time.perf_counter()
            rate = float(schedule.get_last_lr()[0])
            network.train()
            loss = _one_epoch(vector, optimiser, loss_of, count, settings.batch, generator, bar)
            schedule.step()
            seconds = time.perf_counter() - start
            history.append(
                {"epoch": epoch + 1, "loss": loss, "learning_rate": rate, "seconds": seconds}
            )
            entries = network.state_dict().items()
            states.append({name: entry.to(CPU, copy=True) for name, entry in entries})
            if checkpoint:
                content = _content(history, states, optimiser, schedule, generator)
                write_checkpoint(checkpoint, digest, content)
            _report(history, settings.epochs, count)
    network.eval()
    return Fitted(history, {name: torch.stack([s[name] for s in states]) for name in states[0]})


def _content(
    history: list[dict[str, int | float]],
    states: list[dict[str, Tensor]],
    optimiser: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
    generator: torch.Generator,
) -> dict[str, Any]:
    """Return everything that the next epoch depends on."""
    return {
        "history": history,
        "states": states,
        "optimiser": optimiser.state_dict(),
        "schedule": schedule.state_dict(),
        "generator": generator.get_state(),
    }


def _one_epoch(
    vector: Tensor,
    optimiser: torch.optim.Optimizer,
    loss_of: Callable[[Tensor], Tensor],
    count: int,
    batch: int,
    generator: torch.Generator,
    bar: tqdm,
) -> float:
    """Return the mean loss of one pass in random order."""
    assert vector.grad is not None
    order = torch.randperm(count, generator=generator).to(vector.device)
    total = torch.zeros((), device=vector.device)
    for step, index in enumerate(order.split(batch)):
        loss = loss_of(index)
        vector.grad.zero_()
        loss.backward()
        optimiser.step()
        total += loss.detach() * len(index)
        if step % 50 == 49:
            bar.update(50 * batch)
    bar.update(count - (len(order.split(batch)) // 50) * 50 * batch)
    return float(total) / count


def _report(history: list[dict[str, int | float]], epochs: int, count: int) -> None:
    """Log one line for each tenth of the epochs."""
    done = len(history)
    if done % max(1, epochs // 10) and done != epochs:
        return
    seconds = sum(row["seconds"] for row in history)
    logger.info(
        "epoch=%d of %d loss=%.6f graphs_per_second=%.0f seconds_left=%.0f",
        done,
        epochs,
        history[-1]["loss"],
        done * count / seconds,
        seconds / done * (epochs - done),
    )
