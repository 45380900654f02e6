"""Fetched files: where each comes from, and proof that it is the right one.

``config/resources.tsv`` lists every file with its address, size, sha256 and licence. A file is
taken from the first place that has it: the resources folder itself, a mirror folder, the network.
A mirror folder is laid out as ``wget -x`` leaves it: ``https://host/path`` stands at ``host/path``;
an address without a scheme is a path in the mirror and has no network source.
Nothing reaches its final name before its sha256 is checked.
"""

import hashlib
import logging
import os
import re
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path, PurePosixPath

import pooch
import requests
from tqdm import tqdm

from tgnas.errors import ConfigError, ResourceError
from tgnas.files import written_whole

LOG = logging.getLogger("tgnas.resources.fetch")
MIRROR_VARIABLE = "TGNAS_MIRROR"
DEFAULT_MIRROR = Path("../shared/mirror")  # beside the project; used where it exists
# Either file of a group serves: the lossless archive, or its JPEG copy where only a mirror is.
ALTERNATIVES = (frozenset({"cifar10/cifar-10-python.tar.gz", "cifar10/cifar10_jpeg_q75.parquet"}),)


@dataclass(frozen=True, slots=True)
class Resource:
    """One row of the sheet.

    Attributes:
        name: path below the resources folder.
        url: address; without a scheme it is a path in a mirror, and no network has the file.
        sha256: 64 lower-case hexadecimal digits.
        bytes: size of the file.
        licence: under what terms the owner publishes it.
    """

    name: str
    url: str
    sha256: str
    bytes: int
    licence: str

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
        raise ConfigError(f"{sheet} cannot be read: {error}") from error
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
    variable = os.environ.get(MIRROR_VARIABLE, "").split(os.pathsep)
    named = [(text, MIRROR_VARIABLE) for text in variable if text]
    named += [(text, "the config's 'mirrors'") for text in configured]
    for text, origin in named:
        if not Path(text).is_dir():
            raise ConfigError(f"mirror folder {text!r} of {origin} does not exist")
    folders = [Path(text) for text, _ in named]
    if DEFAULT_MIRROR.is_dir():
        folders.append(DEFAULT_MIRROR)
    return list(dict.fromkeys(folders))


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
    found = sha256_of(path)
    if found != resource.sha256:
        raise ResourceError(
            f"{path} is not {resource.name}: sha256 {resource.sha256} expected, {found} found; "
            "delete it and run again to fetch it anew"
        )
    return path


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
    for mirror in mirrors:
        source = mirror / resource.mirror_path
        if source.is_file():
            with _landing(resource, target, str(source)) as part:
                shutil.copyfile(source, part)
            return target
    reason = "it has no network address"
    if resource.has_address:
        for attempt in range(1, attempts + 1):
            try:
                _download(resource, target, timeout)
            except requests.RequestException as error:
                reason = f"{type(error).__name__}: {error}"
                LOG.warning(
                    "resource=%s attempt=%d/%d %s", resource.name, attempt, attempts, reason
                )
                if not _is_passing(error):
                    break
                if attempt < attempts:
                    time.sleep(pause * 2 ** (attempt - 1))
            else:
                return target
    raise ResourceError(_report(resource, reason, folder, mirrors, sheet))


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file as 64 lower-case hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


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
    """Give a temporary path beside the target, which becomes the target if its sha256 is right.

    However the body ends, the temporary file is gone afterwards.
    """
    start = time.perf_counter()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with written_whole(target) as part:
            yield part
            found = sha256_of(part)
            if found != resource.sha256:
                raise ResourceError(
                    f"{resource.name}: {source} holds another file: sha256 {resource.sha256} "
                    f"expected, {found} found; nothing was kept"
                )
    except requests.RequestException:  # an OSError too, but another attempt may help
        raise
    except OSError as error:
        raise ResourceError(
            f"{resource.name}: {source} not written to {target}: {error}"
        ) from error
    seconds = time.perf_counter() - start
    LOG.info(
        "resource=%s source=%s bytes=%d seconds=%.1f",
        resource.name,
        source,
        resource.bytes,
        seconds,
    )


def _download(resource: Resource, target: Path, timeout: float) -> None:
    """Download the file once; the progress bar shows on a terminal only."""
    with (
        _landing(resource, target, resource.url) as part,
        tqdm(
            total=resource.bytes, unit="B", unit_scale=True, desc=resource.name, disable=None
        ) as progress,
    ):
        download = pooch.HTTPDownloader(
            progressbar=progress,
            chunk_size=1 << 16,
            timeout=timeout,
            headers={"Accept-Encoding": "identity"},  # the file as it is, so that sizes agree
        )
        download(resource.url, str(part), None)


def _is_passing(error: requests.RequestException) -> bool:
    """Return whether another attempt may help: not after a "no such file" or "forbidden"."""
    return error.response is None or error.response.status_code in {408, 429, 500, 502, 503, 504}


def _report(
    asked: Resource,
    reason: str,
    folder: Path,
    mirrors: Sequence[Path],
    sheet: Mapping[str, Resource],
) -> str:
    """Return the message that lists all that is missing and the two ways to provide it."""
    there = {name for name, row in sheet.items() if available(row, folder, mirrors)}
    lacking = {asked.name: asked} | {
        name: row for name, row in sheet.items() if not there & ({name} | _alternatives(name))
    }
    lines = [f"{asked.name} is in no mirror and could not be downloaded ({reason})."]
    lines += [f"Missing ({len(lacking)} of {len(sheet)} files):"]
    for name, row in lacking.items():
        source = row.url if row.has_address else f"{row.url} (only from a mirror)"
        others = ", ".join(sorted(_alternatives(name)))
        instead = f" (or instead: {others})" if others else ""
        lines += [f"  {name}  {human_size(row.bytes)}  {source}{instead}"]
    searched = ", ".join(map(str, mirrors)) or "none"
    lines += [
        f"Either put each file at {folder}/<name>, or set {MIRROR_VARIABLE} (or 'mirrors' in the "
        "config) to a folder laid out as `wget -x` leaves it, with https://host/path at "
        f"host/path. Mirrors searched: {searched}."
    ]
    return "\n".join(lines)


def _alternatives(name: str) -> frozenset[str]:
    """Return the names of the files that serve instead of this one."""
    return frozenset().union(*(group for group in ALTERNATIVES if name in group)) - {name}


def human_size(count: int) -> str:
    """Return a number of bytes in B, kB, MB or GB (powers of 1000)."""
    size, unit = float(count), "B"
    for larger in ("kB", "MB", "GB"):
        if size < 1000:
            break
        size, unit = size / 1000, larger
    return f"{count} B" if unit == "B" else f"{size:.1f} {unit}"
