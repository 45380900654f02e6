"""Writing files whole, one writer at a time; what was found out about a file's content, kept.

What is interrupted or fails leaves nothing under the file's name. A process that is killed leaves
its temporary file, which the next one to write into the folder removes.
"""

import fcntl
import hashlib
import json
import logging
import os
import platform
import re
import shutil
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import datetime
from errno import EDQUOT, EFBIG, EISDIR, ELOOP, ENAMETOOLONG, ENOLCK, ENOSPC, ENOSYS, ENOTSUP
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO
from uuid import uuid4

import platformdirs

from tgnas.errors import CorruptTableError, InUseError, UnreadableFileError, UnwritableFileError

logger = logging.getLogger(__name__)
LONGEST = 255  # bytes of a file's name
REMEMBERED = 4096  # files of which something is kept
STREAMS = ("stdin", "stdout", "stderr")  # their names in /dev, by their numbers
SETTLED = 0.05  # seconds after which a change of a file shows in its times
# Whose a temporary file is: the machine, the process and when that began, and what makes it unique.
_PART = re.compile(r"\.([0-9a-f]{8})-([0-9]+)-([0-9]+)-[0-9a-f]{8}\.part$")


# The outputs that are claimed by whoever asks.
_CLAIMED: ContextVar[frozenset[Path]] = ContextVar("claimed", default=frozenset())


@contextmanager
def written_whole(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`, which replaces it when the block ends without an error.

    The temporary name is unique, so that two writers of one file never share it; the last to end
    wins. On an error, or when the process is interrupted, the temporary file is removed and what
    stood under `path` before stays as it was. The content is on the disk before it gets the name.
    A link stays one, and what it leads to is replaced.
    The file has the mode of any new file of the user's, whatever its writer gave it.

    Raises:
        UnwritableFileError: the folder does not exist or cannot be written, or the disk is full.
    """
    place = _followed(path)
    clean(place.parent)
    part = _temporary(place)
    try:
        created = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    except (OSError, ValueError) as error:
        raise UnwritableFileError.of(path, error) from error
    mode = stat.S_IMODE(os.fstat(created).st_mode)
    os.close(created)
    try:
        with told_if_full(path):
            yield part
            part.chmod(mode)
            with part.open("rb") as stream:
                os.fsync(stream.fileno())
            part.replace(place)
    finally:
        part.unlink(missing_ok=True)


def _followed(path: str | Path) -> Path:
    """Return what a link leads to, be it there or not; what is no link itself.

    Raises:
        UnwritableFileError: links lead in a circle.
    """
    path = Path(path)
    try:
        return path.resolve() if path.is_symlink() else path
    except RuntimeError as error:
        raise UnwritableFileError.of(path, OSError(ELOOP, os.strerror(ELOOP))) from error
    except OSError as error:  # as of a name that is too long
        raise UnwritableFileError.of(path, error) from error


@contextmanager
def told_if_full(path: str | Path) -> Iterator[None]:
    """Name an output whose disk, quota or size is full, which the system does not.

    Raises:
        UnwritableFileError: it is.
    """
    try:
        yield
    except OSError as error:
        if error.errno in (ENOSPC, EDQUOT, EFBIG):
            raise UnwritableFileError.of(path, error) from error
        raise


@contextmanager
def scratch_folder(beside: Path) -> Iterator[Path]:
    """Yield a new folder beside a path, which is removed when the block ends, whatever happened."""
    clean(beside.parent)
    folder = _temporary(beside)
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def clean(folder: Path) -> None:
    """Remove the temporary files and folders of processes of this machine that are gone."""
    with suppress(OSError):  # a folder that cannot be read or written is told of by its writer
        for entry in os.scandir(folder):
            match = _PART.search(entry.name)
            if match and match[1] == _machine() and _began(int(match[2])) != int(match[3]):
                if entry.is_dir(follow_symlinks=False):
                    shutil.rmtree(entry.path, ignore_errors=True)
                else:
                    Path(entry.path).unlink(missing_ok=True)


def readable(path: str | Path) -> None:
    """Refuse a file that cannot be read.

    Raises:
        UnreadableFileError: it is not there, is a folder, or cannot be opened.
    """
    try:
        with Path(path).open("rb"):
            pass
    except (OSError, ValueError) as error:  # a name may hold what no name can
        raise UnreadableFileError.of(path, error) from error


def ends_whole(path: Path) -> None:
    """Refuse a file of lines whose last line has no end, as one that was cut off has none.

    Raises:
        CorruptTableError: it is such a file, or is empty.
        OSError: it cannot be read.
    """
    with path.open("rb") as stream:
        size = stream.seek(0, os.SEEK_END)
        stream.seek(max(0, size - 1))
        if stream.read(1) != b"\n":
            raise CorruptTableError(
                f"{path} is damaged: its last line has no end, after {size:,} bytes; what a job "
                "wrote is made anew once it is deleted"
            )


def writable(path: str | Path) -> None:
    """Refuse an output that cannot be written, before the work for it starts.

    Raises:
        UnwritableFileError: its folder does not exist or cannot be written, it is a folder itself,
            its name is too long, or it is a link that leads in a circle.
    """
    path = Path(path)
    if len(path.name.encode(errors="replace")) > LONGEST:
        raise UnwritableFileError.of(path, OSError(ENAMETOOLONG, os.strerror(ENAMETOOLONG)))
    if path.is_dir():
        raise UnwritableFileError.of(path, IsADirectoryError(EISDIR, os.strerror(EISDIR)))
    if not is_device(path):
        _takes_files(path, _followed(path).parent)


def writable_folder(folder: Path) -> None:
    """Refuse a folder that can be neither written into nor made.

    Raises:
        UnwritableFileError: it or the nearest one above it that exists is none, or is protected.
    """
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    _takes_files(folder, there)


def _takes_files(path: Path, folder: Path) -> None:
    try:
        with TemporaryFile(dir=folder):
            pass
    except (OSError, ValueError) as error:
        raise UnwritableFileError.of(path, error) from error


def is_device(path: str | Path) -> bool:
    """Tell whether something is there that is neither a file nor a folder, such as /dev/null.

    An open stream of this process, such as /dev/stdout, is none whatever it leads to.
    """
    if _stream(path) is not None:
        return True
    path = Path(path)
    return path.exists() and not path.is_file() and not path.is_dir()


def _stream(path: str | Path) -> int | None:
    """Return the number of the open stream of this process that a path names; None of others."""
    path = Path(path).absolute()
    if path.parent == Path("/dev") and path.name in STREAMS:
        return STREAMS.index(path.name)
    own = os.path.realpath(path.parent) in ("/dev/fd", f"/proc/{os.getpid()}/fd")
    return int(path.name) if own and path.name.isdecimal() else None


@contextmanager
def device(path: str | Path) -> Iterator[BinaryIO]:
    """Open what ``is_device`` tells of, to be written into.

    A stream goes on where it stands, and keeps what was written before.

    Raises:
        UnwritableFileError: it cannot be written.
    """
    number = _stream(path)
    try:
        opened = os.open(path, os.O_WRONLY) if number is None else os.dup(number)
    except OSError as error:
        raise UnwritableFileError.of(path, error) from error
    with os.fdopen(opened, "wb") as stream:
        yield stream


@contextmanager
def claimed(path: str | Path) -> Iterator[None]:
    """Keep an output to this process until the block ends; a killed one's claim ends with it.

    Within the block it may be claimed again.

    Raises:
        InUseError: another process has it; the message says which.
        UnwritableFileError: the folder does not exist or cannot be written, or there is a folder of
            that name.
    """
    path = Path(path)
    writable(path)
    place = path.resolve()
    if place in _CLAIMED.get():
        yield
        return
    lock = place.with_name(f".{place.name[: LONGEST // 4]}.lock")
    with _locked(lock, path) as descriptor:
        command = " ".join(sys.argv)[:200]
        holder = f"process {os.getpid()} on {platform.node()} since {datetime.now():%F %T}"
        os.truncate(descriptor, 0)
        os.pwrite(descriptor, f"{holder}: {command}".encode(), 0)
        _CLAIMED.set(_CLAIMED.get() | {place})
        try:
            yield
        finally:
            _CLAIMED.set(_CLAIMED.get() - {place})
            lock.unlink(missing_ok=True)


@contextmanager
def _locked(lock: Path, path: Path) -> Iterator[int]:
    """Yield the descriptor of a locked file; it stands under its name."""
    while True:
        try:
            descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            raise UnwritableFileError.of(path, error) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 4096, 0).decode(errors="replace") or "another process"
            os.close(descriptor)
            raise InUseError(
                f"{path} is being written by {holder}; wait for it, or name another output"
            ) from None
        except OSError as error:
            if error.errno not in (ENOLCK, ENOSYS, ENOTSUP):
                raise
            logger.warning("%s: this file system has no locks; two runs would not see it", path)
        # Whoever held it before may have removed it in between.
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(descriptor), lock.stat()):
                break
        os.close(descriptor)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file as 64 lower-case hexadecimal digits; an unchanged one's is kept.

    Raises:
        OSError: the file cannot be read.
    """
    return once(path, "sha256", _sha256)


def once(path: Path, what: str, work: Callable[[Path], str]) -> str:
    """Return what `work` finds out about a file's content, which is asked for once.

    It is kept in the user's cache folder, for as long as the file is the same: its place on the
    disk, its size and the times of its last changes. What `work` raises is not kept.
    """
    place = path.resolve()
    name = hashlib.sha256(os.fsencode(place)).hexdigest()[:32]
    kept = Path(platformdirs.user_cache_dir("tgnas")) / "checked" / f"{name}.json"
    identity = _identity(path)
    known: dict[str, str] = {}
    with suppress(OSError, ValueError, TypeError, AttributeError, LookupError):
        saved = json.loads(kept.read_text())
        known = saved["known"] if saved["identity"] == identity else {}
        if isinstance(known[what], str):
            return known[what]
    answer = work(path)
    now = time.time_ns()
    if _identity(path) == identity and now - max(identity[3:]) > SETTLED * 1e9:
        with suppress(OSError):
            kept.parent.mkdir(parents=True, exist_ok=True)
            if sum(1 for _ in kept.parent.iterdir()) > REMEMBERED:
                shutil.rmtree(kept.parent)
                kept.parent.mkdir(exist_ok=True)
            with written_whole(kept) as part:
                known = {**known, what: answer}
                part.write_text(json.dumps({"identity": identity, "known": known}))
    return answer


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _identity(path: Path) -> list[int]:
    facts = path.stat()
    return [facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns]


def _temporary(path: Path) -> Path:
    process = os.getpid()
    own = f".{_machine()}-{process}-{_began(process)}-{uuid4().hex[:8]}.part"
    name = os.fsencode(f".{path.name}")[: LONGEST - len(own)]
    return path.with_name(name.decode(errors="ignore") + own)


def _machine() -> str:
    """Return what tells this machine, and this container's processes, from others."""
    space = Path("/proc/self/ns/pid")
    with suppress(OSError):
        return hashlib.sha256(f"{platform.node()} {space.readlink()}".encode()).hexdigest()[:8]
    return hashlib.sha256(platform.node().encode()).hexdigest()[:8]


def _began(process: int) -> int | None:
    """Return when a process of this machine began; None where there is none, 0 where none knows."""
    if Path("/proc/self/stat").exists():
        with suppress(OSError):
            text = Path(f"/proc/{process}/stat").read_text(errors="replace")
            state, *others = text.rpartition(")")[2].split()
            return None if state in "ZX" else int(others[18])
        return None
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        pass
    return 0
