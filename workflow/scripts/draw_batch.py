"""Draw the batch of images that every proxy of networks sees."""

import logging
from pathlib import Path

from safetensors.torch import save_file

from tgnas.evaluation.harness import Settings, draw_batch
from tgnas.script import run
from tgnas.training.images import load_cifar10


def main(*, images: Path, batch: Path, drawn: int, settings: dict) -> None:
    """Write normalised images and their labels."""
    found = load_cifar10(images, (drawn, 1), seed=settings["seed"])
    logging.info("images=%d source=%s", len(found.train), found.source)
    chosen = draw_batch(found, Settings(seed=settings["seed"], batch=settings["batch"]))
    tensors = {"images": chosen.images.contiguous(), "labels": chosen.labels}
    save_file(tensors, batch, metadata={"source": found.source})


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
