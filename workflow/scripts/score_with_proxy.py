"""Score every architecture of a benchmark with one training-free proxy."""

from pathlib import Path

import numpy as np

from tgnas.benchmarks.base import open_benchmark, write_scores
from tgnas.registry import PROXIES
from tgnas.script import run


def main(*, benchmark: Path, scores: Path, proxy: str, dataset: str, seed: int) -> None:
    """Read the cells, score them all at once, write one row for each."""
    target = open_benchmark(benchmark)
    found = PROXIES.load(proxy)(
        target.cells, space=target.name, dataset=dataset, generator=np.random.default_rng(seed)
    )
    write_scores(scores, target, found)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
