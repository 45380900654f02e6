"""Build NAS-Bench-Macro: strings, cells, accuracies, parameters and FLOPs of 6,561 chains."""

from pathlib import Path

from tgnas.benchmarks.base import write_table
from tgnas.benchmarks.nasbench_macro import build
from tgnas.workflow.script import run


def main(*, accuracies: Path, benchmark: Path) -> None:
    """Read the authors' file and write one Arrow file."""
    write_table(build(accuracies), benchmark)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
