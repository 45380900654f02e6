"""The released pruning: whatever its scores are, they decide nothing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from released_pruning import GROUPS, OPERATORS, by_rank, decode, released_pruning

from tgnas.spaces.darts import SPACE, genotype

EDGES = GROUPS[-1][1]


def random_score(seed: int):
    """Return a score that is different, and lasting, for each cell."""
    generator, known = np.random.default_rng(seed), {}
    return lambda pairs: known.setdefault(tuple(pairs), generator.normal())


def test_the_released_pruning_gives_max_pooling_on_the_last_two_edges_of_every_node():
    pairs = released_pruning(random_score(0))
    assert [source for _, source in pairs] == [0, 1, 1, 2, 2, 3, 3, 4]
    normal, _ = SPACE.parse(genotype(pairs, pairs)).member(0)
    assert set(normal.operators[2:-1]) == {"max_pool_3x3"}


@given(st.integers(0, 10_000))
def test_the_released_pruning_gives_one_cell_whatever_the_scores_are(seed):
    found = released_pruning(random_score(seed))
    assert found == released_pruning(lambda pairs: 0.0)


# That our own pruning follows its scores stands in test_searchers.py.
def test_sorted_by_rank_the_same_pruning_follows_its_scores():
    found = {tuple(released_pruning(random_score(seed), by_rank)) for seed in range(5)}
    assert len(found) == 5


@pytest.mark.parametrize("edge", range(EDGES))
def test_seven_deletions_on_an_edge_decode_to_two_graphs(edge):
    whole = np.ones((EDGES, len(OPERATORS)), dtype=bool)
    found = set()
    for operator in range(7):
        left = whole.copy()
        left[edge, operator] = False
        found.add(tuple(decode(left)))
    assert len(found) == 2
