"""Train a found architecture on CIFAR-10 as NAS-Bench-201 does, and survive being killed.

SGD with Nesterov momentum, the learning rate falling to 0 along a cosine, random crops and
flips (Dong and Yang, ICLR 2020). All randomness comes from one CPU generator, whose
state the checkpoint holds: a resumed run continues as if nothing had happened, to the bit on a CPU
with the same number of threads.
"""

import hashlib
import json
import logging
import platform
import time
from dataclasses import asdict, astuple, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int64, UInt8
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.lr_scheduler import CosineAnnealingLR
from tqdm import tqdm

from tgnas.errors import ConfigError
from tgnas.training.checkpoint import read_checkpoint, write_checkpoint
from tgnas.training.images import Images, augment, channel_statistics, normalise

LOG = logging.getLogger(__name__)
FULL_EPOCHS, FULL_IMAGES = 200, 50_000
TEST_BATCH = 500


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """The recipe; the defaults are those NAS-Bench-201 trains every architecture with.

    Attributes:
        epochs: passes over the training images.
        batch: images in a batch; the last one of an epoch may have fewer.
        learning_rate: at the start; a cosine takes it to 0, one step after each batch.
        momentum: of Nesterov.
        weight_decay: of every parameter.
        train_images: how many, drawn at random, classes balanced.
        test_images: likewise.

    Raises:
        ConfigError: a count below 1.
    """

    epochs: int = FULL_EPOCHS
    batch: int = 256
    learning_rate: float = 0.1
    momentum: float = 0.9
    weight_decay: float = 5e-4
    train_images: int = FULL_IMAGES
    test_images: int = 10_000

    def __post_init__(self) -> None:
        for name in ("epochs", "batch", "train_images", "test_images"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} must be at least 1, not {getattr(self, name)}")

    def label(self, device: torch.device) -> str:
        """Return "full recipe" for 200 epochs on all images, else e.g. "short CPU run"."""
        if self.epochs >= FULL_EPOCHS and self.train_images >= FULL_IMAGES:
            return "full recipe"
        return f"short {'GPU' if device.type == 'cuda' else device.type.upper()} run"


@dataclass(frozen=True, slots=True)
class Epoch:
    """One line of the history.

    Attributes:
        epoch: its number, from 1.
        lr: learning rate of its first batch.
        train_loss: mean cross entropy of its augmented images.
        train_accuracy: of the same images, percent.
        test_accuracy: after it, percent.
        seconds: that it took, test included.
    """

    epoch: int
    lr: float
    train_loss: float
    train_accuracy: float
    test_accuracy: float
    seconds: float


@dataclass(frozen=True, eq=False)
class _Batches:
    """Images and labels on the device, with what normalises them."""

    images: UInt8[Tensor, "N 3 H W"]
    labels: Int64[Tensor, " N"]
    means: Float[Tensor, "3"]
    deviations: Float[Tensor, "3"]

    def __len__(self) -> int:
        return len(self.images)

    def batch(
        self, places: Int64[Tensor, " B"], generator: torch.Generator | None
    ) -> tuple[Float[Tensor, "B 3 H W"], Int64[Tensor, " B"]]:
        """Return the images at those places, augmented if there is a generator, and labels."""
        places = places.to(self.images.device)
        images = self.images[places]
        if generator is not None:
            images = augment(images, generator)
        images = normalise(images, self.means, self.deviations)
        return images.contiguous(memory_format=_memory_format(images.device)), self.labels[places]


@dataclass(frozen=True, eq=False)
class _State:
    """All that changes while training, and therefore all that a checkpoint holds."""

    network: nn.Module
    optimizer: torch.optim.SGD
    schedule: CosineAnnealingLR
    generator: torch.Generator
    history: list[Epoch]

    def content(self) -> dict[str, Any]:
        """Return what the checkpoint holds."""
        return {
            "history": [asdict(epoch) for epoch in self.history],
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
            "generator": self.generator.get_state(),
        }

    def load(self, content: dict[str, Any]) -> None:
        """Take over a checkpoint of the same run."""
        self.network.load_state_dict(content["network"])
        self.optimizer.load_state_dict(content["optimizer"])
        self.schedule.load_state_dict(content["schedule"])
        self.generator.set_state(content["generator"])
        self.history[:] = [Epoch(**line) for line in content["history"]]


def train(
    network: nn.Module,
    images: Images,
    settings: TrainingSettings,
    *,
    checkpoint: Path,
    seed: int,
    device: torch.device,
) -> list[Epoch]:
    """Train the network where it is and return the history; resumes from the checkpoint.

    The seed draws the images, their order and their augmentation. The initial weights are the
    caller's (``build_seeded_network``). A checkpoint of other settings, images or initial weights
    is ignored; a damaged one falls back to the one before it.

    Raises:
        ConfigError: the settings ask for more images than there are.
    """
    images = images.subset(settings.train_images, settings.test_images, np.random.default_rng(seed))
    digest = _digest(network, images, settings, seed)
    network.to(device, memory_format=_memory_format(device))  # type: ignore[call-overload]
    trained, tested = _on_device(images, device)
    state = _start(network, settings, seed)
    content = read_checkpoint(checkpoint, digest, device)
    if content is not None:
        state.load(content)
        LOG.info("checkpoint=%s resumed_after_epoch=%d", checkpoint, len(state.history))
    done = len(state.history)
    with tqdm(
        total=settings.epochs * len(trained),
        initial=done * len(trained),
        unit="image",
        unit_scale=True,
        desc="training",
        disable=None,
    ) as progress:
        for _ in range(done, settings.epochs):
            state.history.append(_run_epoch(state, trained, tested, settings.batch, progress))
            write_checkpoint(checkpoint, digest, state.content())
            _log_epoch(state.history[-1], settings.epochs, len(trained))
    return state.history


def find_device() -> torch.device:
    """Return the fastest device that this machine has: cuda, mps or cpu."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def summarise(
    network: nn.Module, images: Images, settings: TrainingSettings, history: list[Epoch]
) -> dict[str, Any]:
    """Return what a finished run is to be quoted with; accuracy in percent."""
    device = next(network.parameters()).device
    return {
        "dataset": "cifar10",
        "image_source": images.source,
        "label": settings.label(device),
        "parameters": sum(weight.numel() for weight in network.parameters()),
        "device": device_name(device),
        "epochs": len(history),
        "batch": settings.batch,
        "train_images": settings.train_images,
        "test_images": settings.test_images,
        "test_accuracy": history[-1].test_accuracy,
        "seconds": sum(epoch.seconds for epoch in history),
    }


def device_name(device: torch.device) -> str:
    """Return a device's name, e.g. "NVIDIA H200" or "cpu x86_64, 2 threads"."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{device.type} {platform.machine()}, {torch.get_num_threads()} threads"


def accuracy(network: nn.Module, batches: _Batches) -> float:
    """Return the share of images that the network classifies right, in percent."""
    network.eval()
    correct = 0
    with torch.inference_mode():
        for places in torch.arange(len(batches)).split(TEST_BATCH):
            images, labels = batches.batch(places, None)
            with _autocast(images.device):
                logits = network(images)
            correct += int((logits.argmax(dim=1) == labels).sum())
    return 100 * correct / len(batches)


def _start(network: nn.Module, settings: TrainingSettings, seed: int) -> _State:
    """Return the state before the first epoch."""
    optimizer = torch.optim.SGD(
        network.parameters(),
        lr=settings.learning_rate,
        momentum=settings.momentum,
        weight_decay=settings.weight_decay,
        nesterov=settings.momentum > 0,
    )
    steps = settings.epochs * -(-settings.train_images // settings.batch)
    schedule = CosineAnnealingLR(optimizer, T_max=steps)
    return _State(network, optimizer, schedule, torch.Generator().manual_seed(seed), [])


def _run_epoch(
    state: _State, trained: _Batches, tested: _Batches, batch: int, progress: tqdm
) -> Epoch:
    """Train for one epoch, test, and return its line of the history."""
    start = time.perf_counter()
    lr = float(state.schedule.get_last_lr()[0])
    state.network.train()
    # Loss and correct answers are read once an epoch: a GPU is not waited for after each batch.
    sums = torch.zeros(2, device=trained.images.device)
    for places in torch.randperm(len(trained), generator=state.generator).split(batch):
        inputs, labels = trained.batch(places, state.generator)
        sums += _step(state, inputs, labels)
        progress.update(len(places))
    loss, correct = (sums / len(trained)).tolist()
    percent = accuracy(state.network, tested)
    seconds = time.perf_counter() - start
    return Epoch(len(state.history) + 1, lr, loss, 100 * correct, percent, seconds)


def _step(
    state: _State, images: Float[Tensor, "B 3 H W"], labels: Int64[Tensor, " B"]
) -> Float[Tensor, "2"]:
    """Take one step; return the batch's summed loss and its number of right answers."""
    with _autocast(images.device):
        logits = state.network(images)
        loss = functional.cross_entropy(logits, labels)
    state.optimizer.zero_grad(set_to_none=True)
    loss.backward()
    state.optimizer.step()
    state.schedule.step()
    correct = (logits.argmax(dim=1) == labels).sum()
    return torch.stack([loss.detach().float() * len(labels), correct.float()])


def _on_device(images: Images, device: torch.device) -> tuple[_Batches, _Batches]:
    """Return both splits on the device, normalised by the training images alone."""
    means, deviations = (values.to(device) for values in channel_statistics(images.train))

    def move(pixels: np.ndarray, labels: np.ndarray) -> _Batches:
        placed, classes = (torch.from_numpy(values).to(device) for values in (pixels, labels))
        return _Batches(placed, classes, means, deviations)

    return move(images.train, images.train_labels), move(images.test, images.test_labels)


def _autocast(device: torch.device) -> torch.autocast:
    """Return a context of bfloat16 arithmetic on cuda, of none elsewhere."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=device.type == "cuda")


def _memory_format(device: torch.device) -> torch.memory_format:
    """Return channels last except on mps: 1.1 to 2.5 times as fast on a CPU, too (measured)."""
    return torch.contiguous_format if device.type == "mps" else torch.channels_last


def _digest(network: nn.Module, images: Images, settings: TrainingSettings, seed: int) -> str:
    """Return a sha256 of all that the outcome depends on."""
    digest = hashlib.sha256(json.dumps([asdict(settings), seed, repr(network)]).encode())
    for name, value in network.state_dict().items():
        digest.update(name.encode() + value.cpu().contiguous().numpy().tobytes())
    for values in (images.train, images.train_labels, images.test, images.test_labels):
        digest.update(np.ascontiguousarray(values).data)
    return digest.hexdigest()


def _log_epoch(epoch: Epoch, epochs: int, images: int) -> None:
    """Write the epoch's line of the log."""
    number, lr, loss, train_accuracy, test_accuracy, seconds = astuple(epoch)
    LOG.info(
        "epoch=%d/%d lr=%.5f train_loss=%.4f train_accuracy=%.2f test_accuracy=%.2f "
        "seconds=%.1f images_per_second=%.0f",
        number,
        epochs,
        lr,
        loss,
        train_accuracy,
        test_accuracy,
        seconds,
        images / seconds,
    )
