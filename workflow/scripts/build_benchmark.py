"""Build a benchmark: the architectures of a space and what is known about them, as one file."""

from pathlib import Path

from tgnas.benchmarks.base import write_table
from tgnas.registry import BENCHMARKS
from tgnas.workflow.script import run


def main(*, benchmark: str, sources: list[Path], table: Path) -> None:
    """Join the files that the benchmark's module names and write one Arrow file."""
    write_table(BENCHMARKS.load(benchmark)(sources), table)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
