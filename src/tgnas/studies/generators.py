"""NAGO's generators: what they draw, how their networks spread, and how theta is found.

Networks are of 3x3 convolutions with a bound on parameters and learn scikit-learn's digits. The
parts: `statistics` compares drawn graphs with theory; `spread` trains several networks of each of
several random thetas; each `repeat` looks for theta by three searches with one budget of epochs,
and then trains fresh networks of the theta that each has found.

Columns of all parts: kind, name, theta (a number or a text), measure, value, and repeat; of the
spread, name is the number of a theta and repeat that of its network.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import pandas as pd
from pydantic import Field

from tgnas.methods.settings import MethodSettings

if TYPE_CHECKING:
    from tgnas.spaces.architectures import Architectures

STATISTICS, SPREAD, REPEAT = "statistics", "spread", "repeat"
GRAPHS = (
    ("watts_strogatz", 8, 4, 0.1),
    ("watts_strogatz", 10, 5, 1.0),
    ("watts_strogatz", 5, 2, 0.5),
    ("erdos_renyi", 8, 0, 0.2),
    ("erdos_renyi", 10, 0, 0.6),
    ("erdos_renyi", 3, 0, 1.0),
)
SEARCHES = ("random", "hyperband", "two_objectives")
FRESH, CHOSEN = 1, 2  # purposes of the random numbers of a repeat


class Settings(MethodSettings):
    """What is drawn and trained."""

    graphs: int = Field(default=2000, ge=2)
    """Graphs of each kind whose edges are counted."""
    most_nodes: int = Field(default=4, ge=3)
    """Nodes of each of the three graphs, at most; 10 by the authors."""
    parameters: int = Field(default=150_000, ge=1000)
    """Of a network, at most; 4 million by the authors."""
    batch: int = Field(default=20, ge=2)
    """Images of a step; with the recipe's 60 the deep networks' normalisations see too few steps to
    know the images' mean and deviation."""
    learning_rate: float = Field(default=0.03, gt=0)
    """The highest."""
    thetas: int = Field(default=8, ge=2)
    """Random thetas whose networks' spread is measured."""
    networks: int = Field(default=4, ge=2)
    """Networks of each of them."""
    seeds: int = Field(default=2, ge=2)
    """Trainings of each network, each from other weights and in another order of the images."""
    lengths: tuple[Annotated[int, Field(ge=1)], ...] = Field(default=(4, 8), min_length=1)
    """Epochs of these trainings: they are repeated with each."""
    repeats: int = Field(default=10, ge=1)
    """Searches of each kind."""
    epochs: int = Field(default=4, ge=1)
    """Of the longest training; 120 by the authors."""
    shortest: int = Field(default=2, ge=1)
    """Of the shortest."""
    budget: int = Field(default=32, ge=1)
    """Epochs of a search, all trainings together."""
    fresh: int = Field(default=3, ge=1)
    """Networks of a theta that was found, which are drawn and trained anew."""


def inputs(settings: Settings) -> Mapping[str, str | Sequence[str]]:
    """Return the recipe of digits-bench; the images come with scikit-learn."""
    return {"recipe": "config/recipes/digits.yaml"}


def parts(settings: Settings) -> Sequence[str]:
    """Return statistics, the spread of each theta, and every repeat."""
    spread = (f"{SPREAD}{number}" for number in range(settings.thetas))
    return [STATISTICS, *spread, *(f"{REPEAT}{number}" for number in range(settings.repeats))]


def run(
    part: str, settings: Settings, files: Mapping[str, Path | list[Path]], folder: Path
) -> pd.DataFrame:
    """Return the rows of a part."""
    del folder  # a part takes a minute, and starts anew
    recipe = Path(str(files["recipe"]))
    if part == STATISTICS:
        rows = list(_statistics(settings))
    elif part.startswith(SPREAD):
        rows = list(_spread(settings, recipe, int(part.removeprefix(SPREAD))))
    else:
        rows = list(_repeat(settings, recipe, int(part.removeprefix(REPEAT))))
    columns = ["kind", "name", "theta", "measure", "value", "repeat"]
    return pd.DataFrame(rows, columns=columns).astype({"value": float, "repeat": int})


Row = tuple[str, str, str, str, float, int]


def _statistics(settings: Settings) -> Iterator[Row]:
    """Yield edges and degrees of drawn graphs beside what theory says of them."""
    from tgnas.methods.generators.nago import erdos_renyi, watts_strogatz  # its imports are slow

    for place, (model, nodes, near, chance) in enumerate(GRAPHS):
        generator = np.random.default_rng([0, place])
        edges = np.empty(settings.graphs)
        degrees = np.empty((settings.graphs, nodes))
        for number in range(settings.graphs):
            graph = (
                watts_strogatz(nodes, near, chance, generator)
                if model == "watts_strogatz"
                else erdos_renyi(nodes, chance, generator)
            )
            edges[number] = graph.number_of_edges()
            degrees[number] = [degree for _, degree in graph.degree]
        pairs = nodes * (nodes - 1) // 2
        ring = model == "watts_strogatz"
        theory = {
            # Rewiring moves edges and makes none; those of a random graph are binomial.
            "edges": nodes * (near // 2) if ring else chance * pairs,
            "edges_std": 0.0 if ring else float(np.sqrt(pairs * chance * (1 - chance))),
            "degree": 2 * (near // 2) if ring else chance * (nodes - 1),
        }
        drawn = {"edges": edges.mean(), "edges_std": edges.std(), "degree": degrees.mean()}
        about = f"N={nodes} " + (f"K={near} P={chance:g}" if ring else f"P={chance:g}")
        for measure, value in theory.items():
            yield STATISTICS, model, about, measure, drawn[measure], 0
            yield STATISTICS, model, about, f"{measure}_theory", value, 0
        yield STATISTICS, model, about, "graphs", settings.graphs, 0
        if not ring:
            yield STATISTICS, model, about, "degree_std", degrees.std(), 0
            binomial = float(np.sqrt((nodes - 1) * chance * (1 - chance)))
            yield STATISTICS, model, about, "degree_std_theory", binomial, 0


class _Trainer:
    """Draws and trains networks of generators; all that is random comes from one generator."""

    def __init__(self, settings: Settings, recipe: Path) -> None:
        from tgnas.methods.generators import nago  # its imports are slow
        from tgnas.studies import _digits

        self.settings, self.digits = settings, _digits
        self.range = nago.Settings(most_nodes=settings.most_nodes)
        self.opened = {
            epochs: _digits.opened(
                recipe,
                epochs=epochs,
                batch=settings.batch,
                learning_rate=settings.learning_rate,
            )
            for epochs in {*range(1, settings.epochs + 1), *settings.lengths}
        }

    def evaluate(
        self, theta: Any, epochs: int, generator: np.random.Generator
    ) -> tuple[float, float, float]:
        """Return validation and test accuracy of a drawn network, and the MiB of its maps."""
        drawn = self.drawn(theta, generator)
        return self.train(drawn, epochs, int(generator.integers(1 << 31)))

    def drawn(self, theta: Any, generator: np.random.Generator) -> "Architectures":
        """Return a network's graph."""
        from tgnas.methods.generators.nago import Generator

        return Generator(np.array(theta, dtype=float)).sample(generator)

    def train(self, drawn: "Architectures", epochs: int, seed: int) -> tuple[float, float, float]:
        """Return validation and test accuracy of a graph's network, and the MiB of its maps."""
        from tgnas.image_training.digits import SIDE
        from tgnas.image_training.images import CLASSES
        from tgnas.networks.generated import network_of_graph
        from tgnas.training.seeds import seeded

        with seeded(seed):
            network = network_of_graph(drawn, CLASSES, self.settings.parameters)
        recipe, images = self.opened[epochs]
        memory = network.drawn.memory(network.channels, SIDE)
        return *self.digits.trained(network, images, recipe, seed), memory


def _spread(settings: Settings, recipe: Path, number: int) -> Iterator[Row]:
    """Yield the test accuracies of every network of a random theta."""
    from tgnas.methods.generators.nago import random_theta

    trainer, generator = _Trainer(settings, recipe), np.random.default_rng([1, number])
    theta = random_theta(trainer.range, generator)
    about = SPREAD, str(number), written(theta)
    for place in range(settings.networks):
        drawn = trainer.drawn(theta, generator)
        for seed in generator.integers(1 << 31, size=settings.seeds).tolist():
            for epochs in settings.lengths:
                _, accuracy, memory = trainer.train(drawn, epochs, seed)
                yield *about, f"accuracy after {epochs} epochs", accuracy, place
            yield *about, "memory", memory, place


def _repeat(settings: Settings, recipe: Path, number: int) -> Iterator[Row]:
    """Yield what each search has tried and found, and what became of a theta that is not chosen."""
    from tgnas.methods.generators import _outer
    from tgnas.methods.generators.nago import random_theta

    trainer = _Trainer(settings, recipe)
    thetas = {"no search": random_theta(trainer.range, np.random.default_rng([2, number, CHOSEN]))}
    for place, name in enumerate(SEARCHES):
        generator = np.random.default_rng([2, number, 10 + place])

        def evaluate(
            theta: Any, epochs: int, draws: np.random.Generator = generator
        ) -> tuple[float, float]:
            validation, _, memory = trainer.evaluate(theta, epochs, draws)
            return validation, memory

        budget = _outer.Budget(evaluate, settings.budget, settings.epochs)
        if name == "hyperband":
            _outer.hyperband(budget, trainer.range, settings.shortest, generator)
        elif name == "random":
            _outer.at_random(budget, trainer.range, generator)
        else:
            _outer.two_objectives(budget, trainer.range, generator)
        for one in budget.tried:
            yield REPEAT, name, written(one.theta), "validation", one.accuracy, number
            yield REPEAT, name, written(one.theta), "memory", one.memory, number
        yield REPEAT, name, "", "epochs", settings.budget - budget.epochs, number
        yield REPEAT, name, "", "thetas", budget.begun, number
        thetas[name] = budget.best().theta
    for place, (name, theta) in enumerate(thetas.items()):
        generator = np.random.default_rng([2, number, FRESH, place])
        for _ in range(settings.fresh):
            _, accuracy, memory = trainer.evaluate(theta, settings.epochs, generator)
            yield REPEAT, name, written(theta), "test", accuracy, number
            yield REPEAT, name, written(theta), "test_memory", memory, number


def written(theta: Any) -> str:
    """Return theta as a text."""
    return " ".join(f"{value:.3g}" for value in theta)
