"""Score the networks of one shard of a population with one network proxy."""

import logging
import time
from pathlib import Path

import torch
from safetensors.torch import load_file
from tqdm import tqdm

from tgnas.resources.seals import check_seal, write_parquet
from tgnas.scoring.harness import Batch, Settings, measure, shard_table
from tgnas.scoring.populations import open_population
from tgnas.workflow.script import run


def main(
    *,
    architectures: Path,
    batch: Path,
    scored: Path,
    network_proxy: str,
    shard: int,
    shards: int,
    settings: dict,
    classes: int,
    networks: str,
    threads: int,
) -> None:
    """Build, score and drop one network after the other; write components and milliseconds."""
    torch.set_num_threads(threads)
    check_seal(batch)
    seen, part = load_file(batch), open_population(architectures).shard(shard, shards)
    loaded_batch = Batch(seen["images"], seen["labels"])
    title = f"{network_proxy} {part.name} {shard}"
    progress = tqdm(part.strings, title, unit="architectures", disable=None)
    start = time.perf_counter()
    about = {"space": part.space.name, "classes": classes, "networks": networks}
    measured = measure(progress, [network_proxy], loaded_batch, Settings(**settings), **about)
    table = shard_table(measured, network_proxy)
    write_parquet(scored, table)
    rate = len(part) / (time.perf_counter() - start)
    images = rate * len(loaded_batch.images)
    logging.info("architectures_per_second=%.2f images_per_second=%.0f", rate, images)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
