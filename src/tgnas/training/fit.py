"""The training loop of predictors: shuffled batches, AdamW, a stepped rate, checkpoints."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from tqdm import tqdm

from tgnas.training.checkpoint import read_checkpoint, write_checkpoint

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Optimisation:
    """How a predictor is fitted; the defaults are the authors' code.

    Attributes:
        epochs: passes over the training cells.
        batch: cells per step.
        learning_rate: AdamW's rate at the start.
        weight_decay: AdamW's decay, on every parameter.
        step_epochs: the rate is multiplied by lr_gamma after that many epochs, again and again.
        lr_gamma: see step_epochs.
    """

    epochs: int = 100
    batch: int = 128
    learning_rate: float = 1e-3
    weight_decay: float = 0.01
    step_epochs: int = 40
    lr_gamma: float = 0.1


@dataclass(frozen=True, slots=True)
class Fitted:
    """What training leaves behind.

    Attributes:
        history: one row per epoch: epoch, loss (mean over its batches), learning_rate, seconds.
        epochs: every entry of the network's state after each epoch, stacked: (epochs, ...).
    """

    history: list[dict[str, int | float]]
    epochs: dict[str, Tensor]


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
    """Minimise the loss over `count` training cells; resume from a checkpoint of the same digest.

    Args:
        network: what is trained, in place.
        loss_of: indices of a batch, shape (B,) -> the mean loss over it.
        count: the number of training cells.
        settings: epochs, batch and optimiser.
        generator: draws the order of the cells.
        checkpoint: file that is rewritten after every epoch; None keeps none.
        digest: names everything that the result depends on; a checkpoint of another is ignored.
    """
    vector = flatten_parameters(network)
    optimiser = torch.optim.AdamW(
        [vector], lr=settings.learning_rate, weight_decay=settings.weight_decay, fused=True
    )
    schedule = torch.optim.lr_scheduler.StepLR(optimiser, settings.step_epochs, settings.lr_gamma)
    history: list[dict[str, int | float]] = []
    states: list[dict[str, Tensor]] = []
    saved = read_checkpoint(checkpoint, digest) if checkpoint else None
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
            states.append({name: entry.clone() for name, entry in network.state_dict().items()})
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
    order = torch.randperm(count, generator=generator)
    total = torch.zeros(())
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
