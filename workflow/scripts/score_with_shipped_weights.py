"""Score a population with a predictor that comes with the package: nothing is trained."""

from pathlib import Path

import numpy as np

from tgnas.benchmarks.base import open_benchmark
from tgnas.inference.pretrained import learned_rows, load_pretrained
from tgnas.scoring.populations import learned_of, open_population
from tgnas.scoring.tables import write_scores
from tgnas.workflow.script import run


def main(
    *, architectures: Path, benchmark: Path, scores: Path, shipped: str, joined: bool, threads: int
) -> None:
    """Write every member's scores, or joined their mean, of what none of them has learned from."""
    predictor, population = load_pretrained(shipped), open_population(architectures)
    values = predictor.scores(population.architectures, population.space, threads)
    rows = learned_rows(predictor.card, open_benchmark(benchmark))
    learned = np.stack([learned_of(population, [part]) for part in rows])
    if joined:
        values, learned = values.mean(axis=0)[None], learned.any(axis=0)[None]
    write_scores(scores, population, values, learned=learned)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
