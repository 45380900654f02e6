"""Architectures in the notation of another library."""

from collections.abc import Iterator

import pyarrow as pa

from tgnas.inference.streaming import COLUMN, Source, column_of
from tgnas.spaces.space import Space


def converted(source: Source, space: Space, notation: str) -> Iterator[pa.Table]:
    """Yield the rows of a source with their architectures in a notation of the space.

    Raises:
        UnknownNameError: the space has no such notation.
        InvalidCellError: the notation cannot say an architecture.
        DataError: a row is not an architecture, and is not to be skipped.
    """
    count = 0
    for chunk, architectures in source.architectures(space):
        count += len(architectures)
        written, kind = column_of(space.write(architectures, notation), COLUMN)
        place = chunk.table.column_names.index(COLUMN)
        yield chunk.table.set_column(place, kind, written)
    source.check_some(count)
