"""Fetched files: where each comes from, and proof that it is the right one.

``config/resources.tsv`` lists every file with its address, size, sha256 and licence. A file is
taken from the first place that has it: the resources folder itself, a mirror folder, the network.
A mirror folder is laid out as ``wget -x`` leaves it: ``https://host/path`` stands at ``host/path``;
an address without a scheme is a path in the mirror and has no network source.
Nothing reaches its final name before its sha256 is checked.
"""

import logging
import os
import re
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path, PurePosixPath

from tqdm import tqdm

from tgnas.errors import ConfigError, ResourceError, UnreadableFileError
from tgnas.files import ends_whole, sha256_of, written_whole

LOG = logging.getLogger("tgnas.resources.fetch")
SHEET = Path("config/resources.tsv")
MIRROR_VARIABLE = "TGNAS_MIRROR"
DEFAULT_MIRROR = Path("../shared/mirror")  # beside the project; used where it exists
PASSING = {408, 429, 500, 502, 503, 504}  # answers of a server after which another attempt may help
# Either file of a group serves: the lossless archive, or its JPEG copy where only a mirror is.
ALTERNATIVES = (frozenset({"cifar10/cifar-10-python.tar.gz", "cifar10/cifar10_jpeg_q75.parquet"}),)


@dataclass(frozen=True, slots=True)
class Resource:
    """One row of the sheet."""

    name: str  # path below the resources folder
    url: str  # without a scheme it is a path in a mirror, and no network has the file
    sha256: str  # 64 lower-case hexadecimal digits
    bytes: int
    licence: str  # under which the owner publishes it

    @property
    def mirror_path(self) -> str:
        """Where the file stands below a mirror folder."""
        return self.url.partition("://")[2] or self.url

    @property
    def has_address(self) -> bool:
        """Whether the network can have it."""
        return "://" in self.url


COLUMNS = tuple(field.name for field in fields(Resource))


def read_resources(sheet: Path) -> dict[str, Resource]:
    """Return the rows of a resource sheet by name, in the sheet's order.

    Raises:
        ConfigError: the sheet is missing, or a row is not allowed; names file and line.
    """
    try:
        lines = sheet.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableFileError.of(sheet, error) from error
    if tuple(lines[0].split("\t")) != COLUMNS:
        raise ConfigError(f"{sheet}:1: the header must be {COLUMNS}, not {lines[0]!r}")
    resources: dict[str, Resource] = {}
    for number, line in enumerate(lines[1:], start=2):
        try:
            resource = _parse_row(line)
        except ValueError as error:
            raise ConfigError(f"{sheet}:{number}: {error}") from error
        if resource.name in resources:
            raise ConfigError(f"{sheet}:{number}: name {resource.name!r} stands there twice")
        resources[resource.name] = resource
    return resources


def mirror_folders(configured: Sequence[str]) -> list[Path]:
    """Return the mirror folders: of TGNAS_MIRROR, of the config, and ../shared/mirror if it exists.

    Raises:
        ConfigError: the variable or the config names a folder that does not exist.
    """
    variable = [text for text in os.environ.get(MIRROR_VARIABLE, "").split(os.pathsep) if text]
    for origin, texts in ((MIRROR_VARIABLE, variable), ("the config's 'mirrors'", configured)):
        for text in texts:
            if not Path(text).is_dir():
                raise ConfigError(f"mirror folder {text!r} of {origin} does not exist")
    default = [DEFAULT_MIRROR] if DEFAULT_MIRROR.is_dir() else []
    return list(dict.fromkeys([*map(Path, [*variable, *configured]), *default]))


def hand_on(configured: Sequence[str]) -> None:
    """Add mirrors to those of TGNAS_MIRROR, where processes that this one starts look for them."""
    mirrors = [*os.environ.get(MIRROR_VARIABLE, "").split(os.pathsep), *configured]
    if any(mirrors):
        os.environ[MIRROR_VARIABLE] = os.pathsep.join(filter(None, mirrors))


def available(resource: Resource, folder: Path, mirrors: Sequence[Path]) -> bool:
    """Return whether the file can be had without the network; compares sizes, reads nothing."""
    places = [folder / resource.name, *(mirror / resource.mirror_path for mirror in mirrors)]
    return any(place.is_file() and place.stat().st_size == resource.bytes for place in places)


def verified(path: Path, resource: Resource) -> Path:
    """Return the path of a file that is about to be read, after checking its sha256.

    Raises:
        ResourceError: the file is missing, or is not what the sheet says.
    """
    if not path.is_file():
        raise ResourceError(f"{path} is missing; it is {resource.name} of {resource.url}")
    if (sha256 := sha256_of(path)) != resource.sha256:
        raise ResourceError(
            f"{path} is not {resource.name}: sha256 {resource.sha256} expected, {sha256} found; "
            "delete it and run again to fetch it anew"
        )
    return path


def check_inputs(paths: Iterable[Path], sheet: Path = SHEET) -> None:
    """Check a job's inputs before anything reads them, by the sheet where it names them.

    The last line of another CSV file, which a job wrote, has an end unless it was cut off.

    Raises:
        ConfigError: a row of the sheet is not allowed.
        ResourceError: an input is not what the sheet says.
        CorruptTableError: a CSV file that the sheet does not name was cut off within a line.
    """
    resources = read_resources(sheet) if sheet.is_file() else {}
    for path in paths:
        ends = ("/".join(path.parts[start:]) for start in range(len(path.parts)))
        named = resources.keys() & set(ends)
        for name in named:
            verified(path, resources[name])
        if not named and path.suffix == ".csv":
            ends_whole(path)


def fetch(
    resource: Resource,
    folder: Path,
    mirrors: Sequence[Path],
    *,
    sheet: Mapping[str, Resource],
    attempts: int = 3,
    pause: float = 1.0,
    timeout: float = 30.0,
) -> Path:
    """Return the path of the file below the folder, after taking it from the first that has it.

    `sheet` is what the run needs in all: if nothing has this file, the error lists what else is
    missing. `pause` is the wait in seconds before the second attempt, doubled for each further
    one; `timeout` is the longest silence of the server, in seconds.

    Raises:
        ResourceError: no place has the file, or what a place has is not it.
    """
    target = folder / resource.name
    if target.exists():
        LOG.info("resource=%s source=%s", resource.name, target)
        return verified(target, resource)
    wrong = []
    for mirror in mirrors:
        source = mirror / resource.mirror_path
        if source.is_file():
            try:
                with _landing(resource, target, str(source)) as part:
                    if (size := source.stat().st_size) != resource.bytes:
                        raise _other(resource, f"{source} has {size} bytes")
                    shutil.copyfile(source, part)
                return target
            except _OtherFileError as error:
                wrong.append(str(error))
                LOG.warning("%s; the next source is asked", error)
    import requests  # noqa: PLC0415 - only where no mirror has it

    reason = "" if resource.has_address else "it has no network address"
    for attempt in range(1, attempts + 1) if resource.has_address else ():
        try:
            _download(resource, target, timeout)
            return target
        except _OtherFileError as error:
            wrong.append(str(error))
            break
        except requests.RequestException as error:
            reason = f"{type(error).__name__}: {error}"
            LOG.warning("resource=%s attempt=%d/%d %s", resource.name, attempt, attempts, reason)
            if error.response is not None and error.response.status_code not in PASSING:
                break  # "no such file" or "forbidden"
            if attempt < attempts:
                time.sleep(pause * 2 ** (attempt - 1))
    reasons = "; ".join(filter(None, [*wrong, reason]))
    raise ResourceError(_report(resource, reasons, folder, mirrors, sheet))


def _parse_row(line: str) -> Resource:
    """Return the resource of one line of the sheet; ValueError says what is wrong."""
    cells = line.split("\t")
    if len(cells) != len(COLUMNS):
        raise ValueError(f"{len(COLUMNS)} tab-separated columns expected, {len(cells)} found")
    name, url, sha256, size, licence = cells
    scheme, separator, _ = url.rpartition("://")
    if separator and scheme not in {"http", "https"}:
        raise ValueError(f"url {url!r} must begin with http:// or https://, or have no scheme")
    if not re.fullmatch("[0-9a-fA-F]{64}", sha256):
        raise ValueError(f"sha256 {sha256!r} is not 64 hexadecimal digits")
    if not re.fullmatch("[1-9][0-9]*", size):
        raise ValueError(f"bytes {size!r} is not a positive integer")
    resource = Resource(name, url, sha256.lower(), int(size), licence)
    for what, path in (("name", name), ("url", resource.mirror_path)):
        parts = PurePosixPath(path).parts
        if not parts or parts[0] == "/" or ".." in parts or "/".join(parts) != path:
            raise ValueError(f"{what} {path!r} must be a plain path below a folder, without '..'")
    return resource


@contextmanager
def _landing(resource: Resource, target: Path, source: str) -> Iterator[Path]:
    """Give a temporary path, which becomes the target if its sha256 is right, and is gone else."""
    start = time.perf_counter()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with written_whole(target) as part:
            yield part
            if (sha256 := sha256_of(part)) != resource.sha256:
                raise _other(resource, f"{source} holds sha256 {sha256}")
    except OSError as error:
        if hasattr(error, "response"):  # of a request, and another attempt may help
            raise
        message = f"{resource.name}: {source} not written to {target}: {error}"
        raise ResourceError(message) from error
    took = f"bytes={resource.bytes} seconds={time.perf_counter() - start:.1f}"
    LOG.info("resource=%s source=%s %s", resource.name, source, took)


class _OtherFileError(ResourceError):
    """What a source has under a file's name is another file."""


def _other(resource: Resource, what: str) -> _OtherFileError:
    """Return the error that says how a source's file is not the one of the sheet."""
    return _OtherFileError(
        f"{resource.name}: {what}; {resource.bytes} bytes of sha256 {resource.sha256} are "
        "expected; nothing was kept"
    )


def _download(resource: Resource, target: Path, timeout: float) -> None:
    """Download the file once; the progress bar shows on a terminal only."""
    import requests  # noqa: PLC0415 - only where no mirror has it

    arrived = 0
    bar = tqdm(total=resource.bytes, unit="B", unit_scale=True, desc=resource.name, disable=None)
    plain = {"Accept-Encoding": "identity"}  # the file as it is, so that sizes agree
    with (
        _landing(resource, target, resource.url) as part,
        requests.get(resource.url, stream=True, timeout=timeout, headers=plain) as answer,
        part.open("wb") as stream,
        bar,
    ):
        answer.raise_for_status()
        for content in answer.iter_content(1 << 16):
            bar.update(len(content))
            arrived += len(content)
            if arrived > resource.bytes:
                raise _other(resource, f"{resource.url} sends more than {resource.bytes} bytes")
            stream.write(content)


def _report(
    resource: Resource,
    reason: str,
    folder: Path,
    mirrors: Sequence[Path],
    sheet: Mapping[str, Resource],
) -> str:
    """Return the message that lists all that is missing and the two ways to provide it."""
    there = {name for name, row in sheet.items() if available(row, folder, mirrors)}
    lacking = {resource.name: resource} | {
        name: row for name, row in sheet.items() if not there & {name, *_alternatives(name)}
    }
    lines = [f"{resource.name} is in no mirror and could not be downloaded ({reason})."]
    lines += [f"Missing ({len(lacking)} of {len(sheet)} files):"]
    for name, row in lacking.items():
        notes = "" if row.has_address else " (only from a mirror)"
        notes += "".join(f" (or instead: {other})" for other in _alternatives(name))
        lines += [f"  {name}  {human_size(row.bytes)}  {row.url}{notes}"]
    searched = ", ".join(map(str, mirrors)) or "none"
    lines += [
        f"Either put each file at {folder}/<name>, or set {MIRROR_VARIABLE} (or 'mirrors' in the "
        "config) to a folder laid out as `wget -x` leaves it, with https://host/path at "
        f"host/path. Mirrors searched: {searched}."
    ]
    return "\n".join(lines)


def _alternatives(name: str) -> list[str]:
    """Return the names of the files that serve instead of this one."""
    groups = (group for group in ALTERNATIVES if name in group)
    return sorted(frozenset().union(*groups) - {name})


def human_size(count: int) -> str:
    """Return a number of bytes in B, kB, MB or GB (powers of 1000)."""
    power = min((len(str(count)) - 1) // 3, 3)
    return f"{count / 1000**power:.1f} {('B', 'kB', 'MB', 'GB')[power]}" if power else f"{count} B"
