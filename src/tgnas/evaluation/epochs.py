"""How a predictor's ranking of the target changes over its training: for audit, never to choose."""

from collections.abc import Iterable
from typing import Any, Protocol, runtime_checkable

import numpy as np
import pandas as pd
from tqdm import tqdm

from tgnas.benchmarks.base import Benchmark
from tgnas.cell import Cells
from tgnas.evaluation.ranking import kendall_tau, spearman_rho


@runtime_checkable
class Predicts(Protocol):
    """What is asked here: a fitted predictor."""

    def predict(self, cells: Cells) -> np.ndarray:
        """Return the scores of the cells."""
        ...


def tau_of_epochs(
    target: Benchmark, predictors: Iterable[Predicts], ranking: dict[str, Any]
) -> tuple[list[np.ndarray], pd.DataFrame]:
    """Return each epoch's scores, and a table of how they rank the target.

    Columns: epoch, dataset, kendall_tau, spearman_rho.

    Args:
        target: the benchmark that is scored; its test labels are read.
        predictors: one per epoch, the first epoch first.
        ranking: the config's section: datasets, split, epochs.
    """
    fidelity = {"split": ranking["split"], "epochs": ranking["epochs"]}
    labels = {d: target.accuracy(dataset=d, **fidelity) for d in ranking["datasets"]}
    scores, rows, of_all = [], [], target.architectures
    for epoch, predictor in enumerate(tqdm(predictors, "score epochs", disable=None), start=1):
        scores.append(of_all.mean_over_cells(predictor.predict(of_all.cells)))
        rows += [
            (epoch, name, kendall_tau(scores[-1], true), spearman_rho(scores[-1], true))
            for name, true in labels.items()
        ]
    return scores, pd.DataFrame(rows, columns=["epoch", "dataset", "kendall_tau", "spearman_rho"])
