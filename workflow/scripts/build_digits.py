"""Build a benchmark from the table of digits-bench that comes with the package."""

from pathlib import Path

from tgnas.benchmarks.base import write_table
from tgnas.registry import BENCHMARKS
from tgnas.workflow.script import run


def main(*, benchmark: Path, digits: str) -> None:
    """Average the seeds, write one Arrow file."""
    write_table(BENCHMARKS.load(digits)(), benchmark)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
