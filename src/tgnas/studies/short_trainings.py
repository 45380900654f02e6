"""Short trainings of architectures that are spread over the accuracies of NAS-Bench-201."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from tgnas.methods.settings import MethodSettings
from tgnas.validation import count, key


class Settings(MethodSettings):
    """What is trained, and how."""

    architectures: int = count("How many.", 3)
    split: str = key("Of the accuracies that the architectures are spread over.")
    epochs: int = count("Of those accuracies.")
    seed: int = count("Of weights, images and their order.", 0, default=0)
    recipe: str = key("A file of `config/recipes`.")
    change: dict[str, Any] = key("Keys of the recipe that differ from its file.")


def inputs(settings: Settings) -> Mapping[str, str | Sequence[str]]:
    """Return the benchmark, the images and the recipe."""
    benchmark = "<benchmark_tables>/nasbench201.arrow"
    return {"benchmark": benchmark, "images": "<images>", "recipe": settings.recipe}


def parts(settings: Settings) -> Sequence[str]:
    """Return one part, whose trainings resume one by one."""
    return ["all"]


def run(part: str, settings: Settings, files: Mapping[str, Any], folder: Path) -> pd.DataFrame:
    """Return what each training ended with; accuracies pick what is trained, and nothing else."""
    from tgnas.benchmarks.base import open_benchmark  # slow imports
    from tgnas.evaluation.short_trainings import spread_over
    from tgnas.image_training.final import train_network
    from tgnas.image_training.processes import Process, find_device
    from tgnas.image_training.recipe import read_recipe

    target, recipe = (
        open_benchmark(files["benchmark"]),
        read_recipe(files["recipe"], settings.change),
    )
    known = target.accuracy(dataset="cifar10", split=settings.split, epochs=settings.epochs)
    places, quantiles = spread_over(known, settings.architectures)
    process, rows = Process(0, 1, find_device()), []
    for number, place in enumerate(places):
        _, facts = train_network(
            target.strings[place],
            recipe,
            files["images"],
            folder / f"{number}",
            seed=settings.seed,
            process=process,
        )
        single = {
            name: value for name, value in facts.items() if not isinstance(value, dict | list)
        }
        rows.append(single | {"quantile": quantiles[number]})
    return pd.DataFrame(rows)
