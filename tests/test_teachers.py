"""Students: what they learn from, and what they never see."""

import numpy as np
import pandas as pd
import pytest

from tgnas.errors import CorruptTableError
from tgnas.evaluation.selection import Task, held_out_parts, taught_tasks
from tgnas.operators import CODES
from tgnas.registry import SPACES
from tgnas.training.distillation import lesson_of

NB101 = SPACES.load("nasbench101")
ARCHITECTURES = [
    "input,conv3x3-bn-relu,output;0-1,1-2",
    "input,conv1x1-bn-relu,output;0-1,1-2",
    "input,maxpool3x3,output;0-1,1-2",
    "input,conv1x1-bn-relu,output;0-1,0-2,1-2",
]


@pytest.fixture
def scored() -> pd.DataFrame:
    """Return what a teacher says of four cells; it failed on the third."""
    return pd.DataFrame({"architecture": ARCHITECTURES, "seed0": [3.0, 1.0, np.nan, 2.0]})


def test_a_lesson_is_a_teachers_scores_with_their_cells(scored):
    cells, scores = lesson_of(scored)
    assert NB101.format(cells) == ARCHITECTURES
    assert np.argsort(scores).tolist() == [2, 1, 3, 0]  # what failed ranks last


def test_a_teacher_that_fails_on_every_cell_has_no_lesson(scored):
    with pytest.raises(CorruptTableError, match="a teacher has failed on all of the 4 cells"):
        lesson_of(scored.assign(seed0=np.nan))


def test_a_student_learns_from_no_cell_of_the_part_that_is_held_out(scored):
    cells, scores = lesson_of(scored)
    parts = held_out_parts(cells.cells)
    given = [Task(name, (cells[:0], scores[:0]), {}) for name in (*parts, "another_space")]
    for task in taught_tasks(iter(given), cells, scores):
        learned, labels = task.training
        if task.name == "another_space":
            assert len(learned) == 4
        else:
            assert len(learned) == 4 - parts[task.name].sum()
            assert not held_out_parts(learned.cells)[task.name].any()
        if task.name == "unseen_max_pool_3x3":
            assert not (learned.cells.operators == CODES["max_pool_3x3"]).any()
            assert labels.tolist() == [3, 1, 2]
