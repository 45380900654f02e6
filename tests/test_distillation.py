"""Distillation: what is learned of a proxy, and what is never seen."""

import numpy as np
import pyarrow as pa
import pytest
import torch

from tgnas.errors import CorruptTableError
from tgnas.networks import uniform_width
from tgnas.operators import CODES
from tgnas.scoring.populations import draw_from_space
from tgnas.scoring.transfer import Task, distillation_tasks, held_out_parts
from tgnas.spaces.space import open_space
from tgnas.training.distillation import MIXED_CELLS, distillation_set, mixed_set

NB101 = open_space("nasbench101")
ARCHITECTURES = [
    "input,conv3x3-bn-relu,output;0-1,1-2",
    "input,conv1x1-bn-relu,output;0-1,1-2",
    "input,maxpool3x3,output;0-1,1-2",
    "input,conv1x1-bn-relu,output;0-1,0-2,1-2",
]


@pytest.fixture
def scored() -> pa.Table:
    """Return the scores of a proxy of four cells; it failed on the third."""
    return pa.table({"architecture": ARCHITECTURES, "seed0": [3.0, 1.0, np.nan, 2.0]})


def test_what_is_distilled_are_a_proxys_scores_with_their_architectures(scored):
    source = distillation_set(scored)
    assert NB101.format(source.architectures) == ARCHITECTURES
    assert np.argsort(source.labels).tolist() == [2, 1, 3, 0]  # what failed ranks last


def test_nothing_is_distilled_from_a_proxy_that_failed_on_every_architecture():
    scored = pa.table({"architecture": ARCHITECTURES, "seed0": [np.nan] * 4})
    with pytest.raises(CorruptTableError, match="has failed on all of 4 architectures"):
        distillation_set(scored)


def mixed(scores: list[float], strings: tuple[str, ...] = ("sep5", "avg", "skip")) -> pa.Table:
    cells = [f"input,{operator},output;0-1,1-2" for operator in strings]
    return pa.table({"architecture": cells, "seed0": scores})


def test_of_several_proxies_the_mean_rank_of_the_same_cells_is_learned():
    source = mixed_set([mixed([1.0, 2.0, 3.0]), mixed([9.0, np.nan, 1e6])])
    assert source.labels.tolist() == [1.5, 1.5, 3]
    assert source.space == MIXED_CELLS
    assert (
        open_space(MIXED_CELLS).format(source.architectures)
        == mixed([0] * 3)["architecture"].to_pylist()
    )


def test_proxies_that_scored_different_cells_are_not_learned_together():
    with pytest.raises(CorruptTableError, match="have scored different cells"):
        mixed_set([mixed([1.0, 2.0, 3.0]), mixed([1.0, 2.0, 3.0], ("sep5", "skip", "avg"))])


def test_what_is_drawn_from_a_space_are_different_architectures_by_the_seed():
    space = open_space(MIXED_CELLS)
    first, again, other = (draw_from_space(space, 300, seed) for seed in (0, 0, 1))
    assert first.strings == again.strings
    assert first.strings != other.strings
    assert len(set(first.strings)) == 300
    assert len(first.architectures.distinct()[0]) == 300
    assert first.benchmark == ""


def test_every_mixed_cell_has_a_network_of_uniform_width():
    drawn = draw_from_space(open_space(MIXED_CELLS), 20, 0).architectures
    for row in range(20):
        network = uniform_width.build_network(drawn.member(row), classes=3, channels=4, repeats=1)
        assert network(torch.randn(2, 3, 16, 16)).shape == (2, 3)


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
