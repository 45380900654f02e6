"""The one loop in which all supernets are trained; it survives a kill.

What is learned, and how, is a ``Learner``'s. All random numbers are a function of the seed, the
phase and the epoch, and a checkpoint is written after every epoch: a resumed run continues as if
nothing had happened, to the bit on a CPU with the same number of threads.
"""

import logging
import math
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from tgnas.errors import TrainingError
from tgnas.image_training.data import Batch, ImagesInMemory
from tgnas.training.checkpoint import read_checkpoint, write_checkpoint
from tgnas.training.seeds import seed_of, seeded

LOG = logging.getLogger(__name__)
DRAWN = 2  # purpose of the random numbers that a learner draws


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long a phase is, and its learning rate, which falls along a cosine with each step."""

    epochs: int
    batch: int
    learning_rate: float
    lowest_rate: float = 0.0

    def rate(self, epochs: float) -> float:
        """Return the learning rate after that many epochs, whole or not."""
        share = (1 + math.cos(math.pi * epochs / self.epochs)) / 2
        return self.lowest_rate + (self.learning_rate - self.lowest_rate) * share


@dataclass(frozen=True, slots=True)
class Given:
    """What a step is given."""

    batch: Batch
    held_out: Iterator[Batch]  # for ever
    generator: np.random.Generator


class Learner(ABC):
    """What is trained.

    Attributes:
        modules: everything that training changes but the optimizers' states.
        optimizers: of its parameters, by name; the rate of "weights" is the schedule's.
    """

    modules: nn.Module
    optimizers: Mapping[str, torch.optim.Optimizer]

    @abstractmethod
    def step(self, given: Given) -> Tensor:
        """Take one step and return the loss of the batch."""

    def end_epoch(self, epoch: int) -> dict[str, float]:  # noqa: ARG002
        """Do what follows an epoch, counted from 0; return what the history says of it."""
        return {}


def swapped(task: ImagesInMemory) -> ImagesInMemory:
    """Return the task whose training images are the test images, and the other way round."""
    return replace(task, pixels=task.pixels[::-1], labels=task.labels[::-1])


def learn(
    learner: Learner,
    task: ImagesInMemory,
    schedule: Schedule,
    *,
    seed: int,
    phase: int = 0,
    checkpoint: Path | None = None,
    digest: str = "",
) -> list[dict[str, Any]]:
    """Train a learner where it is and return one line for each epoch.

    Columns: phase, epoch (from 1), loss (mean over the steps), seconds, and the learner's facts.

    Args:
        learner: what is trained.
        task: its training images; its test images are those held out for architectures.
        schedule: how long, and how fast.
        seed: of images, their order, and what is drawn.
        phase: the number of a training among several that follow each other.
        checkpoint: what is resumed from and written after each epoch.
        digest: of all that the outcome depends on; a checkpoint of another is passed over.

    Raises:
        TrainingError: the loss is not finite any more.
    """
    history: list[dict[str, Any]] = []
    device = task.process.device
    if checkpoint and (content := read_checkpoint(checkpoint, digest, device)):
        learner.modules.load_state_dict(content["modules"])
        for name, optimizer in learner.optimizers.items():
            optimizer.load_state_dict(content["optimizers"][name])
        history = content["history"]
        LOG.info("resumed phase=%d epochs=%d", phase, len(history))
    steps = -(-task.train_size // schedule.batch)
    every = tqdm(
        range(schedule.epochs), f"phase {phase}", initial=len(history), disable=None, unit="epoch"
    )
    with every as progress:
        for epoch in range(len(history), schedule.epochs):
            start, losses = time.perf_counter(), torch.zeros((), device=device)
            generator = np.random.default_rng([seed, phase, epoch])
            held_out = _for_ever(swapped(task), seed_of(seed, phase, epoch), schedule.batch)
            learner.modules.train()
            with seeded(seed_of(seed, phase, epoch, DRAWN), device):
                batches = task.train_batches(seed, epoch, schedule.batch)
                for step, batch in enumerate(batches):
                    for group in learner.optimizers["weights"].param_groups:
                        group["lr"] = schedule.rate(epoch + step / steps)
                    losses += learner.step(Given(batch, held_out, generator)).detach()
            facts = learner.end_epoch(epoch)
            loss = losses.item() / steps
            if not math.isfinite(loss):
                raise TrainingError(
                    f"the loss of epoch {epoch + 1} is {loss}; a lower learning_rate than "
                    f"{schedule.learning_rate} may help"
                )
            line = {"phase": phase, "epoch": epoch + 1, "loss": loss}
            history.append(line | {"seconds": time.perf_counter() - start} | facts)
            if checkpoint:
                states = {name: one.state_dict() for name, one in learner.optimizers.items()}
                content = {"modules": learner.modules.state_dict(), "optimizers": states}
                write_checkpoint(checkpoint, digest, content | {"history": history})
            progress.update()
    return history


def _for_ever(task: ImagesInMemory, seed: int, batch: int) -> Iterator[Batch]:
    epoch = 0
    while True:
        yield from task.train_batches(seed % 2**31, epoch, batch)
        epoch += 1
