"""Students: predictors that learn what a proxy of networks says, and no accuracy.

A teacher, e.g. AZ-NAS, scores small networks of cells drawn from NAS-Bench-101, once
(``networks.uniform_width``); a predictor that has learned its scores ranks the architectures of
any space without a network of them.
"""

import numpy as np
import pandas as pd
from jaxtyping import Float64

from tgnas.errors import CorruptTableError
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.space import open_space

SPACE = "nasbench101"  # whose cells teachers score


def lesson_of(scored: pd.DataFrame) -> tuple[Architectures, Float64[np.ndarray, " N"]]:
    """Return the cells that a teacher has scored, and its scores; failures rank last, equally.

    Args:
        scored: the teacher's table of scores of cells of NAS-Bench-101 (``samples``).

    Raises:
        CorruptTableError: the teacher has failed on every cell.
    """
    scores = scored["seed0"].to_numpy(dtype=np.float64)
    known = np.isfinite(scores)
    if not known.any():
        raise CorruptTableError(f"a teacher has failed on all of the {len(scored)} cells")
    architectures = open_space(SPACE).architectures(list(scored.architecture))
    return architectures, np.where(known, scores, scores[known].min() - 1)
