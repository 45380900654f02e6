"""Score every architecture of a benchmark with one training-free proxy."""

from pathlib import Path

import numpy as np

from tgnas.benchmarks.base import open_benchmark
from tgnas.scoring.tables import write_scores
from tgnas.training.auxiliary_targets import graph_scores
from tgnas.workflow.script import run


def main(*, benchmark: Path, scores: Path, proxy: str, dataset: str, seeds: list) -> None:
    """Score all cells at once, with every seed; write one row for each."""
    target = open_benchmark(benchmark)
    found = [
        graph_scores(proxy, target.architectures, target.space.name, dataset=dataset, seed=seed)
        for seed in seeds
    ]
    write_scores(scores, target, np.stack(found))


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
