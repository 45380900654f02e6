"""Live patterns that stand for all architectures of NAS-Bench-201."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tgnas.errors import CorruptTableError
from tgnas.scoring import PATTERNS
from tgnas.scoring.populations import Population, draw, spread_over

# The second edge into vertex 2 hears nothing, for what feeds it is zero.
DEAD_PART = "|none~0|+|nor_conv_3x3~0|nor_conv_1x1~1|+|none~0|none~1|skip_connect~2|"
PATTERN = "|none~0|+|nor_conv_3x3~0|none~1|+|none~0|none~1|skip_connect~2|"


@pytest.fixture(scope="module")
def listed(nasbench201) -> Population:
    return draw(nasbench201, PATTERNS, seed=0)


def test_nasbench201_has_9445_live_patterns(listed):
    assert len(listed) == 9445
    assert listed.table.architecture.is_unique


def test_a_pattern_is_written_without_its_dead_parts(listed):
    assert PATTERN in set(listed.strings)
    assert DEAD_PART not in set(listed.strings)


def test_every_architecture_has_the_score_of_its_pattern(nasbench201, listed):
    of_patterns = np.arange(len(listed), dtype=float)
    scores = spread_over(nasbench201, listed, of_patterns)
    named = pd.Series(scores, nasbench201.strings)
    assert scores.shape == (len(nasbench201),)
    assert named[DEAD_PART] == named[PATTERN]
    assert scores[listed.table["row"]].tolist() == of_patterns.tolist()


def test_patterns_on_which_a_proxy_failed_rank_last_and_equally(nasbench201, listed):
    of_patterns = np.arange(len(listed), dtype=float)
    of_patterns[[7, listed.strings.index(PATTERN)]] = np.nan
    scores = spread_over(nasbench201, listed, of_patterns)
    assert np.isfinite(scores).all()
    failed = scores == scores.min()
    texts = np.array(nasbench201.strings)[failed]
    assert {PATTERN, DEAD_PART, listed.strings[7]} <= set(texts)
    assert scores[~failed].min() == 0


def test_a_pattern_without_a_score_is_told(nasbench201, listed):
    with pytest.raises(CorruptTableError, match="no score of 1 live pattern of nasbench201"):
        spread_over(nasbench201, replace(listed, table=listed.table[1:]), np.ones(9444))


def test_patterns_are_architectures_of_the_space(listed):
    assert len(listed.architectures) == len(listed)
