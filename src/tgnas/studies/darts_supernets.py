"""Mixtures of operators that search the DARTS space: what they derive, and what is known of it.

One supernet of normal and reduction cells; architecture parameters learn from images that the
weights do not (Liu et al., ICLR 2019, section 2). A derived genotype is looked up in
NAS-Bench-301's list. Few of the 10^18 are there, so it is also placed among them by the score of a
shipped predictor, which is no accuracy.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import Field, PositiveInt

from tgnas.methods.settings import MethodSettings, read_settings
from tgnas.registry import SUPERNETS

BENCHMARK = "nasbench301"
LABEL: dict[str, Any] = {"dataset": "cifar10", "split": "surrogate", "epochs": 100}


class Settings(MethodSettings):
    """What is searched, on which images, and for how long."""

    methods: dict[str, dict[str, Any]] = Field(
        default={
            "darts": {"order": "second"},
            "darts_first_order": {"method": "darts", "order": "first"},
            "d_darts": {"learning_rate": 0.025},
            "balenas": {},
        },
        min_length=1,
    )
    """Mixtures by name; `method` is the file of tgnas.methods.supernets, where it is not the name,
    the rest its own keys."""
    shared: dict[str, Any] = Field(
        default={"channels": 4, "layers": 3, "epochs": 10, "batch": 60, "alpha_rate": 0.003}
    )
    """Keys that all of them have, but for those that a method sets itself."""
    recipe: str = "config/recipes/digits.yaml"
    """A file of config/recipes, for its images."""
    change: dict[str, Any] = Field(default={})
    """Keys of the recipe that differ from its file."""
    seeds: PositiveInt = 3
    """Searches of each method."""
    prior: str = "darts"
    """The shipped predictor that places what is derived; it must not have learned NAS-Bench-301."""


def inputs(settings: Settings) -> Mapping[str, str]:
    """Return the benchmark, and the images where they come from a file."""
    known = {"known": f"<benchmark_tables>/{BENCHMARK}.arrow"}
    return known if _dataset(settings) == "digits" else known | {"images": "<images>"}


def parts(settings: Settings) -> list[str]:
    """Return a part for each method and seed."""
    return [f"{name}-seed{seed}" for name in settings.methods for seed in range(settings.seeds)]


def loaded(settings: Settings) -> Sequence[str]:
    """Return the modules of the methods and what is imported in ``run``."""
    methods = (SUPERNETS.module_name(_method(settings, name)) for name in settings.methods)
    return [
        *methods,
        "tgnas.benchmarks.base",
        "tgnas.evaluation.ranking",
        "tgnas.image_training.final",
        "tgnas.inference.pretrained",
    ]


def shipped(settings: Settings) -> Sequence[str]:
    """Return the predictor that scores."""
    return [settings.prior]


def run(
    part: str, settings: Settings, files: Mapping[str, Path | list[Path]], folder: Path
) -> pd.DataFrame:
    """Return a row for each epoch of one search.

    Columns: method, seed, epoch, loss, seconds, skips (their share in what would be derived), and
    in every row what came out: genotype; listed (whether NAS-Bench-301 has it), accuracy (the
    surrogate's, in percent, NaN where it is not listed), rank (of that accuracy, 1 is best);
    placed (the share of the listed that the shipped predictor scores below it); kendall_tau (of the
    mixture's scores of the listed with their surrogate accuracies); architectures (listed).
    """
    import torch  # slow imports

    from tgnas.benchmarks.base import open_benchmark
    from tgnas.evaluation.ranking import kendall_tau
    from tgnas.image_training.final import open_images
    from tgnas.image_training.processes import Process, find_device
    from tgnas.image_training.recipe import read_recipe
    from tgnas.inference.pretrained import load_pretrained
    from tgnas.methods.contracts import Context

    name, _, seed = part.rpartition("-seed")
    method = SUPERNETS.module(_method(settings, name))
    recipe = read_recipe(Path(settings.recipe), settings.change)
    device = torch.device("cpu") if recipe.dataset == "digits" else find_device()
    images: Any = files.get("images")
    task: Any = open_images(images, recipe, Process(0, 1, device), recipe.split_seed)
    known = open_benchmark(files["known"])  # type: ignore[arg-type]
    trained = method.train(
        known.space,
        task.validated(),
        _settings_of(settings, name),
        Context(device=device.type, checkpoints=folder),
        torch.Generator().manual_seed(int(seed)),
    )
    derived, accuracies = method.derive(trained), known.accuracy(**LABEL)
    prior = load_pretrained(settings.prior)
    (row,) = known.architectures.rows_of(derived)
    of_listed, of_derived = prior.score(known.architectures), prior.score(derived)[0]
    frame = pd.DataFrame(trained.history).drop(columns="phase")
    return frame.assign(
        method=name,
        seed=int(seed),
        genotype=known.space.format(derived)[0],
        listed=row >= 0,
        accuracy=accuracies[row] if row >= 0 else float("nan"),
        rank=float((accuracies > accuracies[row]).sum() + 1) if row >= 0 else float("nan"),
        placed=float((of_listed < of_derived).mean()),
        kendall_tau=kendall_tau(trained.score(known.architectures), accuracies),
        architectures=len(known),
    )


def _method(settings: Settings, name: str) -> str:
    return str(settings.methods[name].get("method", name))


def _settings_of(settings: Settings, name: str) -> Any:
    """Return the settings of a method: the shared ones, then its own."""
    model = SUPERNETS.settings(_method(settings, name))
    own = {key: value for key, value in settings.methods[name].items() if key != "method"}
    return read_settings(model, settings.shared | own, f"studies.darts_supernets.{name}")


def _dataset(settings: Settings) -> str:
    from tgnas.image_training.recipe import read_recipe  # slow imports

    return read_recipe(Path(settings.recipe), settings.change).dataset
