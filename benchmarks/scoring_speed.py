"""Architectures per second that the predictor `canonical` scores, beside the authors' way.

Scored are all 15,625 cells of NAS-Bench-201 in random order, several times over, by one member of
the shipped ensemble: canonical graphs, each distinct one of a chunk once, small ones together. The
authors' way is one Python item at a time with features of full width, on a part of the cells.
Both run in one process, in turn, so that their ratio holds where absolute numbers drift.

    python benchmarks/scoring_speed.py --threads 2 --rounds 5
"""

import argparse
import itertools
import json
import os
import statistics
import time
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
import torch
from predictor_speed import item_by_item, measure
from tqdm import tqdm

from tgnas.encodings import canonical, global_node
from tgnas.encodings.graphs import distinct
from tgnas.encodings.sentence import embed_operators
from tgnas.inference.pretrained import load_pretrained
from tgnas.methods.trained import Ensemble
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.nasbench201 import SPACE

COPIES = 16
ITEMS = 15_625


def score_part(architectures: Architectures) -> np.ndarray:
    """Return the scores of a process's part; as ``tgnas score --shard`` does."""
    torch.set_num_threads(1)
    return _member().scores(architectures)


def who_is_ready(architectures: Architectures) -> int:
    """Return the number of the process, which has loaded the predictor and scored once."""
    score_part(architectures[:ITEMS])
    return os.getpid()


@cache
def _member() -> Ensemble:
    return load_pretrained("canonical").weights[:1].ensemble()


def main() -> None:
    """Print medians and ratios as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    torch.set_num_threads(1)  # the threads are ours: one chunk of cells each
    choices = np.array(list(itertools.product(*map(range, map(len, SPACE.choices)))))
    order = np.concatenate([np.random.default_rng(s).permutation(ITEMS) for s in range(COPIES)])
    whole = SPACE.of_choices(choices)
    repeated = whole[order]
    member = _member()
    embeddings = embed_operators("all-MiniLM-L6-v2", "short")
    graphs = global_node.encode(whole.cells)
    network, batches = item_by_item(graphs, embeddings)
    size = -(-len(repeated) // arguments.threads)
    parts = [repeated[start : start + size] for start in range(0, len(repeated), size)]
    pool = ProcessPoolExecutor(arguments.threads, get_context("spawn"))
    while len({*pool.map(who_is_ready, parts)}) < arguments.threads:
        pass
    rates: dict[str, list[float]] = {}
    for _ in tqdm(range(arguments.rounds), "rounds", disable=None):
        for threads in sorted({1, arguments.threads}):
            start = time.perf_counter()
            member.scores(repeated, threads)
            rate = len(repeated) / (time.perf_counter() - start)
            rates.setdefault(f"canonical, {threads} threads", []).append(rate)
        start = time.perf_counter()
        list(pool.map(score_part, parts))
        rate = len(repeated) / (time.perf_counter() - start)
        rates.setdefault(f"canonical, {arguments.threads} processes", []).append(rate)
        start = time.perf_counter()
        canonical.encode(repeated[:ITEMS].cells)
        rate = ITEMS / (time.perf_counter() - start)
        rates.setdefault("of it encoding, 1 thread", []).append(rate)
        rates.setdefault("item by item, 1 thread", []).append(
            measure(network, batches, ITEMS, train=False)
        )
    pool.shutdown()
    medians = {name: round(statistics.median(values)) for name, values in rates.items()}
    ours = medians[f"canonical, {arguments.threads} threads"]
    facts = {
        "architectures": len(repeated),
        "distinct graphs of the space": len(distinct(canonical.encode(whole.cells))[0]),
        "rounds": arguments.rounds,
        "architectures per second": medians,
        "canonical / item by item": round(ours / medians["item by item, 1 thread"], 2),
    }
    print(json.dumps(facts, indent=2))


if __name__ == "__main__":
    main()
