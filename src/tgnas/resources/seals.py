"""Files that carry the sha256 of their own content, so that one flipped bit is noticed on opening.

A sealed file holds ``MARK`` and 64 hexadecimal digits in its metadata: the sha256 of the whole file
with zeros in place of these digits. The mark may stand there several times (Arrow writes its
metadata twice). An unchanged file is checked once (``files.once``).
"""

import hashlib
import mmap
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from tgnas.errors import CorruptTableError
from tgnas.files import once, written_whole

if TYPE_CHECKING:
    import pandas as pd

MARK, ZEROS = b"content-sha256-", b"0" * 64
SEAL = (MARK + ZEROS).decode()  # what a writer puts into the metadata
_DIGITS = re.compile(rb"[0-9a-f]{64}")


def seal(path: Path) -> None:
    """Replace the zeros of ``SEAL`` in a file by the sha256 of its content.

    Raises:
        ValueError: the file holds no ``SEAL``.
    """
    digest, places = _content(path)
    if not places:
        raise ValueError(f"{path} has no place for the sha256 of its content")
    with path.open("r+b") as stream:
        for place in places:
            stream.seek(place)
            stream.write(digest.encode())


def check_seal(path: Path) -> None:
    """Check a file's content against the sha256 that it carries.

    Raises:
        CorruptTableError: it carries none, or another.
        OSError: the file cannot be read.
    """
    once(path, "seal", _checked)


def _checked(path: Path) -> str:
    digest, places = _content(path)
    with path.open("rb") as stream:
        seals = set()
        for place in places:
            stream.seek(place)
            seals.add(stream.read(64).decode(errors="replace"))
    if not seals:
        raise CorruptTableError(
            f"{path} is damaged, or no file that this version of tgnas wrote: it carries no sha256 "
            "of its content"
        )
    if seals != {digest}:
        raise CorruptTableError(
            f"{path} is damaged: the sha256 of its content is {digest}, and it says "
            f"{', '.join(sorted(seals))}; make it anew"
        )
    return digest


def _content(path: Path) -> tuple[str, list[int]]:
    """Return the sha256 of a file with zeros for its digits, and the places of these."""
    digest, places, done = hashlib.sha256(), [], 0
    if not path.stat().st_size:
        return digest.hexdigest(), []
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        start = data.find(MARK)
        while start >= 0:
            place = start + len(MARK)
            if _DIGITS.match(data, place):
                places.append(place)
            start = data.find(MARK, place)
        with memoryview(data) as view:
            for place in places:
                digest.update(view[done:place])
                digest.update(ZEROS)
                done = place + len(ZEROS)
            digest.update(view[done:])
    return digest.hexdigest(), places


def write_parquet(
    path: Path, table: "pa.Table | pd.DataFrame", compression: str = "snappy"
) -> None:
    """Write a sealed Parquet file; it appears under its name only when it is whole."""
    if not isinstance(table, pa.Table):
        table = pa.Table.from_pandas(table, preserve_index=False)
    with written_whole(path) as part:
        with pq.ParquetWriter(part, table.schema, compression=compression) as writer:
            writer.write_table(table)
            writer.add_key_value_metadata({"seal": SEAL})
        seal(part)


def read_parquet(path: Path) -> pa.Table:
    """Return the table of a sealed Parquet file.

    Raises:
        CorruptTableError: it is none, or its content is not what was written.
    """
    try:
        check_seal(path)
        table = pq.ParquetFile(path).read()  # read_table imports what few jobs need
    except (pa.ArrowException, OSError) as error:
        raise CorruptTableError(f"{path} is not a Parquet file: {error}") from error
    metadata = {k: v for k, v in (table.schema.metadata or {}).items() if k != b"seal"}
    return table.replace_schema_metadata(metadata)
