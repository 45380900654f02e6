"""The maker of blocks-bench: sequences of blocks, really trained on small images of CIFAR-10.

Two spaces of our own, so that what counts of a sequence say can be chosen on labels of our own:
networks of three to six blocks (``spaces.small_macro``) and networks of five blocks that differ in
their channels (``spaces.small_widths``). A training is a function of architecture, recipe and seed.
Columns are those of ``image_training.digits_bench``, without a validation split.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch.nn import functional

from tgnas.costs.layers import count_flops, count_parameters
from tgnas.image_training import digits_bench
from tgnas.image_training.data import Batch, ImagesInMemory
from tgnas.image_training.images import CLASSES, SIDE, load_cifar10
from tgnas.image_training.loop import measure, train
from tgnas.image_training.processes import Process
from tgnas.image_training.recipe import Recipe
from tgnas.networks.blocks import BlockNetwork
from tgnas.spaces import small_macro, small_widths
from tgnas.spaces.forms.blocks import Blocks
from tgnas.spaces.space import Space, open_space
from tgnas.training.seeds import generator_of, seeded

LICENCES = {
    "images": "none is contained. CIFAR-10: A. Krizhevsky, Learning Multiple Layers of Features "
    "from Tiny Images, 2009",
    "table": "MIT",
}
OF_NETWORKS = ("space", "channels", "layers")  # what a recipe says of other networks
SURPLUS = 50  # strings for each that is wanted, some of which break the limits of a space


@dataclass(frozen=True, eq=False)
class SmallImages(ImagesInMemory):
    """CIFAR-10, averaged to fewer pixels and normalised; images are not augmented."""

    def train_batches(self, seed: int, epoch: int, batch: int) -> Iterator[Batch]:
        """Yield this process's part of each batch of an epoch."""
        order = torch.randperm(self.train_size, generator=generator_of(seed, epoch))
        for places in map(self.own, order.to(self.process.device).split(batch)):
            if len(places):
                yield self.pixels[0][places], self.labels[0][places]


def open_small_images(path: Path, recipe: Recipe, side: int, process: Process) -> SmallImages:
    """Return the images that a recipe draws from CIFAR-10's file, of `side` pixels a side.

    Raises:
        ConfigError: fewer images than asked for.
        ResourceError: there is no such file.
        CorruptTableError: the file is not CIFAR-10.
    """
    drawn = recipe.train_images or 50_000, recipe.test_images or 10_000
    images = load_cifar10(path, drawn, recipe.split_seed)
    shares = [torch.from_numpy(part).float() / 255 for part in (images.train, images.test)]
    small = [functional.avg_pool2d(part, SIDE // side) for part in shares]
    mean = small[0].mean(dim=(0, 2, 3), keepdim=True)
    deviation = small[0].std(dim=(0, 2, 3), keepdim=True)
    train, test = ((part - mean) / deviation for part in small)
    first, second = map(torch.from_numpy, (images.train_labels, images.test_labels))
    return SmallImages((train, test), (first, second), process, images.source)


def list_architectures(
    macro: int, widths: int, seed: int, shards: int = 1, taken: Sequence[int] | None = None
) -> pd.DataFrame:
    """Return space and string of every architecture; none stands twice.

    Args:
        macro: of the space of macro networks so many are drawn, equally many of each length.
        widths: so many lists of channels are drawn.
        seed: of the draws.
        shards: into so many the list is dealt out, one after the other.
        taken: the shards that are kept; all if not given.
    """
    generator, parts = np.random.default_rng(seed), []
    for space, count in ((small_macro.SPACE, macro), (small_widths.SPACE, widths)):
        texts = _drawn(space, count, generator)
        parts.append(pd.DataFrame({"space": space.name, "architecture": texts}))
    listed = pd.concat(parts, ignore_index=True)
    kept = range(shards) if taken is None else taken
    return listed[np.isin(np.arange(len(listed)) % shards, list(kept))]


def _drawn(space: Space, count: int, generator: np.random.Generator) -> list[str]:
    """Return different strings of a space of blocks, of each length (almost) equally many."""
    form, texts = space.form, []
    assert isinstance(form, Blocks)
    lengths = range(form.least, form.most + 1)
    numbers = space.columns.choices or ()
    for place, length in enumerate(lengths):
        wanted = len(range(place, count, len(lengths)))
        blocks = generator.choice(form.alphabet.spellings, (SURPLUS * wanted, length))
        own = [generator.choice(values, SURPLUS * wanted) for values in numbers]
        tails = [dict(zip(space.columns.names, row, strict=True)) for row in zip(*own, strict=True)]
        written = [
            " ".join([form.separator.join(row), *(f"{n}={v}" for n, v in tail.items())])
            for row, tail in zip(blocks, tails or [{}] * len(blocks), strict=True)
        ]
        faulty = space.read(written).errors
        kept = dict.fromkeys(text for row, text in enumerate(written) if row not in faulty)
        texts += list(kept)[:wanted]
    return texts


def measure_architecture(
    space: str, architecture: str, recipe: Recipe, images: SmallImages, seeds: int
) -> dict[str, Any]:
    """Return an architecture's row of the table: its costs, and a training with each seed."""
    member = open_space(space).architectures([architecture])
    parameters, flops = count_parameters(member)[0], round(1e6 * count_flops(member)[0])
    row = {"space": space, "architecture": architecture, "parameters": parameters, "flops": flops}
    for seed in range(seeds):
        start = time.process_time()
        with seeded(seed):
            network = BlockNetwork(member, CLASSES)
        history = train(network, images, recipe, seed=seed, process=images.process, test=False)
        measures = measure(network, images, recipe, images.process)
        row[f"train_loss/{seed}"] = history[-1].train_loss
        row[f"test_accuracy/{seed}"] = measures.accuracy
        row[f"test_loss/{seed}"] = measures.loss
        row[f"seconds/{seed}"] = time.process_time() - start
    return row


def joined(shards: Sequence[pd.DataFrame], listed: pd.DataFrame) -> pd.DataFrame:
    """Return the table of all shards; of a second seed only some have columns; errors as there."""
    return digits_bench.joined(shards, listed, seeds=1)


def card_of(
    table: pd.DataFrame, title: str, sizes: dict[str, Any], recipe: dict[str, Any]
) -> dict[str, Any]:
    """Return the card; beside what that of digits-bench has, tau of the seeds of each space."""
    own = {name: value for name, value in recipe.items() if name not in OF_NETWORKS}
    card = digits_bench.card_of(table, title, sizes, own, LICENCES)
    for space, part in table.groupby("space", sort=False):
        test = digits_bench.of_seeds(part, "test_accuracy").dropna()
        tau = float(test["0"].corr(test["1"], method="kendall"))
        card["spaces"][str(space)] |= {
            "of_two_seeds": len(test),
            "seeds_kendall_tau": round(tau, 3),
        }
    return card
