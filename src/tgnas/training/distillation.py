"""Distillation: a predictor learns the scores of a zero-cost proxy, and no accuracy.

The proxy, e.g. AZ-NAS, scores networks of uniform width of cells drawn from NAS-Bench-101, once
(``networks.uniform_width``); a predictor that is distilled from it ranks the architectures of any
space without a network of them.
"""

import numpy as np
import pandas as pd

from tgnas.errors import CorruptTableError, number_of
from tgnas.spaces.space import open_space
from tgnas.training.splits import TrainingSet

SPACE = "nasbench101"  # whose cells are scored for distillation


def distillation_set(scored: pd.DataFrame) -> TrainingSet:
    """Return the architectures that a proxy has scored, with its scores as their labels.

    Those that it failed on rank last, equally.

    Args:
        scored: the proxy's table of scores of cells of NAS-Bench-101 (``scoring.tables``).

    Raises:
        CorruptTableError: the proxy has failed on every architecture.
    """
    scores = scored["seed0"].to_numpy(dtype=np.float64)
    known = np.isfinite(scores)
    if not known.any():
        raise CorruptTableError(
            f"the proxy to distil from has failed on all of "
            f"{number_of(len(scored), 'architecture')}"
        )
    architectures = open_space(SPACE).architectures(list(scored.architecture))
    return TrainingSet(architectures, np.where(known, scores, scores[known].min() - 1), SPACE)
