"""Score files: what one method says of the architectures of one population.

A Parquet file with the columns ``architecture``, ``seed0``, ``seed1``, ... and, where the method
has them, ``component/NAME`` (numbers behind its score), ``milliseconds`` (processor time of scoring
one architecture alone), ``build`` (of parsing it and building what is scored) and ``batched``
(milliseconds for each of all scored at once), and ``learned0``, ... (whose labels a seed has
learned, so that it has no score of them).
"""

import logging
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Protocol, runtime_checkable

import numpy as np
import pandas as pd
import pyarrow as pa
from jaxtyping import Bool, Float64

from tgnas.errors import CorruptTableError
from tgnas.resources.seals import read_parquet, write_parquet

logger = logging.getLogger(__name__)
SEED, COMPONENT, LEARNED = "seed", "component/", "learned"  # column prefixes
MILLISECONDS, BUILD, BATCHED = "milliseconds", "build", "batched"
COSTS = (MILLISECONDS, BUILD, BATCHED)
NOTHING: Mapping[str, np.ndarray] = MappingProxyType({})


@runtime_checkable
class Listed(Protocol):
    """A benchmark or a population: architectures in a fixed order."""

    @property
    def name(self) -> str:
        """Its name in paths and messages."""

    @property
    def strings(self) -> list[str]:
        """The architectures' strings."""


def write_scores(
    path: Path,
    population: Listed,
    scores: Float64[np.ndarray, "S N"],
    more: Mapping[str, np.ndarray] = NOTHING,
    learned: Bool[np.ndarray, "S N"] | None = None,
) -> None:
    """Write the scores of every seed, and further columns beside them.

    Args:
        path: the file.
        population: what was scored.
        scores: a row for each seed.
        more: further columns.
        learned: whose labels each seed has learned; their scores are not written.
    """
    if learned is not None and learned.any():
        scores = np.where(learned, np.nan, scores)
        more = {**more, **{f"{LEARNED}{seed}": row for seed, row in enumerate(learned)}}
    not_finite = ~np.isfinite(scores) & ~(
        np.zeros_like(scores, bool) if learned is None else learned
    )
    if not_finite.any():
        seed, row = np.argwhere(not_finite)[0]
        logger.warning(
            "not finite: %d of %d scores; the first: %s of %r (seed %d)",
            *(not_finite.sum(), not_finite.size, scores[seed, row], population.strings[row], seed),
        )
    columns = {f"{SEED}{seed}": row for seed, row in enumerate(scores)}
    table = pa.table({"architecture": population.strings, **columns, **more})
    write_parquet(path, table)


def read_table(path: Path, population: Listed) -> pd.DataFrame:
    """Return a score file's table, which must be of this population's architectures.

    Raises:
        CorruptTableError: it is no score file, or of other architectures.
    """
    try:
        table = read_parquet(path).to_pandas()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise CorruptTableError(f"{path} is not a file of scores: {error}") from error
    known = re.compile(f"({SEED}|{LEARNED})[0-9]+|{COMPONENT}.+|{'|'.join(COSTS)}")
    named = [name for name in table.columns if known.fullmatch(name)]
    if f"{SEED}0" not in named or list(table.columns) != ["architecture", *named]:
        raise CorruptTableError(
            f"{path} has the columns {', '.join(table.columns)}; a file of scores has "
            f"architecture, {SEED}0, {SEED}1, ..."
        )
    if table.architecture.tolist() != population.strings:
        raise CorruptTableError(f"{path} does not score the architectures of {population.name}")
    for name in table.filter(regex=f"^{LEARNED}[0-9]"):
        if table[name.replace(LEARNED, SEED)][table[name]].notna().any():
            raise CorruptTableError(
                f"{path} scores architectures whose labels the method has learned; nothing may be "
                "measured on them"
            )
    return table


def read_scores(path: Path, population: Listed) -> Float64[np.ndarray, "S N"]:
    """Return the scores of a file, which must be of this population's architectures.

    Raises:
        CorruptTableError: as in ``read_table``.
    """
    return seeds_of(read_table(path, population))


def seeds_of(table: pd.DataFrame) -> Float64[np.ndarray, "S N"]:
    """Return the scores of a table, a row for each seed."""
    return table.filter(regex=f"^{SEED}[0-9]+$").to_numpy(dtype=np.float64).T


def failed(table: pd.DataFrame) -> Bool[np.ndarray, " N"]:
    """Tell for each architecture whether a score or a component of it is not finite."""
    numbers = table.filter(regex=f"^({COMPONENT}|{SEED}[0-9])")
    return ~np.isfinite(numbers.to_numpy(dtype=np.float64)).all(axis=1)
