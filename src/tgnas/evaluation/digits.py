"""digits-bench: which architectures it holds, its table joined from shards, its card."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from tgnas.benchmarks._digits import of_seeds
from tgnas.errors import CorruptTableError
from tgnas.evaluation.ranking import spearman_rho
from tgnas.registry import SPACES
from tgnas.spaces.base import format_choices

SPACE_OF_ALL, SPACE_OF_SOME = "nasbench101", "nasbench201"
INTEGERS = ("parameters", "flops")
QUANTILES = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)
LICENCES = {
    "images": "CC BY 4.0: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, "
    "UCI Machine Learning Repository, 1998, doi:10.24432/C50P49, as scikit-learn carries them",
    "table": "MIT",
}


def architectures(max_vertices: int, drawn: int, seed: int) -> pd.DataFrame:
    """Return space and string of every architecture.

    Args:
        max_vertices: of the cells of NAS-Bench-101, of which all are taken.
        drawn: architectures of NAS-Bench-201, drawn at random from all strings.
        seed: of the draw.
    """
    of_all, of_some = SPACES.load(SPACE_OF_ALL), SPACES.load(SPACE_OF_SOME)
    cells, _ = of_all.enumerate(max_vertices)
    strings = [of_all.format(cells.cell(row)) for row in range(len(cells))]
    members = of_some.enumerate()
    rows = np.sort(np.random.default_rng(seed).choice(len(members), drawn, replace=False))
    some = format_choices(of_some, of_some.choices_of_cells(members)[rows])
    names = [SPACE_OF_ALL] * len(strings) + [SPACE_OF_SOME] * len(some)
    return pd.DataFrame({"space": names, "architecture": strings + some})


def joined(shards: Sequence[pd.DataFrame], listed: pd.DataFrame) -> pd.DataFrame:
    """Return the table of all shards, its numbers in single precision.

    Raises:
        CorruptTableError: the shards do not hold the listed architectures, each once.
    """
    trained = pd.concat(shards, ignore_index=True)
    table = listed.merge(trained, how="left", validate="one_to_one")
    if len(trained) != len(listed) or table.isna().any(axis=None):
        raise CorruptTableError("the shards of digits-bench do not hold the listed architectures")
    kinds = {name: np.int32 if name in INTEGERS else np.float32 for name in table.columns[2:]}
    return table.astype(kinds)


def card_of(table: pd.DataFrame, sizes: dict[str, int], recipe: dict[str, Any]) -> dict[str, Any]:
    """Return the card: what the table holds, how it was made, how its accuracies spread."""
    return {
        "title": "digits-bench: small networks of two spaces, trained on scikit-learn's digits",
        "licences": LICENCES,
        "architectures": sizes,
        "recipe": recipe,
        "seeds": of_seeds(table, "seconds").shape[1],
        "trainings": int(of_seeds(table, "seconds").size),
        "processor_seconds": round(float(of_seeds(table, "seconds").to_numpy().sum()), 1),
        "spaces": {
            str(space): _description(part) for space, part in table.groupby("space", sort=False)
        },
    }


def _description(part: pd.DataFrame) -> dict[str, Any]:
    """Return the distribution of a space's test accuracies and how far seeds agree on them."""
    test, validation = (of_seeds(part, f"{name}_accuracy") for name in ("test", "validation"))
    means = test.mean(axis=1).to_numpy(dtype=np.float64)
    described = {
        "architectures": len(part),
        "test_accuracy": {
            f"{100 * share:.0f} %": round(float(np.quantile(means, share)), 2)
            for share in QUANTILES
        },
        "deviation_of_architectures": round(float(means.std(ddof=1)), 3),
        "validation_and_test_spearman_rho": _rho(validation.mean(axis=1), test.mean(axis=1)),
    }
    if test.shape[1] > 1:
        spread = np.sqrt(test.var(axis=1, ddof=1).mean())
        described |= {
            "deviation_of_seeds": round(float(spread), 3),
            "seeds_spearman_rho": _rho(test["0"], test["1"]),
        }
    return described


def _rho(one: pd.Series, other: pd.Series) -> float:
    return round(spearman_rho(one.to_numpy(np.float64), other.to_numpy(np.float64)), 3)
