"""Draw one figure of the results, as PNG for the screen and PDF for print."""

from pathlib import Path

from tgnas.registry import RESULTS
from tgnas.results._catalogue import call, given
from tgnas.results._style import save
from tgnas.workflow.script import run


def main(*, name: str, files: dict, values: dict, png: Path, pdf: Path) -> None:
    """Hand a result's module its inputs and parameters.

    Args:
        name: the module, a file of tgnas.results.
        files: its inputs by name; `frame` is its own table.
        values: its parameters.
        png: the picture.
        pdf: the same.
    """
    module = RESULTS.module(name)
    save(call(module.figure, given(module, files, values)), png, pdf)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
