"""Take over what is known of a benchmark's architectures as scores: stored ones, accuracies."""

from pathlib import Path

from tgnas.benchmarks.base import open_benchmark
from tgnas.benchmarks.stored_scores import stored_scores
from tgnas.scoring.tables import write_scores
from tgnas.workflow.script import run


def main(*, benchmark: Path, sources: list[Path], scores: list[Path], labels: dict) -> None:
    """Write the scores of every method that a file is named after."""
    target, by_name = open_benchmark(benchmark), {path.name: path for path in sources}
    for path in scores:
        if path.stem in labels:  # for the ceilings of searches, and for the search that trains
            known = target.accuracy(**labels[path.stem])
        else:
            known = stored_scores(path.stem, target, by_name)
        write_scores(path, target, known[None])


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
