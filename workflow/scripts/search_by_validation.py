"""Random search that trains what it draws: the field's baseline, by looked-up validation accuracy.

This is the one search that reads labels of the target; tables name it so.
"""

from pathlib import Path

from tgnas.benchmarks.base import open_benchmark
from tgnas.evaluation.search import known_scores, run_searches
from tgnas.registry import SPACES
from tgnas.script import run

LABEL = {"dataset": "cifar10-valid", "split": "validation", "epochs": 200}


def main(*, benchmark: Path, runs: Path, search: dict) -> None:
    """Run random search several times, each for its budget of trainings; write the answers."""
    target = open_benchmark(benchmark)
    predict = known_scores(target, target.accuracy(**LABEL))
    settings = search | {"budget": search["trainings"], "runs": search["training_runs"]}
    table = run_searches(SPACES.load(target.name), predict, "random", settings, seed=0)
    table.to_parquet(runs, index=False)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
