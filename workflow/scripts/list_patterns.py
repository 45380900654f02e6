"""List one architecture of each live pattern of a benchmark, for proxies of networks to score."""

from pathlib import Path

from tgnas.benchmarks.base import open_benchmark
from tgnas.scoring.patterns import list_patterns
from tgnas.workflow.script import run


def main(*, benchmark: Path, sample: Path, space: str) -> None:
    """Write their rows and strings."""
    list_patterns(open_benchmark(benchmark), space).to_parquet(sample, index=False)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
