"""Do what the authors did: keep the epoch with the best tau on the target's test labels.

The rows that come of this are named `leaked` everywhere; they show what the practice adds.
"""

import logging
from pathlib import Path

import numpy as np
import pandas as pd

from tgnas.benchmarks.base import open_benchmark
from tgnas.encodings.embeddings import OperatorEmbeddings
from tgnas.evaluation.ranking import measure_epochs
from tgnas.methods.trained import load
from tgnas.scoring.tables import write_scores
from tgnas.workflow.script import run


def main(
    *,
    benchmark: Path,
    embeddings: Path,
    epochs: list[Path],
    scores: Path,
    taus: Path,
    ranking: dict,
) -> None:
    """Score the benchmark with every epoch of every seed; write all measures, the leaked scores."""
    target, vectors = open_benchmark(benchmark), OperatorEmbeddings.read(embeddings)
    leaked, tables = [], []
    for seed, path in enumerate(epochs):
        of_epochs = load(path, vectors).ensemble().scores(target.architectures)
        table = measure_epochs(target, of_epochs, ranking)
        best = table[table.dataset == ranking["leaked_dataset"]].kendall_tau.idxmax()
        epoch = int(table.epoch[best])
        logging.info("seed=%d leaked epoch=%d of %d", seed, epoch, table.epoch.max())
        leaked.append(of_epochs[epoch - 1])
        tables.append(table.assign(seed=seed))
    pd.concat(tables).to_csv(taus, index=False)
    write_scores(scores, target, np.stack(leaked))


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
