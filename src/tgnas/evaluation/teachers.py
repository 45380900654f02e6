"""Students: predictors that learn what a proxy of networks says, and no accuracy.

A teacher, e.g. AZ-NAS, scores small networks of cells drawn from NAS-Bench-101, once
(``networks.modules.summed``); a predictor that has learned its scores ranks the architectures of
any space without a network of them.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
from jaxtyping import Float64

from tgnas.cell import Cells
from tgnas.evaluation.stored import ranked_last
from tgnas.evaluation.transfer import Labelled, Task, held_out_parts
from tgnas.registry import SPACES

SPACE = "nasbench101"


def lesson_of(scored: pd.DataFrame) -> Labelled:
    """Return the cells that a teacher has scored, and its scores; failures rank last, equally.

    Args:
        scored: the teacher's table of scores of cells of NAS-Bench-101 (``samples``).
    """
    cells = SPACES.load(SPACE).cells(list(scored.architecture))
    return cells, ranked_last(scored["seed0"].fillna(-np.inf))


def taught_tasks(
    tasks: Iterator[Task], cells: Cells, scores: Float64[np.ndarray, " N"]
) -> Iterator[Task]:
    """Yield the tasks for a student: it learns from the lesson's cells that are not held out."""
    parts, none = held_out_parts(cells), np.zeros(len(cells), dtype=bool)
    for task in tasks:
        rows = np.flatnonzero(~parts.get(task.name, none))
        yield replace(task, training=(cells[rows], scores[rows]))
