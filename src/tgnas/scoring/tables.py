"""Score files: what every method says of the architectures of one benchmark."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from jaxtyping import Float64

from tgnas.benchmarks.base import Benchmark
from tgnas.errors import CorruptTableError
from tgnas.files import written_whole

SEED = "seed"  # column prefix


def write_scores(path: Path, benchmark: Benchmark, scores: Float64[np.ndarray, "S N"]) -> None:
    """Write a Parquet file: a column of architectures, then a column of scores for each seed."""
    columns = {f"{SEED}{seed}": row for seed, row in enumerate(scores)}
    table = pa.table({"architecture": benchmark.table.column("architecture"), **columns})
    with written_whole(path) as part:
        pq.write_table(table, part)


def read_scores(path: Path, benchmark: Benchmark) -> Float64[np.ndarray, "S N"]:
    """Return the scores of a file, which must be of this benchmark's architectures.

    Raises:
        CorruptTableError: it is no score file, or of other architectures.
    """
    try:
        table = pq.read_table(path)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise CorruptTableError(f"{path} is not a file of scores: {error}") from error
    seeds = [f"{SEED}{seed}" for seed in range(table.num_columns - 1)]
    if not seeds or table.column_names != ["architecture", *seeds]:
        raise CorruptTableError(
            f"{path} has the columns {', '.join(table.column_names)}; a file of scores has "
            f"architecture, {SEED}0, {SEED}1, ..."
        )
    if table.column("architecture").to_pylist() != benchmark.strings:
        raise CorruptTableError(f"{path} does not score the architectures of {benchmark.name}")
    return np.stack([table.column(name).to_numpy() for name in seeds]).astype(np.float64)
