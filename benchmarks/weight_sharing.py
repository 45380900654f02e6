"""Images per second of weight sharing: float32, bfloat16, and the step of the weights as a graph.

A mixture's epoch has a step of the architecture parameters, which is always taken eagerly, beside
each of the weights; a sampled path's step is eager, too. Random bytes cost as much as images. A CPU
computes eagerly in float32 alone.

    python benchmarks/weight_sharing.py --images 12800
"""

import argparse
import json
import statistics

import numpy as np
import torch

from tgnas.image_training.data import on_device
from tgnas.image_training.final import device_name
from tgnas.image_training.images import Images
from tgnas.image_training.processes import Process, find_device
from tgnas.methods.contracts import Context
from tgnas.registry import SUPERNETS
from tgnas.spaces.space import open_space

METHODS = {
    "darts": {"order": "second"},
    "darts, first order": {"order": "first"},
    "d_darts": {},
    "balenas": {},
    "single_path": {},
}
EVERYWHERE = {"float32": {}}
ON_A_GPU = {"bfloat16": {"precision": "bfloat16"}}
OF_A_MIXTURE = {
    "float32, captured": {"step": "captured"},
    "bfloat16, captured": {"precision": "bfloat16", "step": "captured"},
}


def main() -> None:
    """Print medians as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--space", choices=("nasbench201", "darts"), default="nasbench201")
    parser.add_argument("--images", type=int, default=1280, help="training images of an epoch")
    parser.add_argument("--epochs", type=int, default=4, help="the first is left out")
    parser.add_argument("--channels", type=int, default=16)
    parser.add_argument("--layers", type=int, default=5)
    parser.add_argument("--batch", type=int, default=64)
    asked = vars(parser.parse_args())
    process, space, count = (
        Process(0, 1, find_device()),
        open_space(asked["space"]),
        2 * asked["images"],
    )
    generator = np.random.default_rng(0)
    pixels = generator.integers(0, 256, (count, 3, 32, 32), dtype=np.uint8)
    labels = generator.integers(0, 10, count)
    images = Images(pixels, labels, pixels[:10], labels[:10], "random bytes")
    task = on_device(images, process).validated()  # half of them are held out
    sizes = {key: asked[key] for key in ("epochs", "channels", "layers", "batch")}
    rates: dict[str, dict[str, int]] = {}
    for name, own in METHODS.items():
        method = SUPERNETS.module(name.partition(",")[0])
        ways = EVERYWHERE
        if process.device.type == "cuda":
            captured = OF_A_MIXTURE if "step" in method.Settings.model_fields else {}
            ways = EVERYWHERE | ON_A_GPU | captured
        rates[name] = {}
        for way, how in ways.items():
            settings, seed = (
                method.Settings(**sizes, **own, **how),
                torch.Generator().manual_seed(0),
            )
            history = method.train(space, task, settings, Context(), seed).history
            seconds = statistics.median(line["seconds"] for line in history[1:])
            rates[name][way] = round(task.train_size / seconds)
    facts = {"device": device_name(process), "space": space.name, "images per second": rates}
    print(json.dumps(facts, indent=2))


if __name__ == "__main__":
    main()
