"""Score every architecture of a benchmark with one training-free proxy."""

from pathlib import Path

import numpy as np

from tgnas.benchmarks.base import open_benchmark
from tgnas.evaluation.scores import write_scores
from tgnas.registry import PROXIES, space_of
from tgnas.script import run


def main(*, benchmark: Path, scores: Path, proxy: str, dataset: str, seeds: list) -> None:
    """Score all cells at once, with every seed; write one row for each."""
    target, score = open_benchmark(benchmark), PROXIES.load(proxy)
    about = {"space": space_of(target.name), "dataset": dataset}
    found = [score(target.cells, **about, generator=np.random.default_rng(seed)) for seed in seeds]
    write_scores(scores, target, target.of_architectures(np.stack(found)))


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
