"""Fetching: the sheet, the mirror, the network, and what is left when they fail."""

import hashlib
import logging
import os
import threading
from collections.abc import Iterator
from dataclasses import astuple, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tgnas.errors import ConfigError, CorruptTableError, ResourceError
from tgnas.files import sha256_of
from tgnas.resources.fetch import (
    ALTERNATIVES,
    COLUMNS,
    DEFAULT_MIRROR,
    Resource,
    available,
    check_inputs,
    fetch,
    human_size,
    mirror_folders,
    read_resources,
    verified,
)

ROOT = Path(__file__).parents[1]
SHEET = ROOT / "config" / "resources.tsv"
MIRROR = ROOT / DEFAULT_MIRROR
CONTENT = bytes(range(256)) * 1000


def resource_of(content: bytes, name: str = "family/file.bin", url: str = "") -> Resource:
    """Return the row that describes the content."""
    digest = hashlib.sha256(content).hexdigest()
    return Resource(name, url or f"https://example.org/{name}", digest, len(content), "MIT")


def sheet_of(folder: Path, *rows: tuple[object, ...], header: tuple[str, ...] = COLUMNS) -> Path:
    """Write a sheet and return its path."""
    sheet = folder / "resources.tsv"
    text = "".join("\t".join(map(str, row)) + "\n" for row in (header, *rows))
    sheet.write_text(text, encoding="utf-8")
    return sheet


def mirror_of(folder: Path, resource: Resource, content: bytes) -> Path:
    """Make a mirror folder that has the content at the resource's place."""
    path = folder / resource.mirror_path
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    return folder


def files_in(folder: Path) -> list[Path]:
    """Return every file below a folder, hidden ones too."""
    return [path for path in folder.rglob("*") if path.is_file()]


class Handler(BaseHTTPRequestHandler):
    """Serves CONTENT; the first part of the path says what goes wrong."""

    protocol_version = "HTTP/1.1"
    requests: list[str]

    def do_GET(self) -> None:
        self.requests.append(self.path)
        trouble = self.path.split("/")[1]
        if trouble == "gone" or (trouble == "busy" and len(self.requests) == 1):
            self.send_error(404 if trouble == "gone" else 503)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT) * (100 if trouble == "endless" else 1)))
        self.end_headers()
        if trouble == "endless":
            self.wfile.write(bytes(len(CONTENT)) * 100)
            self.close_connection = True
            return
        half = trouble == "half" or (trouble == "hiccup" and len(self.requests) == 1)
        self.wfile.write(CONTENT[: len(CONTENT) // 2] if half else CONTENT)
        self.close_connection = half

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base's name
        """Say nothing on stderr."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, list[str]]]:
    """Run a server; give its address and the list of the paths that it was asked for."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    asked: list[str] = []
    handler = type("CountingHandler", (Handler,), {"requests": asked})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{running.server_address[1]}", asked
        running.shutdown()
        thread.join()


@pytest.fixture
def closed(server: tuple[str, list[str]]) -> str:
    """Give an address where nobody listens: port 1, which no user's process may open."""
    return "http://127.0.0.1:1"


def download(resource: Resource, folder: Path, **settings: int) -> Path:
    """Fetch over the network alone."""
    sheet = {resource.name: resource}
    return fetch(resource, folder, [], sheet=sheet, pause=0.0, timeout=5.0, **settings)


# The sheet

plain_names = st.from_regex(r"[a-z0-9_-]{1,9}(/[a-z0-9_-]{1,9}){0,2}", fullmatch=True)
free_text = st.text(st.characters(exclude_characters="\t\n\r", codec="utf-8"), max_size=20)
rows = st.builds(
    Resource,
    name=plain_names,
    url=st.builds("{}{}".format, st.sampled_from(["https://", "http://", ""]), plain_names),
    sha256=st.from_regex("[0-9a-f]{64}", fullmatch=True),
    bytes=st.integers(1, 10**12),
    licence=free_text,
)


@given(st.lists(rows, unique_by=lambda row: row.name, max_size=5))
def test_a_written_sheet_reads_back_the_same(tmp_path_factory, resources):
    sheet = sheet_of(tmp_path_factory.mktemp("sheet"), *map(astuple, resources))
    assert list(read_resources(sheet).values()) == resources


GOOD = astuple(resource_of(CONTENT))
BAD_ROWS = {
    "5 tab-separated columns expected, 4 found": GOOD[:4],
    "5 tab-separated columns expected, 6 found": (*GOOD, "more"),
    "5 tab-separated columns expected, 1 found": ("",),
    "'abc' is not 64 hexadecimal digits": (*GOOD[:2], "abc", *GOOD[3:]),
    f"'{'g' * 64}' is not 64": (*GOOD[:2], "g" * 64, *GOOD[3:]),
    "bytes '0' is not a positive integer": (*GOOD[:3], "0", "MIT"),
    "bytes '1.5' is not a positive integer": (*GOOD[:3], "1.5", "MIT"),
    "name '/etc/passwd' must be a plain path": ("/etc/passwd", *GOOD[1:]),
    "name 'a/../../b' must be a plain path": ("a/../../b", *GOOD[1:]),
    "name '' must be a plain path": ("", *GOOD[1:]),
    "url '../secret' must be a plain path": (GOOD[0], "../secret", *GOOD[2:]),
    "must begin with http:// or https://": (GOOD[0], "file:///etc/passwd", *GOOD[2:]),
}


@pytest.mark.parametrize("complaint", BAD_ROWS)
def test_a_bad_row_is_refused_with_file_and_line(tmp_path, complaint):
    sheet = sheet_of(tmp_path, GOOD, BAD_ROWS[complaint])
    with pytest.raises(ConfigError) as caught:
        read_resources(sheet)
    assert str(caught.value).startswith(f"{sheet}:3: ")
    assert complaint in str(caught.value)


def test_a_repeated_name_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r":3: name 'family/file.bin' stands there twice"):
        read_resources(sheet_of(tmp_path, GOOD, GOOD))


def test_a_wrong_header_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r":1: the header must be"):
        read_resources(sheet_of(tmp_path, GOOD, header=("name", "url")))


def test_a_sheet_that_is_not_there_is_a_config_error(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        read_resources(tmp_path / "none.tsv")


def test_the_sheet_of_the_project_is_allowed_and_has_the_alternatives():
    resources = read_resources(SHEET)
    assert frozenset().union(*ALTERNATIVES) <= set(resources)


def test_every_row_of_the_sheet_agrees_with_the_mirror():
    if not MIRROR.is_dir():
        pytest.skip("the mirror folder is not there")
    checked, resources = [], read_resources(SHEET)
    for resource in resources.values():
        path = MIRROR / resource.mirror_path
        if resource.name != "cifar10/cifar-10-python.tar.gz":  # 170 MB, only on the network
            assert path.stat().st_size == resource.bytes, resource.name
            checked.append(verified(path, resource))
    assert len(checked) == len(resources) - 1


# Mirror folders


def test_mirrors_come_from_the_variable_then_the_config_then_the_default(tmp_path, monkeypatch):
    one, two, three = (tmp_path / name for name in ("one", "two", "three"))
    for folder in (one, two, three, tmp_path / "shared" / "mirror", tmp_path / "project"):
        folder.mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "project")
    monkeypatch.setenv("TGNAS_MIRROR", f"{one}{os.pathsep}{two}")
    assert mirror_folders([str(three)]) == [one, two, three, DEFAULT_MIRROR]


def test_without_any_setting_and_default_there_is_no_mirror(tmp_path, monkeypatch):
    monkeypatch.delenv("TGNAS_MIRROR", raising=False)
    monkeypatch.chdir(tmp_path)
    assert mirror_folders([]) == []


def test_a_configured_mirror_that_does_not_exist_is_refused(tmp_path, monkeypatch):
    with pytest.raises(ConfigError, match=r"nowhere' of the config's 'mirrors' does not exist"):
        mirror_folders([str(tmp_path / "nowhere")])
    monkeypatch.setenv("TGNAS_MIRROR", str(tmp_path / "nowhere"))
    with pytest.raises(ConfigError, match=r"nowhere' of TGNAS_MIRROR does not exist"):
        mirror_folders([])


@pytest.mark.parametrize("url", ["https://example.org/a/b.bin", "a/b.bin"])
def test_a_file_is_copied_from_the_mirror_that_has_it(tmp_path, url, caplog):
    caplog.set_level(logging.INFO, "tgnas.resources.fetch")
    resource = resource_of(CONTENT, url=url)
    mirrors = [tmp_path / "empty", mirror_of(tmp_path / "mirror", resource, CONTENT)]
    path = fetch(resource, tmp_path / "resources", mirrors, sheet={})
    assert path == tmp_path / "resources" / "family" / "file.bin"
    assert path.read_bytes() == CONTENT
    assert files_in(tmp_path / "resources") == [path]
    assert f"source={mirrors[1] / resource.mirror_path}" in caplog.text


def test_a_wrong_file_in_a_mirror_is_named_and_not_kept(tmp_path):
    resource = resource_of(CONTENT)
    other = bytes(len(CONTENT))
    mirror = mirror_of(tmp_path / "mirror", resource, other)
    with pytest.raises(ResourceError) as caught:
        fetch(resource, tmp_path / "resources", [mirror], sheet={}, attempts=0)
    found = hashlib.sha256(other).hexdigest()
    for part in (resource.name, resource.sha256, found, str(mirror / resource.mirror_path)):
        assert part in str(caught.value)
    assert files_in(tmp_path / "resources") == []


def test_after_a_wrong_file_in_a_mirror_the_next_source_is_asked(tmp_path, server, caplog):
    resource = resource_of(CONTENT, url=f"{server[0]}/good/file.bin")
    wrong = mirror_of(tmp_path / "wrong", resource, b"other")
    right = mirror_of(tmp_path / "right", resource, CONTENT)
    for number, mirrors in enumerate(([wrong, right], [wrong])):
        path = fetch(resource, tmp_path / str(number), mirrors, sheet={}, timeout=5.0)
        assert path.read_bytes() == CONTENT
    assert len(server[1]) == 1
    assert caplog.text.count(f"{wrong / resource.mirror_path} has 5 bytes") == 2


def test_a_download_that_is_larger_than_listed_is_cut_off(tmp_path, server):
    resource = replace(resource_of(CONTENT, url=f"{server[0]}/endless/file.bin"), bytes=7)
    with pytest.raises(ResourceError, match="sends more than 7 bytes"):
        download(resource, tmp_path)
    assert files_in(tmp_path) == []
    assert len(server[1]) == 1


@pytest.mark.parametrize("place", ["resources", "elsewhere/resources"])
def test_an_input_that_was_changed_after_fetching_is_refused(tmp_path, place):
    resource = resource_of(CONTENT)
    sheet = sheet_of(tmp_path, astuple(resource))
    path = tmp_path / place / resource.name
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENT)
    check_inputs([path, tmp_path / "results" / "other.bin"], sheet)
    path.write_bytes(bytes(len(CONTENT)))
    with pytest.raises(ResourceError, match=r"is not family/file\.bin: sha256"):
        check_inputs([path], sheet)


def test_a_fetched_table_may_end_without_a_line_end_and_one_of_a_job_may_not(tmp_path):
    resource = resource_of(b"a,b\n1,2", "family/table.csv")
    fetched, made = tmp_path / resource.name, tmp_path / "made.csv"
    fetched.parent.mkdir()
    for path in (fetched, made):
        path.write_bytes(b"a,b\n1,2")
    check_inputs([fetched], sheet_of(tmp_path, astuple(resource)))
    with pytest.raises(CorruptTableError, match=r"made\.csv is damaged: its last line has no end"):
        check_inputs([made], tmp_path / "resources.tsv")


def test_a_file_that_cannot_be_written_is_a_resource_error(tmp_path):
    resource = resource_of(CONTENT)
    mirror = mirror_of(tmp_path / "mirror", resource, CONTENT)
    (tmp_path / "resources").write_text("a file where the folder should be")
    with pytest.raises(ResourceError, match=r"file\.bin: .* not written to"):
        fetch(resource, tmp_path / "resources", [mirror], sheet={})


# The file that is already there


def test_an_intact_file_is_kept_and_nothing_else_is_asked(tmp_path, server):
    resource = resource_of(CONTENT, url=f"{server[0]}/good/file.bin")
    path = mirror_of(tmp_path, replace(resource, url=resource.name), CONTENT) / resource.name
    before = path.stat().st_mtime_ns
    assert download(resource, tmp_path) == path
    assert path.stat().st_mtime_ns == before
    assert server[1] == []


def test_a_wrong_file_is_reported_and_not_deleted(tmp_path):
    resource = resource_of(CONTENT)
    path = mirror_of(tmp_path, replace(resource, url=resource.name), b"mine") / resource.name
    with pytest.raises(ResourceError, match="delete it and run again") as caught:
        fetch(resource, tmp_path, [], sheet={})
    for part in (str(path), resource.sha256, hashlib.sha256(b"mine").hexdigest()):
        assert part in str(caught.value)
    assert path.read_bytes() == b"mine"


@given(st.binary(min_size=1, max_size=200), st.data())
def test_one_changed_byte_is_detected(tmp_path_factory, content, data):
    place = data.draw(st.integers(0, len(content) - 1))
    changed = bytearray(content)
    changed[place] ^= data.draw(st.integers(1, 255))
    path = tmp_path_factory.mktemp("changed") / "file.bin"
    path.write_bytes(changed)
    with pytest.raises(ResourceError, match="expected"):
        verified(path, resource_of(content))


def test_verified_returns_an_intact_file_and_names_a_missing_one(tmp_path):
    path = tmp_path / "file.bin"
    with pytest.raises(ResourceError, match=r"file\.bin is missing"):
        verified(path, resource_of(CONTENT))
    path.write_bytes(CONTENT)
    assert verified(path, resource_of(CONTENT)) == path
    assert sha256_of(path) == resource_of(CONTENT).sha256


def test_available_looks_at_the_folder_and_the_mirrors_and_at_sizes(tmp_path):
    resource = resource_of(CONTENT)
    mirror = mirror_of(tmp_path / "mirror", resource, CONTENT)
    assert not available(resource, tmp_path / "resources", [])
    assert available(resource, tmp_path / "resources", [tmp_path / "none", mirror])
    assert not available(replace(resource, bytes=7), tmp_path / "resources", [mirror])
    assert available(resource, fetch(resource, tmp_path, [mirror], sheet={}).parents[1], [])


# The network


def test_a_complete_download_gets_its_name(tmp_path, server, caplog):
    caplog.set_level(logging.INFO, "tgnas.resources.fetch")
    resource = resource_of(CONTENT, url=f"{server[0]}/good/file.bin")
    path = download(resource, tmp_path)
    assert path.read_bytes() == CONTENT
    assert files_in(tmp_path) == [path]
    assert f"source={resource.url}" in caplog.text


def test_a_server_that_dies_half_way_leaves_nothing(tmp_path, server):
    resource = resource_of(CONTENT, url=f"{server[0]}/half/file.bin")
    with pytest.raises(ResourceError, match=r"could not be downloaded \(ChunkedEncodingError"):
        download(resource, tmp_path)
    assert files_in(tmp_path) == []
    assert len(server[1]) == 3


def test_an_interrupted_download_leaves_nothing(tmp_path, server, monkeypatch):
    def interrupt(path: Path) -> str:
        assert path.stat().st_size == len(CONTENT)
        raise KeyboardInterrupt

    monkeypatch.setattr("tgnas.resources.fetch.sha256_of", interrupt)
    with pytest.raises(KeyboardInterrupt):
        download(resource_of(CONTENT, url=f"{server[0]}/good/file.bin"), tmp_path)
    assert files_in(tmp_path) == []


def test_a_wrong_download_is_named_and_not_kept(tmp_path, server):
    resource = resource_of(bytes(len(CONTENT)), url=f"{server[0]}/good/file.bin")
    with pytest.raises(ResourceError, match="nothing was kept") as caught:
        download(resource, tmp_path)
    found = hashlib.sha256(CONTENT).hexdigest()
    for part in (resource.name, resource.sha256, found, resource.url):
        assert part in str(caught.value)
    assert files_in(tmp_path) == []
    assert len(server[1]) == 1


@pytest.mark.parametrize("trouble", ["busy", "hiccup"])
def test_a_second_attempt_follows_a_passing_failure(tmp_path, server, caplog, trouble):
    resource = resource_of(CONTENT, url=f"{server[0]}/{trouble}/file.bin")
    assert download(resource, tmp_path).read_bytes() == CONTENT
    assert len(server[1]) == 2
    assert "attempt=1/3" in caplog.text


def test_the_number_of_attempts_is_a_setting(tmp_path, server):
    with pytest.raises(ResourceError, match="503"):
        download(resource_of(CONTENT, url=f"{server[0]}/busy/a"), tmp_path, attempts=1)


def test_a_file_that_the_server_does_not_have_is_asked_for_once(tmp_path, server):
    with pytest.raises(ResourceError, match="404"):
        download(resource_of(CONTENT, url=f"{server[0]}/gone/file.bin"), tmp_path)
    assert len(server[1]) == 1


# Neither


def test_without_mirror_and_network_one_error_lists_all_that_is_missing(tmp_path, closed):
    there = resource_of(CONTENT, "a/there")
    asked = replace(resource_of(CONTENT, "a/asked", f"{closed}/asked"), bytes=4_105_386)
    other = replace(resource_of(CONTENT, "b/other", "derived/other"), bytes=999)
    folder = mirror_of(tmp_path, replace(there, url=there.name), CONTENT)
    sheet = {row.name: row for row in (there, asked, other)}
    with pytest.raises(ResourceError) as caught:
        fetch(asked, folder, [], sheet=sheet, attempts=2, pause=0.0)
    message = str(caught.value)
    assert "Missing (2 of 3 files)" in message
    assert f"  a/asked  4.1 MB  {closed}/asked\n" in message
    assert "  b/other  999 B  derived/other (only from a mirror)\n" in message
    assert f"put each file at {folder}/<name>" in message
    assert "set TGNAS_MIRROR (or 'mirrors' in the config)" in message
    assert "a/there" not in message


def test_a_file_without_address_is_not_asked_from_the_network(tmp_path):
    with pytest.raises(ResourceError, match="it has no network address"):
        download(resource_of(CONTENT, url="derived/file.bin"), tmp_path)


def test_an_alternative_that_is_there_is_enough(tmp_path):
    sheet = read_resources(SHEET)
    tar, jpeg = (sheet[name] for name in sorted(ALTERNATIVES[0]))
    small = replace(jpeg, bytes=len(CONTENT))
    mirror = mirror_of(tmp_path / "mirror", small, CONTENT)
    asked = resource_of(CONTENT, url="none")
    sheet = {row.name: row for row in (tar, small, asked)}
    with pytest.raises(ResourceError, match=r"Missing \(1 of 3 files\)"):
        fetch(asked, tmp_path / "resources", [mirror], sheet=sheet)
    with pytest.raises(ResourceError, match=rf"\(or instead: {tar.name}\)"):
        fetch(jpeg, tmp_path / "resources", [], sheet=sheet)


def test_sizes_are_given_in_the_unit_that_reads_best():
    sizes = [human_size(count) for count in (1, 999, 1000, 250_000, 170_498_071, 10**12)]
    assert sizes == ["1 B", "999 B", "1.0 kB", "250.0 kB", "170.5 MB", "1000.0 GB"]
