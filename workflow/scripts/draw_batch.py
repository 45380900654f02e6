"""Draw the batch of images that every network proxy sees."""

import json
import logging
from pathlib import Path

import numpy as np
from safetensors.torch import save_file

from tgnas.files import written_whole
from tgnas.image_training.images import load_cifar10, load_images
from tgnas.resources.seals import SEAL, seal
from tgnas.scoring.harness import Settings, draw_batch
from tgnas.workflow.script import run


def main(*, images: Path, batch: Path, inputs: str, drawn: int, settings: dict) -> None:
    """Write normalised images and their labels."""
    if inputs == "cifar10":
        drawn_images = load_cifar10(images, (drawn, 1), seed=settings["seed"])
    else:
        generator = np.random.default_rng(settings["seed"])
        drawn_images = load_images(inputs, images).subset(drawn, 1, generator)
    logging.info("images=%d source=%s", len(drawn_images.train), drawn_images.source)
    chosen = draw_batch(drawn_images, Settings(seed=settings["seed"], batch=settings["batch"]))
    tensors = {"images": chosen.images.contiguous(), "labels": chosen.labels}
    about = {"source": drawn_images.source, "seal": SEAL}
    with written_whole(batch) as part:
        save_file(tensors, part, metadata={"batch": json.dumps(about)})
        seal(part)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
