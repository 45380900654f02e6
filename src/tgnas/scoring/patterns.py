"""One architecture of each live pattern: what a proxy of networks needs to see of a whole space.

What is dead in a cell changes no output of its network, so one score stands for all architectures
of a pattern: 9,445 of NAS-Bench-201's 15,625.
"""

import numpy as np
import pandas as pd
from jaxtyping import Float64

from tgnas.benchmarks.base import Benchmark
from tgnas.benchmarks.stored_scores import ranked_last
from tgnas.encodings.live import live_pattern
from tgnas.errors import CorruptTableError
from tgnas.scoring.tables import SEED
from tgnas.spaces.space import open_space


def list_patterns(benchmark: Benchmark, space: str) -> pd.DataFrame:
    """Return each live pattern's first row of a benchmark, and its own string.

    The string is the pattern's: what is dead in the architecture is written as zero operators.
    """
    patterns = live_pattern(benchmark.architectures)
    rows = patterns.distinct()[0]
    texts = open_space(space).format(patterns[rows])
    return pd.DataFrame({"row": rows, "architecture": texts})


def spread_over(
    benchmark: Benchmark, space: str, scored: pd.DataFrame
) -> Float64[np.ndarray, " N"]:
    """Return the score of each architecture, which is its pattern's; failures rank last, equally.

    Args:
        benchmark: what is scored.
        space: theirs.
        scored: columns architecture (a pattern's string) and seed0.

    Raises:
        CorruptTableError: a pattern has no score.
    """
    texts = open_space(space).format(live_pattern(benchmark.architectures))
    values = scored.set_index("architecture")[f"{SEED}0"]
    missing = set(texts) - set(values.index)
    if missing:
        raise CorruptTableError(f"no score of {len(missing)} live patterns of {benchmark.name}")
    return ranked_last(values.reindex(texts).fillna(-np.inf))
