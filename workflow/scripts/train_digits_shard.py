"""Train every architecture of one shard of a table of trainings with every seed."""

from pathlib import Path

import pandas as pd
import torch
from tqdm import tqdm

from tgnas.image_training.digits import open_digits
from tgnas.image_training.digits_bench import list_architectures, measure_architecture
from tgnas.image_training.processes import Process
from tgnas.image_training.recipe import read_recipe
from tgnas.resources.seals import write_parquet
from tgnas.workflow.script import run


def main(
    *,
    recipe: Path,
    trained: Path,
    shard: int,
    shards: int,
    sizes: dict,
    seeds: int,
    change: dict,
    threads: int,
) -> None:
    """Write one row for each architecture of the shard."""
    torch.set_num_threads(threads)
    settings, part = read_recipe(recipe, change), list_architectures(**sizes).iloc[shard::shards]
    digits = open_digits(settings, Process(0, 1, torch.device("cpu")))
    progress = tqdm(part.itertuples(index=False), f"shard {shard}", len(part), disable=None)
    rows = [measure_architecture(*member, settings, digits, seeds) for member in progress]
    write_parquet(trained, pd.DataFrame(rows))


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
