"""Score a population with one graph proxy."""

from pathlib import Path

import numpy as np

from tgnas.registry import GRAPH_PROXIES
from tgnas.scoring.populations import open_population
from tgnas.scoring.tables import write_scores
from tgnas.scoring.timing import score_population
from tgnas.spaces.architectures import Architectures
from tgnas.workflow.script import run


def main(
    *, architectures: Path, scores: Path, graph_proxy: str, dataset: str, seeds: list, timed: bool
) -> None:
    """Score all architectures with every seed; write one row for each."""
    population, proxy = open_population(architectures), GRAPH_PROXIES.load(graph_proxy)
    about = {"space": population.space.name, "dataset": dataset}
    generators = [np.random.default_rng(seed) for seed in seeds]

    def score(members: Architectures) -> np.ndarray:
        return np.stack([proxy(members, **about, generator=own) for own in generators])

    write_scores(scores, population, *score_population(score, population, timed=timed))


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
