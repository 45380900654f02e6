"""What predicted weights are worth: accuracy on unseen graphs, ranking, initialisation.

A part trains a hypernetwork on the in-distribution split of ``networks.random_graphs`` and asks it
for the weights of unseen graphs of every split; the part of GHN-2 itself also scores NAS-Bench-201
cells, and leaves its weights. The part ``beside`` has what needs no hypernetwork: the graphs'
statistics and Kaiming's weights. What starts from these weights is the study ``initialisation``.
"""

import hashlib
import inspect
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import pandas as pd
from pydantic import NonNegativeInt, PositiveInt

from tgnas.image_training.recipe import Recipe
from tgnas.methods.hypernetworks._settings import Ghn2Settings
from tgnas.methods.settings import MethodSettings

if TYPE_CHECKING:
    from torch import nn

    from tgnas.image_training.data import ImagesInMemory
    from tgnas.methods.hypernetworks.ghn2 import GraphHypernetwork
    from tgnas.spaces.architectures import Architectures

WHOLE, BESIDE = "ghn2", "beside"
WEIGHTS, CARD = "ghn2.safetensors", "ghn2.json"
OWN: Mapping[str, Mapping[str, Any]] = {
    WHOLE: {},
    "without_virtual_edges": {"virtual_edges": 1},
    "mlp_decoder": {"decoder": "mlp"},
}
Row = tuple[Any, ...]
COLUMNS = ("method", "measure", "split", "graph", "architecture", "epoch", "value")
RECIPE = Recipe(
    name="short training",
    space="nasbench201",
    dataset="digits",
    channels=8,
    layers=1,
    epochs=5,
    batch=64,
    learning_rate=0.1,
    momentum=0.9,
    nesterov=True,
    weight_decay=0.0005,
    fused=True,
    train_images=1000,
    validation_images=297,
)


class Shared(MethodSettings):
    """Settings of this study and of ``initialisation``."""

    recipe: Recipe = RECIPE
    """The images of all parts, and how ``initialisation`` trains networks, at rates of its own."""
    widen: PositiveInt = 1
    """What the channels of all random networks are multiplied with."""
    unseen: PositiveInt = 60
    """Graphs of each split that no hypernetwork has learned from."""
    seed: NonNegativeInt = 0
    """Of hypernetworks, trainings and Kaiming's weights."""
    drawn: NonNegativeInt = 1_000_000
    """The seed of unseen graphs, which must not be that of those that are learned from."""
    device: Literal["cpu", "cuda"] = "cpu"
    """What everything is computed on."""


class Settings(Shared):
    """Sizes of the study."""

    hypernetwork: Ghn2Settings = Ghn2Settings(epochs=32)
    """Of every hypernetwork, but for what its part changes."""
    cells: PositiveInt = 300
    """NAS-Bench-201 cells that are scored."""


def inputs(settings: Settings) -> dict[str, str]:
    """Return CIFAR-10, where digits are not what is learned."""
    return {} if settings.recipe.dataset == "digits" else {"images": "<images>"}


def parts(settings: Settings) -> list[str]:
    """Return the hypernetworks, and what stands beside them."""
    return [*OWN, BESIDE]


def run(
    part: str, settings: Settings, files: Mapping[str, Path | list[Path]], folder: Path
) -> pd.DataFrame:
    """Return what a part measured; GHN-2's weights lie in the part's folder."""
    task = task_of(settings.recipe, settings.device, files)
    if part == BESIDE:
        return pd.DataFrame(_beside(settings, task), columns=COLUMNS)
    hypernetwork = _trained(part, settings, task, folder)
    kept = Kept(folder, _digest(part, settings))
    rows = kept.rows("accuracies", lambda: _accuracies(part, hypernetwork, settings))
    rows += [
        (part, "loss", "", 0, "", line["epoch"], line["loss"]) for line in hypernetwork.history
    ]
    seconds = sum(line["seconds"] for line in hypernetwork.history)
    rows.append((part, "seconds", "", 0, "", 0, seconds))
    if part == WHOLE:
        _write_card(folder, rows)
        rows += kept.rows("cells", lambda: _cells(hypernetwork, settings))
    return pd.DataFrame(rows, columns=COLUMNS)


class Kept(NamedTuple):
    """Rows that an interrupted run has measured: files beside the checkpoint, by a digest."""

    folder: Path
    digest: str
    columns: tuple[str, ...] = COLUMNS

    def rows(self, name: str, measure: Callable[[], Iterable[Row]]) -> list[Row]:
        """Return the rows of a name, which are measured where no file has them."""
        from tgnas.files import written_whole

        path = self.folder / f"{name}-{self.digest}.parquet"
        if not path.is_file():
            frame = pd.DataFrame(measure(), columns=self.columns)
            with written_whole(path) as part:
                frame.to_parquet(part)
        return list(pd.read_parquet(path).itertuples(index=False, name=None))


def _digest(part: str, settings: Settings) -> str:
    from tgnas.methods.hypernetworks import ghn2

    code = ghn2.code() + inspect.getsource(sys.modules[__name__])
    return hashlib.sha256(f"{part} {settings!r} {code}".encode()).hexdigest()[:16]


def task_of(
    recipe: Recipe, device: str, files: Mapping[str, Path | list[Path]]
) -> "ImagesInMemory":
    """Return the images of a recipe on a device."""
    import torch

    from tgnas.image_training.final import open_images
    from tgnas.image_training.processes import Process

    process, images = Process(0, 1, torch.device(device)), files.get("images")
    opened: Any = open_images(
        images if isinstance(images, Path) else None, recipe, process, recipe.split_seed
    )
    return opened


def _trained(
    part: str, settings: Settings, task: "ImagesInMemory", folder: Path
) -> "GraphHypernetwork":
    import torch

    from tgnas.methods.contracts import Context
    from tgnas.methods.hypernetworks import ghn2
    from tgnas.networks.random_graphs import IN_DISTRIBUTION

    own = settings.hypernetwork.model_copy(update=dict(OWN[part]))
    folder.mkdir(parents=True, exist_ok=True)
    context = Context(device=settings.device, checkpoints=folder, code=ghn2.code())
    generator = torch.Generator().manual_seed(settings.seed)
    trained = ghn2.train(
        space_of_split(IN_DISTRIBUTION, settings.widen), task, own, context, generator
    )
    if part == WHOLE:
        ghn2.save(trained, folder / WEIGHTS)
    return trained


def _write_card(folder: Path, rows: list[Row]) -> None:
    """Write what stands beside the weights in the package."""
    from tgnas.files import sha256_of, written_whole
    from tgnas.methods.hypernetworks import ghn2

    frame = pd.DataFrame(rows, columns=COLUMNS)
    accuracies = frame[frame.measure == "accuracy"].groupby("split", sort=False).value.mean()
    _, about = ghn2.load(folder / WEIGHTS)
    card = about | {
        "sha256": sha256_of(folder / WEIGHTS),
        "test_accuracy_of_unseen_graphs": accuracies.round(2).to_dict(),
    }
    with written_whole(folder / CARD) as part:
        part.write_text(json.dumps(card, indent=2) + "\n")


def space_of_split(split: str, widen: int) -> Any:
    """Return the space of a split of random graphs, its channels multiplied."""
    from tgnas.networks.random_graphs import SPLITS, space_of

    chosen = SPLITS[split]
    widths = tuple(widen * width for width in chosen.widths)
    return space_of(chosen._replace(widths=widths))


def learned_from(settings: Shared, graphs: int) -> "Architectures":
    """Return the random graphs that a hypernetwork of these settings learns from."""
    import numpy as np

    from tgnas.networks.random_graphs import IN_DISTRIBUTION

    space = space_of_split(IN_DISTRIBUTION, settings.widen)
    return space.sample(graphs, np.random.default_rng(settings.seed))


def fresh(space: Any, count: int, seed: int, known: "Architectures") -> "Architectures":
    """Return architectures, drawn at random, whose networks are new.

    None computes what a known one does, at its width and depth, or one drawn before.
    """
    import numpy as np

    from tgnas.searching.oracles import network_keys
    from tgnas.spaces.architectures import Architectures

    generator, drawn = np.random.default_rng(seed), known[:0]
    while True:
        drawn = Architectures.concatenate([drawn, space.sample(count, generator)])
        keys = network_keys(Architectures.concatenate([known, drawn]))
        first: dict[bytes, int] = {}
        for row, key in enumerate(keys):
            first.setdefault(key, row - len(known))
        rows = [row for row in first.values() if row >= 0]
        if len(rows) >= count:
            return drawn[rows[:count]]


def _unseen(
    settings: Settings, classes: int
) -> Iterator[tuple[str, int, str, "Architectures", "nn.Module"]]:
    """Yield split, number, string, architecture and network of every unseen graph."""
    from tgnas.networks.random_graphs import SPLITS, networks_of

    learned = learned_from(settings, settings.hypernetwork.graphs)
    for split, chosen in SPLITS.items():
        space = space_of_split(split, settings.widen)
        some = fresh(space, settings.unseen, settings.drawn, learned)
        networks = networks_of(some, classes, normalised=chosen.normalised)
        strings = space.format(some)
        for number, (string, network) in enumerate(zip(strings, networks, strict=True)):
            yield split, number, string, some[[number]], network


def _beside(settings: Settings, task: "ImagesInMemory") -> Iterator[Row]:
    from tgnas.methods.hypernetworks.ghn2 import accuracy_of
    from tgnas.networks.computational_graph import graph_of

    for split, number, string, _, network in _unseen(settings, task.classes):
        graph = graph_of(network)
        for measure, value in {
            "vertices": len(graph),
            "degree": graph.mean_degree,
            "path": graph.mean_path,
            "parameters": sum(weight.numel() for weight in network.parameters()),
        }.items():
            yield "graphs", measure, split, number, string, 0, float(value)
        draw_kaiming(network, settings.seed, number)
        state = dict(network.to(task.process.device).named_parameters())
        accuracy = accuracy_of(network, state, task)
        yield "kaiming", "accuracy", split, number, string, 0, accuracy


def _accuracies(part: str, hypernetwork: "GraphHypernetwork", settings: Settings) -> Iterator[Row]:
    for split, number, string, _, network in _unseen(settings, hypernetwork.task.classes):
        yield part, "accuracy", split, number, string, 0, hypernetwork.accuracy(network)


def _cells(hypernetwork: "GraphHypernetwork", settings: Settings) -> Iterator[Row]:
    """Score NAS-Bench-201 cells by predicted and by Kaiming's weights; count parameters."""
    import numpy as np

    from tgnas.methods.hypernetworks.ghn2 import accuracy_of
    from tgnas.networks.nasbench201 import build_network
    from tgnas.spaces.nasbench201 import SPACE

    drawn = SPACE.enumerate()
    rows = np.random.default_rng(settings.drawn).choice(len(drawn), settings.cells, replace=False)
    some, own = drawn[np.sort(rows)], hypernetwork.settings
    for number, string in enumerate(SPACE.format(some)):
        network = build_network(
            some.member(number), hypernetwork.task.classes, own.channels, own.layers
        )
        where = "cell", "nasbench201", number, string, 0
        yield WHOLE, *where, hypernetwork.accuracy(network)
        yield "parameters", *where, float(sum(w.numel() for w in network.parameters()))
        draw_kaiming(network, settings.seed, number)
        state = dict(network.to(hypernetwork.task.process.device).named_parameters())
        yield "kaiming", *where, accuracy_of(network, state, hypernetwork.task)


def draw_kaiming(network: "nn.Module", *seed: int) -> None:
    """Draw convolutions and dense layers anew as He et al. (ICCV 2015) do; reset all else."""
    from torch import nn

    from tgnas.training.seeds import generator_of

    generator = generator_of(*seed)
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu", generator=generator)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
        elif isinstance(layer, nn.BatchNorm2d):
            layer.reset_parameters()
