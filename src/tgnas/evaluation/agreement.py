"""How our scores of NAS-Bench-201 agree with those that others stored (``stored_scores``)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from tgnas.benchmarks.base import Benchmark
from tgnas.benchmarks.stored_scores import FREEREA, NASLIB, SUITE_ZERO, file_of
from tgnas.evaluation.ranking import kendall_tau, spearman_rho
from tgnas.scoring.tables import COMPONENT, seeds_of

# Of these the same number is wanted, to the rank.
REQUIRED = 0.95
HELD = frozenset({"params", "flops", "l2_norm", "synflow", "snip", "grad_norm", "naswot", "zen"})


@dataclass(frozen=True, slots=True)
class Stored:
    """A stored column and which of our scores it is compared with.

    Attributes:
        source: who stored it.
        column: its name there.
        proxy: ours.
        component: of the proxy; its score where empty.
        reason: why the ranks differ, where it is known.
    """

    source: str
    column: str
    proxy: str
    component: str = ""
    reason: str = ""

    @property
    def file(self) -> str:
        """The name of the fetched file that holds it."""
        return file_of(self.source, self.column)


DIFFERENCE = (
    "a small difference of two large terms, the convolutions' and the classifier's: two draws of "
    "it agree to .48"
)
NOISE = "noise at initialisation: weight and gradient are orthogonal before a normalisation"
COLUMNS = (
    Stored(SUITE_ZERO, "params", "params"),
    Stored(SUITE_ZERO, "flops", "flops"),
    Stored(
        SUITE_ZERO,
        "l2_norm",
        "l2_norm",
        reason="the number of convolutions plus the draw: two draws of it agree to .93",
    ),
    Stored(SUITE_ZERO, "grad_norm", "grad_norm"),
    Stored(SUITE_ZERO, "snip", "snip"),
    Stored(SUITE_ZERO, "synflow", "synflow"),
    Stored(SUITE_ZERO, "nwot", "naswot"),
    Stored(SUITE_ZERO, "zen", "zen"),
    Stored(SUITE_ZERO, "fisher", "fisher"),
    Stored(SUITE_ZERO, "grasp", "grasp", reason=DIFFERENCE),
    Stored(SUITE_ZERO, "plain", "plain", reason=NOISE),
    Stored(SUITE_ZERO, "jacov", "jacov"),
    Stored(SUITE_ZERO, "epe_nas", "epe_nas"),
    Stored(FREEREA, "naswot", "naswot"),
    Stored(FREEREA, "logsynflow", "synflow"),
    Stored(
        FREEREA,
        "nregions",
        "te_nas",
        component="linear_regions",
        reason="ours counts on a line through noise; which images theirs took is not known",
    ),
    Stored(NASLIB, "zen", "zen"),
)


def agreement(
    benchmark: Benchmark,
    sample: pd.DataFrame,
    tables: Mapping[str, pd.DataFrame],
    stored: Mapping[Stored, pd.Series],
    ranking: dict[str, Any],
) -> pd.DataFrame:
    """Return one row per stored column: how ours agrees, and how the column itself ranks.

    Columns: proxy, component, source, column, spearman_rho (ours with the stored one, on the
    sample), architectures (of it), required (NaN where no agreement is), reason, then tau_DATASET
    (of the stored one with accuracy, on all architectures that it knows) and stored (their number).
    Proxies that the sample was not scored with have no spearman_rho.
    """
    rows = []
    for column, values in stored.items():
        known = values.to_numpy(dtype=np.float64)
        everyone = np.isfinite(known)
        row: dict[str, Any] = {
            "proxy": column.proxy,
            "component": column.component,
            "source": column.source,
            "column": column.column,
            "spearman_rho": np.nan,
            "architectures": 0,
            "required": REQUIRED if column.proxy in HELD else np.nan,
            "reason": column.reason,
            "stored": int(everyone.sum()),
        }
        if column.proxy in tables:
            ours = _ours(tables[column.proxy], column.component)
            theirs = known[sample["row"]]
            both = np.isfinite(ours) & np.isfinite(theirs)
            row["architectures"] = int(both.sum())
            if both.sum() > 2:
                row["spearman_rho"] = spearman_rho(ours[both], theirs[both])
        for dataset in ranking["datasets"]:
            fidelity = {"split": ranking["split"], "epochs": ranking["epochs"]}
            accuracy = benchmark.accuracy(dataset=dataset, **fidelity)
            row[f"tau_{dataset}"] = kendall_tau(known[everyone], accuracy[everyone])
        rows.append(row)
    return pd.DataFrame(rows)


def _ours(table: pd.DataFrame, component: str) -> np.ndarray:
    return table[COMPONENT + component].to_numpy() if component else seeds_of(table)[0]
