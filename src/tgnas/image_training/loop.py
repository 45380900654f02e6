"""Train a network on images by a recipe, alone or as one of several processes, and survive a kill.

One loop for all recipes and all images: SGD, the learning rate falling along a cosine, and what a
recipe adds to it. All random numbers are a function of the seed and of the epoch, and a checkpoint
is written after every epoch: a resumed run continues as if nothing had happened, to the bit on a
CPU with the same number of threads. On a GPU the forward pass is of bfloat16 and images have their
channels last; a CPU computes in float32.
"""

import hashlib
import json
import logging
import math
import time
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from tqdm import tqdm

from tgnas.errors import TrainingError
from tgnas.files import written_whole
from tgnas.image_training.data import Task
from tgnas.image_training.processes import Process
from tgnas.image_training.recipe import Recipe
from tgnas.image_training.steps import CapturedStep, Kind, Step, usable
from tgnas.training.checkpoint import read_checkpoint, write_checkpoint
from tgnas.training.seeds import seed_of, seeded

LOG = logging.getLogger(__name__)
DROPPED = 1  # purpose of the random numbers that drop paths


class Measures(NamedTuple):
    """How a network does on the test images."""

    loss: float  # mean cross entropy
    accuracy: float  # percent
    top5: float  # percent of the images whose class is among the five likeliest


@dataclass(frozen=True, slots=True)
class Epoch:
    """One line of the history; the test's are those of ``Measures``, NaN where it is not tested.

    The training loss and accuracy are those of the augmented images, each before its step, without
    the auxiliary classifier.
    """

    epoch: int  # its number, from 1
    lr: float  # of its first batch
    train_loss: float
    train_accuracy: float  # percent
    test_loss: float
    test_accuracy: float
    test_top5: float
    images_per_second: float  # of all processes together; testing not counted
    seconds: float  # test included


class Loss(nn.Module):
    """A network with its loss, the form in which several processes train it together."""

    def __init__(self, network: nn.Module, task: Task, recipe: Recipe) -> None:
        super().__init__()
        self.network, self.task, self.recipe = network, task, recipe

    def forward(
        self, images: Float[Tensor, "B 3 H W"], labels: Int64[Tensor, " B"]
    ) -> tuple[Float[Tensor, ""], Float[Tensor, "3"]]:
        """Return the loss to descend; the summed cross entropy, right answers and their number."""
        network: Any = self.network
        weight, smoothing = self.recipe.auxiliary, self.recipe.label_smoothing
        logits, extra = network.forward_both(images) if weight else [network(images), None]
        loss = self.task.loss(logits, labels, smoothing=smoothing)
        correct = (logits.argmax(dim=1) == labels).sum().float()
        count = correct.new_tensor(len(labels))
        sums = torch.stack([loss.detach().float() * len(labels), correct, count])
        if weight:
            loss = loss + weight * self.task.loss(extra, labels, smoothing=smoothing)
        return loss, sums


@dataclass(frozen=True, eq=False)
class _Run:
    """A training: what it works on, and all that changes, which is what a checkpoint holds."""

    network: nn.Module
    optimizer: torch.optim.SGD
    task: Task
    recipe: Recipe
    seed: int
    process: Process
    progress: tqdm
    step: Step
    history: list[Epoch] = field(default_factory=list)

    def content(self) -> dict[str, Any]:
        """Return what the checkpoint holds."""
        return {
            "history": [asdict(epoch) for epoch in self.history],
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }

    def load(self, content: dict[str, Any]) -> None:
        """Take over a checkpoint of the same run."""
        self.network.load_state_dict(content["network"])
        # Both are the step's, not the run's, which may go on with another.
        own = {key: self.optimizer.param_groups[0][key] for key in ("lr", "fused")}
        self.optimizer.load_state_dict(content["optimizer"])
        for group in self.optimizer.param_groups:
            group.update(own)
        self.history[:] = [Epoch(**line) for line in content["history"]]
        LOG.info("resumed_after_epoch=%d", len(self.history))
        self.progress.update(len(self.history) * self.task.train_size)
        self.progress.unpause()


def train(
    network: nn.Module,
    task: Task,
    recipe: Recipe,
    *,
    seed: int,
    process: Process,
    checkpoint: Path | None = None,
    log: Path | None = None,
    seconds: float | None = None,
    test: bool = True,
    step: Kind = "eager",
) -> list[Epoch]:
    """Train the network where it is and return the history; resumes from the checkpoint.

    The initial weights are the caller's; the network has `forward_both` and an attribute `kept`
    where the recipe needs them. The seed is that of the images' order, their augmentation and
    dropped paths. The checkpoint is written after every epoch, the one before it kept beside it;
    one of another recipe, other images or other initial weights is ignored, a damaged one falls
    back to the one before it. A training without one is so short that it shows no progress either.
    The log has a line of JSON for each epoch. After so many seconds the training ends early, after
    the last epoch that is likely to fit. A captured or compiled step is the eager one but for
    rounding; any may go on where another stopped.

    Raises:
        ConfigError: a captured or compiled step without one CUDA device.
        TrainingError: the loss is not finite any more.
    """
    usable(step, process.device, process.world)
    digest = _digest(network, task, recipe, seed) if checkpoint else ""
    network.to(process.device, memory_format=_memory_format(process.device))  # type: ignore[call-overload]
    started = time.perf_counter()
    total = recipe.epochs * task.train_size
    hidden = None if process.writes and checkpoint else True  # None: on a terminal only
    bar = tqdm(total=total, disable=hidden, unit="image", unit_scale=True, desc="training")
    with bar as progress:
        module = process.parallel(Loss(network, task, recipe))
        stepper = _step(network, module, recipe, process.device, step)
        run = _Run(network, stepper.optimizer, task, recipe, seed, process, progress, stepper)
        if checkpoint and (content := read_checkpoint(checkpoint, digest, process.device)):
            run.load(content)
        if process.writes and log is not None:
            # Anew: what was killed may have left half a line, or one less.
            log.parent.mkdir(parents=True, exist_ok=True)
            with written_whole(log) as part:
                part.write_text("".join(json.dumps(asdict(line)) + "\n" for line in run.history))
        longest = 0.0
        while len(run.history) < recipe.epochs:
            if seconds is not None and longest:
                left = seconds - (time.perf_counter() - started)
                if process.decided(left < longest):
                    break
            epoch = _run_epoch(run, test)
            run.history.append(epoch)
            longest = max(longest, epoch.seconds)
            if process.writes and checkpoint:
                write_checkpoint(checkpoint, digest, run.content())
                _tell(epoch, recipe.epochs, log)
    return run.history


def measure(network: nn.Module, task: Task, recipe: Recipe, process: Process) -> Measures:
    """Return how the network does on the task's test images."""
    network.eval()
    sums = torch.zeros(4, device=process.device)
    with torch.inference_mode():
        for images, labels in task.test_batches():
            with _autocast(recipe, process.device):
                logits = network(_laid_out(images))
                loss = task.loss(logits, labels, reduction="sum")
            likeliest = logits.topk(min(5, task.classes), dim=1).indices == labels[:, None]
            right = torch.stack([likeliest[:, 0].sum(), likeliest.sum()])
            sums += torch.cat([loss.float()[None], right, right.new_tensor([len(labels)])])
    loss, first, five, count = process.summed(sums).tolist()
    return Measures(loss / count, 100 * first / count, 100 * five / count)


def _run_epoch(run: _Run, test: bool) -> Epoch:
    """Train for one epoch, test, and return its line of the history."""
    number, recipe = len(run.history), run.recipe
    steps = -(-run.task.train_size // recipe.batch)
    start = time.perf_counter()
    run.network.train()
    if recipe.drop_path:
        _keep(run.network, recipe.kept(number))
    # Loss and correct answers are read once an epoch: a GPU is not waited for after each batch.
    sums = torch.zeros(3, device=run.process.device)
    with seeded(seed_of(run.seed, number, DROPPED, run.process.rank), run.process.device):
        batches = run.task.train_batches(run.seed, number, recipe.batch)
        for step, (images, labels) in enumerate(batches):
            sums += run.step(_laid_out(images), labels, recipe.rate(number + step / steps))
            run.progress.update(len(labels) * run.process.world)
    loss, correct, count = run.process.summed(sums).tolist()
    trained = time.perf_counter() - start
    if not math.isfinite(loss):
        raise TrainingError(
            f"the loss of epoch {number + 1} is {loss / count}; a lower learning_rate than "
            f"{recipe.learning_rate} or a clip may help"
        )
    run.process.agree_on_buffers(run.network)
    untested = Measures(math.nan, math.nan, math.nan)
    tested = measure(run.network, run.task, recipe, run.process) if test else untested
    return Epoch(
        number + 1,
        recipe.rate(float(number)),
        loss / count,
        100 * correct / count,
        *tested,
        count / trained,
        time.perf_counter() - start,
    )


def _step(
    network: nn.Module, module: nn.Module, recipe: Recipe, device: torch.device, kind: Kind
) -> Step:
    """Return the step of a recipe; of a captured one the rate and `kept` are on the device."""
    captured = kind != "eager"
    rate = torch.tensor(recipe.learning_rate, device=device) if captured else recipe.learning_rate
    optimizer = torch.optim.SGD(
        network.parameters(),
        lr=rate,
        momentum=recipe.momentum,
        weight_decay=recipe.weight_decay,
        nesterov=recipe.nesterov,
        fused=recipe.fused or captured or None,
    )
    arguments = module, optimizer, partial(_autocast, recipe, device), recipe.clip
    if not isinstance(rate, Tensor):
        return Step(*arguments)
    if recipe.drop_path:
        network.kept = torch.ones((), device=device)
    if kind == "compiled":
        module.compile()
    return CapturedStep(*arguments, rate=rate)


def _keep(network: Any, kept: float) -> None:
    """Set the probability of keeping a path, in place where a graph reads it."""
    if isinstance(network.kept, Tensor):
        network.kept.fill_(kept)
    else:
        network.kept = kept


def _autocast(recipe: Recipe, device: torch.device) -> torch.autocast:
    """Return a context of bfloat16 arithmetic on cuda where the recipe says so, else of none."""
    enabled = device.type == "cuda" and recipe.precision == "bfloat16"
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=enabled)


def _memory_format(device: torch.device) -> torch.memory_format:
    """Return channels last on cuda; elsewhere the usual layout.

    On a CPU the other would be faster, but torch 2.13 crashes there in the backward pass of a
    strided 1x1 convolution to fewer than eight channels.
    """
    return torch.channels_last if device.type == "cuda" else torch.contiguous_format


def _laid_out(images: Tensor) -> Tensor:
    return images.contiguous(memory_format=_memory_format(images.device))


def _digest(network: nn.Module, task: Task, recipe: Recipe, seed: int) -> str:
    """Return a sha256 of all that says which training it is; the number of processes is none."""
    identity = [recipe.settings(), seed, repr(network), task.digest()]
    digest = hashlib.sha256(json.dumps(identity).encode())
    for name, value in network.state_dict().items():
        digest.update(name.encode() + value.cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def _tell(epoch: Epoch, epochs: int, log: Path | None) -> None:
    """Add an epoch to both logs: that of the run's own lines and that of the process."""
    line = asdict(epoch)
    if log is not None:
        with log.open("a") as stream:
            stream.write(json.dumps(line) + "\n")
    numbers = " ".join(f"{key}={value:.5g}" for key, value in line.items() if key != "epoch")
    LOG.info("epoch=%d/%d %s", epoch.epoch, epochs, numbers)
