"""Fetch one file of the resource sheet from a mirror folder or the network."""

from pathlib import Path

from tgnas.errors import UnknownNameError
from tgnas.resources.fetch import fetch, mirror_folders, read_resources
from tgnas.workflow.script import run


def main(*, resource: str, sheet: Path, file: Path) -> None:
    """Bring the resource to its file, which stands at its name below the resources folder."""
    resources = read_resources(sheet)
    if resource not in resources:
        raise UnknownNameError("resource", resource, resources)
    folder = file.parents[resource.count("/")]
    fetch(resources[resource], folder, mirror_folders([]), sheet=resources)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
