"""Read the TG-NAS authors' own dump of NAS-Bench-201 predictions, as released."""

from pathlib import Path

from tgnas.benchmarks.authors_dump import read_dump
from tgnas.benchmarks.base import open_benchmark
from tgnas.scoring.tables import write_scores
from tgnas.workflow.script import run


def main(*, dump: Path, benchmark: Path, scores: Path) -> None:
    """Check that the dump lists this benchmark's architectures, write its scores."""
    target = open_benchmark(benchmark)
    write_scores(scores, target, read_dump(dump, target)[None])


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
