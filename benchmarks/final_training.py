"""Images per second of a final training: eager steps, a CUDA graph, and a compiled one, in one run.

The recipe's own network and batches, images of random bytes, which cost as much as real ones; the
whole loop, augmentation included. A CPU takes eager steps alone. Beside them the time that
the device needs to copy as many bytes as a step's activations and gradients move, each read and
written once: no step that keeps them is faster.

    python benchmarks/final_training.py --recipe config/recipes/nasbench201.yaml --images 12800
"""

import argparse
import json
import statistics
import time
from pathlib import Path

import numpy as np
import torch

from tgnas.image_training.data import on_device
from tgnas.image_training.final import build, device_name
from tgnas.image_training.images import Images
from tgnas.image_training.loop import train
from tgnas.image_training.processes import Process, find_device
from tgnas.image_training.recipe import read_recipe

LARGEST = {
    "nasbench201": "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|"
    "+|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|",
    "darts": "Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), "
    "('sep_conv_3x3', 1), ('sep_conv_3x3', 1), ('skip_connect', 0), ('skip_connect', 0), "
    "('dil_conv_3x3', 2)], normal_concat=[2, 3, 4, 5], reduce=[('max_pool_3x3', 0), "
    "('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 1), ('max_pool_3x3', 0), "
    "('skip_connect', 2), ('skip_connect', 2), ('max_pool_3x3', 1)], "
    "reduce_concat=[2, 3, 4, 5])",
}  # NAS-Bench-201's largest cell; DARTS_V2 (Liu et al., ICLR 2019)


def main() -> None:
    """Print medians as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--recipe", type=Path, default="config/recipes/nasbench201.yaml", help="of CIFAR-10"
    )
    parser.add_argument("--images", type=int, default=1280, help="training images of an epoch")
    parser.add_argument("--epochs", type=int, default=4, help="the first is left out")
    arguments = parser.parse_args()
    changes = {"epochs": arguments.epochs, "train_images": arguments.images}
    recipe = read_recipe(arguments.recipe, changes)
    process = Process(0, 1, find_device())
    kinds = ("eager", "captured", "compiled") if process.device.type == "cuda" else ("eager",)
    generator = np.random.default_rng(0)
    pixels = generator.integers(0, 256, (arguments.images, 3, 32, 32), dtype=np.uint8)
    labels = generator.integers(0, 10, arguments.images)
    images = Images(pixels, labels, pixels[:10], labels[:10], "random bytes")
    rates, ready = {}, {}
    for kind in kinds:
        network = build(LARGEST[recipe.space], recipe, 10, 0)
        start = time.perf_counter()
        data = on_device(images, process, recipe.cutout)
        history = train(network, data, recipe, seed=0, process=process, test=False, step=kind)
        seconds = time.perf_counter() - start
        later = [epoch.images_per_second for epoch in history[1:]]
        rates[kind] = round(statistics.median(later))
        ready[kind] = round(seconds - sum(arguments.images / rate for rate in later), 1)
    facts = {
        "device": device_name(process),
        "recipe": recipe.name,
        "images per second": rates,
        "seconds of the first epoch, set-up included": ready,
        "images per second, bound by memory": round(_bound(recipe, process)),
    }
    print(json.dumps(facts, indent=2))


def _bound(recipe, process: Process) -> float:
    """Return how many images a second a step could take that does nothing but move its memory."""
    network, size = (
        build(LARGEST[recipe.space], recipe, 10, 0).to(process.device),
        min(recipe.batch, 32),
    )
    moved = 0

    def count(_module, _inputs, output) -> None:
        nonlocal moved
        moved += output.numel()

    for module in network.modules():
        if not list(module.children()):
            module.register_forward_hook(count)
    network(torch.zeros(size, 3, 32, 32, device=process.device))
    # Forward: written and read; backward: the gradient written and read, the activation read again.
    bytes_of_image = 5 * moved / size * (2 if process.device.type == "cuda" else 4)
    buffer = torch.zeros(2**27, dtype=torch.uint8, device=process.device)
    other, started = torch.empty_like(buffer), 0.0
    for repeat in range(6):
        if repeat == 1:
            _wait(process)
            started = time.perf_counter()
        other.copy_(buffer)
    _wait(process)
    bandwidth = 5 * 2 * len(buffer) / (time.perf_counter() - started)
    return bandwidth / bytes_of_image


def _wait(process: Process) -> None:
    if process.device.type == "cuda":
        torch.cuda.synchronize(process.device)


if __name__ == "__main__":
    main()
