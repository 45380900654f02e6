"""Train every architecture of one shard of digits-bench with every seed."""

from pathlib import Path

import pandas as pd
import torch
from tqdm import tqdm

from tgnas.files import written_whole
from tgnas.image_training.digits import Recipe, load_images, measure_architecture
from tgnas.workflow.script import run


def main(
    *, listed: Path, trained: Path, shard: int, shards: int, seeds: int, recipe: dict, threads: int
) -> None:
    """Write one row for each architecture of the shard; the file appears when it is whole."""
    torch.set_num_threads(threads)
    settings = Recipe(**recipe)
    digits, part = load_images(settings), pd.read_parquet(listed).iloc[shard::shards]
    progress = tqdm(part.itertuples(index=False), f"shard {shard}", len(part), disable=None)
    rows = [measure_architecture(*each, settings, digits, seeds) for each in progress]
    with written_whole(trained) as unfinished:
        pd.DataFrame(rows).to_parquet(unfinished, index=False)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
