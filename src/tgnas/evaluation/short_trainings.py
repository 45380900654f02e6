"""Short trainings beside a benchmark's accuracies: which architectures, and do the ranks agree?"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import scipy
from jaxtyping import Float, Int64

from tgnas.evaluation.ranking import kendall_tau, spearman_rho


def spread_over(
    accuracies: Float[np.ndarray, " N"], count: int
) -> tuple[Int64[np.ndarray, " count"], Float[np.ndarray, " count"]]:
    """Return the places of architectures in the middle of `count` equal shares, and the quantiles.

    The lowest comes first; of equal accuracies the earlier place does.
    """
    quantiles = (np.arange(count) + 0.5) / count
    order = np.argsort(accuracies, kind="stable")
    return order[np.floor(quantiles * len(order)).astype(np.int64)], quantiles


def agreement(rows: pd.DataFrame) -> dict[str, Any]:
    """Return how well test accuracies rank what the benchmark's column ranks.

    `p_value` is Kendall's test of independence, exact where nothing is tied.
    """
    ours = rows.test_accuracy.to_numpy(np.float64)
    known = rows.tabular_accuracy.to_numpy(np.float64)
    return {
        "architectures": len(rows),
        "kendall_tau": kendall_tau(ours, known),
        "spearman_rho": spearman_rho(ours, known),
        "p_value": float(scipy.stats.kendalltau(ours, known).pvalue),
    }


def cost_of_jpegs(rows: pd.DataFrame) -> pd.DataFrame:
    """Return mean accuracies by copy, and what is lost against lossless images, cell by cell.

    A difference is of the same architecture and seed; its spread is over all pairs of them.

    Args:
        rows: columns architecture, seed, trained_on, tested_on, accuracy.
    """
    wide = rows.pivot(
        index=["architecture", "seed"], columns=["trained_on", "tested_on"], values="accuracy"
    )
    reference = wide["lossless", "lossless"]
    lines = []
    for trained, tested in (("lossless", "lossless"), ("jpeg", "jpeg"), ("jpeg", "lossless")):
        accuracies = wide[trained, tested]
        lost = reference - accuracies
        lines.append(
            {
                "trained_on": trained,
                "tested_on": tested,
                "pairs": len(accuracies),
                "accuracy": accuracies.mean(),
                "accuracy_std": accuracies.std(),
                "lost": lost.mean(),
                "lost_std": lost.std(),
                "lost_min": lost.min(),
                "lost_max": lost.max(),
            }
        )
    return pd.DataFrame(lines)


def common(rows: Sequence[dict[str, Any]], keys: Sequence[str]) -> dict[str, Any]:
    """Return what all rows have in common under some keys.

    Raises:
        ValueError: they differ.
    """
    values = {key: {row[key] for row in rows} for key in keys}
    differing = [key for key, distinct in values.items() if len(distinct) > 1]
    if differing:
        raise ValueError(f"trainings differ in {', '.join(differing)}")
    return {key: distinct.pop() for key, distinct in values.items()}
