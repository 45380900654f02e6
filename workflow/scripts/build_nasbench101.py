"""Build NAS-Bench-101: all cells, their hashes, accuracies and parameter counts."""

from pathlib import Path

from tgnas.benchmarks.base import write_table
from tgnas.benchmarks.nasbench101 import build
from tgnas.workflow.script import run


def main(*, accuracies: Path, parameters: Path, benchmark: Path, threads: int) -> None:
    """Enumerate the cells, join them to the accuracies, prove the join, write one Arrow file."""
    write_table(build(accuracies, parameters, processes=threads), benchmark)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
