"""Combine the scores of several methods, or of the seeds of one, by their mean rank."""

from pathlib import Path

from tgnas.scoring.ensembles import combine
from tgnas.scoring.populations import open_population
from tgnas.scoring.tables import read_table, write_scores
from tgnas.workflow.script import run


def main(
    *, architectures: Path, members: list[Path], scores: Path, over_seeds: bool, weights: list
) -> None:
    """Read the members' scores of a population, write their weighted mean rank."""
    population = open_population(architectures)
    tables = [read_table(path, population) for path in members]
    write_scores(scores, population, *combine(tables, over_seeds=over_seeds, weights=weights))


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
