"""Choose architectures spread over the accuracies of NAS-Bench-201, for short trainings."""

import json
from pathlib import Path

from tgnas.benchmarks.base import open_benchmark
from tgnas.evaluation.short_trainings import spread_over
from tgnas.workflow.script import run


def main(*, benchmark: Path, best: list[Path], ranking: dict) -> None:
    """Write one file for each; the accuracies pick what is trained, and nothing else."""
    target = open_benchmark(benchmark)
    accuracies = target.accuracy(dataset="cifar10", **ranking)
    places, quantiles = spread_over(accuracies, len(best))
    for path, place, quantile in zip(best, places, quantiles, strict=True):
        chosen = {"architecture": target.strings[place], "quantile": float(quantile)}
        path.write_text(json.dumps(chosen, indent=2) + "\n")


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
