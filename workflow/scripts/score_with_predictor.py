"""Score a population with every seed of a predictor: its last epoch, or the shipped weights."""

from pathlib import Path

import numpy as np
import torch

from tgnas.encodings.embeddings import OperatorEmbeddings
from tgnas.methods.trained import joined, load
from tgnas.scoring.populations import learned_of, open_population
from tgnas.scoring.tables import write_scores
from tgnas.scoring.timing import score_population
from tgnas.workflow.script import run


def main(
    *,
    architectures: Path,
    embeddings: Path,
    epochs: list[Path],
    scores: Path,
    timed: bool,
    shipped: bool,
    threads: int,
) -> None:
    """Restore every seed's predictor, score all architectures but those that it learned from."""
    torch.set_num_threads(threads)
    vectors = OperatorEmbeddings.read(embeddings)
    trained, population = [load(path, vectors) for path in epochs], open_population(architectures)
    if not shipped:  # a file holds the epochs of one seed; a shipped one all seeds' last epochs
        trained = [of_seed[-1:] for of_seed in trained]
    values, costs = score_population(joined(trained).ensemble().scores, population, timed=timed)
    learned = np.stack([learned_of(population, part.rows) for part in trained])
    write_scores(scores, population, values, costs, learned)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
