"""How far two draws of the initial weights agree on a zero-cost proxy.

Random architectures of NAS-Bench-201 are scored twice on the same images, by two seeds, and
Spearman's rho of the two scores is printed; beside it that of the first with the number of
convolutions.

    snakemake --cores 1 resources/cifar10/cifar10_jpeg_q75.parquet
    python benchmarks/proxy_draws.py l2_norm --architectures 1000
    python benchmarks/proxy_draws.py grasp plain --architectures 50
"""

import argparse
import json
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr
from tqdm import tqdm

from tgnas.image_training.images import load_cifar10
from tgnas.registry import NETWORK_PROXIES
from tgnas.scoring.harness import Settings, aggregate, draw_batch, measure
from tgnas.spaces.nasbench201 import SPACE

IMAGES = Path("resources/cifar10/cifar10_jpeg_q75.parquet")


def main() -> None:
    """Print a line of JSON for each proxy."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("proxies", nargs="+", choices=NETWORK_PROXIES.names(), metavar="PROXY")
    parser.add_argument("--architectures", type=int, default=50)
    parser.add_argument("--images", type=Path, default=IMAGES, help="CIFAR-10, as it was fetched")
    arguments = parser.parse_args()
    images = load_cifar10(arguments.images, (5000, 1), seed=0)
    batch = draw_batch(images, Settings())
    drawn = SPACE.sample(arguments.architectures, np.random.default_rng(0))
    strings = SPACE.format(drawn)
    scores: dict[str, list[np.ndarray]] = {name: [] for name in arguments.proxies}
    for seed in (0, 1):
        about = {"space": "nasbench201", "classes": 10}
        measured = measure(strings, arguments.proxies, batch, Settings(seed=seed), **about)
        rows = list(tqdm(measured, f"draw {seed}", len(strings), disable=None))
        for name, of in scores.items():
            of.append(aggregate(name, np.array([row.components[name] for row in rows])))
    convolutions = np.array([text.count("nor_conv") for text in strings])
    for name, (first, second) in scores.items():
        known = np.isfinite(first) & np.isfinite(second)
        rho = spearmanr(first[known], second[known]).statistic
        of_count = spearmanr(first[known], convolutions[known]).statistic
        line = {"proxy": name, "architectures": int(known.sum()), "rho": round(rho, 3)}
        print(json.dumps(line | {"rho with the number of convolutions": round(of_count, 3)}))


if __name__ == "__main__":
    main()
