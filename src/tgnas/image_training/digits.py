"""scikit-learn's digits, and small networks that are really trained on them: digits-bench.

The 1,797 images of 8 x 8 pixels in ten classes are the test part of "Optical Recognition of
Handwritten Digits" (Alpaydin and Kaynak, UCI Machine Learning Repository, 1998, CC BY 4.0); they
come with scikit-learn. The networks are those of ``tgnas.networks`` with few channels and
one cell in a stack. A training is a function of architecture, recipe and seed: on one thread of one
kind of processor to the bit.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int64
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.lr_scheduler import CosineAnnealingLR

from tgnas.errors import ConfigError
from tgnas.registry import NETWORKS, SPACES

CLASSES, SIDE, CHANNELS = 10, 8, 3
BRIGHTEST = 16  # the value of a white pixel
IMAGES = 1797


@dataclass(frozen=True, slots=True)
class Recipe:
    """The split, the size of the networks and their training.

    Attributes:
        train: training images, drawn at random, classes in their shares.
        validation: likewise, of the others; the rest is the test split.
        split_seed: of the draw.
        channels: of the network's first stage.
        repeats: cells in a stack.
        epochs: passes over the training images.
        batch: images in a batch; the last one of an epoch may have fewer.
        learning_rate: at the start; a cosine takes it to 0, one step after each batch.
        momentum: of Nesterov.
        weight_decay: of every parameter.

    Raises:
        ConfigError: a count below 1, or no image left to test with.
    """

    train: int
    validation: int
    split_seed: int
    channels: int
    repeats: int
    epochs: int
    batch: int
    learning_rate: float
    momentum: float
    weight_decay: float

    def __post_init__(self) -> None:
        for name in ("train", "validation", "channels", "repeats", "epochs", "batch"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} must be at least 1, not {getattr(self, name)}")
        if min(self.train, self.validation, self.test) < CLASSES:
            raise ConfigError(
                f"{self.train} training and {self.validation} validation images leave {self.test} "
                f"of {IMAGES} to test with; each split needs at least {CLASSES}"
            )

    @property
    def test(self) -> int:
        """The number of test images."""
        return IMAGES - self.train - self.validation


@dataclass(frozen=True, eq=False)
class Split:
    """Normalised images with labels 0..9."""

    images: Float[Tensor, "N 3 8 8"]
    labels: Int64[Tensor, " N"]


@dataclass(frozen=True, eq=False)
class Digits:
    """The three splits, normalised by mean and deviation of the training pixels."""

    train: Split
    validation: Split
    test: Split


@dataclass(frozen=True, slots=True)
class Epoch:
    """One line of a training's history.

    Attributes:
        epoch: its number, from 1.
        lr: learning rate of its first batch.
        train_loss: mean cross entropy of its batches, each measured before its step.
        train_accuracy: of the same, percent.
    """

    epoch: int
    lr: float
    train_loss: float
    train_accuracy: float


def load_images(recipe: Recipe) -> Digits:
    """Return the three splits; the one grey channel is repeated, as networks take three."""
    pixels, labels = load_digits(return_X_y=True)
    rest, train = _drawn(np.arange(len(labels)), labels, recipe.train, recipe.split_seed)
    test, validation = _drawn(rest, labels, recipe.validation, recipe.split_seed)
    grey = (pixels / BRIGHTEST).reshape(-1, 1, SIDE, SIDE)
    normal = (grey - grey[train].mean()) / grey[train].std()
    images = torch.from_numpy(normal.astype(np.float32)).repeat(1, CHANNELS, 1, 1)
    classes = torch.from_numpy(labels.astype(np.int64))
    return Digits(*(Split(images[rows], classes[rows]) for rows in (train, validation, test)))


def _drawn(
    rows: Int64[np.ndarray, " N"], labels: np.ndarray, size: int, seed: int
) -> tuple[Int64[np.ndarray, " M"], Int64[np.ndarray, " size"]]:
    """Return the rows that are left and the rows that are drawn, both in ascending order."""
    left, drawn = train_test_split(rows, test_size=size, stratify=labels[rows], random_state=seed)
    return np.sort(left), np.sort(drawn)


def build_network(space: str, architecture: str, recipe: Recipe, seed: int) -> nn.Module:
    """Return an architecture's network, its initial weights a function of the seed alone."""
    cell = SPACES.load(space).parse(architecture)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        return NETWORKS.load(space)(cell, CLASSES, recipe.channels, recipe.repeats)


def count_cost(space: str, architecture: str, recipe: Recipe) -> tuple[int, int]:
    """Return an architecture's trainable parameters and the FLOPs of one image.

    A FLOP is a multiplication with its addition, in convolutions and in the dense layer.
    """
    network = build_network(space, architecture, recipe, 0).eval()
    flops: list[int] = []

    def count(layer: nn.Module, _: tuple[Tensor, ...], output: Tensor) -> None:
        # Each element of the output is a sum over one filter, or one row, of the weights.
        flops.append(output.numel() * layer.weight[0].numel())  # type: ignore[index]

    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            layer.register_forward_hook(count)
    with torch.inference_mode():
        network(torch.zeros(1, CHANNELS, SIDE, SIDE))
    return sum(weight.numel() for weight in network.parameters()), sum(flops)


def train(network: nn.Module, split: Split, recipe: Recipe, seed: int) -> Iterator[Epoch]:
    """Train the network where it is, yielding after each epoch; the seed draws the batches."""
    optimizer = torch.optim.SGD(
        network.parameters(),
        lr=recipe.learning_rate,
        momentum=recipe.momentum,
        weight_decay=recipe.weight_decay,
        nesterov=recipe.momentum > 0,
        fused=True,
    )
    size = len(split.labels)
    schedule = CosineAnnealingLR(optimizer, T_max=recipe.epochs * -(-size // recipe.batch))
    generator = torch.Generator().manual_seed(seed)
    for epoch in range(1, recipe.epochs + 1):
        lr, sums = float(schedule.get_last_lr()[0]), torch.zeros(2)
        network.train()
        for places in torch.randperm(size, generator=generator).split(recipe.batch):
            labels = split.labels[places]
            logits = network(split.images[places])
            loss = functional.cross_entropy(logits, labels)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
            correct = (logits.detach().argmax(dim=1) == labels).sum()
            sums += torch.stack([loss.detach() * len(labels), correct])
        loss_of_all, share = (sums / size).tolist()
        yield Epoch(epoch, lr, loss_of_all, 100 * share)


def measure(network: nn.Module, split: Split) -> tuple[float, float]:
    """Return accuracy in percent and mean cross entropy on a split."""
    network.eval()
    with torch.inference_mode():
        logits = network(split.images)
    correct = int((logits.argmax(dim=1) == split.labels).sum())
    return 100 * correct / len(split.labels), float(functional.cross_entropy(logits, split.labels))


def measure_architecture(
    space: str, architecture: str, recipe: Recipe, digits: Digits, seeds: int
) -> dict[str, Any]:
    """Return an architecture's row of the table: its costs, and a training with each seed.

    Columns: space, architecture, parameters, flops; then for each seed train_loss, accuracy and
    loss on validation and test split, and seconds (processor time of training and measuring).
    """
    parameters, flops = count_cost(space, architecture, recipe)
    row = {"space": space, "architecture": architecture, "parameters": parameters, "flops": flops}
    for seed in range(seeds):
        start = time.process_time()
        network = build_network(space, architecture, recipe, seed)
        *_, last = train(network, digits.train, recipe, seed)
        row[f"train_loss/{seed}"] = last.train_loss
        for name, split in (("validation", digits.validation), ("test", digits.test)):
            row[f"{name}_accuracy/{seed}"], row[f"{name}_loss/{seed}"] = measure(network, split)
        row[f"seconds/{seed}"] = time.process_time() - start
    return row
