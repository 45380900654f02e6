"""Correlate methods with each other and with accuracy on one sample."""

from pathlib import Path

from tgnas.benchmarks.base import open_benchmark
from tgnas.evaluation.comparison import independence
from tgnas.scoring.populations import open_population
from tgnas.scoring.tables import read_table
from tgnas.workflow.script import run


def main(
    *, architectures: Path, benchmark: Path, scores: list[Path], measures: Path, ranking: dict
) -> None:
    """Write Spearman's rho of every pair."""
    population = open_population(architectures)
    target = population.known_of(open_benchmark(benchmark))
    tables = {path.stem: read_table(path, population) for path in scores}
    independence(target, tables, ranking).to_csv(measures, index=False)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
