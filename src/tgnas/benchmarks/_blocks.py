"""blocks-bench: sequences of blocks that we trained, as they come with the package.

One row for each architecture (docs/blocks-bench.md); accuracies are in percent, one column for each
seed, of which a second is there for some. Benchmarks hold the mean of those that are there.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa

from tgnas.benchmarks._digits import of_seeds, read_card, read_table, table_digest
from tgnas.benchmarks.base import build_table
from tgnas.spaces.space import open_space

DATASET, SPLIT, TABLE = "cifar10", "test", "blocks_bench"
version = partial(table_digest, TABLE)


def build_of(space: str, _: Sequence[Path] = ()) -> pa.Table:
    """Return the part of the table that is of one space, as a benchmark's table."""
    whole = read_table(TABLE)
    table, epochs = whole[whole.space == space], read_card(TABLE)["recipe"]["epochs"]
    columns = {
        f"{kind}/{DATASET}/{SPLIT}/{epochs}": of_seeds(table, f"{SPLIT}_{kind}")
        .mean(axis=1)
        .to_numpy(dtype=np.float64)
        for kind in ("accuracy", "loss")
    }
    columns |= {
        f"parameters/{DATASET}": table.parameters.to_numpy(dtype=np.int64),
        f"flops/{DATASET}": table.flops.to_numpy(dtype=np.float64) / 1e6,
    }
    strings, opened = table.architecture.tolist(), open_space(space)
    return build_table(opened, opened.architectures(strings), strings, columns)
