"""Build NAS-Bench-Graph: strings, cells, performances and costs of 26,206 architectures."""

from pathlib import Path

from tgnas.benchmarks.base import write_table
from tgnas.benchmarks.nasbench_graph import build, data_folder
from tgnas.workflow.script import run


def main(*, benchmark: Path) -> None:
    """Read the installed package's files and write one Arrow file."""
    write_table(build(data_folder()), benchmark)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
