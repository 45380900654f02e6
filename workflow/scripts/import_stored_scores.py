"""Take over stored columns of a benchmark as scores: proxies, the parameters, the FLOPs."""

from pathlib import Path

from tgnas.benchmarks.base import open_benchmark
from tgnas.scoring.tables import stored_scores, write_scores
from tgnas.workflow.script import run


def main(*, benchmark: Path, scores: list[Path], dataset: str) -> None:
    """Write every column that a file is named after, as it is stored."""
    target = open_benchmark(benchmark)
    for path in scores:
        write_scores(path, target, stored_scores(target, path.stem, dataset)[None])


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
