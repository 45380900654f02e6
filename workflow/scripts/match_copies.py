"""Find the labels and the JPEGs of the images that are at hand without loss."""

from pathlib import Path

import torch
from safetensors.torch import save_file

from tgnas.image_training.copies import match, read_mosaics
from tgnas.image_training.images import load_cifar10
from tgnas.workflow.script import run


def main(*, mosaics: list[Path], images: Path, copies: Path) -> None:
    """Write both copies and their labels."""
    found = match(read_mosaics(mosaics), load_cifar10(images))
    named = {"lossless": found.lossless, "jpeg": found.jpeg, "labels": found.labels}
    tensors = {name: torch.from_numpy(values).contiguous() for name, values in named.items()}
    save_file(tensors, copies, metadata={"source": found.source})


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
