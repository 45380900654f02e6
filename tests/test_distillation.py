"""Distillation: what is learned of a proxy, and what is never seen."""

import numpy as np
import pandas as pd
import pytest

from tgnas.errors import CorruptTableError
from tgnas.operators import CODES
from tgnas.scoring.transfer import Task, distillation_tasks, held_out_parts
from tgnas.spaces.space import open_space
from tgnas.training.distillation import distillation_set

NB101 = open_space("nasbench101")
ARCHITECTURES = [
    "input,conv3x3-bn-relu,output;0-1,1-2",
    "input,conv1x1-bn-relu,output;0-1,1-2",
    "input,maxpool3x3,output;0-1,1-2",
    "input,conv1x1-bn-relu,output;0-1,0-2,1-2",
]


@pytest.fixture
def scored() -> pd.DataFrame:
    """Return the scores of a proxy of four cells; it failed on the third."""
    return pd.DataFrame({"architecture": ARCHITECTURES, "seed0": [3.0, 1.0, np.nan, 2.0]})


def test_what_is_distilled_are_a_proxys_scores_with_their_architectures(scored):
    source = distillation_set(scored)
    assert NB101.format(source.architectures) == ARCHITECTURES
    assert np.argsort(source.labels).tolist() == [2, 1, 3, 0]  # what failed ranks last


def test_nothing_is_distilled_from_a_proxy_that_failed_on_every_architecture(scored):
    with pytest.raises(CorruptTableError, match="has failed on all of 4 architectures"):
        distillation_set(scored.assign(seed0=np.nan))


def test_no_architecture_of_the_part_that_is_held_out_is_learned_from(scored):
    source = distillation_set(scored)
    parts = held_out_parts(source.architectures.cells)
    given = [Task(name, source[:0], {}) for name in (*parts, "another_space")]
    for task in distillation_tasks(iter(given), source):
        cells, labels = task.training.architectures.cells, task.training.labels
        if task.name == "another_space":
            assert len(cells) == 4
        else:
            assert len(cells) == 4 - parts[task.name].sum()
            assert not held_out_parts(cells)[task.name].any()
        if task.name == "unseen_max_pool_3x3":
            assert not (cells.operators == CODES["max_pool_3x3"]).any()
            assert labels.tolist() == [3, 1, 2]
