"""Distillation: a predictor learns the scores of zero-cost proxies, and no accuracy.

A proxy, e.g. AZ-NAS, scores networks of uniform width of random cells, once
(``networks.uniform_width``); a predictor that is distilled from it ranks the architectures of any
space without a network of them. The cells are of NAS-Bench-101, or of more operators
(``mixed_cells``).
"""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from jaxtyping import Float64

from tgnas.errors import CorruptTableError, number_of
from tgnas.spaces.space import open_space
from tgnas.training.ranks import mid_ranks
from tgnas.training.splits import TrainingSet

SPACE = "nasbench101"  # whose cells are scored for distillation
MIXED_CELLS = "mixed_cells"  # the space whose cells are, for a predictor of any space


def distillation_set(scored: pa.Table) -> TrainingSet:
    """Return the architectures that a proxy has scored, with its scores as their labels.

    Those that it failed on rank last, equally.

    Args:
        scored: the proxy's table of scores of cells of NAS-Bench-101 (``scoring.tables``).

    Raises:
        CorruptTableError: the proxy has failed on every architecture.
    """
    architectures = open_space(SPACE).architectures(scored["architecture"].to_pylist())
    return TrainingSet(architectures, _labels(scored), SPACE)


def mixed_set(scored: Sequence[pa.Table]) -> TrainingSet:
    """Return cells of the space mixed_cells with the mean of several proxies' ranks as their label.

    Args:
        scored: each proxy's table of scores of the same cells.

    Raises:
        CorruptTableError: a proxy has failed on every cell, or the tables are of different cells.
    """
    strings = [table["architecture"].to_pylist() for table in scored]
    if any(other != strings[0] for other in strings):
        raise CorruptTableError("the proxies to distil from have scored different cells")
    labels = mid_ranks(np.stack([_labels(table) for table in scored])).mean(axis=0)
    return TrainingSet(open_space(MIXED_CELLS).architectures(strings[0]), labels, MIXED_CELLS)


def _labels(scored: pa.Table) -> Float64[np.ndarray, " N"]:
    """Return a proxy's scores; what it failed on is below all others."""
    scores = np.asarray(scored["seed0"], dtype=np.float64)
    known = np.isfinite(scores)
    if not known.any():
        raise CorruptTableError(
            f"the proxy to distil from has failed on all of "
            f"{number_of(len(scored), 'architecture')}"
        )
    return np.where(known, scores, scores[known].min() - 1)
