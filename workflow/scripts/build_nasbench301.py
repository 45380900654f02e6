"""Build NAS-Bench-301's part: 1,218 DARTS genotypes, surrogate accuracies and proxies."""

from pathlib import Path

from tgnas.benchmarks.base import write_table
from tgnas.benchmarks.nasbench301 import build
from tgnas.workflow.script import run


def main(*, files: list[Path], benchmark: Path) -> None:
    """Join the files of two commits and write one Arrow file."""
    write_table(build(files), benchmark)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
