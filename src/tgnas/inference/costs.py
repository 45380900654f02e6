"""Costs of architectures beside those that are counted (``tgnas.costs.named``), and their fronts.

Parameters and FLOPs are counted from the space file. Any other stands in a table of one's own: a
column for each cost beside a column ``architecture`` (or ``net``, as HW-NAS-Bench's tables call
it), or beside a column ``operator``, whose costs are summed over an architecture's operators,
weighted by the share of each cell. HW-NAS-Bench's ``edgegpu_latency`` is also ``latency:edgegpu``;
for NAS-Bench-201 its table is fetched into the user's cache folder when one of its costs is asked
for the first time. What it says was not measured (-1) is not known.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import numpy as np
from jaxtyping import Float64, Int64
from platformdirs import user_cache_dir

from tgnas.benchmarks.hw_nas_bench import MEASURED, RESOURCE
from tgnas.costs.constraints import Values
from tgnas.costs.named import Costs, Counter, counted
from tgnas.errors import ArgumentError, DataError, UnknownInDataError, shown
from tgnas.inference.streaming import COLUMN, SCORE, Chunk, Source, format_of
from tgnas.operators import CODES, PADDING
from tgnas.resources.fetch import fetch, human_size, mirror_folders
from tgnas.searching.oracles import Listing
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.space import Space, open_space

logger = logging.getLogger(__name__)
PER_OPERATOR = "operator"
OTHER_COLUMNS = ("net", "arch")  # of architectures
MEASURED_SPACE = "nasbench201"  # of HW-NAS-Bench


def costs_of(space: Space, tables: Sequence[str | Path] = ()) -> Costs:
    """Return the costs that are counted for a space, and those of tables.

    Raises:
        DataError: a table is not one of costs; the message says where.
        UnreadableFileError: it cannot be read.
    """
    counters = counted(space)
    if space is open_space(MEASURED_SPACE):
        counters |= {name: partial(_on_device, name) for name in MEASURED}
    for table in tables:
        counters |= _listed(space, str(table))
    return Costs(space, counters)


def _on_device(name: str, architectures: Architectures) -> Values:
    return _of_devices()[name](architectures)


@cache
def _of_devices() -> dict[str, Counter]:
    """Return the costs of HW-NAS-Bench, whose table is fetched if it is not there."""
    folder = Path(user_cache_dir("tgnas")) / "resources"
    there = (folder / RESOURCE.name).exists()
    if not there:
        logger.warning("HW-NAS-Bench's table (%s) is fetched, once", human_size(RESOURCE.bytes))
    path = fetch(RESOURCE, folder, mirror_folders([]), sheet={RESOURCE.name: RESOURCE})
    return _listed(open_space(MEASURED_SPACE), str(path))


def _listed(space: Space, path: str) -> dict[str, Counter]:
    """Return the costs of a table's columns."""
    source = Source(path, format_of(path), needed="")
    chunks = list(source.chunks())
    names = chunks[0].table.column_names if chunks else []
    key = next((n for n in (COLUMN, *OTHER_COLUMNS, PER_OPERATOR) if n in names), None)
    if key is None:
        raise DataError(
            f"{path}: a table of costs has a column {COLUMN!r} or {PER_OPERATOR!r}; its columns "
            f"are {', '.join(names)}"
        )
    texts = [text for chunk in chunks for text in chunk.text(key).to_pylist()]
    others = [name for name in names if name != key]
    values: dict[str, Values] = {}
    faulty: dict[str, Counter] = {}
    for name in others:
        parts = [_numbers(source, chunk, name) for chunk in chunks]
        column = np.concatenate([numbers for numbers, _ in parts])
        if not np.isfinite(column).any():
            continue  # a column of texts is no cost
        for fault in (fault for _, fault in parts if fault is not None):
            faulty.setdefault(name, partial(_refuse, fault))
        values[name] = np.where((column < 0) & (name in MEASURED), np.nan, column)
    if key == PER_OPERATOR:
        codes = np.array([space.operators.get(text, PADDING) for text in texts], dtype=np.int64)
        for text, code in zip(texts, codes, strict=True):
            if code == PADDING:
                about = f"operator of {space.name} in {path}"
                raise UnknownInDataError(about, text, space.operators)
        _check_different(path, texts, codes, values)
        return {name: partial(_summed, space, codes, v) for name, v in values.items()} | faulty
    parsed = space.read(texts)
    for row, error in parsed.errors.items():
        raise DataError(f"{path}: row {row + 1}, column {key!r}: {error}")
    listing = Listing(space, parsed.architectures)
    _check_different(path, texts, listing.find(parsed.architectures), values)
    looked_up = {name: partial(_looked_up, listing, column) for name, column in values.items()}
    return looked_up | faulty


def _numbers(source: Source, chunk: Chunk, name: str) -> tuple[Values, DataError | None]:
    """Return a column of costs, NaN where one is not known, and what is wrong with a cost."""
    try:
        texts = chunk.text(name).to_pylist()
    except DataError:
        return np.full(len(chunk.numbers), np.nan), None
    filled = np.array([bool(text and text.strip()) for text in texts], dtype=bool)
    values = np.full(len(filled), np.nan)
    lenient = replace(source, skip=True)
    values[filled] = lenient.column(chunk.kept(filled), name)
    fault = DataError(lenient.first_skipped) if lenient.skipped else None
    return values, fault


def _refuse(fault: DataError, architectures: Architectures) -> Values:
    """Refuse a column that is asked for as a cost and in which not all are numbers."""
    del architectures
    raise fault


def _check_different(
    path: str, texts: Sequence[str], things: Int64[np.ndarray, " N"], values: dict[str, Values]
) -> None:
    """Refuse a thing, told by its number, of which two rows say different costs."""
    _, first, places = np.unique(things, return_index=True, return_inverse=True)
    for name, column in values.items():
        said = column[first][places]
        for row in np.flatnonzero((column != said) & ~(np.isnan(column) & np.isnan(said)))[:1]:
            before = first[places][row]
            raise DataError(
                f"{path}: row {row + 1}, column {name!r}: {shown(texts[row])} costs {column[row]:g}"
                f" here and {said[row]:g} in row {before + 1} (as {shown(texts[before])})"
            )


def _summed(
    space: Space,
    codes: Int64[np.ndarray, " R"],
    values: Float64[np.ndarray, " R"],
    architectures: Architectures,
) -> Values:
    each = np.zeros(PADDING + 1)
    each[sorted(set(space.operators.values()) - {CODES["identity"], CODES["zero"]})] = np.nan
    each[codes] = values
    of_cells = each[architectures.cells.operators].sum(axis=1)
    return architectures.mean_over_cells(of_cells)


def _looked_up(listing: Listing, values: np.ndarray, architectures: Architectures) -> Values:
    rows = listing.find(architectures)
    return np.where(rows >= 0, values[np.maximum(rows, 0)], np.nan)


def check_goals(goals: Sequence[str]) -> list[str]:
    """Return the costs among the goals of a front: the score, and different costs.

    Raises:
        ArgumentError: they are others.
    """
    costs = [goal for goal in goals if goal != SCORE]
    if SCORE not in goals or not costs:
        raise ArgumentError(f"a front is of score and of costs, such as score,flops, not {goals}")
    twice = [goal for place, goal in enumerate(goals) if goal in goals[:place]]
    if twice:
        raise ArgumentError(f"a front is of different goals; {twice[0]!r} stands twice in {goals}")
    return costs
