"""Archives of files, read within bounds: what a header claims is neither believed nor allocated."""

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

LARGEST_FILE = 1 << 28  # bytes; the largest official batch of images has 154 MB
LARGEST_ARCHIVE = 1 << 32  # bytes of all files together
PART = 1 << 20  # bytes that are read at once
OPENERS: dict[bytes, Callable[..., Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7z": lzma.open,
}
# What a file that is no archive, or a damaged one, makes the readers raise.
FAULTS = (tarfile.TarError, zipfile.BadZipFile, lzma.LZMAError, EOFError)


def files_of_tar(path: Path) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """Yield the names of a tar's files, compressed or not, and what reads each into memory.

    At its end the whole file has been read, so that its own checksum, if it has one, was checked.

    Raises:
        ValueError: it holds more than ``LARGEST_ARCHIVE`` bytes, or a file more than
            ``LARGEST_FILE``.
    """
    with path.open("rb") as raw:
        magic = raw.read(3)
    opener = next((o for start, o in OPENERS.items() if magic.startswith(start)), open)
    with opener(path, "rb") as opened:
        stream = _Bounded(opened)
        with tarfile.open(fileobj=stream, mode="r:") as archive:
            for member in archive:
                yield Path(member.name).name, partial(_content, archive, member)
        while stream.read(PART):
            pass


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    stream = archive.extractfile(member)
    if stream is None or member.size > LARGEST_FILE:
        raise ValueError(f"{member.name} is not a file of at most {LARGEST_FILE:,} bytes")
    return stream.read()


def content_of_zip(archive: zipfile.ZipFile, name: str) -> bytes:
    """Return one file of a zip.

    Raises:
        ValueError: it claims, or has, more than ``LARGEST_FILE`` bytes.
    """
    claimed = archive.getinfo(name).file_size
    if claimed > LARGEST_FILE:
        raise ValueError(f"{name} has {claimed:,} bytes; at most {LARGEST_FILE:,} are read")
    with archive.open(name) as stream:
        return stream.read()


class _Bounded(io.RawIOBase):
    """A stream that is read in parts, so that memory follows what is there, not what is asked."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream

    def read(self, size: int = -1) -> bytes:
        parts, left = [], size
        while left:
            part = self.stream.read(PART if left < 0 else min(left, PART))
            if not part:
                break
            parts.append(part)
            left -= len(part) if left > 0 else 0
            if self.stream.tell() > LARGEST_ARCHIVE:
                raise ValueError(f"more than {LARGEST_ARCHIVE:,} bytes")
        return b"".join(parts)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if offset > LARGEST_ARCHIVE:
            raise ValueError(f"more than {LARGEST_ARCHIVE:,} bytes")
        return self.stream.seek(offset, whence)

    def tell(self) -> int:
        return self.stream.tell()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True
