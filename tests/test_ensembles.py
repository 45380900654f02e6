"""Ensembles by rank."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tgnas.errors import ConfigError, UnknownNameError
from tgnas.registry import GRAPH_PROXIES
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.nasbench101 import enumerate_cells
from tgnas.training.auxiliary_targets import with_auxiliary_targets
from tgnas.training.ranks import mean_rank

scores = arrays(np.float64, st.tuples(st.integers(1, 4), st.just(6)), elements=st.floats(-9, 9))


@given(scores)
def test_one_member_keeps_its_order(values):
    found = mean_rank([values], over_seeds=False)
    for row, ranks in zip(values, found, strict=True):
        assert np.array_equal(np.sign(row[:, None] - row), np.sign(ranks[:, None] - ranks))


@given(scores)
def test_a_members_scale_does_not_matter(values):
    # Powers of two are exact, so that ties stay ties.
    assert np.array_equal(
        mean_rank([values], over_seeds=True), mean_rank([8 * values], over_seeds=True)
    )


def test_two_members_count_alike():
    up, down = np.array([[1.0, 2.0, 3.0]]), np.array([[30.0, 20.0, 10.0]])
    assert mean_rank([up, down], over_seeds=False) == pytest.approx(np.full((1, 3), 2 / 3))


def test_a_heavier_member_counts_for_more():
    up, down = np.array([[1.0, 2.0, 3.0]]), np.array([[30.0, 20.0, 10.0]])
    found = mean_rank([up, down], over_seeds=False, weights=[3, 1])
    assert found == pytest.approx(np.array([[(3 * k + (4 - k)) / 12 for k in (1, 2, 3)]]))


def test_a_member_with_one_row_stands_for_every_seed():
    seeded, once = np.array([[1.0, 2.0], [2.0, 1.0]]), np.array([[5.0, 6.0]])
    assert mean_rank([seeded, once], over_seeds=False).tolist() == [[0.5, 1.0], [0.75, 0.75]]


def test_seeds_can_be_averaged_first():
    seeded = np.array([[1.0, 2.0, 3.0], [1.0, 3.0, 2.0]])
    assert mean_rank([seeded], over_seeds=True) == pytest.approx(np.array([[2 / 6, 5 / 6, 5 / 6]]))


def test_members_of_two_and_three_seeds_are_refused():
    with pytest.raises(ConfigError, match="members with 2 and 3 seeds"):
        mean_rank([np.zeros((2, 4)), np.zeros((3, 4))], over_seeds=False)


@pytest.fixture(scope="module")
def labelled():
    """Return all cells of at most 4 vertices with drawn accuracies."""
    cells = Architectures(enumerate_cells(max_vertices=4)[0])
    return cells, np.random.default_rng(0).uniform(80, 95, len(cells))


def test_without_hints_a_label_is_the_accuracy(labelled):
    cells, accuracies = labelled
    assert with_auxiliary_targets(accuracies, cells, "nasbench101", {}) is accuracies


def test_a_hint_has_its_part_in_the_label(labelled):
    cells, accuracies = labelled
    topology = GRAPH_PROXIES.load("topology")(
        cells, space="nasbench101", dataset="cifar10", generator=np.random.default_rng(0)
    )
    found = with_auxiliary_targets(accuracies, cells, "nasbench101", {"topology": 0.5})
    wanted = mean_rank([accuracies[None], topology[None]], over_seeds=False, weights=[2, 1])
    np.testing.assert_allclose(found, wanted[0])


def test_an_unknown_hint_is_answered_with_the_nearest_one(labelled):
    cells, accuracies = labelled
    with pytest.raises(UnknownNameError, match="did you mean 'topology'"):
        with_auxiliary_targets(accuracies, cells, "nasbench101", {"topolgy": 1})
