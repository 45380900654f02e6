"""Draw a population from a benchmark: a random sample of it, or one of each live pattern."""

from pathlib import Path

from tgnas.benchmarks.base import open_benchmark
from tgnas.scoring.populations import draw, write_population
from tgnas.workflow.script import run


def main(*, benchmark: Path, drawn: Path, architectures: str, seed: int) -> None:
    """Write the architectures' rows of the benchmark and their strings."""
    write_population(drawn, draw(open_benchmark(benchmark), architectures, seed))


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
