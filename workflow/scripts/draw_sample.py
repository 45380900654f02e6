"""Draw the architectures of a benchmark that all methods of the comparison are asked about."""

from pathlib import Path

from tgnas.benchmarks.base import open_benchmark
from tgnas.scoring.samples import draw_sample
from tgnas.workflow.script import run


def main(*, benchmark: Path, sample: Path, space: str, architectures: int, seed: int) -> None:
    """Write their rows and strings."""
    drawn = draw_sample(open_benchmark(benchmark), space, architectures, seed)
    drawn.to_parquet(sample, index=False)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
