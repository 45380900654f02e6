"""The audit of the published protocol: what each of its practices adds to the reported number.

Every practice reads the target's test labels to decide what is reported, so none of its numbers is
a zero-shot result. They stand here beside the honest one, the last epoch's mean over seeds. The
practices are those of the authors' training script (YeQiao/TG-NAS): it has one seed, keeps the
epoch with the best test tau, and logs the best rho of whatever epoch has it.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float64, Int64

MEASURES = ("kendall_tau", "spearman_rho")
HONEST, WORST_SEED, RELEASED = "honest", "worst_seed", "authors_dump"
PRACTICES: Mapping[str, str] = MappingProxyType(
    {
        HONEST: "last epoch, mean of seeds",
        WORST_SEED: "last epoch, worst seed",
        "best_seed": "last epoch, best seed",
        "leaked_epoch": "epoch of best test tau, mean of seeds",
        "leaked_epoch_best_seed": "epoch of best test tau, best seed",
        "own_epochs": "tau and rho of own best epochs, mean of seeds",
        "own_epochs_best_seed": "tau and rho of own best epochs, best seeds",
        RELEASED: "authors' own dump",
    }
)

Grid = Float64[np.ndarray, "S T"]  # S seeds, T epochs


def audit_protocol(epochs: pd.DataFrame, dump: pd.DataFrame) -> pd.DataFrame:
    """Return what each practice reports for each data set and measure, in their order.

    Columns: dataset, measure, practice, value, std, low and high (spread over the seeds that a mean
    is of: standard deviation, worst, best; NaN for a single seed), seeds, adds (value - honest).

    A practice chooses by this data set's labels. One checkpoint gives both measures, so that a best
    seed or epoch is the one of the best tau; only the rows of own epochs choose for each measure
    anew. An undefined tau is never best, and leaves undefined what it is a part of.

    Args:
        epochs: columns seed, epoch, dataset, kendall_tau, spearman_rho: each epoch of each seed.
        dump: what ``measure_ranking`` writes of the authors' dump.
    """
    whole = dump[(dump.population == "all") & (dump.subset == "all")]
    released = whole.set_index(["dataset", "name"]).value
    tables = []
    for dataset, part in epochs.groupby("dataset", sort=False):
        tau, rho = (
            part.pivot(index="seed", columns="epoch", values=m).to_numpy() for m in MEASURES
        )
        for measure, grid in zip(MEASURES, (tau, rho), strict=True):
            rows = {**_practices(tau, grid), RELEASED: _seed(released[dataset, measure])}
            table = pd.DataFrame(
                [{"practice": practice, **rows[practice]} for practice in PRACTICES]
            )
            table.insert(0, "dataset", dataset)
            table.insert(1, "measure", measure)
            tables.append(table.assign(adds=table.value - rows[HONEST]["value"]))
    return pd.concat(tables, ignore_index=True)


def _practices(tau: Grid, grid: Grid) -> dict[str, dict[str, Any]]:
    """Return what the practices make of a measure's epochs; `tau` is what they choose by."""
    last = np.full(len(tau), tau.shape[1] - 1)
    best = _best(tau)
    tau_of_last, of_last, of_own = _at(tau, last), _at(grid, last), _at(grid, _best(grid))
    of_best = _at(grid, best)
    return {
        HONEST: _mean(of_last),
        WORST_SEED: _seed(of_last[_best(-tau_of_last)]),
        "best_seed": _seed(of_last[_best(tau_of_last)]),
        "leaked_epoch": _mean(of_best),
        "leaked_epoch_best_seed": _seed(of_best[_best(_at(tau, best))]),
        "own_epochs": _mean(of_own),
        "own_epochs_best_seed": _seed(of_own[_best(of_own)]),
    }


def _best(values: np.ndarray) -> Int64[np.ndarray, "..."]:
    """Return where the last axis is highest, the first of equals; what is undefined never is."""
    return np.asarray(np.argmax(np.where(np.isfinite(values), values, -np.inf), axis=-1))


def _at(grid: Grid, epochs: Int64[np.ndarray, " S"]) -> Float64[np.ndarray, " S"]:
    return grid[np.arange(len(grid)), epochs]


def _mean(values: Float64[np.ndarray, " S"]) -> dict[str, Any]:
    return {
        "value": values.mean(),
        "std": values.std(ddof=1) if len(values) > 1 else np.nan,
        "low": values.min(),
        "high": values.max(),
        "seeds": len(values),
    }


def _seed(value: float) -> dict[str, Any]:
    return {"value": value, "std": np.nan, "low": np.nan, "high": np.nan, "seeds": 1}
