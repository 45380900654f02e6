"""Take over the scores that others stored of a benchmark's architectures."""

from pathlib import Path

from tgnas.benchmarks.base import open_benchmark
from tgnas.benchmarks.stored_scores import stored_scores
from tgnas.scoring.tables import write_scores
from tgnas.workflow.script import run


def main(*, benchmark: Path, sources: list[Path], scores: list[Path]) -> None:
    """Write the scores of every method that a file is named after."""
    target, by_name = open_benchmark(benchmark), {path.name: path for path in sources}
    for path in scores:
        write_scores(path, target, stored_scores(path.stem, target, by_name)[None])


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
