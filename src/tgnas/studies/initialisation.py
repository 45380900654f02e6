"""Do trainings start better from predicted weights than from Kaiming's?

Networks of the in-distribution split of ``networks.random_graphs`` are trained alone by one short
recipe from three starts: Kaiming's weights, predicted weights as they are, and predicted weights
that are handed over as ``methods.hypernetworks._handover`` says; the normalisations of all have
their statistics from a pass over the training images. Each start has the learning rate
that is best for it, by the mean validation accuracy over all epochs of other networks than those
that are reported. A part is a start.
"""

import hashlib
import inspect
import sys
from collections.abc import Iterator, Mapping
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import pandas as pd
from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt

from tgnas.errors import ConfigError
from tgnas.studies.hypernetworks import (
    WEIGHTS,
    WHOLE,
    Kept,
    Shared,
    draw_kaiming,
    fresh,
    learned_from,
    space_of_split,
    task_of,
)

if TYPE_CHECKING:
    from torch import nn

    from tgnas.image_training.data import ImagesInMemory
    from tgnas.methods.hypernetworks._network import Hypernet
    from tgnas.spaces.architectures import Architectures

KAIMING, PREDICTED, HANDED_OVER = "kaiming", "predicted", "handed_over"
STARTS = (KAIMING, HANDED_OVER, PREDICTED)
COLUMNS = ("start", "measure", "graph", "architecture", "rate", "epoch", "value")
Row = tuple[Any, ...]


class Settings(Shared):
    """Sizes of the study; the first of the ``unseen`` networks are trained."""

    rates: Annotated[tuple[PositiveFloat, ...], Field(min_length=1)] = (0.3, 0.1, 0.03, 0.01, 0.003)
    """Learning rates that each start chooses from."""
    tuned: PositiveInt = 5
    """Networks that the rates are chosen on."""
    trained: PositiveInt = 50
    """Networks that are trained from Kaiming's weights and from those handed over."""
    as_they_are: PositiveInt = 25
    """The first of them, which are trained from predicted weights as they are, too."""
    drawn_to_tune: NonNegativeInt = 2_000_000
    """The seed of the networks that the rates are chosen on."""


def inputs(settings: Settings) -> dict[str, str]:
    """Return the rows of GHN-2, beside which its weights lie; CIFAR-10, where it is learned."""
    images = {} if settings.recipe.dataset == "digits" else {"images": "<images>"}
    return {"hypernetwork": f"<results>/studies/hypernetworks/{WHOLE}.parquet"} | images


def parts(settings: Settings) -> list[str]:
    """Return the starts."""
    return [*STARTS]


def run(
    part: str, settings: Settings, files: Mapping[str, Path | list[Path]], folder: Path
) -> pd.DataFrame:
    """Return the accuracies of all trainings from a start; epoch 0 is before the first step."""
    from tgnas.files import sha256_of
    from tgnas.methods.hypernetworks import ghn2
    from tgnas.spaces.architectures import Architectures

    weights = Path(str(files["hypernetwork"])).with_suffix("") / WEIGHTS
    loaded, origin = ghn2.load(weights)
    module = loaded.to(settings.device)
    learned = learned_from(settings, origin["settings"]["graphs"])
    task: Any = task_of(settings.recipe, settings.device, files)
    folder.mkdir(parents=True, exist_ok=True)
    code = ghn2.code() + inspect.getsource(sys.modules[__name__])
    about = f"{part} {settings!r} {code} {sha256_of(weights)}"
    kept = Kept(folder, hashlib.sha256(about.encode()).hexdigest()[:16], COLUMNS)
    rows: list[Row] = []
    reported = fresh(_space(settings), settings.unseen, settings.drawn, learned)
    known = Architectures.concatenate([learned, reported])
    tuned = fresh(_space(settings), settings.tuned, settings.drawn_to_tune, known)
    for row, string, network in _networks(tuned, settings):
        for rate in settings.rates:
            measured = partial(
                _training, part, "tuning", (row, string), network, rate, module,
                task.validated(), settings,
            )  # fmt: skip
            rows += kept.rows(f"tuning-{row}-{rate}", measured)
    rate = best_rate(pd.DataFrame(rows, columns=COLUMNS))
    count = settings.as_they_are if part == PREDICTED else settings.trained
    for row, string, network in islice(_networks(reported, settings), count):
        measured = partial(
            _training, part, "trained", (row, string), network, rate, module, task, settings
        )
        rows += kept.rows(f"trained-{row}-{rate}", measured)
    return pd.DataFrame(rows, columns=COLUMNS)


def best_rate(rows: pd.DataFrame) -> float:
    """Return the rate of the highest mean accuracy over networks and epochs; the first of equals.

    Rates of which a training ended with a loss that is not finite are left out.

    Raises:
        ConfigError: that is true of all rates.
    """
    trained = rows[rows.epoch > 0]
    means = trained.groupby("rate", sort=False).value.mean()
    means = means.drop(trained[trained.value.isna()].rate.unique())
    if means.empty:
        raise ConfigError(
            f"trainings diverge at all of the rates {sorted(set(rows.rate.tolist()))}"
        )
    return float(means.idxmax())


def _space(settings: Settings) -> Any:
    from tgnas.networks.random_graphs import IN_DISTRIBUTION

    return space_of_split(IN_DISTRIBUTION, settings.widen)


def _networks(some: "Architectures", settings: Settings) -> Iterator[tuple[int, str, "nn.Module"]]:
    """Yield number, string and network of random graphs."""
    from tgnas.image_training.images import CLASSES
    from tgnas.networks.random_graphs import networks_of

    strings = _space(settings).format(some)
    for row, (string, network) in enumerate(zip(strings, networks_of(some, CLASSES), strict=True)):
        yield row, string, network


def _training(
    start: str,
    measure: str,
    about: tuple[int, str],
    network: "nn.Module",
    rate: float,
    module: "Hypernet",
    task: "ImagesInMemory",
    settings: Settings,
) -> Iterator[Row]:
    """Yield the accuracy before the first step and after each epoch of a training."""
    from tgnas.errors import TrainingError
    from tgnas.image_training import loop

    recipe = settings.recipe.model_copy(update={"learning_rate": rate})
    seed = settings.seed + about[0]
    begin(network, start, module, task, recipe.batch, settings.seed, about[0])
    untrained = loop.measure(network, task, recipe, task.process)
    where = start, measure, *about, rate
    yield *where, 0, untrained.accuracy
    try:
        history = loop.train(network, task, recipe, seed=seed, process=task.process)
    except TrainingError:  # it diverged, which is what came out of this rate
        for epoch in range(recipe.epochs):
            yield *where, epoch + 1, float("nan")
        return
    for line in history:
        yield *where, line.epoch, line.test_accuracy


def begin(
    network: "nn.Module",
    start: str,
    module: "Hypernet",
    task: "ImagesInMemory",
    batch: int,
    *seed: int,
) -> None:
    """Give a network the weights of a start, and normalisations their first statistics."""
    from tgnas.methods.hypernetworks import ghn2
    from tgnas.methods.hypernetworks._handover import scaled, set_statistics

    draw_kaiming(network.cpu(), *seed)
    network.to(task.process.device)
    if start != KAIMING:
        state = ghn2.predicted(module, network)
        state = scaled(network, state) if start == HANDED_OVER else state
        network.load_state_dict(dict(state), strict=False)
    set_statistics(network, task.train_batches(seed[0], 0, batch))
