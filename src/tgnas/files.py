"""Writing files whole: what is interrupted or fails leaves nothing under the file's name."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def written_whole(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`, which replaces it when the block ends without an error.

    The temporary name is unique, so that two writers of one file never share it; the last to end
    wins. On an error, or when the process is interrupted, the temporary file is removed and what
    stood under `path` before stays as it was.

    Raises:
        OSError: the folder does not exist or cannot be written.
    """
    path = Path(path)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    os.close(handle)
    part = Path(name)
    try:
        yield part
        part.chmod(0o666 & ~_umask())  # a temporary file is readable by its owner alone
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _umask() -> int:
    """Return the process's umask, which can be read only by setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
