"""Score the networks of one shard of a sample with one proxy."""

import logging
import time
from pathlib import Path

import pandas as pd
import torch
from safetensors.torch import load_file
from tqdm import tqdm

from tgnas.scoring.harness import Batch, Settings, measure
from tgnas.scoring.samples import shard_of, shard_table
from tgnas.workflow.script import run


def main(
    *,
    sample: Path,
    batch: Path,
    scored: Path,
    network_proxy: str,
    space: str,
    shard: int,
    shards: int,
    settings: dict,
    classes: int,
    networks: str,
    threads: int,
) -> None:
    """Build, score and drop one network after the other; write components and milliseconds."""
    torch.set_num_threads(threads)
    seen, part = load_file(batch), shard_of(pd.read_parquet(sample), shard, shards).architecture
    given = Batch(seen["images"], seen["labels"])
    progress = tqdm(part, f"{network_proxy} {space} {shard}", unit="architectures", disable=None)
    start = time.perf_counter()
    about = {"space": space, "classes": classes, "networks": networks}
    found = measure(progress, [network_proxy], given, Settings(**settings), **about)
    shard_table(found, network_proxy).to_parquet(scored, index=False)
    rate = len(part) / (time.perf_counter() - start)
    images = rate * len(given.images)
    logging.info("architectures_per_second=%.2f images_per_second=%.0f", rate, images)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
