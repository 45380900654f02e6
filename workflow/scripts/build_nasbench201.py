"""Build NAS-Bench-201: strings, cells, accuracies, parameters and FLOPs of 15,625 architectures."""

from pathlib import Path

from tgnas.benchmarks.base import write_table
from tgnas.benchmarks.nasbench201 import build
from tgnas.workflow.script import run


def main(
    *, accuracies: list[Path], parameters: list[Path], nasgraph: list[Path], benchmark: Path
) -> None:
    """Join the files of the three data sets and write one Arrow file."""
    write_table(build(accuracies, parameters, nasgraph), benchmark)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
