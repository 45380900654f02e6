"""Ensembles by rank."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tgnas.errors import ConfigError, UnknownNameError
from tgnas.spaces.space import open_space
from tgnas.training.auxiliary_targets import graph_scores, with_auxiliary_targets
from tgnas.training.ranks import mean_rank, mid_ranks
from tgnas.training.splits import TrainingSet

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
def source():
    """Return every 40th architecture of NAS-Bench-201 with drawn accuracies."""
    architectures = open_space("nasbench201").enumerate()[::40]
    accuracies = np.random.default_rng(0).uniform(80, 95, len(architectures))
    return TrainingSet(architectures, accuracies, "nasbench201")


def test_equal_sums_of_ranks_are_equal_to_the_bit():
    members = np.random.default_rng(0).integers(0, 9, (3, 1, 300)).astype(float)
    whole = sum(3 * mid_ranks(scores)[0] for scores in members)  # halves, so exact
    found = mean_rank(list(members), over_seeds=True, weights=[3, 3, 3])[0]
    assert len(np.unique(found)) == len(np.unique(whole))


def test_without_auxiliary_targets_a_label_is_the_accuracy(source):
    assert with_auxiliary_targets(source, {}) is source


def test_an_auxiliary_target_has_its_part_in_the_label(source):
    topology = graph_scores("topology", source.architectures, "nasbench201")
    members = [source.labels[None], topology[None]]
    wanted = mean_rank(members, over_seeds=False, weights=[2, 1])[0]
    made = with_auxiliary_targets(source, {"topology": 0.5})
    np.testing.assert_allclose(made.labels, wanted)
    assert made.architectures is source.architectures


def test_an_unknown_auxiliary_target_is_answered_with_the_nearest_one(source):
    with pytest.raises(UnknownNameError, match="did you mean 'topology'"):
        with_auxiliary_targets(source, {"topolgy": 1})
