"""Take over one stored column of a benchmark as scores: a proxy, the parameters or the FLOPs."""

from pathlib import Path

from tgnas.benchmarks.base import open_benchmark
from tgnas.evaluation.scores import stored_scores, write_scores
from tgnas.script import run


def main(*, benchmark: Path, scores: Path, stored: str, dataset: str) -> None:
    """Write the column with its sign such that higher is meant to be better."""
    target = open_benchmark(benchmark)
    write_scores(scores, target, stored_scores(target, stored, dataset)[None])


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
