"""Architectures per second that the universal predictor scores: strings in, scores out, all seeds.

NAS-Bench-201's 15,625 cells in random order, several times over, and DARTS genotypes that are all
different; canonical beside it, in turn, so that ratios hold where absolute numbers drift. The time
that loading the predictor takes stands beside.

    python benchmarks/universal_speed.py --threads 2 --rounds 3
"""

import argparse
import json
import os
import statistics
import time

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
import pyarrow as pa
import torch

from tgnas.inference.pretrained import load_pretrained
from tgnas.methods.trained import CHUNK, in_threads
from tgnas.spaces.space import open_space

NAMES = ("universal", "canonical")
COPIES, GENOTYPES = 16, 20_000


def main() -> None:
    """Print medians as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    torch.set_num_threads(1)  # the threads are ours: one chunk of cells each
    cells, genotypes = open_space("nasbench201"), open_space("darts")
    every = cells.format(cells.enumerate())
    order = np.concatenate([np.random.default_rng(s).permutation(15_625) for s in range(COPIES)])
    drawn = genotypes.sample(GENOTYPES, np.random.default_rng(0))
    texts = {
        cells: pa.array(every).take(pa.array(order)),
        genotypes: pa.array(genotypes.format(drawn)),
    }
    seconds: dict[str, float] = {}
    loaded = {}
    for name in NAMES:
        start = time.perf_counter()
        loaded[name] = load_pretrained(name)
        seconds[name] = round(time.perf_counter() - start, 3)
    rates: dict[str, list[float]] = {}
    for _ in range(arguments.rounds):
        for name in NAMES:
            for space, column in texts.items():
                ensemble, size = loaded[name].ensemble(space), CHUNK // len(space.cell_weights)
                parts = [column.slice(k, size) for k in range(0, len(column), size)]

                def score(part: pa.Array, ensemble=ensemble, space=space) -> None:
                    ensemble.scores(space.read(part).architectures)

                start = time.perf_counter()
                in_threads(score, parts, arguments.threads)
                rate = len(column) / (time.perf_counter() - start)
                rates.setdefault(f"{name}, {space.name}", []).append(rate)
    medians = {name: round(statistics.median(values)) for name, values in rates.items()}
    facts = {"threads": arguments.threads, "load": os.getloadavg()[0]}
    print(json.dumps(facts | {"seconds to load": seconds, "per second": medians}, indent=2))


if __name__ == "__main__":
    main()
