"""Draw accuracy against cost: all architectures, and the Pareto fronts of each method's scores."""

from pathlib import Path

import pandas as pd

from tgnas.benchmarks.base import open_benchmark
from tgnas.results.pareto import draw_pareto
from tgnas.results.style import save
from tgnas.workflow.script import run


def main(
    *,
    benchmark: Path,
    costs: Path,
    table: Path,
    png: Path,
    pdf: Path,
    limits: dict,
    ranking: dict,
) -> None:
    """Draw one panel for each cost."""
    label = {"split": ranking["split"], "epochs": ranking["epochs"]}
    accuracy = open_benchmark(benchmark).accuracy(dataset=limits["dataset"], **label)
    everything = pd.read_parquet(costs)[limits["costs"]].assign(accuracy=accuracy)
    save(draw_pareto(everything, pd.read_csv(table), limits["dataset"]), png, pdf)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
