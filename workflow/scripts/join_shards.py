"""Join the shards of one network proxy and aggregate its components over the population."""

from pathlib import Path

from tgnas.resources.seals import read_parquet
from tgnas.scoring.harness import join_shards
from tgnas.scoring.populations import open_population
from tgnas.scoring.tables import write_scores
from tgnas.workflow.script import run


def main(*, architectures: Path, shards: list[Path], scores: Path, network_proxy: str) -> None:
    """Write the proxy's scores."""
    population = open_population(architectures)
    parts = [read_parquet(path).to_pandas() for path in shards]
    write_scores(scores, population, *join_shards(parts, population, network_proxy))


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
