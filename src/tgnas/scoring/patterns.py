"""One architecture of each live pattern: what a proxy of networks needs to see of a whole space.

What is dead in a cell changes no output of its network, so one score stands for all architectures
of a pattern: 9,445 of NAS-Bench-201's 15,625.
"""

import numpy as np
import pandas as pd
from jaxtyping import Float64

from tgnas.benchmarks.base import Benchmark
from tgnas.benchmarks.stored_scores import ranked_last
from tgnas.encodings.live import first_of_each_pattern, live_pattern
from tgnas.errors import CorruptTableError
from tgnas.registry import SPACES
from tgnas.scoring.tables import SEED


def list_patterns(benchmark: Benchmark, space: str) -> pd.DataFrame:
    """Return each live pattern's first row of a benchmark of single cells, and its own string.

    The string is the pattern's: what is dead in the architecture is written as zero operators.
    """
    rows = first_of_each_pattern(benchmark.cells)
    patterns, format_ = live_pattern(benchmark.cells[rows]), SPACES.load(space).format
    texts = [format_(patterns.cell(place)) for place in range(len(patterns))]
    return pd.DataFrame({"row": rows, "architecture": texts})


def spread_over(
    benchmark: Benchmark, space: str, scored: pd.DataFrame
) -> Float64[np.ndarray, " N"]:
    """Return the score of each architecture, which is its pattern's; failures rank last, equally.

    Args:
        benchmark: of single cells.
        space: theirs.
        scored: columns architecture (a pattern's string) and seed0.

    Raises:
        CorruptTableError: a pattern has no score.
    """
    patterns, format_ = live_pattern(benchmark.cells), SPACES.load(space).format
    texts = [format_(patterns.cell(place)) for place in range(len(patterns))]
    values = scored.set_index("architecture")[f"{SEED}0"]
    missing = set(texts) - set(values.index)
    if missing:
        raise CorruptTableError(f"no score of {len(missing)} live patterns of {benchmark.name}")
    return ranked_last(values.reindex(texts).fillna(-np.inf))
