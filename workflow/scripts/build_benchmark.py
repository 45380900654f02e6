"""Build a benchmark: the architectures of a space and what is known about them, as one file."""

from pathlib import Path

from tgnas.benchmarks.base import write_table
from tgnas.registry import BENCHMARKS
from tgnas.workflow.script import run


def main(*, name: str, sources: list[Path], benchmark: Path) -> None:
    """Join the files that the benchmark's module names and write one Arrow file."""
    write_table(BENCHMARKS.load(name)(sources), benchmark)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
