"""List the architectures of digits-bench: all small NAS-Bench-101 cells, part of NAS-Bench-201."""

from pathlib import Path

from tgnas.evaluation.digits import architectures
from tgnas.workflow.script import run


def main(*, listed: Path, sizes: dict) -> None:
    """Write the space and the string of every architecture."""
    architectures(**sizes).to_parquet(listed, index=False)


if __name__ == "__main__":
    run(main, globals().get("snakemake"))
