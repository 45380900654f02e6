"""How a predictor's ranking of the target changes over its training: for audit, never to choose."""

from typing import Any

import pandas as pd
from jaxtyping import Float64
from numpy import ndarray

from tgnas.benchmarks.base import Benchmark
from tgnas.evaluation.ranking import kendall_tau, spearman_rho


def tau_of_epochs(
    target: Benchmark, scores: Float64[ndarray, "E N"], ranking: dict[str, Any]
) -> pd.DataFrame:
    """Return how the scores of each epoch rank the target.

    Columns: epoch, dataset, kendall_tau, spearman_rho.

    Args:
        target: the benchmark that is scored; its test labels are read.
        scores: a row for each epoch, the first epoch first.
        ranking: the config's section: datasets, split, epochs.
    """
    fidelity = {"split": ranking["split"], "epochs": ranking["epochs"]}
    labels = {d: target.accuracy(dataset=d, **fidelity) for d in ranking["datasets"]}
    rows = [
        (epoch, name, kendall_tau(row, true), spearman_rho(row, true))
        for epoch, row in enumerate(scores, start=1)
        for name, true in labels.items()
    ]
    return pd.DataFrame(rows, columns=["epoch", "dataset", "kendall_tau", "spearman_rho"])
