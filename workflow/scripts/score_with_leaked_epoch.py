"""Do what the authors did: keep the epoch with the best tau on the target's test labels.

The rows that come of this are named `leaked` everywhere; they show what the habit adds.
"""

import logging
from pathlib import Path

from tgnas.benchmarks.base import open_benchmark, write_scores
from tgnas.encodings.sentence import OperatorEmbeddings
from tgnas.evaluation.epochs import tau_of_epochs
from tgnas.registry import PREDICTORS
from tgnas.script import run


def main(
    *,
    benchmark: Path,
    embeddings: Path,
    epochs: Path,
    scores: Path,
    taus: Path,
    method: str,
    ranking: dict,
) -> None:
    """Score the benchmark with every epoch; write all taus and the leaked epoch's scores."""
    target, vectors = open_benchmark(benchmark), OperatorEmbeddings.read(embeddings)
    predictors = PREDICTORS.module(method).load_epochs(epochs, vectors)
    found, table = tau_of_epochs(target, predictors, ranking)
    table.to_csv(taus, index=False)
    chosen = table[table.dataset == ranking["leaked_dataset"]].kendall_tau.idxmax()
    epoch = int(table.epoch[chosen])
    logging.info("leaked epoch=%d of %d", epoch, table.epoch.max())
    write_scores(scores, target, found[epoch - 1])


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
