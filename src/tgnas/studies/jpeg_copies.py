"""What JPEGs cost: the same cells trained on lossless images and on JPEGs of the same images."""

from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
from pydantic import Field, model_validator

from tgnas.methods.settings import MethodSettings
from tgnas.validation import count, key

MOSAICS = [f"<resources>/cifar10/first_{part}.png" for part in range(4)]  # of 1,000 images


class Settings(MethodSettings):
    """What is trained, and how."""

    cells: Annotated[dict[str, str], Field(min_length=1)] = key(
        "NAS-Bench-201 architectures by name."
    )
    seeds: int = count("Of split, weights and order.")
    mosaics: int = count("Files of 1,000 images that are at hand without loss.", 1, le=4, default=4)
    test_images: int = count("Held out of them; 10 at least are trained on.", 10)
    recipe: str = key("A file of `config/recipes`.")
    change: dict[str, Any] = key("Keys of the recipe that differ from its file.")

    @model_validator(mode="after")
    def _leave_some_to_train_on(self) -> "Settings":
        most = 1000 * self.mosaics - 10
        if self.test_images > most:
            raise ValueError(f"test_images must be at most {most:,}, not {self.test_images:,}")
        return self


def inputs(settings: Settings) -> Mapping[str, str | Sequence[str]]:
    """Return the lossless images, the labelled copy and the recipe."""
    return {"mosaics": MOSAICS[: settings.mosaics], "images": "<images>", "recipe": settings.recipe}


def parts(settings: Settings) -> Sequence[str]:
    """Return one part: all trainings share the images that are matched once."""
    return ["all"]


def run(part: str, settings: Settings, files: Mapping[str, Any], folder: Path) -> pd.DataFrame:
    """Return the accuracies of all networks on held-out images."""
    from tgnas.image_training.copies import match, read_mosaics, train_on_both  # slow imports
    from tgnas.image_training.images import load_cifar10
    from tgnas.image_training.processes import Process, find_device
    from tgnas.image_training.recipe import read_recipe

    copies, rows = match(read_mosaics(files["mosaics"]), load_cifar10(files["images"])), []
    cells = list(settings.cells.values())
    for number, seed in product(range(len(cells)), range(settings.seeds)):
        rows += train_on_both(
            cells[number],
            copies,
            read_recipe(files["recipe"], settings.change),
            test_images=settings.test_images,
            seed=seed,
            folder=folder / f"{number}" / f"seed{seed}",
            process=Process(0, 1, find_device()),
        )
    return pd.DataFrame(rows)
