"""Writing files whole: what is interrupted or fails leaves nothing under the file's name."""

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4


@contextmanager
def written_whole(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`, which replaces it when the block ends without an error.

    The temporary name is unique, so that two writers of one file never share it; the last to end
    wins. On an error, or when the process is interrupted, the temporary file is removed and what
    stood under `path` before stays as it was. The file has the mode of any new file of the user's,
    whatever its writer gave it.

    Raises:
        OSError: the folder does not exist or cannot be written.
    """
    path = Path(path)
    part = path.with_name(f".{path.name}.{uuid4().hex}.part")
    try:
        created = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    except OSError as error:  # which names the file that was asked for
        raise OSError(error.errno, error.strerror, str(path)) from None
    mode = stat.S_IMODE(os.fstat(created).st_mode)
    os.close(created)
    try:
        yield part
        part.chmod(mode)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file as 64 lower-case hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
