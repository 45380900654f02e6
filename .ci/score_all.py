"""Score all of NAS-Bench-201 with an installed package and compare with what is known of it."""

import importlib.util
import itertools
import math
import platform
import time

import torch

import tgnas

OPERATORS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
# Of the shipped weights on Python 3.11 with torch 2.13; other versions differ in the last bits.
BEST = "|3x3~0|+|3x3~0|3x3~1|+|3x3~0|1x1~1|1x1~2|".replace("3x3", "nor_conv_3x3")
KNOWN = {"highest": 1.2372709512710571, "mean": 0.46319039150581365, "deviation": 0.33065054242166}


def main() -> None:
    """Compare the best architecture, its score, and the mean and deviation of all scores."""
    start = time.perf_counter()
    for package in ("dgl", "snakemake"):
        assert importlib.util.find_spec(package) is None, f"{package} is of the workflow alone"
    architectures = [
        f"|{a}~0|+|{b}~0|{c}~1|+|{d}~0|{e}~1|{f}~2|"
        for a, b, c, d, e, f in itertools.product(OPERATORS, repeat=6)
    ]
    scores = tgnas.load_pretrained().score(architectures, "nasbench201")
    found = {"highest": scores.max(), "mean": scores.mean(), "deviation": scores.std()}
    for name, value in found.items():
        assert math.isclose(value, KNOWN[name], rel_tol=1e-5), f"{name}: {value}"
    best = architectures[scores.argmax()]
    assert best == BEST.replace("1x1", "nor_conv_1x1"), best
    seconds = time.perf_counter() - start
    version = f"Python {platform.python_version()}, torch {torch.__version__}"
    print(f"{version}: {len(scores):,} architectures scored in {seconds:.1f} s, as they should be")


if __name__ == "__main__":
    main()
