"""Sequences of blocks, trained on small images: the trainings of blocks-bench, shard by shard.

`snakemake blocks_bench` joins the shards to the table that comes with the package
(``image_training.blocks_bench``).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from tgnas.methods.settings import MethodSettings
from tgnas.validation import count, key


class Settings(MethodSettings):
    """What is trained, and how."""

    macro: int = count("Macro networks, of each length equally many.", 4)
    widths: int = count("Networks that differ in their channels.", 1)
    seed: int = count("Of the draws of architectures.", 0, default=0)
    again: int = count("Every so manieth is trained with a second seed.", 1)
    shards: int = count("The list of architectures is dealt out to so many jobs.")
    taken: tuple[int, ...] = key("The jobs that were run.")
    side: int = count("Of the images, in pixels; CIFAR-10's 32 are averaged to so many.")
    recipe: str = key("A file of `config/recipes`.")
    change: dict[str, Any] = key("Keys of the recipe that differ from its file.")

    @property
    def sizes(self) -> dict[str, Any]:
        """What says which architectures there are."""
        return self.model_dump(mode="json", include={"macro", "widths", "seed", "shards", "taken"})


def inputs(settings: Settings) -> Mapping[str, str | Sequence[str]]:
    """Return the images and the recipe."""
    return {"images": "<images>", "recipe": settings.recipe}


def parts(settings: Settings) -> Sequence[str]:
    """Return the shards."""
    return [f"shard{number}" for number in settings.taken]


def run(part: str, settings: Settings, files: Mapping[str, Any], folder: Path) -> pd.DataFrame:
    """Return a row for each architecture of a shard."""
    import torch

    from tgnas.image_training.blocks_bench import (
        list_architectures,
        measure_architecture,
        open_small_images,
    )
    from tgnas.image_training.processes import Process
    from tgnas.image_training.recipe import read_recipe

    torch.set_num_threads(1)
    recipe = read_recipe(files["recipe"], settings.change)
    alone = Process(0, 1, torch.device("cpu"))
    images = open_small_images(files["images"], recipe, settings.side, alone)
    own = settings.sizes | {"taken": [int(part.removeprefix("shard"))]}
    listed = list_architectures(**own)
    rows = [
        measure_architecture(space, text, recipe, images, 1 + (place % settings.again == 0))
        for place, space, text in listed.itertuples()
    ]
    return pd.DataFrame(rows)
